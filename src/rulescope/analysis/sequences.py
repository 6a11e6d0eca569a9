"""Example sequences of events for a correlation: some that make it fire and some that just do not, judged by the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..engines.reference import run
from ..model import Correlate, Field, Match, Query, expressions
from .examples import examples

START = datetime(2024, 5, 15, 12, 0, tzinfo=UTC)
TIME = "TimeGenerated"
MOST_EVENTS = 300
COUNT = Field("count")


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events in time (field `TimeGenerated`), how many rows the correlation gives for them, and what they were made to show."""

    events: tuple[dict[str, Any], ...]
    fires: int
    why: str


def sequences(query: Query) -> tuple[Sequence, ...]:
    """Sequences for a query whose only stage is a Correlate of plain rules; none for other queries, for rules no matching
    event is found for, and for limits of more than 300 events. Raises UnsupportedError when they cannot be judged."""
    match query.stages:
        case (Correlate() as stage,):
            pass
        case _:
            return ()
    makers: list[dict[str, Any]] = []
    for part in stage.rules:
        event = next((one.event for one in examples(part.query, 8) if one.matches), None)
        if event is None:
            return ()
        makers.append(event)
    found = []
    for steps, why in _plans(stage):
        events = tuple(_event(stage, makers, step) for step in steps)
        found.append(Sequence(events, len(run(query, events, TIME)), why))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Step:
    """An event of part `part`, `second` seconds after the start, in group `group`, with `value` in the measured field."""

    part: int
    second: float
    group: str = "alpha"
    value: Any = 0


def _event(stage: Correlate, makers: list[dict[str, Any]], step: _Step) -> dict[str, Any]:
    aliases = dict(stage.rules[step.part].aliases)
    event = dict(makers[step.part])
    for name in stage.group_by:
        event.setdefault(aliases.get(name, name), step.group)
    if stage.field:
        event[stage.field] = step.value
    event[TIME] = (START + timedelta(seconds=step.second)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return event


def _plans(stage: Correlate) -> Iterator[tuple[list[_Step], str]]:
    span = stage.timespan or 3600
    parts = len(stage.rules)
    if stage.kind.startswith("temporal"):
        inside = [_Step(number, number * span / (parts + 1)) for number in range(parts)]
        yield inside, "every rule in turn, within the time"
        yield [_moved(step, span - step.second) for step in inside], "the rules in reverse, within the time"
        yield [_moved(step, step.second * (parts + 1) * 2) for step in inside], "the rules too far apart"
        for number in range(parts):
            yield [step for step in inside if step.part != number], f"without {stage.rules[number].name}"
        if stage.group_by:
            split = [_Step(step.part, step.second, f"group{step.part}") for step in inside]
            yield split, "each rule in another group"
        return
    limits = [value for found in expressions(stage, Match) if found.subject == COUNT for value in found.values]
    limit = next((int(value) for value in limits if isinstance(value, int | float)), 1)
    sums = stage.kind in ("value_sum", "value_avg", "value_percentile", "value_median")
    for number in (limit - 1, limit, limit + 1):
        if sums:
            yield [_Step(0, 0, value=number)], f"one event with {number}"
            yield [_Step(0, 0, value=number), _Step(0, span / 2, value=number)], f"two events with {number}"
            continue
        if not 0 <= number <= MOST_EVENTS:
            continue
        close = [_Step(at % parts, at * span / (number + 1), value=f"v{at}") for at in range(number)]
        yield close, f"{number} events within the time"
        yield [_Step(s.part, s.second * (number + 1) * 2, value=s.value) for s in close], f"{number} events far apart"
        if stage.kind == "value_count":
            yield [_Step(s.part, s.second, value="same") for s in close], f"{number} events of one value"
        if stage.group_by:
            yield (
                [_Step(s.part, s.second, f"group{at % 2}", s.value) for at, s in enumerate(close)],
                f"{number} events in two groups",
            )


def _moved(step: _Step, second: float) -> _Step:
    return _Step(step.part, second, step.group, step.value)
