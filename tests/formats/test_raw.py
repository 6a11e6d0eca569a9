"""Languages without a reader yet: their files become rules with metadata and raw text."""

from __future__ import annotations

from rulescope import formats
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


def test_yaral() -> None:
    text = 'rule odd_child {\n  meta:\n    author = "Somebody"\n    severity = "Low"\n    mitre_attack_technique = "T1059.001"\n  events:\n    $e.metadata.event_type = "PROCESS_LAUNCH"\n  condition:\n    $e\n}\n'
    (rule,), failures = read("a.yaral", text)
    assert failures == []
    assert (rule.title, rule.language, rule.severity, rule.techniques) == ("odd child", "yaral", "low", ("T1059.001",))


def test_broken_toml_has_a_place() -> None:
    rules, (failure,) = read("a.toml", "[rule]\nname = \n")
    assert rules == []
    assert failure.line == 2
