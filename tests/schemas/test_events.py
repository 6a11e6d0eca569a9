"""Event types: titles, fields, and which of them a query sees."""

import pytest

from rulescope.model import And, Expr, Field, Filter, Match, Op, Or, Query, Scan, Step, Union
from rulescope.schemas import events


def seen(*stages: Step) -> list[tuple[str, str]]:
    return [(each.provider, each.event_id) for each in events.coverage(Query(stages))]


def eq(column: str, *values: str | int) -> Expr:
    return Match(Field(column), Op.EQ, values)


@pytest.mark.parametrize(
    ("provider", "number", "title"),
    [
        ("Sysmon", 1, "Process creation"),
        ("Microsoft-Windows-Sysmon", "1", "Process creation"),
        ("Security-Auditing", 4688, "A new process has been created"),
        ("Service Control Manager", 7045, "A service was installed in the system"),
        ("DeviceProcessEvents", "ProcessCreated", "Process created"),
        ("Nobody", 1, ""),
    ],
)
def test_titles(provider: str, number: int | str, title: str) -> None:
    assert events.title(provider, number) == title


def test_fields_are_those_of_the_event() -> None:
    assert "ParentCommandLine" in events.fields("Sysmon", 1)
    assert "NewProcessName" in events.fields("Security-Auditing", 4688)
    assert events.fields("Nobody", 1) == ()


def test_a_defender_table_covers_what_tells_the_same() -> None:
    assert seen(Scan("DeviceProcessEvents"), Filter(eq("FileName", "bitsadmin.exe"))) == [
        ("Sysmon", "1"),
        ("Security-Auditing", "4688"),
        ("Defender", "ProcessCreated"),
    ]


def test_an_action_type_narrows_a_table() -> None:
    assert seen(Scan("DeviceFileEvents"), Filter(eq("ActionType", "FileRenamed"))) == [("Defender", "FileRenamed")]


def test_an_action_type_is_spelled_as_the_query_spells_it() -> None:
    assert seen(Scan("CloudAppEvents"), Filter(eq("ActionType", "New-InboxRule"))) == [("Defender", "New-InboxRule")]


def test_a_table_of_many_kinds_is_any_of_them() -> None:
    assert seen(Scan("DeviceEvents")) == [("Defender", "any")]
    assert events.title("DeviceEvents", "any") == "Any action type"


def test_event_ids_of_a_windows_table() -> None:
    sysmon = Filter(And((eq("Source", "Microsoft-Windows-Sysmon"), eq("EventID", 1, 3))))
    assert seen(Scan("Event"), sysmon) == [("Sysmon", "1"), ("Sysmon", "3")]
    assert seen(Scan("SecurityEvent"), Filter(eq("EventID", 4688))) == [("Security-Auditing", "4688")]


def test_alternatives_join_and_a_test_of_one_branch_only_holds_nothing() -> None:
    either = Filter(Or((eq("EventID", 4624), And((eq("EventID", 4625), eq("LogonType", 3))))))
    assert seen(Scan("SecurityEvent"), either) == [("Security-Auditing", "4624"), ("Security-Auditing", "4625")]
    assert seen(Scan("SecurityEvent"), Filter(Or((eq("EventID", 4624), eq("LogonType", 3))))) == []


def test_unions_cover_each_part() -> None:
    parts = (
        Query((Scan("SecurityEvent"), Filter(eq("EventID", 4697)))),
        Query((Scan("DeviceImageLoadEvents"),)),
    )
    assert seen(Union(parts)) == [
        ("Security-Auditing", "4697"),
        ("Sysmon", "7"),
        ("Defender", "ImageLoaded"),
    ]


def test_a_sigma_log_source_covers_its_routes() -> None:
    assert seen(Scan("", logsource="category=process_creation product=windows"))[:2] == [
        ("Sysmon", "1"),
        ("Security-Auditing", "4688"),
    ]
    service = Scan("", logsource="product=windows service=security")
    assert seen(service, Filter(eq("EventID", 4720))) == [("Security-Auditing", "4720")]


def test_what_must_be_switched_on() -> None:
    assert "Audit Process Creation" in events.settings("Security-Auditing", 4688)
    assert "Sysmon" in events.settings("Sysmon", 13)
    assert events.settings("Nobody", 1) == ""
