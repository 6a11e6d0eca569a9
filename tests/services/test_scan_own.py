"""Scanning: Sigma rules over logs that hold rows of Kusto tables, by the same rows of the mapping files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import defender_rules
from rulescope.analysis.examples import examples
from rulescope.languages import sigma as language
from rulescope.model import Alert, NotRun, Rule
from rulescope.schemas.logsources import parsed
from rulescope.schemas.mappings import mappings_for
from rulescope.services.scan import scan
from rulescope.translation.proof import cases_of, devices
from rulescope.translation.translate import carries


def sigma(logsource: str, detection: str, name: str = "r") -> Rule:
    text = f"title: {name}\nid: {name}\nlogsource: {{{logsource}}}\ndetection:\n{detection}"
    return Rule(name, name, "sigma", text, severity="low")


def ndjson(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def fired(results: Any) -> list[tuple[str, int]]:
    return [(one.rule_id, one.record) for one in results if isinstance(one, Alert)]


MAIL = sigma(
    "product: m365, service: EmailEvents",
    """\
  mail:
    SenderFromAddress|endswith: '@evil.example'
    AttachmentCount|gte: 2
    Cc: boss@corp.example
    AuthenticationDetails.DMARC: fail
  stopped: {DeliveryAction: Blocked}
  condition: mail and not stopped
""",
)
HEAD = "Timestamp,NetworkMessageId,SenderFromAddress,AttachmentCount,Cc,AuthenticationDetails,DeliveryAction,EmailDirection"


def mail(sender: str, attachments: int, copies: list[str], dmarc: str, action: str) -> dict[str, Any]:
    return {
        "Timestamp": "2026-11-10T09:00:00Z",
        "NetworkMessageId": "n",
        "SenderFromAddress": sender,
        "AttachmentCount": attachments,
        "Cc": copies,
        "AuthenticationDetails": json.dumps({"DMARC": dmarc}),
        "DeliveryAction": action,
        "EmailDirection": "Inbound",
    }


MAILS = [
    mail("x@evil.example", 2, ["ann@corp.example", "Boss@corp.example"], "fail", "Delivered"),
    mail("x@evil.example", 2, ["nobodyboss@corp.example"], "fail", "Delivered"),
    mail("x@evil.example", 1, ["boss@corp.example"], "fail", "Delivered"),
    mail("x@evil.example", 12, ["boss@corp.example"], "fail", "Blocked"),
    mail("x@evil.example", 12, ["boss@corp.example"], "pass", "Delivered"),
]


def test_a_rule_of_a_table_runs_over_its_rows(tmp_path: Path) -> None:
    assert fired(scan(ndjson(tmp_path / "mails.ndjson", MAILS), MAIL)) == [("r", 1)]


def test_a_rule_of_a_table_runs_over_a_csv_export(tmp_path: Path) -> None:
    lines = [HEAD]
    for row in MAILS:
        cells = [json.dumps(cell) if isinstance(cell, list) else str(cell) for cell in row.values()]
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    (tmp_path / "export.csv").write_text("\n".join(lines) + "\n")
    found = list(scan(tmp_path / "export.csv", MAIL))
    assert len(found) == 1
    assert isinstance(found[0], Alert)
    assert found[0].fields["AttachmentCount"] == 2
    assert found[0].time == "2026-11-10T09:00:00Z"
    assert found[0].log.endswith("export.csv")


def sign_in(kind: str, code: int) -> dict[str, Any]:
    return {
        "Timestamp": "2026-11-10T09:00:00Z",
        "Application": "Portal",
        "LogonType": f'["{kind}"]',
        "ErrorCode": code,
        "AccountUpn": "ann@corp.example",
        "AccountObjectId": "1",
        "ConditionalAccessStatus": 1,
        "EndpointCall": "x",
    }


@pytest.mark.parametrize("table", ["AADSignInEventsBeta", "EntraIdSignInEvents"])
def test_a_rule_of_sign_ins_runs_over_defenders_table_of_them(table: str, tmp_path: Path) -> None:
    rule = sigma("product: azure, service: signinlogs", "  s: {ResultType: 53003}\n  condition: s\n")
    rows = [sign_in("interactiveUser", 0), sign_in("interactiveUser", 53003), sign_in("nonInteractiveUser", 53003)]
    assert fired(scan(ndjson(tmp_path / f"{table}.json", rows), rule)) == [("r", 2)]


def started(device: str) -> dict[str, Any]:
    return {
        "Timestamp": "2026-11-10T09:00:00Z",
        "DeviceId": device,
        "ActionType": "ProcessCreated",
        "FolderPath": "C:\\Windows\\System32\\whoami.exe",
        "ProcessCommandLine": "whoami /priv",
    }


PROCESS = sigma(
    "product: windows, category: process_creation", "  s: {Image|endswith: '\\whoami.exe'}\n  condition: s\n"
)


def test_the_operating_system_of_a_device_comes_from_its_table(tmp_path: Path) -> None:
    ndjson(tmp_path / "DeviceProcessEvents.json", [started("a"), started("b")])
    (lack,) = scan(tmp_path, PROCESS)
    assert isinstance(lack, NotRun)
    assert lack.construct == "table DeviceInfo"
    ndjson(
        tmp_path / "DeviceInfo.json",
        [{"DeviceId": "a", "OSPlatform": "Linux"}, {"DeviceId": "b", "OSPlatform": "Windows11"}],
    )
    assert fired(scan(tmp_path, PROCESS)) == [("r", 2)]


def test_a_field_the_table_has_no_place_for_is_the_reason(tmp_path: Path) -> None:
    rule = sigma("product: azure, service: signinlogs", "  s: {ResultDescription: x}\n  condition: s\n")
    log = ndjson(tmp_path / "AADSignInEventsBeta.json", [sign_in("interactiveUser", 0)])
    (lack,) = scan(log, rule)
    assert isinstance(lack, NotRun)
    assert lack.construct == "the field ResultDescription"


def test_events_of_the_log_source_itself_are_not_seen_twice(tmp_path: Path) -> None:
    rule = sigma("product: aws, service: cloudtrail", "  s: {eventName: StopLogging}\n  condition: s\n")
    raw = {
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging",
        "awsRegion": "x",
        "eventTime": "2026-11-10T09:00:00Z",
    }
    row = {
        "Timestamp": "2026-11-10T09:00:00Z",
        "DataSource": "AWS",
        "OperationName": "StopLogging",
        "RawEventData": raw,
    }
    ndjson(tmp_path / "trail.json", [raw])
    ndjson(tmp_path / "CloudAuditEvents.json", [row, {**row, "DataSource": "GCP"}])
    assert fired(scan(tmp_path, rule)) == [("r", 1), ("r", 1)]


def test_only_events_a_table_has_become_its_rows(tmp_path: Path) -> None:
    audit = {
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "TimeCreated": "2026-11-10T09:00:00Z",
    }
    rows = [
        {**audit, "EventID": 4624, "TargetUserName": "ann", "LogonType": 10, "IpAddress": "192.0.2.1"},
        {**audit, "EventID": 4688, "TargetUserName": "ann"},
        {**audit, "EventID": 4625, "TargetUserName": "eve", "LogonType": 3, "IpAddress": "-"},
    ]
    rule = Rule("k", "k", "kusto", "DeviceLogonEvents | project ActionType, AccountName, LogonType, RemoteIP")
    found = [one.event for one in scan(ndjson(tmp_path / "log", rows), rule) if isinstance(one, Alert)]
    assert [(row["ActionType"], row["AccountName"], row["LogonType"]) for row in found] == [
        ("LogonSuccess", "ann", "RemoteInteractive"),
        ("LogonFailed", "eve", "Network"),
    ]


@pytest.mark.parametrize("name", defender_rules.RULES)
def test_a_scan_over_rows_chooses_what_the_translation_was_proven_to_choose(name: str, tmp_path: Path) -> None:
    logsource, detection, table, _ = defender_rules.RULES[name]
    text = defender_rules.text(logsource, detection)
    query = language.parse(text)
    source = parsed(query.stages[0].logsource)  # type: ignore[union-attr]
    assert carries(query, source, "defender-xdr")
    for way in mappings_for(source, "defender-xdr"):
        cases = cases_of(query, way, [(example.event, "") for example in examples(query, 40)])
        if way.table == table and any(case.expected for case in cases):
            break
    rows = [{**case.row, "Timestamp": "2026-11-10T09:00:00Z"} for case in cases]
    ndjson(tmp_path / f"{table}.json", rows)
    ndjson(tmp_path / "DeviceInfo.json", devices())
    found = scan(tmp_path, Rule("r", "r", "sigma", text))
    assert fired(found) == [("r", number) for number, case in enumerate(cases, 1) if case.expected]
