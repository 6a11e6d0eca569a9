"""Sigma log sources on raw Windows events."""

from rulescope.model import Logsource
from rulescope.schemas import logsources


def test_process_creation_is_sysmon_1_and_security_4688() -> None:
    routes = logsources.routes_for(Logsource("process_creation", "windows"))
    assert [(route.channels[0], sorted(route.event_ids)) for route in routes] == [
        ("Microsoft-Windows-Sysmon/Operational", [1]),
        ("Security", [4688]),
    ]


def test_fields_get_their_sigma_names() -> None:
    route = logsources.routes_for(Logsource("process_creation", "windows"))[1]
    raw = {
        "NewProcessName": r"C:\a.exe",
        "NewProcessId": "0x10",
        "ProcessId": "0x4",
        "SubjectDomainName": "CORP",
        "SubjectUserName": "eve",
    }
    named = route.renamed(raw)
    assert named["Image"] == r"C:\a.exe"
    assert (named["ProcessId"], named["ParentProcessId"]) == ("0x10", "0x4")
    assert named["User"] == r"CORP\eve"


def test_an_event_finds_its_log_sources() -> None:
    sysmon = "Microsoft-Windows-Sysmon/Operational"
    found = [route.logsource.category for route in logsources.routes_of(sysmon, 12, {"EventType": "DeleteValue"})]
    assert found == ["registry_event", "registry_delete", ""]
    assert [r.logsource.service for r in logsources.routes_of("security", 4720)] == ["security"]


def test_a_log_source_of_another_product_has_no_windows_events() -> None:
    assert logsources.routes_for(Logsource("process_creation", "linux")) == ()


def test_text_and_back() -> None:
    source = Logsource("process_creation", "windows", "sysmon")
    assert logsources.parsed(logsources.scan_text(source)) == source
