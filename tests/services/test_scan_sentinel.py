"""Scanning with rules over Sentinel's functions: the rows of translation's mappings, made of the logs' own events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rulescope.model import Alert, Rule
from rulescope.services.scan import scan

SECURITY = {"Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing", "Computer": "DC1"}
LOGON = {
    **SECURITY,
    "EventID": 4624,
    "LogonType": "10",
    "TargetUserName": "adm",
    "TargetDomainName": "CORP",
    "IpAddress": "203.0.113.9",
}
FAILED = {**LOGON, "EventID": 4625, "TargetDomainName": "-"}
USER = {**SECURITY, "EventID": 4720, "TargetUserName": "eve$", "TargetDomainName": "CORP", "SubjectUserName": "mallory"}
GROUP = {
    **SECURITY,
    "EventID": 4732,
    "TargetUserName": "Administrators",
    "TargetDomainName": "Builtin",
    "MemberSid": "S-1-5-21-1",
}
CLEARED = {**SECURITY, "EventID": 1102, "Provider_Name": "Microsoft-Windows-Eventlog", "SubjectUserName": "mallory"}
OBJECT = {**SECURITY, "EventID": 4663, "TargetUserName": "adm", "SubjectUserName": "mallory"}
WINDOWS = [LOGON, FAILED, USER, GROUP, CLEARED, OBJECT]
OKTA = [
    {
        "eventType": kind,
        "published": "2026-11-20T10:00:00Z",
        "outcome": {"result": "SUCCESS"},
        "actor": {"alternateId": "eve@example.com"},
    }
    for kind in ("user.session.start", "application.lifecycle.update")
]
GITHUB = [
    {"action": action, "actor": "mallory", "org": "acme", "repo": "acme/x", "created_at": 1_763_600_000_000}
    for action in ("repo.destroy", "repo.create")
]


@pytest.mark.parametrize(
    ("query", "events", "records"),
    [
        ('imAuthentication | where EventType == "Logon" and EventResult == "Success"', WINDOWS, [1]),
        ('_Im_Authentication | where EventResult == "Failure" and TargetUsername == "adm"', WINDOWS, [2]),
        (
            r'ASimAuthentication | where TargetUsername == @"CORP\adm" and EventSubType == "RemoteInteractive"',
            WINDOWS,
            [1],
        ),
        ("imAuthentication | where EventVendor == 'Microsoft'", WINDOWS, [1, 2]),
        ('imUserManagement | where EventType == "UserCreated" and ActorUsername == "mallory"', WINDOWS, [3]),
        (r'imUserManagement | where EventType == "UserAddedToGroup" and GroupName has "Administrators"', WINDOWS, [4]),
        ("imUserManagement | where isnotempty(EventVendor)", WINDOWS, [3, 4]),
        ('imAuditEvent | where EventType == "Delete" and ObjectType == "Event Log"', WINDOWS, [5]),
        ('imAuthentication | where EventOriginalType == "user.session.start"', OKTA, [1]),
        ('OktaSSO | where eventType_s startswith "application." and actor_alternateId_s has "eve"', OKTA, [2]),
        ('GitHubAuditData | where Action == "repo.destroy" and Organization == "acme"', GITHUB, [1]),
    ],
)
def test_events_become_rows_of_the_function(
    query: str, events: list[dict[str, Any]], records: list[int], tmp_path: Path
) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    results = scan(log, [Rule("k", "k", "kusto", query, severity="medium")])
    assert [one.record for one in results if isinstance(one, Alert)] == records, list(results)


def test_names_zeek_saw_are_rows_with_their_type_and_answer(tmp_path: Path) -> None:
    event = {"_path": "dns", "ts": 1_763_600_000.0, "uid": "C1", "id.orig_h": "10.0.0.1", "query": "a.test"}
    log = tmp_path / "dns.log"
    log.write_text(json.dumps({**event, "qtype_name": "TXT", "answers": ["x y"]}) + "\n", encoding="utf-8")
    query = 'imDns | where DnsQueryTypeName == "TXT" and DnsResponseName has "x y" and SrcIpAddr == "10.0.0.1"'
    (alert,) = scan(log, [Rule("k", "k", "kusto", query, severity="medium")])
    assert isinstance(alert, Alert)
