"""Sequences for correlations: both sides of the limit, judged by the reference."""

from __future__ import annotations

import pytest

from rulescope.analysis.sequences import TIME, sequences
from rulescope.engines.reference import run
from rulescope.languages.sigma import parse

RULES = """name: one
logsource: {product: p}
detection: {sel: {a: 1}, condition: sel}
---
name: two
logsource: {product: p}
detection: {sel: {b|contains: x}, condition: sel}
---
correlation:
    type: TYPE
    rules: [one, two]
    group-by: [user]
    timespan: 10m
    condition: COND
"""


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("event_count", "{gte: 5}"),
        ("value_count", "{gt: 3, field: host}"),
        ("value_sum", "{gt: 10, field: size}"),
        ("value_avg", "{gte: 10, field: size}"),
        ("temporal", ""),
        ("temporal_ordered", ""),
        ("temporal", "one and not two"),
    ],
)
def test_both_sides(kind: str, condition: str) -> None:
    query = parse(RULES.replace("TYPE", kind).replace("COND", condition))
    found = sequences(query)
    assert {one.fires > 0 for one in found} == {True, False}
    assert all(len(run(query, one.events, TIME)) == one.fires for one in found)


def test_nothing_for_plain_rules() -> None:
    assert sequences(parse("logsource: {product: p}\ndetection: {sel: {a: 1}, condition: sel}")) == ()
