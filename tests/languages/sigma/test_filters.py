"""Filters: which rules they are added to, and what they add."""

from __future__ import annotations

import pytest

from rulescope.errors import QuerySyntaxError
from rulescope.languages.sigma import parse
from rulescope.model import Filter, outline_expr

RULE = """\
title: Rule
id: 5638f7c0-ac70-491d-8465-2a65075e0d86
name: one
logsource: {category: process_creation, product: windows}
detection:
    sel: {a: 1}
    condition: sel
"""
FILTER = """\
title: Filter
logsource: {%s}
filter:
    rules: %s
    x: {b: 2}
    y: {c: 3}
    condition: %s
"""
KEPT = "a eq [1]"
TABLE = [  # logsource, rules, condition, what the rule means then
    ("category: process_creation, product: windows", "[5638f7c0-ac70-491d-8465-2a65075e0d86]", "not x", "all(a eq [1], not(b eq [2]))"),
    ("category: process_creation", "[one]", "not x", "all(a eq [1], not(b eq [2]))"),
    ("product: Windows", "one", "x", "all(a eq [1], b eq [2])"),
    ("product: windows", "any", "not 1 of them", "all(a eq [1], not(any(b eq [2], c eq [3])))"),
    ("product: windows", "[any]", "[not x, not y]", "all(a eq [1], any(not(b eq [2]), not(c eq [3])))"),
    ("product: windows", "[another]", "not x", KEPT),
    ("category: file_event, product: windows", "any", "not x", KEPT),
    ("category: process_creation, product: windows, service: sysmon", "any", "not x", KEPT),
]  # fmt: skip


@pytest.mark.parametrize(("logsource", "rules", "condition", "expected"), TABLE)
def test_a_filter_is_added_to_the_rules_it_names(logsource: str, rules: str, condition: str, expected: str) -> None:
    added = FILTER % (logsource, rules, condition)
    for query in (parse(f"{RULE}---\n{added}"), parse(f"{added}---\n{RULE}"), parse(RULE, filters=[added])):
        stage = query.stages[1]
        assert isinstance(stage, Filter)
        assert outline_expr(stage.predicate) == expected


def test_a_filter_for_no_rules_is_a_fault() -> None:
    broken = (FILTER % ("product: windows", "any", "not x")).replace("    rules: any\n", "")
    with pytest.raises(QuerySyntaxError, match="expected rules"):
        parse(f"{RULE}---\n{broken}")
