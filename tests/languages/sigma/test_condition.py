"""Conditions: precedence, patterns, and what is said of faults. Detections a, b, c hold when the field of their name is 1."""

from __future__ import annotations

from itertools import product

import pytest

from rulescope.engines.reference import holds
from rulescope.errors import QuerySyntaxError
from rulescope.languages.sigma import parse
from rulescope.model import Correlate, Filter, outline_expr

RULE = """logsource:
    product: test
detection:
    a:
        a: 1
    b1:
        b: 1
    b2:
        c: 1
    _hidden:
        d: 1
    condition: """

CONDITIONS = [
    ("a", lambda a, b, c, d: a),
    ("not a", lambda a, b, c, d: not a),
    ("not not a", lambda a, b, c, d: a),
    ("a and b1 or b2", lambda a, b, c, d: (a and b) or c),
    ("a or b1 and b2", lambda a, b, c, d: a or (b and c)),
    ("(a or b1) and b2", lambda a, b, c, d: (a or b) and c),
    ("not a and b1", lambda a, b, c, d: (not a) and b),
    ("not (a and b1)", lambda a, b, c, d: not (a and b)),
    ("a AND NOT b1 OR b2", lambda a, b, c, d: (a and not b) or c),
    ("1 of b*", lambda a, b, c, d: b or c),
    ("any of b*", lambda a, b, c, d: b or c),
    ("all of b*", lambda a, b, c, d: b and c),
    ("1 of *2", lambda a, b, c, d: c),
    ("1 of them", lambda a, b, c, d: a or b or c),
    ("all of them", lambda a, b, c, d: a and b and c),
    ("1 of _*", lambda a, b, c, d: d),
    ("a and not 1 of b*", lambda a, b, c, d: a and not (b or c)),
    ("not all of b* or a", lambda a, b, c, d: not (b and c) or a),
    ("[a, b1]", lambda a, b, c, d: a or b),
]


@pytest.mark.parametrize(("text", "expected"), CONDITIONS, ids=[text for text, _ in CONDITIONS])
def test_conditions(text: str, expected) -> None:  # type: ignore[no-untyped-def]
    (found,) = [stage for stage in parse(RULE + text).stages if isinstance(stage, Filter)]
    for values in product((0, 1), repeat=4):
        event = dict(zip("abcd", values, strict=True))
        assert holds(found.predicate, event) == bool(expected(*values)), event


FAULTS = [
    ("a and", "expected a detection, not, ( or `1 of` a pattern, found the end", 21),
    ("a b1", "expected and, or, | or the end, found 'b1'", 18),
    ("(a or b1", "expected ), found the end", 24),
    ("zz", "no detection 'zz'; there are a, b1, b2, _hidden", 16),
    ("1 of z*", "no detection is named like 'z*'", 21),
    ("2 of b*", "expected 1, any or all before `of`", 16),
    ("a and %x%", "unexpected '%'", 22),
    ("a | count() by x", "expected a comparison such as >, found the end", 32),
    ("a | sum() > 3", "expected a field in sum( ), found ')'", 24),
    ("a | nothing > 3", "expected count, sum, avg, min, max or near", 20),
]


def test_brackets_and_negations_without_end_are_no_crash() -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse(RULE + "(" * 3_000 + "a" + ")" * 3_000)
    assert "at most 100 brackets" in raised.value.errors[0].message
    assert outline_expr(parse(RULE + "not " * 5_001 + "a").stages[1].predicate).startswith("not(")  # type: ignore[union-attr]


def test_a_detection_may_have_any_letters() -> None:
    query = parse(RULE.replace("    condition", "    détection: {f: 1}\n    condition") + "1 of dé* or détection")
    assert outline_expr(query.stages[1].predicate) == "any(f eq [1], f eq [1])"  # type: ignore[union-attr]


@pytest.mark.parametrize(("text", "message", "column"), FAULTS)
def test_faults(text: str, message: str, column: int) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse(RULE + text, "x.yml", 11)
    (fault,) = raised.value.errors
    assert message in fault.message
    assert (fault.place.line, fault.place.column) == (22, column)


PIPES = [
    ("a | count() > 5", ("event_count", "", (), "count gt [5]")),
    ("a and not b1 | count() by x, y >= 5", ("event_count", "", ("x", "y"), "count ge [5]")),
    ("a | count(z) by x < 5", ("value_count", "z", ("x",), "count lt [5]")),
    ("a | sum(z) by x > 2.5", ("value_sum", "z", ("x",), "count gt [2.5]")),
    ("a | avg(z) = 2", ("value_avg", "z", (), "count eq [2]")),
]


@pytest.mark.parametrize(("text", "expected"), PIPES)
def test_old_aggregations(text: str, expected: tuple[object, ...]) -> None:
    (stage,) = parse(RULE.replace("    condition", "    timeframe: 15m\n    condition") + text).stages
    assert isinstance(stage, Correlate) and stage.condition is not None
    assert (stage.kind, stage.field, stage.group_by, outline_expr(stage.condition)) == expected
    assert stage.timespan == 900


def test_old_aggregation_that_sigma_no_longer_has_is_opaque() -> None:
    (stage,) = parse(RULE + "a | max(z) by x > 5").stages
    assert (stage.keyword, stage.text) == ("max", "max(z) by x")  # type: ignore[union-attr]


def test_of_several_correlations_the_one_no_other_rests_on_is_the_rule() -> None:
    text = """title: Guessed
correlation:
  type: temporal_ordered
  rules: [many, one]
  group-by: [User]
  timespan: 10m
---
name: many
title: Many
correlation:
  type: event_count
  rules: [failed]
  group-by: [User]
  timespan: 10m
  condition: {gte: 10}
---
name: failed
title: Failed
logsource: {product: windows, service: security}
detection: {a: {EventID: 4625}, condition: a}
---
name: one
title: One
logsource: {product: windows, service: security}
detection: {a: {EventID: 4624}, condition: a}
"""
    stage = parse(text).stages[0]
    assert isinstance(stage, Correlate)
    assert (stage.kind, [part.name for part in stage.rules]) == ("temporal_ordered", ["many", "one"])
