"""Compare: how the events two rules or queries choose relate, told by events both are run on, with a witness each way.

A Sigma rule meets a Kusto query in the query's own table, two Kusto queries in a table both read, two Sigma rules in their
log source. `equal` is said when both have one form, or when both chose events and no event told them apart; how many were
asked is part of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from .. import languages
from ..analysis.examples import examples
from ..binding import bind
from ..engines import reference
from ..engines.duck import Engine
from ..errors import RunError, SourceError, UnsupportedError
from ..model import Correlate, Expr, Field, Logsource, Query, Rule, Verdict, Witness, expressions, understood
from ..schemas import mappings
from ..translation.proof import ARROW, cases_of
from ..translation.translate import comparable, logsource_of
from . import explain
from .answers import by_answers, tables_of
from .common_rows import (
    completed,
    core,
    crossed,
    in_source_names,
    kind_of,
    plausible,
    predicate,
    probed,
    probes,
    retyped,
    rows_of,
    told,
    ways,
)
from .declared import declared
from .firing import by_groups
from .reading import read_rule
from .tracing import DEVICES, NUMBER, TIMES, Traced, condition, renamed, traced

Row = dict[str, Any]
DEVICE_ROWS = [
    {"DeviceId": f"device-{name.lower()}", "OSPlatform": name}
    for name in ("Windows11", "Windows", "Linux", "macOS", "iOS")
]
OTHER_KIND = "an event of another kind"
MADE = "made from the query"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How `b` relates to `a`: `wider` when it chooses more. `only_a` and `only_b` are events that only one chooses.

    `table`: where they met. `events`: how many both were asked; `chosen` how many `a` and `b` chose. `proven`: equal by
    form, whatever the events. `invalid`: what the tables do not have (then the query cannot run where it is meant to).
    """

    verdict: Verdict
    reason: str
    table: str = ""
    events: int = 0
    chosen: tuple[int, int] = (0, 0)
    only_a: Witness | None = None
    only_b: Witness | None = None
    proven: bool = False
    invalid: str = ""
    left_off: tuple[str, ...] = ()
    by_kind: bool = False  # only events of other kinds (system, event type) tell them apart


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a rule and what it means."""

    rule: Rule
    query: Query

    @property
    def logsource(self) -> Logsource:
        return logsource_of(self.rule, self.query)

    @property
    def is_sigma(self) -> bool:
        return self.rule.language == "sigma"


@dataclass
class _Case:
    row: Row
    table: str
    a: bool | None = None  # None: asked of the engine
    event: Row | None = None
    origin: str = MADE


@dataclass
class _Task:
    """Two queries over rows of one table, numbered; `a` None when every case says what is expected."""

    cases: list[_Case]
    b: Traced
    a: Traced | None = None
    table: str = ""
    fitted: bool = True  # rows are made from all that the queries ask
    proven: bool = False
    turned: bool = False  # the caller named them the other way round
    notes: list[str] = field(default_factory=list)


def compare(a: str | Path | Rule, b: str | Path | Rule) -> Comparison:
    """How rule or query `b` relates to `a`: paths, texts or rules. Of a file with several rules, the first.

    Raises SourceError when there is nothing to read, and QuerySyntaxError for a text that is not well formed.
    """
    return next(iter(compare_all([(side(a), side(b))])))


def side(given: str | Path | Rule) -> Side:
    """A rule with its meaning. Raises SourceError and QuerySyntaxError."""
    if isinstance(given, Rule):
        rule = given
    else:
        rules, failures = explain.rules_in(given)
        if not rules:
            if isinstance(given, str) and not given.strip():
                raise SourceError("nothing to compare: the text is empty")
            if isinstance(given, str) and "|" in given:
                languages.parse(given, "kusto", "query")  # says what is wrong with it, and where
            why = failures[0].message if failures else "no rule"
            raise SourceError(f"{str(given)[:80]}: {why}")
        rule = rules[0]
    read = read_rule(rule)
    if read.faults or read.query is None:
        if read.faults:
            languages.parse(rule.text, rule.language, rule.path, rule.line)
        raise SourceError(f"{rule.path or rule.title}: {read.trouble or 'cannot be read'}")
    return Side(rule, read.query)


def compare_all(pairs: Iterable[tuple[Side, Side]], chunk: int = 60) -> Iterator[Comparison]:
    """`compare` for many, which share engines; in order."""
    waiting: list[Comparison | _Task] = []
    for a, b in pairs:
        waiting.append(_prepared(a, b))
        if len(waiting) >= chunk:
            yield from _judged(waiting)
            waiting = []
    yield from _judged(waiting)


def _prepared(a: Side, b: Side) -> Comparison | _Task:
    try:
        for one in (a, b):
            if not understood(one.query):
                return _untested(f"{one.rule.title}: a part of it is not understood")
        if not a.is_sigma and not b.is_sigma:
            return _two_kusto(a, b)
        if a.is_sigma and b.is_sigma:
            return _two_sigma(a, b)
        if a.is_sigma:
            return _sigma_kusto(a, b)
        task = _sigma_kusto(b, a)
        if isinstance(task, _Task):
            task.turned = True
            return task
        return _turned(task)
    except (UnsupportedError, RecursionError) as error:
        return _untested(str(error) or "nested too deeply")


TURNED = {Verdict.WIDER: Verdict.NARROWER, Verdict.NARROWER: Verdict.WIDER}


def _turned(found: Comparison) -> Comparison:
    """A comparison of `b` with `a` as one of `a` with `b`."""
    verdict = TURNED.get(found.verdict, found.verdict)
    chosen = found.chosen[1], found.chosen[0]
    return replace(found, verdict=verdict, chosen=chosen, only_a=found.only_b, only_b=found.only_a)


def _untested(reason: str, **more: Any) -> Comparison:
    return Comparison(Verdict.UNTESTED, reason, **more)


# ---------------------------------------------------------------- two Sigma rules


def _two_sigma(a: Side, b: Side) -> Comparison:
    """By the reference evaluator, in each log source of the two."""
    if comparable(a.query) == comparable(b.query):
        return Comparison(Verdict.EQUAL, "one form: they say the same", proven=True)
    if any(isinstance(stage, Correlate) for side in (a, b) for stage in side.query.stages):
        return _untested("correlations are compared by form only, and their forms differ")
    ours, theirs = predicate(a.query), predicate(b.query)
    chooses = reference.compile_predicate(ours), reference.compile_predicate(theirs)
    events = [dict(example.event) for example in (*examples(ours, 48), *examples(theirs, 48))]
    chosen = [e for e in events if chooses[0](e)], [e for e in events if chooses[1](e)]
    events += [*crossed(*chosen), *(event for each in chosen for event in probes((ours, theirs), each))]
    places = dict.fromkeys((a.logsource, b.logsource))
    asked: list[tuple[_Case, bool]] = []
    for place in places:
        seen = _sees(a.logsource, place), _sees(b.logsource, place)
        if not any(seen):
            continue
        origin = MADE if all(seen) else f"an event of {_named(place)}"
        asked += [
            (_Case(event, "", seen[0] and chooses[0](event), event, origin), seen[1] and chooses[1](event))
            for event in events
        ]
    return _verdict(asked, _Task([], Traced(Query(()), ()), table=" and ".join(_named(place) for place in places)))


def _sees(mine: Logsource, place: Logsource) -> bool:
    """Whether a rule of one log source runs on events of another: each part it names is theirs."""
    pairs = ((mine.category, place.category), (mine.product, place.product), (mine.service, place.service))
    return all(not one or one == other for one, other in pairs)


def _named(logsource: Logsource) -> str:
    return " ".join(part for part in (logsource.product, logsource.service, logsource.category) if part)


# ---------------------------------------------------------------- a Sigma rule and a Kusto query


def _sigma_kusto(a: Side, b: Side) -> Comparison | _Task:
    if any(isinstance(stage, Correlate) for stage in a.query.stages):
        return _firing(a, b)
    there = traced(b.query)
    found = ways(a.logsource, there.tables)
    if not found:
        return _untested(
            f"the query reads {', '.join(there.tables)}, which events of {_named(a.logsource)} are not known to reach"
        )
    table, way = found[0]
    for each_table, each in found:
        try:
            each.map_query(a.query)
            table, way = each_table, each
            break
        except UnsupportedError:
            continue
    wrong = invalid(b.query, way.schema)
    if wrong:
        return _untested(f"the query cannot run: {wrong}", invalid=wrong, table=table)
    task = _Task([], there, table=table)
    asked, task.fitted = condition(there.query)
    types = _types(table)
    kind = kind_of(way.table) if "EventType" in types else {}
    events: list[tuple[Row, str]] = [(dict(example.event), "generated") for example in examples(a.query, 48)]
    theirs = in_source_names(asked, way)
    events += [(dict(example.event), MADE) for example in _guessed(theirs)]
    events += [(event, MADE) for event in probes((predicate(a.query), theirs), _matching(predicate(a.query), events))]
    for each_case in cases_of(a.query, way, events):
        row = completed({**kind, **retyped(each_case.row, way.types, types)}, types)
        if row is not None and ((each_case.expected and each_case.origin != MADE) or plausible(row, way)):
            task.cases.append(_Case(row, table, each_case.expected, each_case.event or None, each_case.origin))
    if kind and core(table) != core(way.table):
        decoys = [case for case in task.cases if case.a][:1]
        task.cases += [_Case({**case.row, "EventType": "Other"}, table, False, None, OTHER_KIND) for case in decoys]
    base = {**kind, **retyped(way.map_event({}), way.types, types)}
    made = [row for each in rows_of(asked, base, types) if plausible(row := told(each, way), way)]
    chosen = [case for case in task.cases if case.a]
    try:
        target, _ = way.map_query(a.query)
    except UnsupportedError:
        target = None
        task.notes.append("rows made from the query were left out: the table cannot say all of the rule")
    seen = {found.name for found in expressions(target, Field)} if target else set(types)
    for case in chosen[:MOST_DRESSED]:  # what the rule does not look at, as the query wants it
        for extra in made[:MOST_DRESSED]:
            dressed = completed({**{k: v for k, v in extra.items() if k not in seen}, **case.row}, types)
            if dressed is not None and dressed != case.row:
                task.cases.append(_Case(dressed, table, True, case.event, case.origin))
    if target is not None:
        task.a = traced(renamed(target, lambda _: table))
        task.proven = comparable(task.a.query) == comparable(there.query)
        for row in [*made, *crossed([case.row for case in chosen], made)]:
            whole = completed(row, types)
            if whole is not None and plausible(whole, way):
                task.cases.append(_Case(whole, table))
    return task


def _firing(a: Side, b: Side) -> Comparison:
    """A correlation and a query, by the groups they fire for."""
    match a.query.stages:
        case (Correlate() as stage,):
            found, way = by_groups(stage, b.query)
        case _:
            return _untested("a stage after the correlation")
    wrong = invalid(b.query, way.schema)
    if wrong:
        return _untested(f"the query cannot run: {wrong}", invalid=wrong, table=way.table)
    reason = f"{found.reason}; compared by the groups they fire for, without time filters"
    return Comparison(found.verdict, reason, way.table, found.rounds, found.answered, found.only_a, found.only_b)


MOST_DRESSED = 4


def _matching(asked: Expr, events: Sequence[tuple[Row, str]]) -> list[Row]:
    chooses = reference.compile_predicate(asked)
    return [event for event, _ in events if chooses(event)]


def _guessed(asked: Expr) -> Sequence[Any]:
    try:
        return examples(asked, 24)
    except (UnsupportedError, RecursionError):
        return ()


# ---------------------------------------------------------------- two Kusto queries


def _two_kusto(a: Side, b: Side) -> Comparison | _Task:
    if comparable(a.query) == comparable(b.query):
        return Comparison(Verdict.EQUAL, "one form: they say the same", proven=True)
    try:
        ours, theirs = traced(a.query), traced(b.query)
        for side in (ours, theirs):
            if _by_clock(side.query):
                raise UnsupportedError("comparison of single events", "conditions on the hour or day")
    except UnsupportedError as error:
        return _answered(a, b, str(error))
    shared = [(one, other) for one in ours.tables for other in theirs.tables if core(one) == core(other)]
    if not shared:
        return _untested(f"they read different tables: {', '.join(ours.tables)} and {', '.join(theirs.tables)}")
    if len(ours.tables) > len(shared) or len(theirs.tables) > len(shared):
        why = f"one reads tables the other does not: {', '.join(ours.tables)} and {', '.join(theirs.tables)}"
        return _answered(a, b, why)
    shown_otherwise = ours.tail != theirs.tail
    if shown_otherwise:
        answered = _answered(a, b, "")
        if answered.verdict is not Verdict.UNTESTED:
            return answered
    mine, whole = condition(ours.query)
    other, fitted = condition(theirs.query)
    task = _Task([], theirs, ours, ", ".join(dict.fromkeys(one for one, _ in shared)), whole and fitted)
    task.proven = comparable(ours.query) == comparable(theirs.query)
    for one, _ in shared:
        types = _types(one) or _guessed_types(a.query, b.query)
        rows = [list(rows_of(asked, {}, types)) for asked in (mine, other)]
        more = [*crossed(*rows), *(row for each in rows for row in probed(types, (mine, other), each))]
        made = [*rows[0], *rows[1], *filter(None, (completed(row, types) for row in more))]
        task.cases += [_Case(row, one) for row in made]
    if shown_otherwise:
        task.proven = False
        task.notes.append("what they make of those events differs, which is not compared")
    if ours.windows != theirs.windows:
        task.proven = False
        task.notes.append("their time filters differ, which is not compared")
    return task


def _by_clock(query: Query) -> bool:
    """Whether the time of a row is tested or computed with: rows made for a comparison have none."""
    return any(found.name in TIMES for stage in query.stages for found in expressions(stage, Field))


def _answered(a: Side, b: Side, why: str) -> Comparison:
    """By their answers to whole tables, when rows cannot be told one by one."""
    tables = dict.fromkeys((*tables_of(a.query), *tables_of(b.query)))
    if not {core(table) for table in tables_of(a.query)} & {core(table) for table in tables_of(b.query)}:
        return _untested(why)
    types = {table: _types(table) or _guessed_types(a.query, b.query) for table in tables}
    try:
        found = by_answers(a.query, b.query, types)
    except UnsupportedError as error:
        return _untested(f"{why}; {error}")
    return Comparison(
        found.verdict, found.reason, ", ".join(tables), found.rounds, found.answered, found.only_a, found.only_b
    )


def _guessed_types(*asked: Query) -> dict[str, str]:
    """Types of the columns of a table nobody declared: a number where a number is asked for, else text."""
    from ..model import Match

    names = {found.name: "string" for query in asked for found in expressions(query, Field)}
    for query in asked:
        for match in expressions(query, Match):
            subject = match.subject
            if isinstance(subject, Field) and match.values and not any(isinstance(v, str) for v in match.values):
                names[subject.name] = "real" if any(isinstance(v, float) for v in match.values) else "long"
    return names


def _types(table: str) -> Mapping[str, str]:
    return declared(table)


@cache
def _tables(schema: str) -> Mapping[str, Mapping[str, str]]:
    """The tables of a schema, each with what it has on any platform: the Device tables are in Sentinel as well."""
    return {name: {**declared(name), **columns} for name, columns in mappings.target_tables(schema).items()}


def invalid(query: Query, schema: str) -> str:
    """What a query names that the tables of `schema` do not have, "" when it is all there."""
    found = bind(query, _tables(schema)).diagnostics
    return "; ".join(
        dict.fromkeys(each.message for each in found if each.severity == "error" or each.id.startswith("unknown"))
    )


# ---------------------------------------------------------------- running


def _judged(waiting: Sequence[Comparison | _Task]) -> Iterator[Comparison]:
    answers = _run([each for each in waiting if isinstance(each, _Task)])
    for each in waiting:
        yield each if isinstance(each, Comparison) else next(answers)


def _run(tasks: Sequence[_Task]) -> Iterator[Comparison]:
    """Each task's queries over its rows, all in one DuckDB."""
    if not tasks:
        return
    tables: dict[str, pa.Table] = {DEVICES: pa.Table.from_pylist(DEVICE_ROWS)}
    schemas: dict[str, Mapping[str, str]] = {}
    for number, task in enumerate(tasks):
        for name in _tables_of(task):
            rows = [(place, case.row) for place, case in enumerate(task.cases) if core(case.table) == core(name)]
            types = _columns(task, name, [row for _, row in rows])
            tables[f"{name}__{number}"] = _arrow(rows, types)
            schemas[f"{name}__{number}"] = {NUMBER: "long", **types}
    engine = Engine(tables, schemas=schemas)
    try:
        for number, task in enumerate(tasks):
            yield _answer(engine, number, task)
    finally:
        engine.close()


def _tables_of(task: _Task) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*task.b.tables, *(task.a.tables if task.a else ()))))


def _columns(task: _Task, table: str, rows: Sequence[Row]) -> dict[str, str]:
    """The columns of a table that the queries or the rows name, with their types."""
    names: dict[str, None] = {}
    for side in (task.a, task.b):
        names |= dict.fromkeys(found.name for found in expressions(side.query, Field)) if side else {}
    for row in rows:
        names |= dict.fromkeys(row)
    types = _types(table)
    if not types:
        types = _guessed_types(task.b.query, *((task.a.query,) if task.a else ()))
    return {name: types[name] for name in names if name in types and name != NUMBER}


def _arrow(rows: Sequence[tuple[int, Row]], types: Mapping[str, str]) -> pa.Table:
    arrays = {NUMBER: pa.array([number for number, _ in rows], pa.int64())}
    for name, kind in types.items():
        values = [row.get(name) for _, row in rows]
        if kind == "dynamic":
            values = [None if value is None else json.dumps(value) for value in values]
        elif kind not in ARROW or kind == "string":
            values = [None if value is None else str(value) for value in values]
        arrays[name] = pa.array(values, ARROW.get(kind, pa.string()))
    return pa.table(arrays)


def _answer(engine: Engine, number: int, task: _Task) -> Comparison:
    def asked(side: Traced) -> set[int]:
        query = renamed(side.query, lambda name: f"{name}__{number}")
        return set(engine.run(query).column(NUMBER).to_pylist())

    try:
        theirs = asked(task.b)
        ours = asked(task.a) if task.a else set()
    except (UnsupportedError, RunError) as error:
        if task.proven:
            return Comparison(Verdict.EQUAL, "one form: they say the same", task.table, proven=True)
        return _untested(str(error), table=task.table)
    if task.a and any(case.a is not None and case.a != (place in ours) for place, case in enumerate(task.cases)):
        known = [(case, place in theirs) for place, case in enumerate(task.cases) if case.a is not None]
    else:
        known = [
            (
                _Case(case.row, case.table, place in ours if case.a is None else case.a, case.event, case.origin),
                place in theirs,
            )
            for place, case in enumerate(task.cases)
            if case.a is not None or task.a
        ]
    return _verdict(known, task)


def _verdict(asked: Sequence[tuple[_Case, bool]], task: _Task) -> Comparison:
    """The relation over the cases asked, each with what `b` said of it."""
    if task.turned:
        asked = [(replace(case, a=b), bool(case.a)) for case, b in asked]
    chosen = sum(bool(case.a) for case, _ in asked), sum(b for _, b in asked)
    missing = [case for case, b in asked if case.a and not b]
    extra = [case for case, b in asked if b and not case.a]
    both = sum(bool(case.a) and b for case, b in asked)
    by_kind = not missing and bool(extra) and all(case.origin == OTHER_KIND for case in extra)
    verdict, reason = _relation(chosen, both, missing, extra, len(asked), task)
    if by_kind:
        reason += "; only events of another kind tell them apart (operating system, event type)"
    left_off = tuple(dict.fromkeys((*(task.a.left_off if task.a else ()), *task.b.left_off)))
    if left_off:
        reason += f"; compared without {', '.join(left_off)}"
    return Comparison(
        verdict, "; ".join((reason, *task.notes)), task.table, len(asked), chosen,
        _witness(missing, True), _witness(extra, False), task.proven and verdict is Verdict.EQUAL, "", left_off, by_kind,
    )  # fmt: skip


def _relation(
    chosen: tuple[int, int], both: int, missing: list[_Case], extra: list[_Case], events: int, task: _Task
) -> tuple[Verdict, str]:
    if task.proven and not missing and not extra:
        return Verdict.EQUAL, f"one form: they choose by the same conditions ({events} events agree)"
    if not chosen[0]:
        return Verdict.UNTESTED, f"the first chooses none of {events} events"
    if not chosen[1]:
        if task.fitted:
            return (
                Verdict.IMPOSSIBLE,
                f"the second chooses none of {events} events, {chosen[0]} of which the first chooses",
            )
        return Verdict.UNTESTED, f"no event that the second chooses could be made ({events} tried)"
    if not missing and not extra and not task.fitted:
        why = "but not all that is asked could be made into events"
        return Verdict.UNTESTED, f"no difference on {events} events, {both} of which both choose, {why}"
    if not missing and not extra:
        return Verdict.EQUAL, f"no difference on {events} events, {both} of which both choose"
    if missing and extra:
        apart = "; none is chosen by both" if not both else ""
        reason = f"of {events} events {len(missing)} only the first chooses and {len(extra)} only the second{apart}"
        return Verdict.DIFFERS, reason
    if extra:
        return Verdict.WIDER, f"the second also chooses {len(extra)} of {events} events"
    return Verdict.NARROWER, f"the second does not choose {len(missing)} of {events} events that the first chooses"


def _witness(cases: Sequence[_Case], by_first: bool) -> Witness | None:
    """The plainest of events that only one side chooses: with the fewest fields, in the source's names if it has them."""
    if not cases:
        return None
    plain = min(cases, key=lambda case: (case.origin == OTHER_KIND, case.event is None, not case.row, len(case.row)))
    return Witness(plain.event or {}, plain.row, by_first, not by_first, plain.origin)


__all__ = ["Comparison", "Side", "compare", "compare_all", "invalid", "side"]
