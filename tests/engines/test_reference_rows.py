"""Rows of simple queries by the reference: filters, counts, and what correlations count in their windows."""

from __future__ import annotations

from typing import Any

import pytest

from rulescope.engines.reference import run
from rulescope.errors import UnsupportedError
from rulescope.model import (
    Aggregate,
    And,
    Call,
    Column,
    Correlate,
    CorrelatePart,
    Count,
    Distinct,
    Expr,
    Field,
    Filter,
    Let,
    Match,
    Not,
    Op,
    Query,
    Scan,
    Sort,
    SortKey,
)


def event(second: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"time": f"2024-05-01T00:{second // 60:02}:{second % 60:02}Z", "kind": kind, **fields}


def part(kind: str, *aliases: tuple[str, str]) -> CorrelatePart:
    return CorrelatePart(kind, Query((Scan("events"), Filter(Match(Field("kind"), Op.EQ, (kind,))))), aliases)


def count(op: Op, number: float) -> Expr:
    return Match(Field("count"), op, (number,))


def fired(stage: Correlate, events: list[dict[str, Any]]) -> list[str]:
    return [row["time"][14:19] for row in run(Query((stage,)), events)]


A = [event(second, "a", user="ann" if second % 20 else "bob", n=second) for second in (0, 10, 20, 30, 40, 100)]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Correlate("event_count", (part("a"),), (), 20, count(Op.GE, 3)), ["00:20"]),
        (Correlate("event_count", (part("a"),), (), 9, count(Op.GE, 2)), []),
        (Correlate("event_count", (part("a"),), (), 10, count(Op.GE, 2)), ["00:10"]),
        (Correlate("event_count", (part("a"),), ("user",), 60, count(Op.GE, 2)), ["00:20", "00:30"]),
        (Correlate("event_count", (part("a"),), (), 0, count(Op.GT, 5)), ["01:40"]),
        (Correlate("event_count", (part("a"),), (), 20, count(Op.LT, 2)), ["00:00", "01:40"]),
        (Correlate("event_count", (part("a"),), ("nobody",), 60, count(Op.GE, 1)), []),
        (Correlate("value_count", (part("a"),), (), 60, count(Op.GE, 2), "user"), ["00:10"]),
        (Correlate("value_sum", (part("a"),), (), 60, count(Op.GT, 59), "n"), ["00:30"]),
        (Correlate("value_avg", (part("a"),), (), 60, count(Op.GE, 20), "n"), ["00:40"]),
        (Correlate("value_median", (part("a"),), (), 60, count(Op.EQ, 15), "n"), ["00:30"]),
        (Correlate("value_percentile", (part("a"),), (), 60, count(Op.GE, 27), "n", 90), ["00:30"]),
    ],
)
def test_measures(stage: Correlate, expected: list[str]) -> None:
    assert fired(stage, A) == expected


AB = [
    event(0, "b", u="x"),
    event(10, "a", v="X"),
    event(50, "b", u="x"),
    event(200, "b", u="x"),
    event(210, "a", v="y"),
]
BOTH = (part("a", ("who", "v")), part("b", ("who", "u")))


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Correlate("temporal", BOTH, (), 60), ["00:10", "03:30"]),
        (Correlate("temporal", BOTH, ("who",), 60), ["00:10"]),
        (Correlate("temporal_ordered", BOTH, ("who",), 60), ["00:50"]),
        (Correlate("temporal_ordered", BOTH[::-1], ("who",), 60), ["00:10"]),
        (Correlate("temporal", BOTH, (), 20, And((Match(Field("b"), Op.EXISTS), Not(Match(Field("a"), Op.EXISTS))))),
         ["00:00", "00:50", "03:20"]),
        (Correlate("temporal", BOTH, (), 60, count(Op.GE, 2)), ["00:10", "03:30"]),
    ],
)  # fmt: skip
def test_temporal(stage: Correlate, expected: list[str]) -> None:
    assert fired(stage, AB) == expected


def test_correlation_of_a_correlation() -> None:
    inner = Query((Correlate("event_count", (part("a"),), ("user",), 60, count(Op.GE, 2)),))
    outer = Correlate("event_count", (CorrelatePart("many", inner),), (), 60, count(Op.GE, 2))
    assert fired(outer, A) == ["00:30"]


def test_stages() -> None:
    base = (Scan("events"), Filter(Match(Field("n"), Op.GE, (20,))))
    by_user = Aggregate(
        (Column(("c",), Call("count")), Column(("m",), Call("max", (Field("n"),)))), (Column(("user",), Field("user")),)
    )
    assert run(Query((*base, Count())), A) == [{"Count": 4}]
    assert run(Query((*base, by_user)), A) == [{"user": "bob", "c": 3, "m": 100}, {"user": "ann", "c": 1, "m": 30}]
    assert run(Query((*base, Distinct((Column(("user",), Field("user")),)))), A) == [{"user": "bob"}, {"user": "ann"}]
    assert len(run(Query((Scan("E"),), (Let("E", Query(base)),)), A)) == 4
    assert run(Query((Scan("other"),)), {"events": A}) == []


def test_unknown_stage_is_refused() -> None:
    with pytest.raises(UnsupportedError):
        run(Query((Scan("events"), Sort((SortKey(Field("n")),)))), A)
