"""Correlations as Kusto: windows that slide with the events, exactly, by joining each moment with the events before it.

Bins of a fixed width would miss a burst across their edge. So the hits of the rules are joined with themselves by group; each
moment with a hit is measured over the `timespan` that ends there, and kept when the condition becomes true, as Sigma counts. A
correlation of correlations takes the moments of the inner ones as its hits.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass
from itertools import count

from ..errors import UnsupportedError
from ..languages import kusto
from ..model import (
    Aggregate,
    And,
    Call,
    Column,
    Compare,
    Correlate,
    CorrelatePart,
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
from ..schemas.parts import Address, Host, Part
from .measures import COUNT, FIRST, PART, THEN, VALUE, computed, holds, is_temporal, measures
from .text import timed

HITS = "hits"
HOLDS, STILL = "holds", "still"
TICKS = 10_000_000

Ways = Map[str, Mapping]
"""The table that answers each rule, by its path (see `leaves`)."""


def leaves(stage: Correlate, path: str = "") -> Iterator[tuple[str, CorrelatePart]]:
    """The rules a correlation is about, those of correlations within it too, each with its path: names joined by `/`."""
    for part in stage.rules:
        inner = inner_stage(part)
        if inner is None:
            yield path + part.name, part
        else:
            yield from leaves(inner, f"{path}{part.name}/")


def inner_stage(part: CorrelatePart) -> Correlate | None:
    """The correlation a part is, None for a plain rule."""
    match part.query.stages:
        case (Correlate() as stage,):
            return stage
    return None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all levels of a correlation share."""

    ways: Ways
    time: str
    lookback: str
    prefix: str
    numbers: Iterator[int]


def slide(stage: Correlate, ways: Ways, time: str, lookback: str = "", prefix: str = "") -> Query:
    """`stage` over the tables of `ways` (one for each of its `leaves`); `time` is the column that says when.

    `lookback` and `prefix` as in Options. Raises UnsupportedError for a part its table cannot answer, and for kinds of
    correlation that cannot be said exactly.
    """
    stages, lets = _slid(stage, "", _Frame(ways, time, lookback, prefix, count(1)))
    return Query(tuple(stages), tuple(lets), language="kusto")


def _slid(stage: Correlate, path: str, frame: _Frame) -> tuple[list[Step], list[Let]]:
    """The stages of one level, whose rows are the moments it fires, and the lets they read."""
    time = frame.time
    names = tuple(f"group{number + 1}" for number in range(len(stage.group_by) or 1))
    lets: list[Let] = []
    parts = tuple(_hits(stage, number, names, path, frame, lets) for number in range(len(stage.rules)))
    number = next(frame.numbers)
    hits = HITS if number == 1 else f"{HITS}{number}"
    lets.append(Let(hits, parts[0] if len(parts) == 1 else Query((Union(parts),), language="kusto"), True))
    moments: list[Step] = [
        Scan(hits),
        Distinct(tuple(Column((), Field(name)) for name in (*names, time))),
        Join(
            Query((Scan(hits), Rename((Column((THEN,), Field(time)),)))),
            tuple(JoinKey(Field(name), Field(name)) for name in names),
            "inner",
        ),
        Filter(_within(stage, time)),
        Aggregate(measures(stage), tuple(Column((), Field(name)) for name in (*names, time))),
        *computed(stage),
        Sort(tuple(SortKey(Field(name), False) for name in (*names, time))),
        Extend((Column((HOLDS,), holds(stage)),)),
        Extend((Column((STILL,), _held_before(names, time)),)),
        Filter(
            And((Match(Field(HOLDS), Op.EQ, (True,), cased=True), Match(Field(STILL), Op.EQ, (False,), cased=True)))
        ),
    ]
    shown = (time, *names, *(() if is_temporal(stage) else (COUNT,)), FIRST)
    moments.append(Project(tuple(Column((), Field(name)) for name in shown)))
    return moments, lets


def _hits(stage: Correlate, number: int, names: tuple[str, ...], path: str, frame: _Frame, lets: list[Let]) -> Query:
    """The events of one part: time, group, the measured value, which part. An event without a group is none."""
    part = stage.rules[number]
    inner = inner_stage(part)
    if inner is not None:
        return _inner_hits(stage, number, names, inner, path, frame, lets)
    way = frame.ways[path + part.name]
    mapped, _ = way.map_query(part.query, frame.prefix)
    query = timed(kusto.expressible(mapped), frame.lookback, frame.time)
    aliases = dict(part.aliases)
    columns = [
        Column((name,), _text(way, aliases.get(of, of))) for name, of in zip(names, stage.group_by, strict=False)
    ]
    columns += [Column((name,), Literal("all")) for name in names[len(stage.group_by) :]]
    if stage.field:
        columns.append(
            Column((VALUE,), _together([_text(way, aliases.get(of, of)) for of in (stage.field, *stage.further)]))
        )
    columns += _which(stage, number)
    kept: list[Expr] = [Not(Match(Field(name), Op.EMPTY)) for name in names[: len(stage.group_by)]]
    stages = [*query.stages, Extend(tuple(columns))]
    if kept:
        stages.append(Filter(kept[0] if len(kept) == 1 else And(tuple(kept))))
    shown = (frame.time, *(column.name for column in columns))
    stages.append(Project(tuple(Column((), Field(name)) for name in shown)))
    return replace(query, stages=tuple(stages))


def _inner_hits(
    stage: Correlate, number: int, names: tuple[str, ...], inner: Correlate, path: str, frame: _Frame, lets: list[Let]
) -> Query:
    """The moments a correlation within this one fires; of its fields there are those it groups by."""
    part = stage.rules[number]
    aliases = dict(part.aliases)
    stages, own = _slid(inner, f"{path}{part.name}/", frame)
    lets += own

    def column(name: str) -> Expr:
        name = aliases.get(name, name)
        if name not in inner.group_by:
            raise UnsupportedError(
                "kusto", f"the field {name} of the correlation {part.name}, which does not group by it"
            )
        return Field(f"group{inner.group_by.index(name) + 1}")

    columns = [Column((), Field(frame.time))]
    columns += [Column((name,), column(of)) for name, of in zip(names, stage.group_by, strict=False)]
    columns += [Column((name,), Literal("all")) for name in names[len(stage.group_by) :]]
    if stage.field:
        columns.append(Column((VALUE,), _together([column(of) for of in (stage.field, *stage.further)])))
    columns += _which(stage, number)
    return Query((*stages, Project(tuple(columns))), language="kusto")


def _which(stage: Correlate, number: int) -> list[Column]:
    return [Column((PART,), Literal(number, "long"))] if is_temporal(stage) else []


def _together(values: list[Expr]) -> Expr:
    """Several values as one text, "" when one of them is missing."""
    if len(values) == 1:
        return values[0]
    present = And(tuple(Not(Match(value, Op.EMPTY)) for value in values))
    packed = Call("tostring", (Call("pack_array", tuple(values)),))
    return Call("iff", (present, packed, Literal("")))


def _text(way: Mapping, name: str) -> Expr:
    """A field's value as lower-case text, as Sigma groups and counts it."""
    row = way.field(name)
    if row is None:
        raise UnsupportedError(way.table, f"the field {name}")
    whole = isinstance(row, Part) and row.argument != "domain"  # a missing domain and `-` are one there
    if not whole and type(row) not in (FieldMap, Json, Joined, Local, Hash, Host, Address):
        raise UnsupportedError(way.table, f"groups of {name}, which stands there in another form")
    made = next((column.value for column in row.computed(way.types)), None) or row.value(way.types)
    return Call("tolower", (made if row.type(way.types) == "string" else Call("tostring", (made,)),))


def _within(stage: Correlate, time: str) -> Expr:
    """The earlier event is in the window that ends at the moment."""
    before = Compare(Field(THEN), Op.LE, Field(time))
    if not stage.timespan:
        return before
    start = Call("-", (Field(time), Literal(stage.timespan * TICKS, "timespan")))
    return And((Compare(Field(THEN), Op.GE, start), before))


def _held_before(names: tuple[str, ...], time: str) -> Expr:
    """Whether it held at the moment before, of the same group and not yet out of the window."""
    before: list[Expr] = [Compare(Call("prev", (Field(name),)), Op.EQ, Field(name)) for name in names]
    before.append(Match(Call("prev", (Field(HOLDS),)), Op.EQ, (True,), cased=True))
    before.append(Compare(Field(FIRST), Op.LT, Field(time)))
    return Call("iff", (And(tuple(before)), Literal(True, "bool"), Literal(False, "bool")))


__all__ = ["HITS", "Ways", "inner_stage", "leaves", "slide"]
