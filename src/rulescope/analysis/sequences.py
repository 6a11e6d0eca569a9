"""Example sequences of events for a correlation: some that make it fire and some that just do not, judged by the reference."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..engines.reference import holds, run
from ..errors import UnsupportedError
from ..model import Correlate, CorrelatePart, Field, Filter, Match, Query, expressions
from .examples import examples

START = datetime(2024, 5, 15, 12, 0, tzinfo=UTC)
TIME = "TimeGenerated"
MANY_EVENTS = 60  # more than these come in bursts of one moment
FEW_PLANS = 3_000  # more than these are made in one way only
MOST_EVENTS = 50_000
BURSTS = 5
CHANCES = 6  # sequences by chance
COUNT = Field("count")

Fits = Callable[[Query, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events in time (field `TimeGenerated`), how many rows the correlation gives for them, and what they were made to show."""

    events: tuple[dict[str, Any], ...]
    fires: int
    why: str


def sequences(query: Query, fits: Fits | None = None) -> tuple[Sequence, ...]:
    """Sequences for a query whose only stage is a Correlate; none for other queries, and for rules no matching event is
    found for. A limit of more than 60 events is met with bursts. `fits` says of a part's query and an event which events are
    wanted first. Raises UnsupportedError when they cannot be judged."""
    match query.stages:
        case (Correlate() as stage,):
            pass
        case _:
            return ()
    makers = [_maker(part, stage, fits) for part in stage.rules]
    if not all(makers):
        return ()
    found = []
    for steps, why in _plans(stage):
        events = _events(stage, [maker for maker in makers if maker], steps)
        found.append(Sequence(events, len(run(query, events, TIME)), why))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Step:
    """An event of part `part`, `second` seconds after the start, in group `group`, with `value` in the measured field."""

    part: int
    second: float
    group: str = "alpha"
    value: Any = 0


@dataclass(frozen=True, slots=True)
class _Maker:
    """How a part is made to happen: an event of its own, or, of a correlation, steps of its parts (the last makes it fire)."""

    event: dict[str, Any]
    inner: Correlate | None = None
    makers: tuple[_Maker, ...] = ()
    steps: tuple[_Step, ...] = ()
    shapes: Mapping[str, str] = field(default_factory=dict)
    """Of measured fields that the rule itself asks about: what a value is put into, for the rule to hold of it."""

    def happen(self, fields: Mapping[str, Any], value: Mapping[str, Any], second: float) -> Iterator[dict[str, Any]]:
        """Events that make it happen at `second`, with these fields (but for those the rule itself asks about)."""
        if self.inner is None:
            shaped = {name: self.shapes[name] % one if name in self.shapes else one for name, one in value.items()}
            event = {**self.event, **shaped, TIME: _moment(second)}
            for name, text in fields.items():
                event.setdefault(name, text)
            yield event
            return
        last = max(step.second for step in self.steps)
        for step in self.steps:
            aliases = dict(self.inner.rules[step.part].aliases)
            wanted = {**fields, **value}
            group = {aliases.get(name, name): wanted.get(name, step.group) for name in self.inner.group_by}
            measured = {aliases.get(name, name): step.value for name in _measured(self.inner)}
            yield from self.makers[step.part].happen(group, measured, second - last + step.second)


def _maker(part: CorrelatePart, stage: Correlate, fits: Fits | None) -> _Maker | None:
    match part.query.stages:
        case (Correlate() as inner,):
            makers = [_maker(each, inner, fits) for each in inner.rules]
            if not all(makers):
                return None
            ready = tuple(maker for maker in makers if maker)
            for steps, _ in _plans(inner):
                fired = run(part.query, _events(inner, list(ready), steps), TIME)
                if fired and any(row["time"] == _iso(max(step.second for step in steps)) for row in fired):
                    return _Maker({}, inner, ready, tuple(steps))
            return None
    matching = [one.event for one in examples(part.query, 8) if one.matches]
    if not matching:
        return None
    event = next((one for one in matching if fits is not None and fits(part.query, one)), matching[0])
    aliases = dict(part.aliases)
    shapes = {
        name: shape
        for name in (aliases.get(each, each) for each in _measured(stage))
        if (shape := _shape(part.query, event, name)) != "%s"
    }
    return _Maker(dict(event), shapes=shapes) if stage.kind == "value_count" else _Maker(dict(event))


def _shape(query: Query, event: Mapping[str, Any], name: str) -> str:
    """A form for values of a field that the rule holds of, with `%s` for what differs; plain when nothing else does."""
    asked = [stage.predicate for stage in query.stages if isinstance(stage, Filter)]
    held = str(event.get(name, "")).replace("%", "%%")
    for shape in (
        "%s",
        f"%s{held}",
        f"{held}%s",
        f"{held[:-1]}%s{held[-1:]}",
        f"{held[: len(held) // 2]}%s{held[len(held) // 2 :]}",
    ):
        if all(holds(predicate, {**event, name: shape % each}) for predicate in asked for each in ("v0", "same")):
            return shape
    return "%s"


def _measured(stage: Correlate) -> tuple[str, ...]:
    return (stage.field, *stage.further) if stage.field else ()


def _events(stage: Correlate, makers: list[_Maker], steps: list[_Step]) -> tuple[dict[str, Any], ...]:
    made: list[dict[str, Any]] = []
    for step in steps:
        aliases = dict(stage.rules[step.part].aliases)
        group = {aliases.get(name, name): step.group for name in stage.group_by}
        value = {aliases.get(name, name): step.value for name in _measured(stage)}
        made += makers[step.part].happen(group, value, step.second)
    return tuple(made)


def _moment(second: float) -> str:
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _iso(second: float) -> str:
    return (START + timedelta(seconds=second)).isoformat()


def _plans(stage: Correlate) -> Iterator[tuple[list[_Step], str]]:
    span = float(stage.timespan or 3600)
    if stage.kind.startswith("temporal"):
        yield from _in_turns(stage, span)
        limits: list[int | float] = []
    else:
        values = [value for found in expressions(stage, Match) if found.subject == COUNT for value in found.values]
        limits = list(dict.fromkeys(value for value in values if isinstance(value, int | float)))[:3] or [1]
        for limit in limits:
            yield from _around(stage, limit, span)
    if max(limits, default=0) <= MANY_EVENTS or stage.kind not in ("event_count", "value_count"):
        yield from _by_chance(stage, limits, span)


def _in_turns(stage: Correlate, span: float) -> Iterator[tuple[list[_Step], str]]:
    parts = len(stage.rules)
    inside = [_Step(number, number * span / (parts + 1)) for number in range(parts)]
    yield inside, "every rule in turn, within the time"
    yield [_moved(step, span - step.second) for step in inside], "the rules in reverse, within the time"
    yield [_moved(step, step.second * (parts + 1) * 2) for step in inside], "the rules too far apart"
    yield [_moved(step, 0) for step in inside], "every rule at one moment"
    if parts > 2:
        turned = [inside[-1], *inside[:-1]]
        yield [_moved(step, at * span / (parts + 1)) for at, step in enumerate(turned)], "the last rule first"
    for number in range(parts):
        yield [step for step in inside if step.part != number], f"without {stage.rules[number].name}"
    if stage.group_by:
        split = [_Step(step.part, step.second, f"group{step.part}") for step in inside]
        yield split, "each rule in another group"


def _around(stage: Correlate, limit: int | float, span: float) -> Iterator[tuple[list[_Step], str]]:
    """Just less than a limit, the limit, and just more."""
    parts = len(stage.rules)
    whole = int(limit)
    if stage.kind not in ("event_count", "value_count"):
        for number in (whole - 1, whole, whole + 1, limit):
            yield [_Step(0, 0, value=number)], f"one event with {number}"
            yield [_Step(0, 0, value=number), _Step(0, span / 2, value=number)], f"two events with {number}"
        return
    if whole > MOST_EVENTS:
        raise UnsupportedError("examples", f"sequences of {whole} events")
    for size in (whole - 1, whole, whole + 1):
        if size < 0:
            continue
        close = [_Step(at % parts, _second(at, size, span), value=f"v{at}") for at in range(size)]
        yield close, f"{size} events within the time"
        if size > FEW_PLANS:
            continue
        yield [_Step(s.part, s.second * (size + 1) * 2, value=s.value) for s in close], f"{size} events far apart"
        if stage.kind == "value_count":
            yield [_Step(s.part, s.second, value="same") for s in close], f"{size} events of one value"
        if stage.group_by:
            yield (
                [_Step(s.part, s.second, f"group{at % 2}", s.value) for at, s in enumerate(close)],
                f"{size} events in two groups",
            )


def _second(at: int, size: int, span: float) -> float:
    """When the event `at` of `size` is: spread over the time, or, of many, in a few bursts."""
    if size <= MANY_EVENTS:
        return at * span / (size + 1)
    return (at * BURSTS // size) * span / (BURSTS + 1)


def _by_chance(stage: Correlate, limits: list[int | float], span: float) -> Iterator[tuple[list[_Step], str]]:
    """Events of chance parts, groups and values at a few moments; the same ones each time."""
    chance = random.Random(7)
    parts = len(stage.rules)
    near = int(limits[0]) if limits else 2
    numeric = stage.kind not in ("value_count", "event_count")
    for turn in range(CHANCES):
        size = 2 + turn * 2 if numeric else min(MANY_EVENTS, max(2, near) * (1 + turn))
        moments = 4 + turn * 2
        steps = [
            _Step(
                chance.randrange(parts),
                chance.randrange(moments) * span / 4,
                chance.choice(("alpha", "alpha", "beta")) if stage.group_by else "alpha",
                chance.randint(near - 3, near + 3) if numeric else f"v{chance.randrange(max(2, near + 1))}",
            )
            for _ in range(size)
        ]
        yield sorted(steps, key=lambda step: step.second), f"{size} events by chance"


def _moved(step: _Step, second: float) -> _Step:
    return _Step(step.part, second, step.group, step.value)
