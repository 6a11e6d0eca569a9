"""Sigma rules over single events: routed by log source, found by witnesses, judged by the reference evaluator.

Results do not depend on batches: each event is judged on its own, and rules answer in the order they were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..engines.reference import compile_predicate, everything, look_up, run
from ..engines.witness import Index
from ..errors import UnsupportedError
from ..logs import Batch
from ..logs.times import iso, when
from ..model import (
    TRUE,
    Alert,
    And,
    Correlate,
    Expr,
    Field,
    Filter,
    Logsource,
    Match,
    NotRun,
    Or,
    Query,
    Rule,
    Scan,
    Union,
    expressions,
    replace,
)
from ..schemas.logsources import parsed, scan_text
from ..schemas.mappings import carrying
from ..schemas.recognition import Offer, offers, telling_fields, wanted

ENGINE = "reference"
MOMENT = "@when"
"""The field that carries an event's moment through a correlation."""

MOST_REMEMBERED = 20_000
MOST_KEPT = 1_000_000
"""Events kept for one correlation rule at most; beyond, it is not run rather than wrong."""

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One positive match of a rule, to tell which of its values an event showed."""

    field: str
    match: Expr


class Tested:
    """A rule (or a part of a correlation) that is asked about each event."""

    __slots__ = ("correlations", "holds", "leaves", "number", "predicate", "rule", "silent")

    def __init__(self, number: int, rule: Rule, predicate: Expr) -> None:
        self.number = number
        self.rule = rule
        self.predicate = predicate
        self.holds = compile_predicate(predicate)
        self.leaves: list[tuple[str, Any]] | None = None
        self.correlations: list[Correlated] = []
        self.silent = False

    def matched(self, event: Event) -> dict[str, Any]:
        """Fields the rule looks at whose values matched, with the event's values."""
        if self.leaves is None:
            self.leaves = [(leaf.field, compile_predicate(leaf.match)) for leaf in _leaves(self.predicate)]
        found: dict[str, Any] = {}
        for name, holds in self.leaves:
            if name in found or not holds(event):
                continue
            if name == "*":
                found[name] = next((value for value in everything(event) if holds({"": value})), None)
            else:
                found[name] = look_up(event, name)
        return found


def _leaves(predicate: Expr) -> Iterator[Leaf]:
    stack: list[Expr] = [predicate]
    while stack:
        match stack.pop():
            case And(terms) | Or(terms):
                stack.extend(reversed(terms))
            case Match(Field(name)) as found:
                yield Leaf(name, found)


class Group:
    """The rules of one log source."""

    def __init__(self, logsource: Logsource) -> None:
        self.logsource = logsource
        self.wanted = wanted(logsource)
        self.tested: dict[int, Tested] = {}
        self.events = 0
        self._index: Index | None = None
        self._named: frozenset[str] | None = None

    def add(self, place: int, tested: Tested) -> None:
        self.tested[place] = tested

    def named(self) -> frozenset[str]:
        """The fields its rules name."""
        if self._named is None:
            fields = (field.name for tested in self.tested.values() for field in expressions(tested.predicate, Field))
            self._named = frozenset(fields) - {"*"}
        return self._named

    def index(self) -> Index:
        if self._index is None:
            self._index = Index({place: one.predicate for place, one in self.tested.items()})
        return self._index


@dataclass(slots=True)
class Kept:
    """An event a part of a correlation matched: the event with its moment, and where it stands."""

    event: dict[str, Any]
    log: str
    record: int


class Correlated:
    """A correlation rule, and the events its parts have matched so far."""

    def __init__(self, number: int, rule: Rule, query: Query, stage: Correlate) -> None:
        self.number = number
        self.rule = rule
        self.query = query
        self.stage = stage
        self.kept: dict[str, list[Kept]] = {}
        self.seen: set[tuple[str, str, int]] = set()
        self.overflow = False
        self.groups: list[Group] = []

    def keep(self, logsource: str, event: Event, batch: Batch, record: int) -> None:
        """Remember an event; one that several parts of one log source match is remembered once."""
        key = (logsource, batch.log, record)
        if key in self.seen:
            return
        if len(self.seen) >= MOST_KEPT:
            self.overflow = True
            return
        self.seen.add(key)
        moment = iso(when(event))
        self.kept.setdefault(logsource, []).append(Kept({**event, MOMENT: moment or None}, batch.log, record))


class EventRules:
    """Sigma rules, ready to see events."""

    def __init__(self, rules: list[tuple[int, Rule, Query]]) -> None:
        self._groups: dict[str, Group] = {}
        self._missing: list[tuple[int, NotRun]] = []
        self._correlated: list[Correlated] = []
        self._tested: list[Tested] = []
        self._places: dict[Any, list[tuple[Offer, Group]]] = {}
        self._telling = telling_fields()
        self._next = 0
        for number, rule, query in rules:
            self._add(number, rule, query)
        self._silence()

    def _add(self, number: int, rule: Rule, query: Query) -> None:
        try:
            match query.stages:
                case (Correlate() as stage,):
                    self._add_correlation(number, rule, query, stage)
                case (Scan() as source, *_):
                    tested = Tested(number, rule, _predicate(query))
                    self._route(source.logsource, tested)
                    self._tested.append(tested)
                case (Union(queries),):
                    for branch in queries:
                        self._add(number, rule, branch)
                case _:
                    raise UnsupportedError(ENGINE, "a query without a log source")
        except UnsupportedError as error:
            self._missing.append((number, NotRun(rule.id, ENGINE, error.construct, str(error), rule.title)))

    def _route(self, logsource: str, tested: Tested) -> Group:
        group = self._groups.get(logsource)
        if group is None:
            group = self._groups[logsource] = Group(parsed(logsource))
        group.add(self._next, tested)
        self._next += 1
        return group

    def _add_correlation(self, number: int, rule: Rule, query: Query, stage: Correlate) -> None:
        correlated = Correlated(number, rule, query, stage)
        parts: list[tuple[str, Tested]] = []
        for part in stage.rules:
            if isinstance(part.query.stages[0], Correlate):
                raise UnsupportedError(ENGINE, "a correlation of correlations")
            source = part.query.stages[0]
            if not isinstance(source, Scan):
                raise UnsupportedError(ENGINE, "a correlation part without a log source")
            tested = Tested(number, rule, _predicate(part.query))
            tested.silent = True
            tested.correlations.append(correlated)
            parts.append((source.logsource, tested))
        for logsource, tested in parts:
            correlated.groups.append(self._route(logsource, tested))
        self._correlated.append(correlated)

    def _silence(self) -> None:
        """Rules a correlation builds on do not alert by themselves unless it says `generate`."""
        parts: dict[str, bool] = {}
        for correlated in self._correlated:
            for part in correlated.stage.rules:
                parts[part.name] = parts.get(part.name, False) or correlated.stage.generate
        for tested in self._tested:
            said = [parts[name] for name in (tested.rule.name, tested.rule.id) if name and name in parts]
            if said and not any(said):
                tested.silent = True

    def alerts(self, batch: Batch) -> Iterator[tuple[int, Alert]]:
        """Alerts of a batch with the numbers of their rules, event by event, rules in order."""
        if not self._groups:
            return
        for row, record in zip(batch.rows, batch.numbers, strict=True):
            places = self._places_of(row, batch)
            if not places:
                continue
            fired: list[tuple[int, Tested, Event]] = []
            seen: dict[int, Event] = {}
            for offer, group in places:
                group.events += 1
                event = seen.get(id(offer))
                if event is None:
                    event = seen[id(offer)] = offer.seen(row)
                for place in group.index().candidates(event):
                    tested = group.tested[place]
                    if tested.holds(event):
                        fired.append((place, tested, event))
                        for correlated in tested.correlations:
                            correlated.keep(scan_text(group.logsource), event, batch, record)
            fired.sort(key=lambda one: one[0])
            for _, tested, event in fired:
                if not tested.silent:
                    yield tested.number, _alert(tested, event, batch.log, record)

    def _places_of(self, row: Event, batch: Batch) -> list[tuple[Offer, Group]]:
        """The groups whose rules should see a row, each with the offer it sees it by. Rows alike are looked up once."""
        telling = tuple(str(row[name]) if name in row else None for name in self._telling)
        windows = "Channel" in row and "EventID" in row and row.get("Provider_Name") != "Linux-Sysmon"
        key = telling if windows else (batch.kind, batch.stream, telling, tuple(row), _inner(row))
        found = self._places.get(key)
        if found is None:
            found = []
            offered = offers(row, batch.kind, batch.stream)
            for group in self._groups.values():
                offer = next((offer for offer in offered if offer.logsource in group.wanted), None)
                if offer is not None:
                    found.append((offer, group))
            if len(self._places) >= MOST_REMEMBERED:
                self._places.clear()
            self._places[key] = found
        return found

    def told(self, row: Event, batch: Batch) -> tuple[Any, ...]:
        """What the rules can tell of a row: its kind, and the values of the fields that rules of its log sources name.

        Rows they tell alike are told alike by all of them but those that look for keywords in any field.
        """
        places = self._places_of(row, batch)
        telling = tuple(str(row.get(name)) for name in (*self._telling, "EventType"))
        named = frozenset().union(*(group.named() for _, group in places))
        event = places[0][0].seen(row) if places else row
        values = tuple(repr(look_up(event, name)) for name in sorted(named))
        return batch.kind, batch.stream, telling, tuple(id(group) for _, group in places), values

    def correlated(self) -> Iterator[tuple[int, Alert | NotRun]]:
        """Alerts of the correlation rules over all events seen, in the order of the rules, each by time."""
        for correlated in self._correlated:
            rule = correlated.rule
            if correlated.overflow:
                why = f"its parts match more than {MOST_KEPT:,} events"
                yield correlated.number, NotRun(rule.id, ENGINE, "correlation", why, rule.title)
                continue
            events = {name: [kept.event for kept in listed] for name, listed in correlated.kept.items()}
            for part in correlated.stage.rules:
                source = part.query.stages[0]
                assert isinstance(source, Scan)
                events.setdefault(source.logsource, events.get(scan_text(parsed(source.logsource)), []))
            try:
                rows = run(correlated.query, events, MOMENT)
            except UnsupportedError as error:
                yield correlated.number, NotRun(rule.id, ENGINE, error.construct, str(error), rule.title)
                continue
            for row in rows:
                yield correlated.number, _correlation_alert(correlated, row)

    def not_run(self) -> Iterator[tuple[int, NotRun]]:
        """Rules nobody could ask: unsupported ones, and those whose log source no event belonged to."""
        yield from self._missing
        for group in self._groups.values():
            if group.events:
                continue
            named = scan_text(group.logsource)
            why = (
                "no event of this log source in the logs"
                if group.wanted or carrying(group.logsource)
                else "no known log has events of this log source"
            )
            reported: set[int] = set()
            for tested in group.tested.values():
                if not tested.correlations and tested.number not in reported:
                    reported.add(tested.number)
                    lack = NotRun(tested.rule.id, "scan", f"logsource {named}", why, tested.rule.title)
                    yield tested.number, lack
        for correlated in self._correlated:
            empty = [group for group in correlated.groups if not group.events]
            if empty:
                named = scan_text(empty[0].logsource)
                why = "no event of this log source in the logs"
                rule = correlated.rule
                yield correlated.number, NotRun(rule.id, "scan", f"logsource {named}", why, rule.title)


def _inner(row: Event) -> tuple[str, ...]:
    """The names inside the nested objects of a row, where shapes look for a path."""
    return tuple(f"{name}.{inner}" for name, value in row.items() if isinstance(value, Mapping) for inner in value)


def _predicate(query: Query) -> Expr:
    """The one condition of a query that only filters. Raises UnsupportedError when it does more."""
    terms: list[Expr] = []
    for stage in query.stages[1:]:
        if not isinstance(stage, Filter):
            raise UnsupportedError(ENGINE, f"stage {stage.keyword}", stage.span)
        terms.append(stage.predicate)
    return terms[0] if len(terms) == 1 else replace(TRUE, terms=tuple(terms))


def _alert(tested: Tested, event: Event, log: str, record: int) -> Alert:
    rule = tested.rule
    return Alert(
        rule.id,
        rule.title,
        iso(when(event)),
        dict(event),
        tested.matched(event),
        rule.severity,
        log,
        record,
        1,
        rule.techniques,
    )


def _correlation_alert(correlated: Correlated, row: dict[str, Any]) -> Alert:
    rule = correlated.rule
    last = _last(correlated, row)
    fields = {name: row.get(name) for name in correlated.stage.group_by}
    count = row.get("count")
    return Alert(
        rule.id,
        rule.title,
        str(row.get("time", "")).replace("+00:00", "Z"),
        row,
        fields,
        rule.severity,
        last.log if last else "",
        last.record if last else 0,
        int(count) if isinstance(count, int | float) else 1,
        rule.techniques,
    )


def _last(correlated: Correlated, row: dict[str, Any]) -> Kept | None:
    """The event at whose moment the correlation fired."""
    moment = str(row.get("time", "")).replace("+00:00", "Z")
    for listed in correlated.kept.values():
        for kept in listed:
            if kept.event[MOMENT] == moment:
                return kept
    return None
