"""Rules and translations over the same records: alerts of both, and each kind of difference, in small logs of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.services.test_scan import AUDIT, SYSMON, written

from rulescope.errors import LogError
from rulescope.languages import sigma
from rulescope.model import Query, Rule, Translation
from rulescope.services import verify
from rulescope.services.agreement import Agreement, agreement
from rulescope.services.translate import reader
from rulescope.translation import Options, translate_all

SCHEMAS = ("windows-events", "defender-xdr", "sentinel-asim")
BARE = Options(prove=False)

WHOAMI = "sel: {Image|endswith: '\\whoami.exe', ParentImage|endswith: '\\cmd.exe'}"
LOGON = "sel: {EventID: 4624, TargetUserName: svc_backup}"
SECURITY = "product: windows, service: security"
PROCESSES = "category: process_creation, product: windows"


def rule(detection: str, logsource: str = PROCESSES, name: str = "r") -> tuple[Rule, Query]:
    text = f"title: {name}\nid: {name}\nlogsource: {{{logsource}}}\ndetection:\n  {detection}\n  condition: sel\n"
    return Rule(name, name, "sigma", text), sigma.parse(text)


def process(image: str, parent: str = "C:\\Windows\\System32\\cmd.exe", **more: Any) -> dict[str, Any]:
    return {
        **SYSMON, "EventID": 1, "TimeCreated": "2026-11-10T09:00:00Z", "Computer": "H1", "Image": image,
        "ParentImage": parent, "CommandLine": "a", **more,
    }  # fmt: skip


def logon(user: str, **more: Any) -> dict[str, Any]:
    time = "2026-11-10T09:00:00Z"
    return {
        **AUDIT,
        "EventID": 4624,
        "TimeCreated": time,
        "Computer": "H1",
        "TargetUserName": user,
        "LogonType": 3,
        **more,
    }


def asked(
    folder: Path,
    rows: list[dict[str, Any]],
    *rules: tuple[Rule, Query],
    schemas: tuple[str, ...] = SCHEMAS,
    **more: Any,
) -> Agreement:
    """Rules and the translations made of them over the rows."""
    return agreement([written(folder / "log", rows)], rules, list(translate_all(rules, "kusto", schemas, BARE)), **more)


def hand_made(folder: Path, rows: list[dict[str, Any]], ours: tuple[Rule, Query], text: str, schema: str) -> Agreement:
    """A rule and a query given as its translation over the rows."""
    given = Translation(ours[0].id, "kusto", schema, text)
    return agreement([written(folder / "log", rows)], [ours], [given])


def kinds(found: Agreement) -> list[tuple[str, str, int]]:
    return [(each.schema, each.kind, each.record) for each in found.differences]


def test_both_sides_alert_on_the_same_records_of_every_table(tmp_path: Path) -> None:
    rows = [
        process("C:\\whoami.exe"),
        process("C:\\whoami.exe", "C:\\x.exe"),
        process("C:\\WHOAMI.EXE"),
        logon("svc_backup"),
    ]
    found = asked(tmp_path, rows, rule(WHOAMI), rule(LOGON, SECURITY, "logon"))
    assert found.differences == []
    assert found.both == dict.fromkeys(SCHEMAS, 3)
    assert found.queries == dict.fromkeys(SCHEMAS, 2)
    assert found.rules == {schema: {1, 2} for schema in SCHEMAS}
    assert (found.records, found.distinct) == (4, 4)
    assert found.alike


WIDER = 'DeviceProcessEvents | where FolderPath endswith @"\\whoami.exe"'
NARROWER = 'DeviceProcessEvents | where FolderPath endswith @"\\whoami.exe" and FolderPath startswith "C:"'


def test_a_wider_query_alerts_on_an_extra_record(tmp_path: Path) -> None:
    rows = [process("C:\\whoami.exe"), process("C:\\whoami.exe", "C:\\x.exe"), process("C:\\y.exe")]
    found = hand_made(tmp_path, rows, rule(WHOAMI), WIDER, "defender-xdr")
    assert kinds(found) == [("defender-xdr", "extra", 2)]
    assert found.both["defender-xdr"] == 1
    assert found.count("defender-xdr", "extra") == 1
    assert not found.alike
    (each,) = found.differences
    assert (each.rule.id, each.table, each.log) == ("r", "DeviceProcessEvents", str(tmp_path / "log"))
    assert each.event["ParentImage"] == "C:\\x.exe"
    assert each.row is not None
    assert each.row["InitiatingProcessFolderPath"] == "C:\\x.exe"


def test_a_narrower_query_misses_a_record(tmp_path: Path) -> None:
    rows = [process("C:\\whoami.exe"), process("D:\\whoami.exe")]
    found = hand_made(tmp_path, rows, rule("sel: {Image|endswith: '\\whoami.exe'}"), NARROWER, "defender-xdr")
    assert kinds(found) == [("defender-xdr", "missing", 2)]
    assert not found.alike


def test_a_query_written_with_a_loss_is_compared_by_the_way_it_took(tmp_path: Path) -> None:
    text = "title: t\nid: t\nlogsource: {category: process_creation, product: windows}\ndetection:\n"
    text += "  sel: {Image|endswith: '\\whoami.exe', CurrentDirectory: 'C:\\'}\n  condition: sel\n"
    (tmp_path / "rule.yml").write_text(text)
    rows = [process("C:\\whoami.exe", CurrentDirectory=place) for place in ("C:\\", "D:\\")]
    log = written(tmp_path / "log", rows)
    found = verify.verify(tmp_path / "rule.yml", ("defender-xdr",), Options(prove=False, allow_loss=True), logs=[log])
    assert found.real is not None
    assert kinds(found.real) == [("defender-xdr", "extra", 2)]
    assert not found.alike
    refused = verify.verify(tmp_path / "rule.yml", ("defender-xdr",), BARE, logs=[log])
    assert refused.real is not None
    assert (refused.real.queries["defender-xdr"], refused.real.differences) == (0, [])
    assert refused.alike


def test_records_a_query_does_not_ask_are_elsewhere(tmp_path: Path) -> None:
    own_audit = {
        **AUDIT, "EventID": 4688, "Computer": "H1", "NewProcessName": "C:\\whoami.exe", "ParentProcessName": "C:\\cmd.exe"
    }  # fmt: skip
    found = asked(tmp_path, [own_audit, process("C:\\whoami.exe")], rule(WHOAMI), schemas=SCHEMAS[:2])
    assert kinds(found) == [("windows-events", "elsewhere", 1)]
    assert found.both == {"windows-events": 1, "defender-xdr": 2}
    assert found.alike


def test_a_table_without_rows_is_asked_of_nothing(tmp_path: Path) -> None:
    text = 'AuditLogs | where OperationName == "whoami"'
    found = hand_made(tmp_path, [process("C:\\whoami.exe")], rule(WHOAMI), text, "windows-events")
    assert found.not_run == {}
    assert found.both["windows-events"] == 0


EMPTIES = [  # detection, value of the rule's field in the event, or None where there is none
    ("sel: {ParentUser: null}", ""),
    ("sel: {ParentUser|exists: false}", ""),
    ("sel: {ParentUser: ''}", None),
    ("sel: {ParentUser|exists: true}", ""),
]


@pytest.mark.parametrize(("detection", "value"), EMPTIES)
@pytest.mark.parametrize("schema", SCHEMAS[:2])
def test_empty_and_missing_are_one_to_a_table(detection: str, value: str | None, schema: str, tmp_path: Path) -> None:
    event = process("C:\\a.exe") if value is None else process("C:\\a.exe", ParentUser=value)
    ours = rule(detection)
    found = asked(tmp_path, [event], ours, schemas=(schema,))
    assert [kind for _, kind, _ in kinds(found)] == ["empty"]
    assert found.alike


def test_a_query_that_cannot_run_is_told_and_nothing_is_said_of_its_rule(tmp_path: Path) -> None:
    text = 'DeviceProcessEvents | where FolderPath endswith "x" | evaluate autocluster()'
    found = hand_made(tmp_path, [process("C:\\whoami.exe")], rule(WHOAMI), text, "defender-xdr")
    ((schema, number), lack), *_ = found.not_run.items()
    assert (schema, number, lack.rule_id) == ("defender-xdr", 1, "r")
    assert (found.both["defender-xdr"], found.differences) == (0, [])
    assert not found.alike


def test_a_query_whose_rows_are_of_several_records_is_not_compared(tmp_path: Path) -> None:
    text = "DeviceProcessEvents | summarize count() by FileName"
    found = hand_made(tmp_path, [process("C:\\whoami.exe")], rule(WHOAMI), text, "defender-xdr")
    assert [lack.construct for lack in found.not_run.values()] == ["origin"]
    assert found.differences == []


def test_a_rule_that_cannot_run_makes_no_extra_of_its_query(tmp_path: Path) -> None:
    ours = rule("sel: {Image|re: '(?=C)C:.whoami'}")
    found = hand_made(tmp_path, [process("C:\\whoami.exe")], ours, WIDER, "defender-xdr")
    assert found.queries["defender-xdr"] == 0
    assert found.differences == []


CORRELATED = """\
title: Shell asks who it is
name: asks
logsource: {category: process_creation, product: windows}
detection: {sel: {Image|endswith: '\\whoami.exe'}, condition: sel}
---
title: Asked often
correlation: {type: event_count, rules: [asks], group-by: [Computer], timespan: 5m, condition: {gte: 2}}
"""


def test_correlations_are_left_out_and_their_parts_asked(tmp_path: Path) -> None:
    texts = CORRELATED.split("---\n")
    rules = [Rule(name, name, "sigma", text) for name, text in zip(("asks", "often"), texts, strict=True)]
    parse = reader(rules, None)
    found = asked(tmp_path, [process("C:\\whoami.exe")], *((each, parse(each)) for each in rules))
    assert found.queries == dict.fromkeys(SCHEMAS, 1)
    assert found.both == dict.fromkeys(SCHEMAS, 1)
    assert found.alike


def test_of_records_that_rules_cannot_tell_apart_one_is_asked(tmp_path: Path) -> None:
    rows = [process("C:\\whoami.exe", ProcessId=number) for number in range(5)]
    found = asked(tmp_path, rows, rule(WHOAMI))
    assert (found.records, found.distinct) == (5, 1)
    assert found.both == dict.fromkeys(SCHEMAS, 1)


def test_logs_in_chunks_give_what_they_give_at_once(tmp_path: Path) -> None:
    rows = [process(f"C:\\{n}\\whoami.exe", "C:\\cmd.exe" if n % 2 else "C:\\x.exe") for n in range(9)]
    for n in range(3):
        written(tmp_path / f"{n}.json", rows[n * 3 : n * 3 + 3])
    given = Translation("r", "kusto", "defender-xdr", WIDER)
    at_once, in_chunks = (agreement([tmp_path], [rule(WHOAMI)], [given], chunk=size) for size in (100, 1))
    assert kinds(at_once) == kinds(in_chunks)
    assert (at_once.both, at_once.count("defender-xdr", "extra")) == (in_chunks.both, 5)


def test_progress_and_logs_that_cannot_be_read(tmp_path: Path) -> None:
    written(tmp_path / "a.json", [process("C:\\whoami.exe")])
    (tmp_path / "b.evtx").write_bytes(b"no event log")
    seen: list[tuple[str, int]] = []
    found = agreement(
        [tmp_path], [rule(WHOAMI)], [], progress=lambda log, records: seen.append((Path(log).name, records))
    )
    assert ("a.json", 1) in seen
    assert [Path(path).name for path in found.unread] == ["b.evtx"]
    with pytest.raises(LogError):
        agreement([tmp_path / "none"], [rule(WHOAMI)], [])


def test_no_rules_and_no_logs_are_alike(tmp_path: Path) -> None:
    assert agreement([], [], []).alike
    assert verify.verify([], SCHEMAS, BARE, logs=[tmp_path]).alike
