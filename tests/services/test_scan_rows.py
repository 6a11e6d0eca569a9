"""Rows that a scan makes of Windows events: each as it is in its own table, one row of all that its log sources tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.services.test_scan import AUDIT, SYSMON, fired, kusto, sigma, written

from rulescope.logs import Batch
from rulescope.model import NotRun
from rulescope.services.scan import scan
from rulescope.services.scan_rows import Maker, makers

FLOW = {
    **AUDIT, "EventID": 5156, "Level": 0, "Computer": "H1", "Application": "\\device\\harddiskvolume1\\users\\a\\x.exe",
    "Direction": "%%14593", "SourceAddress": "127.0.0.1", "SourcePort": "40000", "DestAddress": "127.0.0.2", "DestPort": "3389",
    "Protocol": 6,
}  # fmt: skip
SERVICE = {
    "Channel": "Application", "Provider_Name": "Some Service", "EventID": 15, "Level": 4, "Computer": "H1",
    "Data": ["option changed", "0", "1"],
}  # fmt: skip
CLEARED = {
    "Channel": "System", "Provider_Name": "Microsoft-Windows-Eventlog", "EventID": 104, "EventData_Channel": "Security",
    "SubjectUserName": "a",
}  # fmt: skip
FOUND = {
    "Channel": "Microsoft-Windows-Windows Defender/Operational", "Provider_Name": "Microsoft-Windows-Windows Defender",
    "EventID": 1116, "Computer": "H1", "Threat Name": "Bad:Thing", "ThreatName": "Bad:Thing", "Path": "file:_C:\\a\\b.ps1",
}  # fmt: skip
DELETED = {
    **SYSMON, "EventID": 12, "EventType": "DeleteKey", "Computer": "H1", "Image": "C:\\x.exe",
    "TargetObject": "HKU\\S-1-5-21-1\\Software\\A\\RunMRU",
}  # fmt: skip


def rows(event: dict[str, Any], *tables: str) -> dict[str, dict[str, Any]]:
    found: tuple[Maker, ...] = makers(event, Batch("log", "ndjson", [event], [1]), frozenset(tables))
    made = {maker.table: maker.make(event) for maker in found}
    assert len(made) == len(found)
    return made


def test_a_windows_event_is_a_row_of_windowsevent_as_it_is() -> None:
    made = rows(FLOW, "WindowsEvent", "SecurityEvent", "Event")
    assert made.keys() == {"WindowsEvent", "SecurityEvent"}
    row = made["WindowsEvent"]
    assert (row["Channel"], row["Provider"], row["EventID"]) == ("Security", AUDIT["Provider_Name"], 5156)
    assert row["EventData"]["DestPort"] == "3389"
    assert "DestinationPort" not in row["EventData"]
    assert rows(CLEARED, "WindowsEvent")["WindowsEvent"]["EventData"]["Channel"] == "Security"
    assert rows(FOUND, "WindowsEvent")["WindowsEvent"]["EventData"].keys() == {"Threat Name", "Path"}


def test_a_log_that_a_forwarder_writes_in_small_letters_is_the_log() -> None:
    event = {**AUDIT, "Channel": "security", "EventID": 4697, "ServiceName": "x"}
    made = rows(event, "SecurityEvent", "WindowsEvent", "Event")
    assert made["SecurityEvent"]["ServiceName"] == "x"
    assert made["WindowsEvent"]["Channel"] == "Security"
    assert "Event" not in made
    made = rows({**SERVICE, "Channel": "APPLICATION"}, "Event", "WindowsEvent")
    assert (made["Event"]["EventLog"], made["WindowsEvent"]["Channel"]) == ("Application", "Application")


def test_values_without_a_name_stay_a_list() -> None:
    made = rows(SERVICE, "WindowsEvent", "Event")
    assert made["WindowsEvent"]["EventData"] == {"Data": ["option changed", "0", "1"]}
    assert "<Data>option changed</Data><Data>0</Data><Data>1</Data>" in made["Event"]["EventData"]


def test_what_several_log_sources_tell_of_an_event_is_one_row() -> None:
    row = rows(FOUND, "DeviceEvents")["DeviceEvents"]
    assert (row["ActionType"], row["FolderPath"], row["FileName"]) == ("AntivirusDetection", "C:\\a\\b.ps1", "b.ps1")
    assert "Bad:Thing" in row["AdditionalFields"]
    row = rows(DELETED, "DeviceRegistryEvents")["DeviceRegistryEvents"]
    assert row["ActionType"] == "RegistryKeyDeleted"
    assert row["PreviousRegistryKey"] == "HKEY_USERS\\S-1-5-21-1\\Software\\A\\RunMRU"


def test_objects_and_lists_of_an_event_stay_what_they_are_below_a_bag() -> None:
    role = {"sessionIssuer": {"type": "Role"}, "tags": ["a", "b"]}
    event = {
        "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "us-east-1",
        "userIdentity": {"type": "AssumedRole", "sessionContext": role},
    }  # fmt: skip
    made = rows(event, "CloudAuditEvents", "CloudAppEvents")
    for table in ("CloudAuditEvents", "CloudAppEvents"):
        assert made[table]["RawEventData"]["userIdentity"] == {"type": "AssumedRole", "sessionContext": role}


def test_an_event_that_a_table_is_made_of_becomes_its_row_and_its_own_row_stays() -> None:
    event = {"eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket", "awsRegion": "us-east-1"}
    assert rows(event, "AWSCloudTrail")["AWSCloudTrail"]["EventName"] == "DeleteBucket"
    own = {"Type": "AWSCloudTrail", "EventName": "DeleteBucket", "EventSource": "s3.amazonaws.com"}
    assert rows(own, "AWSCloudTrail")["AWSCloudTrail"] == own


def test_a_rule_for_a_cleared_log_asks_for_the_log_that_was_cleared(tmp_path: Path) -> None:
    detection = "  sel: {EventID: 104, Channel: %s}\n  condition: sel\n"
    rules = [
        sigma(detection % name, "product: windows, service: system", name) for name in ("Security", "System", "Other")
    ]
    assert fired(list(scan(written(tmp_path / "log", [CLEARED]), rules))) == [("Security", 1)]


def test_records_that_read_the_same_are_alerts_each(tmp_path: Path) -> None:
    rule = kusto("WindowsEvent | where EventID == 15 | where tostring(EventData.Data) has 'option'")
    assert fired(list(scan(written(tmp_path / "log", [SERVICE, SERVICE]), rule))) == [("k", 1), ("k", 2)]


SYSTEM = "DeviceProcessEvents | where DeviceId in ((DeviceInfo | where {} | distinct DeviceId)) and FileName =~ 'x.exe'"


@pytest.mark.parametrize(
    ("test", "fires"),
    [
        ("OSPlatform startswith 'Windows'", True),
        ("OSPlatform contains 'windows' and DeviceName == 'H1'", True),
        ("OSPlatform == 'Linux'", False),
        ("OSPlatform in ('Linux', 'macOS')", False),
    ],
)
def test_machines_are_told_by_the_events_of_their_operating_system(test: str, fires: bool, tmp_path: Path) -> None:
    event = {**SYSMON, "EventID": 1, "Computer": "H1", "Image": "C:\\x.exe"}
    results = list(scan(written(tmp_path / "log", [event]), kusto(SYSTEM.format(test))))
    assert fired(results) == ([("k", 1)] if fires else [])
    assert not any(isinstance(each, NotRun) for each in results)


@pytest.mark.parametrize(
    "query",
    [
        SYSTEM.format("OSPlatform == 'Windows10'"),
        SYSTEM.format("OSPlatform !contains 'Server'"),
        SYSTEM.format("IsInternetFacing"),
        SYSTEM.format("OSPlatform startswith 'Windows' and tolower(OSPlatform) has '11'"),
        "DeviceProcessEvents | join kind=inner (DeviceInfo | summarize arg_max(Timestamp, *) by DeviceId) on DeviceId",
        "DeviceProcessEvents | join kind=inner (DeviceInfo | project DeviceId, OSPlatform) on DeviceId",
    ],
)
def test_a_rule_that_asks_more_of_a_machine_is_not_run(query: str, tmp_path: Path) -> None:
    event = {**SYSMON, "EventID": 1, "Computer": "H1", "Image": "C:\\x.exe"}
    (lack,) = scan(written(tmp_path / "log", [event]), kusto(query))
    assert isinstance(lack, NotRun)
    assert "DeviceInfo" in lack.construct


def test_machines_of_defenders_own_rows_are_those_of_its_own_deviceinfo(tmp_path: Path) -> None:
    event = {**SYSMON, "EventID": 1, "Computer": "H1", "Image": "C:\\x.exe"}
    own = {
        "Type": "DeviceProcessEvents", "Timestamp": "2026-11-10T09:00:00Z", "DeviceId": "d", "DeviceName": "H2",
        "ActionType": "ProcessCreated", "FileName": "x.exe", "FolderPath": "C:\\x.exe",
    }  # fmt: skip
    written(tmp_path / "own.json", [own])
    written(tmp_path / "sysmon.json", [event])
    rule = kusto(SYSTEM.format("OSPlatform startswith 'Windows'"))
    (lack,) = scan([tmp_path / "own.json", tmp_path / "sysmon.json"], rule)
    assert isinstance(lack, NotRun)
    assert lack.construct == "table DeviceInfo"
