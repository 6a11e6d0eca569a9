"""Microsoft YAML: every shape of rule, dirty fields as failures beside the rule, stubs as failures with a reason."""

from __future__ import annotations

import pytest

from rulescope import formats
from rulescope.model import Failure, Rule, RuleFile

ANALYTICS = """\
id: 0d8c6b0e-3a57-4d54-9a52-0b1f6d2f7a01
name: Archive tool packs a share
description: |
  'Looks for an archive tool that reads from a network share.'
severity: Medium
status: Available
requiredDataConnectors:
  - connectorId: MicrosoftThreatProtection
    dataTypes:
      - DeviceProcessEvents
queryFrequency: PT1H
queryPeriod: 14d
triggerOperator: gt
triggerThreshold: 3
tactics:
  - Collection
relevantTechniques:
  - t1560.001
query: |
  DeviceProcessEvents
  | where FileName =~ "rar.exe"
  | extend Share = extract(@"(\\\\\\\\[^ ]+)", 1, ProcessCommandLine)
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: DeviceName
customDetails:
  Share: Share
version: 1.0.2
kind: Scheduled
"""


def read(text: str | bytes, path: str = "rules/a.yaml") -> tuple[list[Rule], list[Failure]]:
    return formats.read(RuleFile("mine", path, text.encode() if isinstance(text, str) else text))


def test_an_analytics_rule_is_read_whole() -> None:
    (rule,), failures = read(ANALYTICS)
    assert failures == []
    assert rule.title == "Archive tool packs a share"
    assert rule.description == "Looks for an archive tool that reads from a network share."
    assert (rule.severity, rule.status, rule.kind, rule.language) == ("medium", "available", "Scheduled", "kusto")
    assert rule.schedule is not None
    assert (rule.schedule.frequency, rule.schedule.lookback) == (3600, 14 * 86400)
    assert rule.trigger is not None
    assert (rule.trigger.op, rule.trigger.threshold) == ("gt", 3)
    assert rule.techniques == ("T1560.001",)
    assert rule.connectors[0].tables == ("DeviceProcessEvents",)
    assert rule.entities[0].fields == (("HostName", "DeviceName"),)
    assert rule.details == (("Share", "Share"),)


def test_the_query_says_where_it_stands_in_the_file() -> None:
    (rule,), _ = read(ANALYTICS)
    shown = ANALYTICS.splitlines()[rule.line - 1]
    assert shown == " " * rule.indent + rule.text.splitlines()[0]


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text])
def test_line_ends_and_marks_change_nothing(change) -> None:  # type: ignore[no-untyped-def]
    (rule,), failures = read(change(ANALYTICS))
    assert failures == []
    assert rule.text == read(ANALYTICS)[0][0].text


def test_utf16_is_read() -> None:
    (rule,), _ = read(ANALYTICS.encode("utf-16"), "rules/b.YAML")
    assert rule.title == "Archive tool packs a share"


def test_a_custom_detection_has_its_query_inside_a_condition() -> None:
    text = """\
displayName: Script host started by a mail client
isEnabled: true
queryCondition:
  queryText: |
    DeviceProcessEvents
    | where InitiatingProcessFileName =~ "outlook.exe"
schedule:
  period: "1H"
detectionAction:
  alertTemplate:
    title: ignored
    description: A mail client starts a script host.
    severity: high
    category: Execution
    mitreTechniques:
      - T1059
"""
    (rule,), failures = read(text)
    assert failures == []
    assert (rule.kind, rule.severity, rule.tactics, rule.techniques) == (
        "Custom detection",
        "high",
        ("Execution",),
        ("T1059",),
    )
    assert rule.schedule is not None
    assert rule.schedule.frequency == 3600
    assert (rule.line, rule.indent) == (5, 4)


def test_a_parser_is_a_rule_of_kind_parser() -> None:
    text = (
        "Parser:\n  Title: Web sessions of a proxy\nParserName: vimMine\nParserQuery: |\n  Proxy_CL\n  | where true\n"
    )
    (rule,), _ = read(text)
    assert (rule.kind, rule.title, rule.name) == ("Parser", "Web sessions of a proxy", "vimMine")


def test_a_field_of_another_type_is_a_failure_beside_the_rule() -> None:
    (rule,), failures = read(
        ANALYTICS.replace("queryPeriod: 14d", "queryPeriod: soon").replace("  - Collection", "  - a: b")
    )
    assert rule.schedule is not None
    assert rule.schedule.lookback == 0
    assert {failure.kind for failure in failures} == {"FieldError"}
    assert any("$.tactics[0]: expected text, found a mapping" in failure.message for failure in failures)


def test_a_moved_stub_is_no_rule_and_says_why() -> None:
    rules, (failure,) = read(
        "id: 1\ndescription: 'As part of content migration, this file is moved to a new location.'\n"
    )
    assert rules == []
    assert failure.kind == "Moved"


def test_broken_yaml_has_a_place() -> None:
    rules, (failure,) = read("id: 1\nname: x\nquery: [\n")
    assert rules == []
    assert failure.kind == "FormatError"
    assert failure.line >= 2


def test_a_template_that_is_no_yaml_is_a_failure() -> None:
    rules, failures = read("id: {{ id }}\nquery: |\n  T | take 1\n")
    assert rules == []
    assert len(failures) == 1
