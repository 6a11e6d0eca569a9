"""Compare: verdicts and witnesses for rules and queries of every pair of kinds."""

from pathlib import Path

import pytest

from rulescope.errors import QuerySyntaxError, SourceError
from rulescope.model import Rule, Verdict
from rulescope.services.compare import compare, compare_all, side

SHELL = """
title: Shell of a web server
logsource: {category: process_creation, product: windows}
detection:
    parent: {ParentImage|endswith: '\\w3wp.exe'}
    child: {Image|endswith: ['\\cmd.exe', '\\powershell.exe']}
    quiet: {CommandLine|contains: backup}
    condition: parent and child and not quiet
"""
WINDOWS = 'DeviceId in ((DeviceInfo | where OSPlatform startswith "Windows" | distinct DeviceId))'
DEVICE = (
    'DeviceProcessEvents | where ActionType == "ProcessCreated" and '
    + WINDOWS
    + r' and InitiatingProcessFolderPath endswith @"\w3wp.exe"'
    r' and (FolderPath endswith @"\cmd.exe" or FolderPath endswith @"\powershell.exe")'
)
QUIET = ' and not(ProcessCommandLine contains "backup")'
ASIM = r'imProcessCreate | where DvcOs startswith "Windows" and ActingProcessName endswith @"\w3wp.exe"'
COUNTED = 'SigninLogs | where ResultType == "50126" | summarize %s by IPAddress | where %s'
COUNTING = "n = count()"
CASES = [  # name, a, b, verdict
    ("as it would be translated", SHELL, DEVICE + QUIET, "equal"),
    ("an exclusion forgotten", SHELL, DEVICE, "wider"),
    ("one value forgotten", SHELL, (DEVICE + QUIET).replace(r' or FolderPath endswith @"\powershell.exe"', ""), "narrower"),
    ("the system forgotten", SHELL, (DEVICE + QUIET).replace(f" and {WINDOWS}", ""), "wider"),
    ("whole words for parts of words", SHELL, DEVICE + QUIET.replace("contains", "has"), "wider"),
    ("a condition on a column the rule does not read", SHELL, DEVICE + QUIET + ' and AccountName != "svc"', "narrower"),
    ("a path in a column of names", SHELL, DEVICE.replace("InitiatingProcessFolderPath", "InitiatingProcessFileName"), "impossible"),
    ("another parent and a child more", SHELL, DEVICE.replace("w3wp", "nginx"), "differs"),
    ("a query wider than the rule, turned", DEVICE, SHELL, "narrower"),
    ("grandparent for parent", SHELL, ASIM.replace("ActingProcessName", "ParentProcessName"), "differs"),
    ("a table no such event reaches", SHELL, "SigninLogs | where ResultType == 0", "untested"),
    ("a column that is not there", SHELL, 'DeviceProcessEvents | where Image endswith "x"', "untested"),
    ("a count over the events", SHELL, DEVICE + " | summarize n = count() by DeviceId | where n > 3", "untested"),
    ("names of columns in other case", 'Syslog | where Facility == "a"', 'Syslog | where Facility =~ "a"', "wider"),
    ("one thing said in two ways", 'Syslog | where Facility =~ "a"', 'Syslog | where tolower(Facility) == "a"', "equal"),
    ("a word or a part of one", 'Syslog | where SyslogMessage contains "su"', 'Syslog | where SyslogMessage has "su"', "narrower"),
    ("a number as text", "SecurityEvent | where EventID in (1, 2)", "SecurityEvent | where EventID == 1 or EventID == 2", "equal"),
    ("paths into JSON", 'SigninLogs | where DeviceDetail.trustType == "x"', 'SigninLogs | where tostring(DeviceDetail["trustType"]) =~ "x"', "wider"),
    ("a condition no event could be made for", 'Syslog | where Facility == "a"', 'Syslog | where Facility == "a" and strlen(extract("id=([0-9]+)", 1, SyslogMessage)) < 900', "untested"),
    ("an unknown table", 'Mine_CL | where a == 5 and b has "x"', "Mine_CL | where a == 5", "wider"),
    ("addresses by range or by text", 'CommonSecurityLog | where not(ipv4_is_in_range(SourceIP, "10.0.0.0/8"))', 'CommonSecurityLog | where SourceIP !startswith "10."', "wider"),
    ("other tables", "Syslog | where Facility == 'a'", "SigninLogs | where ResultType == 0", "untested"),
    ("a star that is a star", SHELL, (DEVICE + QUIET).replace('endswith @"\\w3wp.exe"', '=~ @"*\\w3wp.exe"'), "impossible"),
    ("text asked of a number", SHELL, 'SecurityEvent | where EventID contains "4688"', "untested"),
    ("two thresholds", COUNTED % (COUNTING, "n > 10"), COUNTED % (COUNTING, "n > 20"), "narrower"),
    ("a threshold said in two ways", COUNTED % (COUNTING, "n > 10"), (COUNTED % (COUNTING, "n >= 11")).replace("n ", "times "), "equal"),
    ("distinct values counted or all", COUNTED % ("n = dcount(UserPrincipalName)", "n > 3"), COUNTED % (COUNTING, "n > 3"), "wider"),
    ("counted under a condition", COUNTED % ('n = countif(AppDisplayName == "a")', "n > 2"), (COUNTED % (COUNTING, "n > 2")).replace("| summarize", '| where AppDisplayName == "a" | summarize'), "equal"),
    ("a table less", 'union Syslog, Event | where Computer == "a"', 'Syslog | where Computer == "a"', "narrower"),
    ("a join or a list", 'Syslog | where Computer in ((Event | where EventID == 7 | project Computer)) | project Computer', "Syslog | join kind=leftsemi (Event | where EventID == 7) on Computer | project Computer", "equal"),
    ("kinds of join", "Syslog | join kind=inner (Event | where EventID == 7) on Computer | project Computer", "Syslog | join kind=leftsemi (Event | where EventID == 7) on Computer | project Computer", "narrower"),
    ("an hour of the day", "Syslog | where hourofday(TimeGenerated) >= 12", "Syslog | where hourofday(TimeGenerated) > 12", "narrower"),
    ("the first of many", "Syslog | summarize n = count() by Computer | where n > 2 | top 5 by n", "Syslog | summarize n = count() by Computer | where n > 2 | top 9 by n", "untested"),
    ("two rules, one exclusion less", SHELL, SHELL.replace(" and not quiet", ""), "wider"),
    ("two rules, one form", SHELL, SHELL.replace("[", "[  ").replace("Shell of", "A shell of"), "equal"),
    ("two rules of two systems", SHELL, SHELL.replace("windows", "linux"), "differs"),
    ("a rule of any system", SHELL, SHELL.replace(", product: windows", ""), "wider"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdicts(a: str, b: str, verdict: str) -> None:
    found = compare(a, b)
    assert found.verdict == verdict, found
    assert (found.only_a is not None) == (verdict in ("narrower", "differs", "impossible"))
    assert (found.only_b is not None) == (verdict in ("wider", "differs"))
    assert found.reason


def test_a_witness_is_an_event_in_the_rules_names_and_its_row() -> None:
    witness = compare(SHELL, DEVICE).only_b
    assert witness is not None
    assert (witness.source_matches, witness.target_matches) == (False, True)
    assert "backup" in str(witness.event["CommandLine"]).lower()
    assert witness.mapped["ProcessCommandLine"] == witness.event["CommandLine"]


def test_turned_round_the_witnesses_change_sides() -> None:
    there, back = compare(SHELL, DEVICE), compare(DEVICE, SHELL)
    assert there.chosen == back.chosen[::-1]
    assert there.only_b is not None and back.only_a is not None
    assert (back.only_a.source_matches, back.only_a.target_matches) == (True, False)
    assert "does not choose" in back.reason


def test_how_many_events_were_asked_is_said() -> None:
    found = compare(SHELL, DEVICE + QUIET + ' | where ProcessCommandLine !contains "backup"')
    assert found.verdict is Verdict.EQUAL
    assert not found.proven
    assert str(found.events) in found.reason
    assert min(found.chosen) > 0


def test_one_form_is_equal_without_running() -> None:
    assert compare("Heartbeat | where Computer == 'a'", "Heartbeat\n| where Computer == 'a'").proven


def test_the_system_alone_is_named_as_the_difference() -> None:
    found = compare(SHELL, (DEVICE + QUIET).replace(f" and {WINDOWS}", ""))
    assert found.by_kind
    assert "another kind" in found.reason


def test_what_is_left_off_is_said() -> None:
    found = compare(SHELL, DEVICE + QUIET + " | where Timestamp > ago(7d) | project Timestamp | take 10")
    assert found.verdict is Verdict.EQUAL
    assert set(found.left_off) == {"the time filter", "take"}


def test_other_time_filters_are_named() -> None:
    found = compare(
        'Syslog | where TimeGenerated > ago(1d) and Facility == "a"',
        'Syslog | where TimeGenerated > ago(7d) and Facility == "a"',
    )
    assert (str(found.verdict), found.proven) == ("equal", False)
    assert "their time filters differ" in found.reason


def test_the_witness_of_answers_is_a_table() -> None:
    found = compare(COUNTED % (COUNTING, "n > 10"), COUNTED % (COUNTING, "n > 20"))
    assert found.only_a is not None and found.only_b is None
    assert 11 <= len(found.only_a.mapped["tables"]["SigninLogs"]) <= 20
    assert found.only_a.mapped["answer"]["n"] <= 20


GUESSING = """
title: Guessing
correlation:
    type: %s
    rules: [failed]
    group-by: [IpAddress]
    timespan: 10m
    condition: {%s}
---
name: failed
logsource: {product: windows, service: security}
detection:
    failed: {EventID: 4625}
    condition: failed
"""
FAILED = "SecurityEvent | where EventID == 4625 | summarize n = count() by IpAddress%s | where n %s"
CORRELATED = [  # the correlation, a query, verdict
    ("fixed bins miss bursts over their edge", ("event_count", "gte: 5"), FAILED % (", bin(TimeGenerated, 10m)", ">= 5"), "narrower"),
    ("the whole time at once", ("event_count", "gte: 5"), FAILED % ("", ">= 5"), "wider"),
    ("distinct values", ("value_count", "field: TargetUserName, gte: 4"), "SecurityEvent | where EventID == 4625 | where 1 == 2 | summarize n = dcount(TargetUserName) by IpAddress", "narrower"),
    ("no count at all", ("event_count", "gte: 5"), "SecurityEvent | where EventID == 4625", "wider"),
    ("another table", ("event_count", "gte: 5"), "SigninLogs | summarize n = count() by IPAddress", "untested"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("correlation", "query", "verdict"), [c[1:] for c in CORRELATED], ids=[c[0] for c in CORRELATED]
)
def test_a_correlation_meets_a_query_by_the_groups_they_fire_for(
    correlation: tuple[str, str], query: str, verdict: str
) -> None:
    found = compare(GUESSING % correlation, query)
    assert found.verdict == verdict, found
    turned = {"wider": "narrower", "narrower": "wider"}.get(verdict, verdict)
    assert compare(query, GUESSING % correlation).verdict == turned


def test_asim_functions_by_any_of_their_names() -> None:
    query = ASIM + r' and TargetProcessName has "cmd.exe"'
    found = {
        compare(SHELL, query.replace("imProcessCreate", name)).verdict
        for name in ("_Im_ProcessCreate", "ASimProcessEventCreate")
    }
    assert found == {compare(SHELL, query).verdict}


def test_a_view_of_all_process_events_must_ask_for_creation() -> None:
    exact = (
        ASIM
        + r' and (TargetProcessName endswith @"\cmd.exe" or TargetProcessName endswith @"\powershell.exe") and TargetProcessCommandLine !contains "backup"'
    )
    assert compare(SHELL, exact).verdict is Verdict.EQUAL
    assert compare(SHELL, exact.replace("imProcessCreate", "imProcessEvent")).verdict is Verdict.WIDER
    created = exact.replace("imProcessCreate", 'imProcessEvent | where EventType == "ProcessCreated"')
    assert compare(SHELL, created).verdict is Verdict.EQUAL


def test_an_unknown_column_is_named() -> None:
    assert "Image" in compare(SHELL, 'DeviceProcessEvents | where Image endswith "x"').invalid


def test_files_and_rules(tmp_path: Path) -> None:
    rule, page = tmp_path / "rule.yml", tmp_path / "query.md"
    rule.write_text(SHELL)
    page.write_text(f"# Shells\n\nFinds shells.\n\n```kusto\n{DEVICE + QUIET}\n```\n")
    assert compare(rule, page).verdict is Verdict.EQUAL
    assert compare(Rule(id="", title="r", language="sigma", text=SHELL), str(page)).verdict is Verdict.EQUAL


def test_many_share_engines_and_keep_their_order() -> None:
    pairs = [(side(a), side(b)) for _, a, b, _ in CASES]
    assert [str(found.verdict) for found in compare_all(pairs, chunk=7)] == [case[3] for case in CASES]


def test_a_malformed_query_says_where() -> None:
    with pytest.raises(QuerySyntaxError):
        compare(SHELL, "DeviceProcessEvents | where (")


def test_an_operator_nobody_knows_is_named_with_its_place() -> None:
    with pytest.raises(QuerySyntaxError, match="wherex"):
        compare("SigninLogs | wherex a == 1", "SigninLogs")


def test_an_empty_text_is_said_to_be_empty() -> None:
    with pytest.raises(SourceError, match="the text is empty"):
        compare(" ", "SigninLogs")


def test_nothing_to_read(tmp_path: Path) -> None:
    empty = tmp_path / "a.yml"
    empty.write_text("")
    with pytest.raises(SourceError):
        compare(empty, SHELL)
