"""Sigma files: metadata, several documents, and what is told about fields of the wrong type."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rulescope.engines.reference import compile_predicate
from rulescope.errors import QuerySyntaxError
from rulescope.formats import sigma_yaml
from rulescope.languages.sigma import parse, parse_documents
from rulescope.model import Failure, Filter, Logsource, Rule, RuleFile, opaques, understood

ONE = """title: Printer driver from a share
id: 11111111-2222-4333-8444-555555555555
name: driver_from_share
related:
    - id: 99999999-2222-4333-8444-555555555555
      type: derived
status: Test
description: |
    A driver is loaded
    from a share.
references:
    - https://example.org/a
    - https://example.org/b
author: Ann Example (idea, tests), "Bob Example", carol
date: 2023/1/5
modified: 2024-02-29
tags:
    - attack.privilege-escalation
    - attack.t1068
    - attack.T1547.012
    - attack.g0032
    - cve.2021-34527
    - detection.threat-hunting
logsource:
    category: driver_load
    product: windows
    definition: needs auditing
detection:
    selection:
        ImageLoaded|startswith: '\\\\\\\\'
    condition: selection
fields: [ImageLoaded, Hashes]
falsepositives:
    - Unknown, or rare
level: High
license: DRL 1.1
"""


def read(text: str | bytes, path: str = "rules/x.yml") -> tuple[list[Rule], list[Failure]]:
    data = text.encode() if isinstance(text, str) else text
    return sigma_yaml.read(RuleFile("here", path, data, "c0ffee", "https://example.org/x.yml", "MIT"))


def test_everything_a_rule_says() -> None:
    (rule,), failures = read(ONE)
    assert failures == []
    assert rule == Rule(
        id="11111111-2222-4333-8444-555555555555",
        title="Printer driver from a share",
        language="sigma",
        text=ONE,
        format="sigma_yaml",
        name="driver_from_share",
        description="A driver is loaded\nfrom a share.",
        severity="high",
        status="test",
        authors=("Ann Example (idea, tests)", "Bob Example", "carol"),
        created="2023-01-05",
        modified="2024-02-29",
        source="here",
        path="rules/x.yml",
        url="https://example.org/x.yml",
        commit="c0ffee",
        licence="DRL 1.1",
        references=("https://example.org/a", "https://example.org/b"),
        false_positives=("Unknown, or rare",),
        tags=(
            "attack.privilege-escalation", "attack.t1068", "attack.T1547.012", "attack.g0032", "cve.2021-34527",
            "detection.threat-hunting",
        ),
        tactics=("privilege-escalation",),
        techniques=("T1068", "T1547.012"),
        logsource=Logsource("driver_load", "windows", "", "needs auditing"),
        fields=("ImageLoaded", "Hashes"),
        related=(("derived", "99999999-2222-4333-8444-555555555555"),),
    )  # fmt: skip


def test_fields_of_the_wrong_type_are_told_and_the_rule_stays() -> None:
    (rule,), failures = read(
        "title: T\ntags:\n    - {a: b}\n    - attack.t1000\nlevel: loud\ndate: soon\nlogsource: windows\n"
        "falsepositives: one, two\ndetection: {a: {b: c}, condition: a}\n"
    )
    assert (rule.id, rule.tags, rule.severity, rule.created) == ("rules/x.yml", ("attack.t1000",), "", "")
    assert (rule.logsource, rule.false_positives, rule.licence) == (None, ("one, two",), "MIT")
    told = [failure.message for failure in failures]
    assert told[0].startswith("$.tags[0]: expected text")
    assert "$.level: expected one of informational, low, medium, high, critical, found 'loud'" in told
    assert "$.date: expected a date such as 2024-01-31, found 'soon'" in told
    assert any(message.startswith("$.logsource: expected a mapping") for message in told)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("title: [\ndetection: {a: b", "not YAML", 3),
        ("- detection:\n", "expected a mapping, found a list", 1),
        ("detection: {a: b, condition: a}\n", "$.title: expected text, found nothing", 1),
        ("title: x\n---\ntitle: y\ndetection: {a: b}\n", "no detection, correlation or filter in this document", 1),
    ],
)
def test_failures_have_places(text: str, message: str, line: int) -> None:
    _, failures = read(text)
    assert [failure.message.startswith(message) for failure in failures] == [True]
    assert failures[0].line == line


MANY = """title: Wrong password
name: wrong
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
---
title: Many wrong passwords
id: many
level: high
correlation:
    type: event_count
    rules: [wrong]
    timespan: 5m
    condition: {gte: 10}
---
title: Another rule
id: other
logsource: {product: windows, service: security}
detection:
    sel: {EventID: 4720}
    condition: sell
"""


def test_a_correlation_holds_its_rules() -> None:
    rules, failures = read(MANY)
    assert failures == []
    assert [(rule.id, rule.kind, rule.severity, rule.line) for rule in rules] == [
        ("many", "correlation", "high", 1), ("other", "", "", 15),
    ]  # fmt: skip
    assert "Another" not in rules[0].text
    assert understood(parse(rules[0].text, rules[0].path, rules[0].line))
    with pytest.raises(QuerySyntaxError) as raised:
        parse(rules[1].text, rules[1].path, rules[1].line)
    assert str(raised.value.place) == "rules/x.yml:20:16"


def test_a_correlation_that_generates_leaves_its_rules() -> None:
    rules, _ = read(MANY.replace("rules: [wrong]", "rules: [wrong]\n    generate: true"))
    assert [rule.title for rule in rules] == ["Wrong password", "Many wrong passwords", "Another rule"]


GLOBAL = """action: global
title: Tool in two logs
id: shared
level: low
detection:
    condition: sel
---
logsource: {category: process_creation, product: windows}
detection:
    sel: {Image|endswith: \\tool.exe}
---
logsource: {category: driver_load, product: windows}
detection:
    sel: {ImageLoaded|nope: x}
---
title: Ours
id: quiet
logsource: {product: windows}
filter:
    rules: any
    selection: {User: build}
    condition: not selection
"""


def test_global_values_and_filters_go_with_each_rule() -> None:
    rules, failures = read(GLOBAL)
    assert failures == []
    assert [(rule.id, rule.title, rule.severity, rule.kind) for rule in rules] == [
        ("shared", "Tool in two logs", "low", ""), ("shared#2", "Tool in two logs", "low", ""), ("quiet", "Ours", "", "filter"),
    ]  # fmt: skip
    query = parse(rules[0].text)
    (stage,) = [stage for stage in query.stages if isinstance(stage, Filter)]
    test = compile_predicate(stage.predicate)
    assert test({"Image": "C:\\tool.exe", "User": "ann"})
    assert not test({"Image": "C:\\tool.exe", "User": "build"})
    with pytest.raises(QuerySyntaxError) as raised:
        parse(rules[1].text, rules[1].path, rules[1].line)
    assert str(raised.value.place) == "rules/x.yml:14:11", "lines stay true with documents left out"


def test_documents_one_by_one() -> None:
    found = parse_documents(MANY, "x.yml")
    assert [(one.kind, one.name or one.id, one.query is not None) for one in found] == [
        ("rule", "wrong", True), ("correlation", "many", True), ("rule", "other", False),
    ]  # fmt: skip
    assert found[2].error is not None and "no detection 'sell'" in found[2].error.message


def test_rules_elsewhere_are_resolved() -> None:
    correlation = MANY.split("---\n")[1]
    assert [found.text for found in opaques(parse(correlation))] == ["rule wrong is not in this text"]
    assert understood(parse(correlation, resolve={"wrong": MANY.split("---\n")[0]}))


def test_sniff() -> None:
    assert sigma_yaml.sniff(ONE, "x.yml")
    assert sigma_yaml.sniff("title: x\ncorrelation:\n  type: temporal\n", "x.yml")
    assert sigma_yaml.sniff("title: x\nfilter:\n  rules: any\n  condition: a\n", "x.yml")
    assert not sigma_yaml.sniff("title: x\nquery: |\n  SecurityEvent\n", "x.yml")


@pytest.mark.corpus
def test_the_whole_corpus(data_root: Path) -> None:
    """Every file is a rule or a failure; every rule is read, or refused for a reason on this list."""
    reasons: Counter[str] = Counter()
    rules = 0
    for folder in ("sigma", "sigma-correlation"):
        root = data_root / "corpora" / folder
        for file in sorted(root.rglob("*.yml")):
            text = file.read_text(encoding="utf-8", errors="replace")
            path = file.relative_to(root).as_posix()
            if not sigma_yaml.sniff(text, path):
                continue
            found, failures = read(text, path)
            assert found or failures, path
            for rule in found:
                rules += 1
                try:
                    query = parse(rule.text, path, rule.line)
                except QuerySyntaxError as error:
                    assert folder == "sigma-correlation" or path.startswith("unsupported/"), str(error)
                    reasons["fault"] += 1
                else:
                    reasons.update({opaque.keyword for opaque in opaques(query)})
    assert rules > 4_000
    assert set(reasons) <= {"fault", "placeholder", "rule"}
    assert reasons["fault"] <= 20
    assert reasons["placeholder"] <= 30
