"""Event coverage, field by field: what an event does not carry, a rule cannot match on."""

from __future__ import annotations

import pytest

from rulescope.cli.rules import _unseen
from rulescope.services.explain import explain

SIGMA = "title: T\nlogsource:\n  product: windows\n  category: {}\ndetection:\n{}\n"
PROCESS = "DeviceProcessEvents/ProcessCreated"
LACKS: list[
    tuple[str, str, str, tuple[str, ...] | None]
] = [  # category, detection, event, what it lacks: None, nothing
    ("registry_set", "  a:\n    TargetObject: x\n    Details: y\n  condition: a", "Security-Auditing/4657", None),
    ("network_connection", "  a:\n    Initiated: 'true'\n  condition: a", "Security-Auditing/5156", None),
    ("process_creation", "  a:\n    IntegrityLevel: High\n  condition: a", "Security-Auditing/4688", None),
    (
        "process_creation",
        "  a:\n    Image: x\n  f:\n    CurrentDirectory: null\n  condition: a and not f",
        "Security-Auditing/4688",
        ("CurrentDirectory",),
    ),
    (
        "process_creation",
        "  a:\n    Image: x\n  f:\n    CurrentDirectory: null\n  condition: a and not f",
        "Sysmon/1",
        None,
    ),
    (
        "process_creation",
        "  a:\n    Image: x\n  f:\n    CurrentDirectory: c\n  condition: a and not f",
        "Security-Auditing/4688",
        None,
    ),
    (
        "process_creation",
        "  a:\n    Image: x\n  f:\n    CurrentDirectory: ''\n  condition: a and not f",
        "Security-Auditing/4688",
        None,
    ),
    (
        "process_creation",
        "  a:\n    CurrentDirectory: ''\n    Image: x\n  condition: a",
        "Security-Auditing/4688",
        ("CurrentDirectory",),
    ),
    (
        "process_creation",
        "  a:\n    CurrentDirectory: null\n    Image: x\n  condition: a",
        "Security-Auditing/4688",
        None,
    ),
    (
        "process_creation",
        "  a:\n    IntegrityLevel: High\n  b:\n    CommandLine: x\n  c:\n    Company: y\n  condition: (a or b) and c",
        "Security-Auditing/4688",
        ("Company",),
    ),
    (
        "process_creation",
        "  a:\n    ParentUser|fieldref: User\n  condition: a",
        "Security-Auditing/4688",
        ("ParentUser",),
    ),
    (
        "registry_event",
        "  a:\n    Image: x\n  f:\n    Details: null\n  condition: a and not f",
        "Sysmon/12",
        ("Details",),
    ),
    ("process_creation", "  a:\n    Hashes|contains: IMPHASH=1\n  condition: a", PROCESS, ("IMPHASH",)),
    ("process_creation", "  a:\n    Hashes|contains:\n      - IMPHASH=1\n      - MD5=2\n  condition: a", PROCESS, None),
    ("process_creation", "  a:\n    Image: x\n    LogonId: '0x3e7'\n  condition: a", PROCESS, None),
    ("driver_load", "  a:\n    ImagePath: x\n  condition: a", "Sysmon/6", ("ImagePath",)),
    ("driver_load", "  a:\n    ImageLoaded: x\n    Channel: y\n  condition: a", "Sysmon/6", None),
    (
        "network_connection",
        "  a:\n    ParentImage: c:\\\\x.exe\n  condition: a",
        "DeviceNetworkEvents/ConnectionSuccess",
        ("ParentImage",),
    ),
]


@pytest.mark.parametrize(("category", "detection", "event", "lacks"), LACKS)
def test_an_event_is_covered_when_the_condition_can_hold_of_it(
    category: str, detection: str, event: str, lacks: tuple[str, ...] | None
) -> None:
    rows = {row.name: row for row in explain(SIGMA.format(category, detection), "sigma").events}
    assert (rows[event].covered, rows[event].lacks) == (lacks is None, lacks or ())


@pytest.mark.parametrize(
    ("query", "event", "lacks"),
    [
        ("DeviceNetworkEvents | where RemotePort == 1", "Sysmon/3", ()),
        (
            "DeviceNetworkEvents | where InitiatingProcessVersionInfoOriginalFileName == 'a'",
            "Sysmon/3",
            ("InitiatingProcessVersionInfoOriginalFileName",),
        ),
        ("DeviceNetworkEvents | where isempty(RemoteUrl) | where RemotePort == 1", "Sysmon/3", ()),
        ("DeviceNetworkEvents | where isnotempty(RemoteUrl)", "Sysmon/3", ("RemoteUrl",)),
        ("let l = T | project u; DeviceNetworkEvents | where RemoteUrl in (l)", "Sysmon/3", ("RemoteUrl",)),
        ("let l = T | project u; DeviceNetworkEvents | where RemoteUrl has_any (l)", "Sysmon/3", ("RemoteUrl",)),
        ("let l = T | project u; DeviceNetworkEvents | where RemoteUrl !in (l)", "Sysmon/3", ()),
        ("DeviceNetworkEvents | extend RemoteUrl = 'a' | where RemoteUrl has 'a'", "Sysmon/3", ()),
        ("DeviceNetworkEvents | summarize count() by RemoteUrl | where RemoteUrl has 'a'", "Sysmon/3", ("RemoteUrl",)),
        ("DeviceNetworkEvents | project U = RemoteUrl, RemotePort | where RemotePort == 1", "Sysmon/3", ()),
        ("DeviceRegistryEvents | where RegistryValueName == 'a' and RegistryKey has 'b'", "Security-Auditing/4657", ()),
    ],
)
def test_events_of_logs_it_does_not_read_are_not_covered(query: str, event: str, lacks: tuple[str, ...]) -> None:
    row = next(row for row in explain(query, "kusto").events if row.name == event)
    assert (row.elsewhere, row.covered, row.lacks) == (True, False, lacks)
    assert _unseen(row).startswith("  in a log it does not read")


def test_each_part_of_a_union_asks_of_its_own_events() -> None:
    text = """union (SecurityEvent | where EventID == 4688 | where ParentProcessName has 'a'),
(SecurityEvent | where EventID == 4624 | where IpAddress == '1.2.3.4'), (DeviceLogonEvents | where IsLocalAdmin)"""
    rows = {row.name: (row.covered, row.elsewhere) for row in explain(text, "kusto").events}
    assert rows["Security-Auditing/4688"] == rows["Security-Auditing/4624"] == (True, False)
    assert "Security-Auditing/4625" not in rows


ASKED: list[tuple[str, str, set[str]]] = [  # category, detection, the events told
    (
        "network_connection",
        "  a:\n    Initiated: 'true'\n    Image: x\n  condition: a",
        {"Sysmon/3", "Security-Auditing/5156", "DeviceNetworkEvents/ConnectionSuccess"},
    ),
    (
        "network_connection",
        "  a:\n    Initiated: 'true'\n    Image: x\n  condition: not a",
        {
            "Sysmon/3",
            "Security-Auditing/5156",
            "DeviceNetworkEvents/ConnectionSuccess",
            "DeviceNetworkEvents/InboundConnectionAccepted",
        },
    ),
    (
        "registry_event",
        "  a:\n    EventType: RenameKey\n    NewName: x\n  condition: a",
        {"Sysmon/14", "Security-Auditing/4657"},
    ),
    (
        "registry_event",
        "  a:\n    EventType: SetValue\n  condition: not a",
        {"Sysmon/12", "Sysmon/14", "Security-Auditing/4657"},
    ),
    ("wmi_event", "  a:\n    EventType: WmiConsumerEvent\n  condition: a", {"Sysmon/20"}),
]


@pytest.mark.parametrize(("category", "detection", "told"), ASKED)
def test_events_that_hold_other_values_are_not_told(category: str, detection: str, told: set[str]) -> None:
    rows = explain(SIGMA.format(category, detection), "sigma").events
    assert {row.name for row in rows} == told


def test_fields_of_other_events_of_a_log_are_lacking() -> None:
    text = "title: T\nlogsource:\n  product: windows\n  service: security\ndetection:\n  a:\n    EventID: [4656, 4658]\n    ObjectName|contains: x\n    ProcessId: 4\n  condition: a\n"
    rows = {row.name: row.lacks for row in explain(text, "sigma").events}
    assert rows == {"Security-Auditing/4656": (), "Security-Auditing/4658": ("ObjectName",)}


def test_a_provider_nobody_knows_is_spelled_as_written() -> None:
    text = "Event | where EventLog == 'Microsoft-Windows-Some-Thing/Operational' and EventID == 7"
    assert [row.name for row in explain(text, "kusto").events] == ["Some-Thing/7"]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("union * | where TimeGenerated > ago(1d)", ["every table"]),
        ("union Device* | where x == 1", ["tables by pattern"]),
        ("iotsecurityresources | where x == 1", ["table of Azure Resource Graph"]),
        ("imDns | where x == 1", ["function"]),
    ],
)
def test_what_kind_of_data_a_name_stands_for(query: str, kinds: list[str]) -> None:
    assert [row.kind for row in explain(query, "kusto").data] == kinds


FILLED: list[tuple[str, dict[str, tuple[str, ...]]]] = [  # a query, the actions it sees with what each lacks
    (
        "DeviceFileEvents | where PreviousFileName has 'a' and ActionType in ('FileCreated', 'FileRenamed')",
        {"FileCreated": ("PreviousFileName",), "FileRenamed": ()},
    ),
    (
        "DeviceRegistryEvents | where RegistryKey has 'a' | where ActionType in ('RegistryKeyDeleted', 'RegistryValueSet')",
        {"RegistryKeyDeleted": ("RegistryKey",), "RegistryValueSet": ()},
    ),
    (
        "DeviceRegistryEvents | where isempty(RegistryValueData) | where ActionType == 'RegistryKeyCreated'",
        {"RegistryKeyCreated": ()},
    ),
    ("DeviceLogonEvents | where isnotempty(FailureReason)", {"LogonSuccess": ("FailureReason",), "LogonFailed": ()}),
    ("DeviceRegistryEvents | where RegistryKey has 'a' | where ActionType == 'NoSuchAction'", {"NoSuchAction": ()}),
]


@pytest.mark.parametrize(("query", "expected"), FILLED)
def test_columns_that_some_actions_alone_fill(query: str, expected: dict[str, tuple[str, ...]]) -> None:
    rows = explain(query, "kusto").events
    assert {row.event_id: row.lacks for row in rows if row.provider == "Defender"} == expected


@pytest.mark.parametrize(
    ("time", "filled"), [("Timestamp", "Microsoft Defender XDR"), ("TimeGenerated", "BehaviorAnalytics")]
)
def test_a_table_of_both_is_filled_where_a_query_asks_it(time: str, filled: str) -> None:
    rows = explain(f"IdentityInfo | where {time} > ago(1d) | where Department == 'a'", "kusto").data
    assert [row.connectors for row in rows] == [(filled,)]


@pytest.mark.parametrize(("name", "covered"), [("ImageLoaded", True), ("ImagePath", False), ("Hashes", True)])
def test_what_no_event_of_sysmon_carries(name: str, covered: bool) -> None:
    text = f"title: t\nlogsource: {{category: driver_load, product: windows}}\ndetection:\n  a:\n    {name}|contains: x\n  condition: a"
    rows = {row.name: row.covered for row in explain(text, "sigma").events}
    assert rows["Sysmon/6"] is covered


def test_a_table_of_a_union_without_the_column() -> None:
    query = "union DeviceFileEvents, DeviceProcessEvents | where ProcessCommandLine has 'x'"
    rows = {row.name: row.lacks for row in explain(query, "kusto").events if not row.elsewhere}
    assert rows["DeviceFileEvents/FileCreated"] == ("ProcessCommandLine",)
    assert rows["DeviceProcessEvents/ProcessCreated"] == ()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("[Some-Source, Microsoft-Windows-Some-Source]", ["Some-Source/39"]),
        ("Service Control Manager", ["Service Control Manager/39"]),
        ("Microsoft-Windows-Odd-One", ["Odd-One/39"]),
        ("'*'", ["System/39"]),
    ],
)
def test_an_event_has_the_provider_a_rule_names(names: str, told: list[str]) -> None:
    text = f"title: T\nlogsource:\n  product: windows\n  service: system\ndetection:\n  a:\n    Provider_Name: {names}\n    EventID: 39\n  condition: a\n"
    assert [row.name for row in explain(text, "sigma").events] == told


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SecurityEvent | where EventID == 4688 | where Image has 'a'", {"4688": ("Image",)}),
        ("SecurityEvent | where EventID == 4688 | extend Image = 'a' | where Image has 'a'", {"4688": ()}),
        ("SecurityEvent | where EventID == 4688 | summarize count() by Account | where count_ > 3", {"4688": ()}),
        ("SecurityEvent | where EventID == 4769 | where TicketOptions == 'a'", {"4769": ()}),
        ("SecurityEvent | where EventID == 4624 | where Type == 'a' and _ResourceId == 'b'", {"4624": ()}),
        (
            "union (SecurityEvent | where EventID == 4624 | extend Kind = 'in'), (SecurityEvent | where EventID == 4625 | extend Kind = 'no') | where Kind == 'in'",
            {"4624": ()},
        ),
        (
            "union (SecurityEvent | where EventID == 4624 | extend Kind = 'in'), (SecurityEvent | where EventID == 4625 | extend Kind = 'no') | extend Kind = 'in' | where Kind == 'in'",
            {"4624": (), "4625": ()},
        ),
    ],
)
def test_columns_of_a_table_of_raw_events(query: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert {row.event_id: row.lacks for row in explain(query, "kusto").events} == expected
