"""Scanning: rules of our own over small logs, and the regression cases of the public Sigma corpus."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rulescope import logs
from rulescope.errors import LogError, SourceError
from rulescope.model import Alert, NotRun, Rule, Schedule, Trigger
from rulescope.services import scan_moments
from rulescope.services.scan import LogFault, Progress, load, prepare, scan
from rulescope.services.scan_events import EventRules

SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon"}
AUDIT = {"Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing"}

WHOAMI = """\
title: Identity asked by a shell
id: 00000000-0000-0000-0000-000000000001
logsource: {category: process_creation, product: windows}
detection:
  sel: {Image|endswith: '\\whoami.exe', ParentImage|endswith: '\\cmd.exe'}
  condition: sel
level: high
tags: [attack.t1033]
"""


def sigma(detection: str, logsource: str = "category: process_creation, product: windows", name: str = "r") -> Rule:
    text = f"title: {name}\nid: {name}\nlogsource: {{{logsource}}}\ndetection:\n{detection}"
    return Rule(name, name, "sigma", text, severity="low")


def kusto(text: str, name: str = "k", **more: Any) -> Rule:
    return Rule(name, name, "kusto", text, severity="medium", **more)


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def process(number: int, image: str, parent: str = "C:\\Windows\\explorer.exe", **more: Any) -> dict[str, Any]:
    time = f"2026-11-10T09:{number // 60:02}:{number % 60:02}Z"
    return {
        **SYSMON,
        "EventID": 1,
        "TimeCreated": time,
        "Computer": "H1",
        "Image": image,
        "ParentImage": parent,
        **more,
    }


def fired(results: list[Alert | NotRun]) -> list[tuple[str, int]]:
    return [(one.rule_id, one.record) for one in results if isinstance(one, Alert)]


def test_a_sigma_rule_fires_on_its_event_with_what_matched(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(WHOAMI)
    log = written(tmp_path / "log", [process(0, "C:\\x.exe"), process(1, "C:\\whoami.exe", "C:\\CMD.exe")])
    (alert,) = scan(log, tmp_path / "rule.yml")
    assert isinstance(alert, Alert)
    assert (alert.title, alert.time, alert.severity) == ("Identity asked by a shell", "2026-11-10T09:00:01Z", "high")
    assert (alert.log, alert.record, alert.techniques) == (str(log), 2, ("T1033",))
    assert alert.fields == {"Image": "C:\\whoami.exe", "ParentImage": "C:\\CMD.exe"}
    assert alert.event["Computer"] == "H1"


def test_windows_own_audit_is_seen_by_process_rules_under_sigma_names(tmp_path: Path) -> None:
    event = {**AUDIT, "EventID": 4688, "NewProcessName": "C:\\whoami.exe", "ParentProcessName": "C:\\cmd.exe"}
    (tmp_path / "rule.yml").write_text(WHOAMI)
    (alert,) = scan(written(tmp_path / "log", [event]), tmp_path / "rule.yml")
    assert isinstance(alert, Alert)
    assert alert.fields == {"Image": "C:\\whoami.exe", "ParentImage": "C:\\cmd.exe"}


ROUTES = [  # logsource, event, whether its rules see it
    ("category: registry_set, product: windows", {**SYSMON, "EventID": 13}, True),
    ("category: registry_set, product: windows", {**SYSMON, "EventID": 12}, False),
    ("category: registry_delete, product: windows", {**SYSMON, "EventID": 12, "EventType": "DeleteKey"}, True),
    ("category: registry_delete, product: windows", {**SYSMON, "EventID": 12, "EventType": "CreateKey"}, False),
    ("product: windows, service: security", {**AUDIT, "EventID": 4624}, True),
    ("product: windows, service: system", {**AUDIT, "EventID": 4624}, False),
    ("product: windows", {**AUDIT, "EventID": 4624}, True),
    ("product: linux", {**AUDIT, "EventID": 4624}, False),
    ("category: process_creation, product: linux", {**SYSMON, "EventID": 1}, False),
    ("category: proxy", {"c-uri": "http://a/", "cs-host": "a"}, True),
    ("category: proxy", {**SYSMON, "EventID": 1}, False),
    ("product: linux", {"c-uri": "http://a/", "cs-host": "a"}, False),
    ("product: zeek, service: dns", {"_path": "dns", "ts": 1.5e9, "uid": "C", "query": "a"}, True),
    ("product: zeek, service: http", {"_path": "dns", "ts": 1.5e9, "uid": "C", "query": "a"}, False),
    ("category: dns", {"_path": "dns", "ts": 1.5e9, "uid": "C", "query": "a"}, True),
    ("product: aws, service: cloudtrail", {"eventSource": "a", "eventName": "b", "awsRegion": "c"}, True),
    ("product: gcp, service: gcp.audit", {"protoPayload": {"methodName": "a"}, "logName": "b"}, True),
    ("product: okta, service: okta", {"eventType": "a", "published": "b", "outcome": {}}, True),
]


@pytest.mark.parametrize(("logsource", "event", "expected"), ROUTES)
def test_events_go_to_the_rules_of_their_log_source(
    logsource: str, event: dict[str, Any], expected: bool, tmp_path: Path
) -> None:
    rule = sigma("  sel: {absent: null}\n  condition: sel\n", logsource)
    results = list(scan(written(tmp_path / "log", [event]), rule))
    assert [type(one) for one in results] == [Alert if expected else NotRun]


def test_results_do_not_depend_on_batches_nor_on_the_number_of_rules() -> None:
    rows = [process(n, f"C:\\p{n % 7}.exe", CommandLine=f"p{n % 7} --run {n}") for n in range(200)]
    rules = [
        sigma(f"  sel: {{CommandLine|contains: '--run {n}'}}\n  condition: sel\n", name=f"r{n}") for n in range(30)
    ]
    rules.append(
        sigma("  sel: {Image|endswith: '.exe'}\n  no: {Image|contains: p3}\n  condition: sel and not no\n", name="n")
    )

    def alerts(size: int) -> list[tuple[str, int]]:
        events = EventRules(list(prepare(rules).ready))
        found = logs.batch.batches(((n, row) for n, row in enumerate(rows, 1)), "log", "ndjson", size=size)
        return [(alert.rule_id, alert.record) for batch in found for _, alert in events.alerts(batch)]

    assert alerts(1) == alerts(7) == alerts(1000)
    alone = [fired_by for rule in rules for fired_by in _alone(rule, rows)]
    assert sorted(alerts(1000)) == sorted(alone)


def _alone(rule: Rule, rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    events = EventRules(list(prepare(rule).ready))
    (batch,) = logs.batch.batches(((n, row) for n, row in enumerate(rows, 1)), "log", "ndjson")
    return [(alert.rule_id, alert.record) for _, alert in events.alerts(batch)]


FILTERING = {**AUDIT, "EventID": 5156, "Direction": "%%14593", "Protocol": "6", "DestPort": "4444",
             "Application": "\\device\\harddiskvolume2\\Windows\\System32\\rundll32.exe"}  # fmt: skip
REGISTRY = {**AUDIT, "EventID": 4657, "OperationType": "%%1904", "NewValueType": "%%1876", "NewValue": "0",
            "ObjectName": "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\Lsa", "ObjectValueName": "RunAsPPL",
            "ProcessName": "C:\\Windows\\regedit.exe"}  # fmt: skip
OWN_AUDIT = [  # log source, detection, event of Windows' own audit, whether the rule fires
    ("network_connection", "{Image: 'C:\\Windows\\System32\\rundll32.exe', Initiated: 'true', DestinationPort: 4444}", FILTERING, 1),
    ("network_connection", "{Initiated: 'false'}", FILTERING, 0),
    ("network_connection", "{Protocol: tcp}", FILTERING, 1),
    ("registry_set", "{TargetObject: 'HKLM\\System\\CurrentControlSet\\Control\\Lsa\\RunAsPPL', Details: DWORD (0x00000000)}", REGISTRY, 1),
    ("registry_event", "{EventType: SetValue, Image|endswith: '\\regedit.exe'}", REGISTRY, 1),
    ("registry_delete", "{TargetObject|contains: Lsa}", REGISTRY, 0),
    ("registry_delete", "{TargetObject|contains: Lsa}", {**REGISTRY, "OperationType": "%%1906"}, 1),
    ("process_creation", "{IntegrityLevel: System}", {**AUDIT, "EventID": 4688, "MandatoryLabel": "S-1-16-16384"}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("category", "detection", "event", "times"), OWN_AUDIT)
def test_values_of_windows_own_audit_read_as_sigma_writes_them(
    category: str, detection: str, event: dict[str, Any], times: int, tmp_path: Path
) -> None:
    rule = sigma(f"  sel: {detection}\n  condition: sel\n", f"category: {category}, product: windows")
    results = list(scan(written(tmp_path / "log", [event]), rule))
    assert sum(isinstance(one, Alert) for one in results) == times


AUDITD = """\
type=SYSCALL msg=audit(1600000000.500:7): arch=c000003e syscall=59 success=yes exit=0 ppid=10 pid=11 uid=0 ses=3 exe="/usr/bin/curl"
type=EXECVE msg=audit(1600000000.500:7): argc=3 a0="curl" a1="-s" a2="http://192.0.2.9/x"
type=CWD msg=audit(1600000000.500:7): cwd="/tmp"
type=SYSCALL msg=audit(1600000000.600:8): arch=c000003e syscall=59 success=no exit=-2 ppid=10 pid=12 uid=0 exe="/usr/bin/bash"
type=EXECVE msg=audit(1600000000.600:8): argc=2 a0="curl" a1="-s"
"""


def test_program_starts_of_auditd_are_seen_by_process_rules(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(AUDITD)
    linux = sigma(
        "  sel: {Image|endswith: /curl, CommandLine|contains: ' -s ', User: root, CurrentDirectory: /tmp}\n  condition: sel\n",
        "category: process_creation, product: linux",
    )
    own = sigma("  sel: {type: EXECVE, a0: curl}\n  condition: sel\n", "product: linux, service: auditd", "own")
    results = list(scan(tmp_path / "log", [linux, own]))
    assert fired(results) == [("r", 2), ("own", 2), ("own", 5)]


BURST = """\
title: Failed logon
id: 00000000-0000-0000-0000-000000000002
name: failed_logon
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
---
title: Burst of failed logons
id: 00000000-0000-0000-0000-000000000003
correlation:
  type: event_count
  rules: [failed_logon]
  group-by: [TargetUserName]
  timespan: 5m
  condition: {gte: 3}
level: high
"""


def test_a_correlation_fires_once_and_its_parts_are_silent(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(BURST)
    rows = [
        {**AUDIT, "EventID": 4625, "TimeCreated": f"2026-11-10T09:00:0{n}Z", "TargetUserName": user}
        for n, user in enumerate(["ann", "bob", "ann", "ann", "bob"])
    ]
    (alert,) = scan(written(tmp_path / "log", rows), tmp_path / "rule.yml")
    assert isinstance(alert, Alert)
    assert (alert.title, alert.count, alert.fields) == ("Burst of failed logons", 3, {"TargetUserName": "ann"})
    assert (alert.time, alert.record) == ("2026-11-10T09:00:03Z", 4)


FILTER = """\
title: Not the helpdesk
id: 00000000-0000-0000-0000-000000000004
logsource: {category: process_creation, product: windows}
filter:
  rules: [00000000-0000-0000-0000-000000000001]
  selection: {User: helpdesk}
  condition: not selection
"""


def test_correlations_and_filters_reach_rules_of_other_files(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yml").write_text(BURST.split("---\n")[1])
    (rules / "b.yml").write_text(BURST.split("---\n")[0])
    (rules / "c.yml").write_text(WHOAMI)
    (rules / "d.yml").write_text(FILTER)
    rows = [
        {**AUDIT, "EventID": 4625, "TimeCreated": f"2026-11-10T09:00:0{n}Z", "TargetUserName": "ann"} for n in range(3)
    ]
    rows += [process(n, "C:\\whoami.exe", "C:\\cmd.exe", User=user) for n, user in enumerate(["helpdesk", "ann"])]
    results = list(scan(written(tmp_path / "log", rows), rules))
    assert [(one.title, one.record) for one in results if isinstance(one, Alert)] == [
        ("Identity asked by a shell", 5),
        ("Burst of failed logons", 3),
    ]
    assert [one for one in results if isinstance(one, NotRun)] == []


def test_what_cannot_run_says_why(tmp_path: Path) -> None:
    rules = [
        sigma("  sel: {Image|re: '(?=a)b'}\n  condition: sel\n", name="look-around"),
        sigma("  sel: {a: b}\n  condition: sel\n", "category: webserver", name="no-log"),
        kusto("DeviceProcessEvents | evaluate autocluster()", "plugin"),
        kusto("IdentityInfo | take 1", "no-table"),
        kusto("DeviceProcessEvents | where", "syntax"),
        Rule("spl", "spl", "spl", "index=x"),
    ]
    log = written(tmp_path / "log", [process(0, "C:\\a.exe")])
    found = {one.rule_id: one for one in scan(log, rules) if isinstance(one, NotRun)}
    assert set(found) == {"look-around", "no-log", "plugin", "no-table", "syntax", "spl"}
    assert "(?=" in found["look-around"].construct
    assert found["no-log"].construct == "logsource category=webserver"
    assert "autocluster" in found["plugin"].construct
    assert found["no-table"].construct == "table IdentityInfo"
    assert found["spl"].construct == "language spl"


def test_a_defender_rule_runs_over_sysmon_events(tmp_path: Path) -> None:
    rule = kusto(
        'DeviceProcessEvents | where FileName =~ "whoami.exe" and InitiatingProcessFileName =~ "cmd.exe" '
        "| project Timestamp, DeviceName, FileName, ProcessCommandLine"
    )
    rows = [
        process(0, "C:\\Windows\\whoami.exe", "C:\\Windows\\cmd.exe", CommandLine="whoami /all"),
        process(1, "C:\\Windows\\whoami.exe", "C:\\Windows\\explorer.exe", CommandLine="whoami"),
    ]
    (alert,) = scan(written(tmp_path / "log", rows), rule)
    assert isinstance(alert, Alert)
    assert alert.time == "2026-11-10T09:00:00Z"
    assert alert.event["ProcessCommandLine"] == "whoami /all"


def test_an_asim_rule_runs_over_a_proxy_log(tmp_path: Path) -> None:
    (tmp_path / "proxy.csv").write_text(
        "TimeGenerated,src_ip,c-useragent,cs-method,c-uri,cs-host\n"
        "2026-11-10T09:00:00Z,10.0.0.1,Microsoft BITS/7.8,GET,http://a.test/x,a.test\n"
        "2026-11-10T09:01:00Z,10.0.0.2,Mozilla/5.0,GET,http://a.test/x,a.test\n"
    )
    rule = kusto('imWebSession(starttime=ago(1d)) | where HttpUserAgent startswith "Microsoft BITS/"')
    (alert,) = scan(tmp_path / "proxy.csv", rule)
    assert isinstance(alert, Alert)
    assert alert.time == "2026-11-10T09:00:00Z"


def test_security_events_are_rows_of_their_table(tmp_path: Path) -> None:
    event = {
        **AUDIT,
        "EventID": 4625,
        "TimeCreated": "2026-11-10T09:00:00Z",
        "TargetUserName": "ann",
        "TargetDomainName": "D",
    }
    rule = kusto("SecurityEvent | where EventID == 4625 | summarize Tries = count() by TargetAccount")
    (alert,) = scan(written(tmp_path / "log", [event, event]), rule)
    assert isinstance(alert, Alert)
    assert alert.fields == {"TargetAccount": "D\\ann", "Tries": 2}


SCHEDULED = kusto(
    "DeviceNetworkEvents | summarize Hits = count() by DeviceName | where Hits >= 3",
    schedule=Schedule(600, 600),
    trigger=Trigger("gt", 0),
)


def connection(minute: int, device: str) -> dict[str, Any]:
    return {"TimeGenerated": f"2026-11-10T09:{minute:02}:00Z", "ActionType": "ConnectionSuccess", "DeviceName": device,
            "RemoteIP": "192.0.2.1", "RemotePort": 80, "InitiatingProcessFileName": "a.exe"}  # fmt: skip


def test_a_scheduled_rule_runs_along_the_log_over_its_look_back_only(tmp_path: Path) -> None:
    rows = [connection(m, "early") for m in (1, 2, 3)] + [connection(m, "spread") for m in (5, 25, 45)]
    (alert,) = scan(written(tmp_path / "DeviceNetworkEvents.ndjson", rows), SCHEDULED)
    assert isinstance(alert, Alert)
    assert alert.fields == {"DeviceName": "early", "Hits": 3}


def test_with_now_a_scheduled_rule_runs_once(tmp_path: Path) -> None:
    log = written(tmp_path / "DeviceNetworkEvents.ndjson", [connection(m, "early") for m in (1, 2, 3)])
    assert [type(one) for one in scan(log, SCHEDULED, now="2026-11-10T09:05:00Z")] == [Alert]
    assert list(scan(log, SCHEDULED, now="2026-11-10T10:00:00Z")) == []


PLACED = [  # query, (log, record) of each alert: known when rows are chosen, not when they are counted
    ("DeviceProcessEvents | where FileName =~ 'b.exe' | project DeviceName, FileName", [("two.ndjson", 1)]),
    ("DeviceProcessEvents | extend n = strlen(FileName) | sort by n | take 1 | project n", [("one.ndjson", 1)]),
    ("DeviceProcessEvents | where FileName has 'exe' | summarize count()", [("one.ndjson; two.ndjson", 0)]),
    ("DeviceProcessEvents | where FileName =~ 'b.exe' | extend all = pack_all()", [("one.ndjson; two.ndjson", 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "places"), PLACED)
def test_alerts_of_kusto_rules_name_their_logs(query: str, places: list[tuple[str, int]], tmp_path: Path) -> None:
    written(tmp_path / "one.ndjson", [process(0, "C:\\a.exe", EventRecordID=1)])
    written(tmp_path / "two.ndjson", [process(1, "C:\\b.exe", EventRecordID=1)])
    alerts = [one for one in scan(tmp_path, kusto(query)) if isinstance(one, Alert)]
    shown = [("; ".join(Path(log).name for log in one.log.split("; ")), one.record) for one in alerts]
    assert shown == places
    assert all("rulescope" not in json.dumps(one.event) for one in alerts)


def test_a_schedule_runs_where_a_log_has_events_however_far_apart(tmp_path: Path) -> None:
    rows = [
        {**process(0, f"C:\\{name}.exe"), "TimeCreated": time}
        for name, time in [("a", "1990-01-01T09:00:00Z"), ("b", "2026-11-17T09:00:00Z"), ("c", "2610-01-01T00:00:00Z")]
    ]
    rule = kusto("DeviceProcessEvents | project FileName", schedule=Schedule(300, 300))
    alerts = [one.fields["FileName"] for one in scan(written(tmp_path / "log", rows), rule) if isinstance(one, Alert)]
    assert alerts == ["a.exe", "b.exe", "c.exe"]


def test_a_log_longer_than_the_runs_of_a_schedule_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_moments, "MOST_RUNS", 20)
    rows = [process(0, "C:\\a.exe"), {**process(0, "C:\\b.exe"), "TimeCreated": "2026-11-17T09:00:00Z"}]
    rule = kusto(
        "DeviceProcessEvents | where Timestamp > ago(1d) | project FileName", schedule=Schedule(3600, 5 * 86400)
    )
    *alerts, notice = scan(written(tmp_path / "log", rows), rule)
    assert [one.fields["FileName"] for one in alerts if isinstance(one, Alert)] == ["a.exe", "b.exe"]
    assert isinstance(notice, NotRun)
    assert notice.construct == "schedule"
    assert "25 runs" in notice.why
    assert "only the last 20" in notice.why
    assert "2026-11-09" in notice.why


def test_read_rules_come_from_the_cache_until_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = tmp_path / "rules" / "rule.yml"
    rule.parent.mkdir()
    rule.write_text(WHOAMI)
    log = written(tmp_path / "log", [process(1, "C:\\whoami.exe", "C:\\cmd.exe")])
    first = list(scan(log, rule, cache=tmp_path / "cache"))
    with monkeypatch.context() as patched:
        patched.setattr("rulescope.formats.read", None)
        patched.setattr("rulescope.languages.sigma.parse", None)
        assert list(scan(log, rule, cache=tmp_path / "cache")) == first
    rule.write_text(WHOAMI.replace("whoami", "none"))
    assert list(scan(log, rule, cache=tmp_path / "cache")) == []
    (tmp_path / "cache" / "rules.msgpack").write_bytes(b"\x00 damaged")
    rule.write_text(WHOAMI)
    assert list(scan(log, rule, cache=tmp_path / "cache")) == first


def test_progress_and_faults_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"x": 1}\n{broken\n{"x": 2}\n')
    (tmp_path / "b").write_text("nothing we know\n")
    told: list[Progress] = []
    faults: list[LogFault] = []
    list(scan(tmp_path, [], progress=told.append, faults=faults.append))
    assert told == [Progress(str(tmp_path / "a"), 2, 1, 0)]
    assert [(Path(fault.log).name, fault.number) for fault in faults] == [("a", 2), ("b", 0)]


def test_paths_that_are_not_there_are_errors(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such file"):
        list(scan(tmp_path / "none", []))
    with pytest.raises(SourceError, match="no such file"):
        list(scan(tmp_path, tmp_path / "none"))


def regression_cases(root: Path) -> list[dict[str, Any]]:
    path = root / "corpora" / "sigma" / "regression-index.json"
    if not path.exists():
        pytest.skip("the Sigma regression cases are not here")
    cases: list[dict[str, Any]] = json.loads(path.read_text())
    return cases


@pytest.mark.corpus
def test_regression_cases_fire_as_stated(data_root: Path) -> None:
    """Every case fires, on EVTX and on its JSON twin alike; four files hold more true matches than their case states."""
    root = data_root / "corpora" / "sigma"
    tally: Counter[str] = Counter()
    for case in regression_cases(data_root):
        rules, failures = load([root / rule for rule in case["rules"]])
        assert not failures
        for path in sorted((root / case["path"]).parent.iterdir()):
            if path.suffix == ".yml":
                continue
            count = sum(isinstance(one, Alert) for one in scan(path, rules))
            stated = case["match_count"]
            tally["as stated" if count and count == (stated or count) else "more" if count else "silent"] += 1
    assert tally["silent"] == 0
    assert tally["more"] <= 8, tally
