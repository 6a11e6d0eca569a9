"""Languages without a reader yet: their files become rules with metadata and raw text."""

from __future__ import annotations

import pytest

from rulescope import formats
from rulescope.formats.grouping import esql_sources, grouping
from rulescope.formats.mentions import techniques
from rulescope.model import Failure, Rule, RuleFile


def read(path: str, text: str) -> tuple[list[Rule], list[Failure]]:
    return formats.read(RuleFile("mine", path, text.encode()))


def test_elastic() -> None:
    text = """[metadata]
creation_date = "2024/03/01"
maturity = "production"
updated_date = "2025/01/02"

[rule]
author = ["Somebody"]
name = "Odd child of a mail server"
rule_id = "6f0c1d2e-0000-4000-8000-000000000001"
language = "eql"
type = "eql"
severity = "high"
index = ["logs-endpoint.events.*"]
query = \'\'\'
process where process.parent.name : "mail.exe"
\'\'\'
[[rule.threat]]
[rule.threat.tactic]
id = "TA0002"
name = "Execution"
[[rule.threat.technique]]
id = "T1059"
[[rule.threat.technique.subtechnique]]
id = "T1059.001"
"""
    (rule,), failures = read("rules/a.toml", text)
    assert failures == []
    assert (rule.language, rule.status, rule.created, rule.severity) == ("eql", "production", "2024-03-01", "high")
    assert rule.tactics == ("TA0002",)
    assert rule.techniques == ("T1059", "T1059.001")
    assert text.splitlines()[rule.line - 1].startswith("process where")


def test_a_rule_without_a_query_says_so() -> None:
    rules, (failure,) = read("a.toml", '[rule]\nname = "Rare host"\ntype = "machine_learning"\n')
    assert rules == []
    assert failure.kind == "NoQuery"


def test_splunk() -> None:
    text = """\
name: Odd child of a mail server
id: 6f0c1d2e-0000-4000-8000-000000000002
type: TTP
status: production
search: '| tstats count where Processes.parent_process_name=mail.exe'
how_to_implement: Collect processes.
known_false_positives: Administrators.
tags:
  mitre_attack_id:
  - T1059
  risk_score: 64
"""
    (rule,), failures = read("a.yml", text)
    assert failures == []
    assert (rule.language, rule.severity, rule.techniques) == ("spl", "high", ("T1059",))


@pytest.mark.parametrize(
    ("dates", "created", "modified"),
    [
        ("version: 1\ndate: '2024-01-02'", "2024-01-02", "2024-01-02"),
        ("version: 3\ndate: '2024-01-02'", "", "2024-01-02"),
        ("version: 3\ncreation_date: '2023-01-02'\nmodification_date: '2024-01-02'", "2023-01-02", "2024-01-02"),
    ],
)
def test_the_date_of_a_later_version_is_not_when_a_rule_was_made(dates: str, created: str, modified: str) -> None:
    (rule,), _ = read("a.yml", f"name: Odd\nid: a\ntype: TTP\nsearch: '| tstats count'\n{dates}\nhow_to_implement: x\n")
    assert (rule.created, rule.modified) == (created, modified)


def test_yaral() -> None:
    text = 'rule odd_child {\n  meta:\n    author = "Somebody"\n    severity = "Low"\n    mitre_attack_technique = "T1059.001"\n  events:\n    $e.metadata.event_type = "PROCESS_LAUNCH"\n  condition:\n    $e\n}\n'
    (rule,), failures = read("a.yaral", text)
    assert failures == []
    assert (rule.title, rule.language, rule.severity, rule.techniques) == ("odd child", "yaral", "low", ("T1059.001",))


def test_broken_toml_has_a_place() -> None:
    rules, (failure,) = read("a.toml", "[rule]\nname = \n")
    assert rules == []
    assert failure.line == 2


GROUPED: list[tuple[str, str, tuple[float, ...], tuple[str, ...]]] = [  # language, query, windows in seconds, grouped by
    ("yaral", "  match:\n    $host, $user over 5m\n  condition:\n    $e", (300.0,), ("host", "user")),
    ("yaral", "  condition:\n    $e", (), ()),
    ("eql", "sequence by host.id, user.id with maxspan=1m\n  [process where true]", (60.0,), ("host.id", "user.id")),
    ("eql", "process where true", (), ()),
    ("spl", "`log` a=1 | bucket span=5m _time | stats dc(c) AS n by _time, src | where n > 3", (300.0,), ("_time", "src")),
    ("spl", 'a="[" | stats count by x, y | join x [search b | stats count by z]', (), ("x", "y")),
    ("spl", "a | stats count by a b c d e f g h i j", (), tuple("abcdefghij")),
    ("esql", "FROM a-*, b-* METADATA _id | EVAL t = DATE_TRUNC(15 minutes, @timestamp) | STATS n = COUNT(*) BY t, u", (900.0,), ("t", "u")),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "windows", "by"), GROUPED)
def test_windows_and_groups_of_raw_queries(
    language: str, text: str, windows: tuple[float, ...], by: tuple[str, ...]
) -> None:
    assert grouping(text, language) == (windows, by)


def test_the_indices_of_an_esql_query() -> None:
    assert esql_sources("FROM a-*, b-* METADATA _id\n| WHERE x == 1") == ("a-*", "b-*")


def test_a_converted_yaral_rule_keeps_its_date_and_log_source() -> None:
    text = 'rule old {\n  meta:\n    created = "2019/11/24"\n    product = "windows"\n    service = "sysmon"\n  events:\n    $e\n}'
    (rule,), _ = read("rules/_deprecated/a.yaral", text)
    assert (rule.created, rule.tables, rule.status) == ("2019-11-24", ("product=windows service=sysmon",), "deprecated")


def test_atlas_is_not_attack() -> None:
    assert techniques("see https://atlas.mitre.org/techniques/AML.T0054 and T1059.001") == ("T1059.001",)
