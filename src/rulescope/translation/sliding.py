"""Correlations as Kusto: windows that slide with the events, exactly, by joining each moment with the events before it.

Bins of a fixed width would miss a burst across their edge. So the hits of the rule are joined with themselves by group; each moment
with a hit is measured over the `timespan` that ends there, and kept when the condition becomes true, as Sigma counts.
"""

from __future__ import annotations

from collections.abc import Mapping as Map

from ..errors import UnsupportedError
from ..languages import kusto
from ..model import (
    Aggregate,
    And,
    Call,
    Column,
    Compare,
    Correlate,
    Distinct,
    Expr,
    Extend,
    Field,
    Filter,
    Join,
    JoinKey,
    Let,
    Literal,
    Match,
    Not,
    Op,
    Or,
    Project,
    Query,
    Rename,
    Scan,
    Sort,
    SortKey,
    Step,
    Union,
    replace,
)
from ..schemas.columns import FieldMap, Hash, Joined, Json, Local
from ..schemas.mappings import Mapping
from .text import timed

HITS, THEN, VALUE, PART = "hits", "then", "value", "part"
COUNT, FIRST, HOLDS, STILL = "measure", "since", "holds", "still"
BEGUN, ENDED = "begun", "ended"
TICKS = 10_000_000
COUNTED = ("event_count", "value_count", "value_sum", "value_avg", "temporal", "temporal_ordered")


def slide(stage: Correlate, ways: Map[str, Mapping], time: str, lookback: str = "", prefix: str = "") -> Query:
    """`stage` over the tables of `ways` (one for each part, by its name); `time` is the column that says when.

    `lookback` and `prefix` as in Options.

    Raises UnsupportedError for a part its table cannot answer, and for kinds of correlation that cannot be said exactly.
    """
    if stage.kind not in COUNTED:
        raise UnsupportedError("kusto", f"the correlation {stage.kind}, exactly")
    if stage.kind == "temporal_ordered" and (len(stage.rules) != 2 or stage.condition is not None):
        raise UnsupportedError("kusto", "the order of more than two rules, exactly")
    if stage.kind == "value_sum" and not _grows(stage.condition):
        raise UnsupportedError("kusto", "a sum that must stay small: a window without numbers sums to 0")
    names = tuple(f"group{number + 1}" for number in range(len(stage.group_by) or 1))
    parts = tuple(
        _hits(stage, number, ways[part.name], names, (time, lookback, prefix))
        for number, part in enumerate(stage.rules)
    )
    hits = parts[0] if len(parts) == 1 else Query((Union(parts),), language="kusto")
    moments: list[Step] = [
        Scan(HITS),
        Distinct(tuple(Column((), Field(name)) for name in (*names, time))),
        Join(
            Query((Scan(HITS), Rename((Column((THEN,), Field(time)),)))),
            tuple(JoinKey(Field(name), Field(name)) for name in names),
            "inner",
        ),
        Filter(_within(stage, time)),
        Aggregate(_measures(stage), tuple(Column((), Field(name)) for name in (*names, time))),
        Sort(tuple(SortKey(Field(name), False) for name in (*names, time))),
        Extend((Column((HOLDS,), _holds(stage)),)),
        Extend((Column((STILL,), _held_before(names, time)),)),
        Filter(
            And((Match(Field(HOLDS), Op.EQ, (True,), cased=True), Match(Field(STILL), Op.EQ, (False,), cased=True)))
        ),
    ]
    shown = (time, *names, *(() if _temporal(stage) else (COUNT,)), FIRST)
    moments.append(Project(tuple(Column((), Field(name)) for name in shown)))
    return Query(tuple(moments), (Let(HITS, hits, True),), language="kusto")


def _hits(stage: Correlate, number: int, way: Mapping, names: tuple[str, ...], chosen: tuple[str, str, str]) -> Query:
    """The events of one part: time, group, the measured value, which part. An event without a group is none."""
    time, lookback, prefix = chosen
    part = stage.rules[number]
    mapped, _ = way.map_query(part.query, prefix)
    query = timed(kusto.expressible(mapped), lookback, time)
    aliases = dict(part.aliases)
    columns = [
        Column((name,), _text(way, aliases.get(of, of))) for name, of in zip(names, stage.group_by, strict=False)
    ]
    columns += [Column((name,), Literal("all")) for name in names[len(stage.group_by) :]]
    if stage.field:
        columns.append(Column((VALUE,), _text(way, stage.field)))
    if _temporal(stage):
        columns.append(Column((PART,), Literal(number, "long")))
    kept: list[Expr] = [Not(Match(Field(name), Op.EMPTY)) for name in names[: len(stage.group_by)]]
    stages = [*query.stages, Extend(tuple(columns))]
    if kept:
        stages.append(Filter(kept[0] if len(kept) == 1 else And(tuple(kept))))
    stages.append(Project(tuple(Column((), Field(name)) for name in (time, *(column.name for column in columns)))))
    return replace(query, stages=tuple(stages))


def _text(way: Mapping, name: str) -> Expr:
    """A field's value as lower-case text, as Sigma groups and counts it."""
    row = way.field(name)
    if row is None:
        raise UnsupportedError(way.table, f"the field {name}")
    if type(row) not in (FieldMap, Json, Joined, Local, Hash):
        raise UnsupportedError(way.table, f"groups of {name}, which stands there in another form")
    made = next((column.value for column in row.computed(way.types)), None) or row.value(way.types)
    return Call("tolower", (made if row.type(way.types) == "string" else Call("tostring", (made,)),))


def _grows(condition: Expr | None) -> bool:
    """A condition that more makes true."""
    match condition:
        case Match(_, Op.GT | Op.GE, (int(least) | float(least),)):
            return least >= 0
    return False


def _temporal(stage: Correlate) -> bool:
    return stage.kind.startswith("temporal")


def _within(stage: Correlate, time: str) -> Expr:
    """The earlier event is in the window that ends at the moment."""
    before = Compare(Field(THEN), Op.LE, Field(time))
    if not stage.timespan:
        return before
    start = Call("-", (Field(time), Literal(stage.timespan * TICKS, "timespan")))
    return And((Compare(Field(THEN), Op.GE, start), before))


def _measures(stage: Correlate) -> tuple[Column, ...]:
    """What is measured of a window, and when its first event was."""
    number = Call("toreal", (Field(VALUE),))
    measured: dict[str, Expr] = {
        "event_count": Call("count"),
        "value_count": Call("count_distinctif", (Field(VALUE), Not(Match(Field(VALUE), Op.EMPTY)))),
        "value_sum": Call("sum", (number,)),
        "value_avg": Call("avg", (number,)),
    }
    first = Column((FIRST,), Call("min", (Field(THEN),)))
    if not _temporal(stage):
        return (Column((COUNT,), measured[stage.kind]), first)
    seen = [
        Column((f"seen{place}",), Call("countif", (Match(Field(PART), Op.EQ, (place,), cased=True),)))
        for place in range(len(stage.rules))
    ]
    if stage.kind == "temporal_ordered":
        seen.append(Column((BEGUN,), Call("minif", (Field(THEN), Match(Field(PART), Op.EQ, (0,), cased=True)))))
        seen.append(Column((ENDED,), Call("maxif", (Field(THEN), Match(Field(PART), Op.EQ, (1,), cased=True)))))
    return (*seen, first)


def _holds(stage: Correlate) -> Expr:
    """The condition of the correlation on what was measured."""
    places = {part.name: place for place, part in enumerate(stage.rules)}

    def seen(name: str, truth: bool) -> Expr:
        if name not in places:
            raise UnsupportedError("kusto", f"the correlated rule {name}")
        return Match(Field(f"seen{places[name]}"), Op.GT if truth else Op.EQ, (0,), cased=True)

    def said(expr: Expr, truth: bool = True) -> Expr:
        """`expr` is `truth`; negations go down to the counts, which are never null."""
        match expr:
            case And(terms) | Or(terms):
                kind = And if isinstance(expr, And) == truth else Or
                return kind(tuple(said(term, truth) for term in terms))
            case Not(term):
                return said(term, not truth)
            case Match(Field("count"), op, values) if not _temporal(stage) and truth:
                return Match(Field(COUNT), op, values, cased=True)
            case Match(Field(name), Op.EXISTS) if _temporal(stage):
                return seen(name, truth)
        raise UnsupportedError("kusto", "such a condition of a correlation")

    if stage.condition is None:
        terms = tuple(seen(part.name, True) for part in stage.rules)
        if stage.kind == "temporal_ordered":  # of two, some first is not after some second
            terms = (*terms, Compare(Field(BEGUN), Op.LE, Field(ENDED)))
        return terms[0] if len(terms) == 1 else And(terms)
    return said(stage.condition)


def _held_before(names: tuple[str, ...], time: str) -> Expr:
    """Whether it held at the moment before, of the same group and not yet out of the window."""
    before: list[Expr] = [Compare(Call("prev", (Field(name),)), Op.EQ, Field(name)) for name in names]
    before.append(Match(Call("prev", (Field(HOLDS),)), Op.EQ, (True,), cased=True))
    before.append(Compare(Field(FIRST), Op.LT, Field(time)))
    return Call("iff", (And(tuple(before)), Literal(True, "bool"), Literal(False, "bool")))


__all__ = ["HITS", "slide"]
