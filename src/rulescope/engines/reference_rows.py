"""Simple queries over lists of events in plain Python: filters, counts, and correlations in time. To judge by, not to run.

Sigma's correlations mean here: events are put in order of time; of the events of one group, those in the window of
`timespan` seconds (0: of any length) that ends at an event (both ends included) are measured, and the measure is compared with the
condition. A row comes each time the condition becomes true for a group; not again while it stays true, unless all earlier
events have left the window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from ..errors import UnsupportedError
from ..model import (
    Aggregate,
    And,
    Call,
    Column,
    Correlate,
    Count,
    Distinct,
    Expr,
    Extend,
    Field,
    Filter,
    Limit,
    Literal,
    Nested,
    Not,
    Or,
    Project,
    Query,
    Scan,
    Star,
    Step,
)
from .reference_predicates import NAME, Event, compile_predicate, compile_value, elements, look_up, number_of, text_of
from .reference_values import as_time

Row = dict[str, Any]
Events = Sequence[Event] | Mapping[str, Sequence[Event]]

TIMES = (
    "TimeGenerated", "Timestamp", "@timestamp", "timestamp", "UtcTime", "EventTime", "eventTime", "SystemTime",
    "_time", "time", "ts",
)  # fmt: skip
"""Fields that say when an event was, first found counts, when the caller names none."""


def run(query: Query, events: Events, time: str | None = None) -> list[Row]:
    """The rows of `query` over `events`: one list that every source reads, or lists by table name or logsource.

    `time` is the field that says when an event was, for correlations; by default the first of `TIMES` an event has.
    Raises UnsupportedError on stages and functions it does not know.
    """
    rows: list[Row] = []
    for number, stage in enumerate(query.stages):
        rows = _stage(stage, rows, events, time, query, number)
    return rows


def _stage(stage: Step, rows: list[Row], events: Events, time: str | None, query: Query, number: int) -> list[Row]:
    match stage:
        case Scan(table):
            for let in query.lets:
                if let.name == table:
                    return run(let.query, events, time)
            return [dict(event) for event in _of(events, stage)]
        case Nested(inner):
            return run(inner, events, time)
        case Filter(predicate):
            test = compile_predicate(predicate)
            return [row for row in rows if test(row)]
        case Extend(columns):
            reads = _reads(columns)
            return [{**row, **{name: read(row) for name, read in reads}} for row in rows]
        case Project(columns):
            reads = _reads(columns)
            return [{name: read(row) for name, read in reads} for row in rows]
        case Distinct(columns):
            reads = _reads(columns)
            seen: dict[str, Row] = {}
            for found in rows:
                row = {name: read(found) for name, read in reads}
                seen.setdefault(_key(row), row)
            return list(seen.values())
        case Limit(Literal(int(count)), "take" | "limit"):
            return rows[:count]
        case Count(name):
            return [{name: len(rows)}]
        case Aggregate(aggregates, by):
            return _aggregate(rows, aggregates, by)
        case Correlate():
            return _correlate(stage, events, time)
    raise UnsupportedError(NAME, f"stage {stage.keyword} ({number + 1})", stage.span)


def _of(events: Events, scan: Scan) -> Iterable[Event]:
    if not isinstance(events, Mapping):
        return events
    for name in (scan.table, scan.logsource, ""):
        if name in events:
            return events[name]
    return ()


def _reads(columns: tuple[Column, ...]) -> list[tuple[str, Any]]:
    result = []
    for column in columns:
        name = column.name or (column.value.name if isinstance(column.value, Field) else "")
        if not name:
            raise UnsupportedError(NAME, "a column without a name", column.span)
        result.append((name, compile_value(column.value)))
    return result


def _key(row: Mapping[str, Any]) -> str:
    return repr(sorted((name, text_of(value) if value is not None else None) for name, value in row.items()))


def _aggregate(rows: list[Row], aggregates: tuple[Column, ...], by: tuple[Column, ...]) -> list[Row]:
    reads = _reads(by)
    groups: dict[str, tuple[Row, list[Row]]] = {}
    for row in rows:
        values = {name: read(row) for name, read in reads}
        groups.setdefault(_key(values), (values, []))[1].append(row)
    if not by:
        groups = {"": ({}, rows)}
    return [
        {**values, **{column.name or "count_": _measure(column.value, members) for column in aggregates}}
        for values, members in groups.values()
    ]


def _measure(value: Expr, rows: Sequence[Event]) -> Any:
    match value:
        case Call("count", ()) | Call("count", (Star(),)):
            return len(rows)
        case Call(("dcount" | "count_distinct" | "min" | "max" | "sum" | "avg") as name, (argument, *_)):
            read = compile_value(argument)
            found = [one for row in rows for one in elements(read(row))]
            if name in ("dcount", "count_distinct"):
                return len({text_of(one) for one in found})
            numbers = [one for one in map(number_of, found) if one is not None]
            if not numbers:
                return 0 if name == "sum" else None
            return {"min": min(numbers), "max": max(numbers), "sum": sum(numbers)}.get(
                name, sum(numbers) / len(numbers)
            )
    raise UnsupportedError(NAME, "an aggregate other than count, dcount, min, max, sum, avg")


# ---------------------------------------------------------------- correlations


class _Seen:
    """An event of one part of a correlation: when, which part, the event, its group."""

    __slots__ = ("event", "group", "part", "when")

    def __init__(self, when: datetime, part: str, event: Event, group: tuple[str, ...]) -> None:
        self.when = when
        self.part = part
        self.event = event
        self.group = group


def _correlate(stage: Correlate, events: Events, time: str | None) -> list[Row]:
    groups: dict[tuple[str, ...], list[_Seen]] = {}
    for part in stage.rules:
        aliases = dict(part.aliases)
        fired = any(isinstance(inner, Correlate) for inner in part.query.stages)  # then its rows say `time`
        for event in run(part.query, events, time):
            when = event_time(event, "time" if fired else time)
            keys = [look_up(event, aliases.get(name, name)) for name in stage.group_by]
            if when is None or any(key is None for key in keys):
                continue
            group = tuple(text_of(key).lower() for key in keys)
            groups.setdefault(group, []).append(_Seen(when, part.name, event, group))
    rows: list[Row] = []
    for members in groups.values():
        members.sort(key=lambda seen: seen.when)
        rows.extend(_fires(stage, members))
    return sorted(rows, key=lambda row: str(row["time"]))


def event_time(event: Event, time: str | None = None) -> datetime | None:
    """When `event` was: field `time`, or the first of `TIMES` it has."""
    if time is not None:
        return as_time(look_up(event, time))
    for name in TIMES:
        if (found := look_up(event, name)) is not None:
            return as_time(found)
    return None


def _fires(stage: Correlate, members: list[_Seen]) -> Iterable[Row]:
    start, before = 0, False
    aliases = {part.name: dict(part.aliases) for part in stage.rules}
    for end, last in enumerate(members):
        if end + 1 < len(members) and members[end + 1].when == last.when:
            continue  # events of one moment enter the window together
        while stage.timespan and (last.when - members[start].when).total_seconds() > stage.timespan:
            start += 1
        window = members[start : end + 1]
        before = before and window[0].when < last.when
        measure = _window(stage, window)
        now = _condition(stage, window, measure)
        if now and not before:
            names = aliases[last.part]
            row = {name: look_up(last.event, names.get(name, name)) for name in stage.group_by}
            row |= {"count": measure, "first": window[0].when.isoformat(), "time": last.when.isoformat()}
            yield row
        before = now


def _window(stage: Correlate, window: list[_Seen]) -> int | float | None:
    if stage.kind == "event_count" or stage.kind.startswith("temporal"):
        return len(window)
    if stage.kind == "value_percentile" and stage.percentile is None:
        raise UnsupportedError(NAME, "a percentile that does not say which", stage.span)
    aliases = {part.name: dict(part.aliases) for part in stage.rules}

    def values(seen: _Seen, name: str) -> list[Any]:
        return list(elements(look_up(seen.event, aliases[seen.part].get(name, name))))

    if stage.kind == "value_count":
        names = (stage.field, *stage.further)
        found = {one for seen in window for one in product(*(values(seen, name) for name in names))}
        return len({tuple(text_of(value).lower() for value in one) for one in found})
    found_values = [one for seen in window for one in values(seen, stage.field)]
    numbers = sorted(number for one in found_values if (number := number_of(one)) is not None)
    if not numbers:
        return None
    match stage.kind:
        case "value_sum":
            return sum(numbers)
        case "value_avg":
            return sum(numbers) / len(numbers)
        case "value_median":
            return _percentile(numbers, 50)
        case "value_percentile":
            return _percentile(numbers, stage.percentile or 0)
    raise UnsupportedError(NAME, f"correlation {stage.kind}", stage.span)


def _percentile(numbers: list[int | float], percent: float) -> int | float:
    """Linear between the two nearest ranks, as `percentile_cont`."""
    place = (len(numbers) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(numbers) - 1)
    return numbers[low] + (numbers[high] - numbers[low]) * (place - low)


def _condition(stage: Correlate, window: list[_Seen], measure: int | float | None) -> bool:
    if not stage.kind.startswith("temporal"):
        return (
            measure is not None
            and stage.condition is not None
            and compile_predicate(stage.condition)({"count": measure})
        )
    seen = [one.part for one in window]
    if stage.condition is not None:
        parts: dict[str, Any] = {"count": len(set(seen)), **dict.fromkeys(seen, True)}
        if not compile_predicate(stage.condition)(parts):
            return False
        order = _positive(stage.condition, set(seen))
    else:
        order = [part.name for part in stage.rules]
        if not set(order) <= set(seen):
            return False
    return stage.kind != "temporal_ordered" or _in_turn(window, order)


def _positive(condition: Expr, seen: set[str]) -> list[str]:
    """The parts a true condition names without negation and that were seen, in its order."""
    match condition:
        case And(terms) | Or(terms):
            return [name for term in terms for name in _positive(term, seen)]
        case Not():
            return []
    return [
        node.name
        for node in (condition, getattr(condition, "subject", None))
        if isinstance(node, Field) and node.name in seen
    ]


def _in_turn(window: list[_Seen], order: list[str]) -> bool:
    at = 0
    for seen in window:
        if at < len(order) and seen.part == order[at]:
            at += 1
    return at == len(order)
