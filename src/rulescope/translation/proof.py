"""Does a translation choose the same events as its source? Both run on the same events, each in its own names.

Expected is what the reference evaluator says of the source; found is what the reference evaluator and DuckDB say of the
text that was read back. An event the target's columns cannot hold is left out. A text column keeps no difference between a
missing and an empty text, so neither is asked of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ..engines import reference
from ..engines.duck import Engine
from ..errors import RunError, UnsupportedError
from ..model import (
    And,
    Call,
    Check,
    Expr,
    Field,
    Filter,
    Index,
    Match,
    Node,
    Not,
    Op,
    Or,
    Query,
    Scan,
    Verdict,
    Within,
    Witness,
    expressions,
    replace,
    rewrite,
)
from ..schemas.columns import Outside
from ..schemas.mappings import Mapping as SchemaMapping
from . import computed
from .text import untimed

ID = "_event"
DEVICES = "DeviceInfo"

ARROW = {
    "string": pa.string(), "int": pa.int32(), "long": pa.int64(), "real": pa.float64(), "bool": pa.bool_(),
    "dynamic": pa.string(), "guid": pa.string(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """An event in the source's names and in the table's, and whether the source chooses it."""

    event: dict[str, Any]
    row: dict[str, Any]
    expected: bool
    origin: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What running both sides gave."""

    verdict: Verdict
    checks: tuple[Check, ...]
    witness: Witness | None = None
    events: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A source, its translation as read back, and the events to run them on, each with where it comes from."""

    source: Query
    mapping: SchemaMapping
    target: Query
    events: Sequence[tuple[Mapping[str, Any], str]]


def prove(tasks: Sequence[Task]) -> list[Proof]:
    """Runs each task's source and target over its events and over events of other kinds; one proof a task, in order.

    The verdict is the worst of the engines'; UNTESTED when the table can hold no event that the source chooses. Many
    tasks at once are faster: they share one DuckDB.
    """
    runs = [_Run(number, task) for number, task in enumerate(tasks)]
    tested = [run for run in runs if any(case.expected for case in run.cases)]
    for run in tested:
        run.judge("reference", _by_reference)
    _duckdb(tested)
    return [run.proof() for run in runs]


UNFIT = "no event was found that matches the source and that the table can hold"


class _Run:
    """One task while it runs."""

    def __init__(self, number: int, task: Task) -> None:
        self.mapping = task.mapping
        self.cases = cases_of(task.source, task.mapping, task.events)
        self.query = untimed(task.target)
        self.table = f"events{number}"
        self.checks: list[Check] = []
        self.verdicts: list[tuple[Verdict, Witness | None]] = []

    def judge(self, engine: str, ask: Callable[[_Run], set[int]]) -> None:
        """Asks one engine which of the cases the target chooses."""
        try:
            found = ask(self)
        except (UnsupportedError, RunError) as error:
            self.checks.append(Check(f"execute {engine}", None, str(error)))
            return
        verdict, witness = compared(self.cases, found)
        self.verdicts.append((verdict, witness))
        chosen = sum(case.expected for case in self.cases)
        detail = f"{len(self.cases)} events, {chosen} of them matching: {verdict}"
        self.checks.append(Check(f"execute {engine}", verdict is Verdict.EQUAL, detail))

    def proof(self) -> Proof:
        """What the engines found."""
        if not self.verdicts:
            why = UNFIT if self.cases else "no events"
            checks = self.checks or [Check("execute", None, why)]
            return Proof(Verdict.UNTESTED, tuple(checks), None, len(self.cases))
        worst, witness = next((each for each in self.verdicts if each[0] is not Verdict.EQUAL), self.verdicts[0])
        return Proof(worst, tuple(self.checks), witness, len(self.cases))


def cases_of(
    source: Query, mapping: SchemaMapping, events: Iterable[tuple[Mapping[str, Any], str]]
) -> tuple[Case, ...]:
    """Events both sides can hold, and for one that matches its like of other kinds, which must not match."""
    chooses = reference.compile_predicate(resolved(And(_predicates(source)), mapping))
    local = _local(mapping)
    kind = Query((Scan(mapping.table), Filter(local(And(mapping.where)))))
    cases: list[Case] = []
    decoyed = False
    names = tuple(dict.fromkeys(field.name for field in expressions(source, Field)))
    asked = _asked(names)
    for given, origin in _spread(events, mapping):
        event = mapping.complete(asked(given), names)
        try:
            row = mapping.map_event(event)
        except Outside:
            event = mapping.likely(event)
            try:
                row = mapping.map_event(event)
            except Outside:
                continue
        expected = chooses(event) and bool(computed.run(kind, [row]))
        cases.append(Case(dict(event), row, expected, origin))
        if expected and not decoyed:
            decoyed = True
            for other in _other_kinds(mapping.where, row):
                cases.append(Case({}, other, False, "an event of another kind"))
    return tuple(cases)


def _spread(
    events: Iterable[tuple[Mapping[str, Any], str]], mapping: SchemaMapping
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Events, and those whose text may be one of a list with it first, last, and broken in two."""
    for event, origin in events:
        yield event, origin
        for name, value in event.items():
            row = mapping.field(name) if isinstance(value, str) and value else None
            if row is not None and row.lists:
                half = len(value) // 2
                for listed in ([value, "-"], ["-", value], [value[:half], value[half:]]):
                    yield {**event, name: listed}, f"{origin}, {name} as a list"


def _asked(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Of an event, the fields the source asks about; all of it when it has keywords."""
    if "*" in names:
        return dict

    def chosen(event: Mapping[str, Any]) -> dict[str, Any]:
        values = ((name, reference.look_up(event, name)) for name in names)
        return {name: value for name, value in values if value is not None}

    return chosen


def _predicates(query: Query) -> tuple[Expr, ...]:
    return tuple(stage.predicate for stage in query.stages if isinstance(stage, Filter))


def resolved(expr: Expr, mapping: SchemaMapping) -> Expr:
    """`expr` as far as the table can tell: of a text field, `exists` is "not empty" and `eq ""` is "empty"."""

    def change(node: Node) -> Node:
        match node:
            case Match(Field(name), Op.EXISTS) if _is_text(name, mapping):
                return Not(Match(Field(name), Op.EMPTY))
            case Match(Field(name), Op.EQ, values) if "" in values and _is_text(name, mapping):
                absent = Match(Field(name), Op.EMPTY)
                rest = tuple(value for value in values if value != "")
                return Or((absent, replace(node, values=rest))) if rest else absent
        return node

    result: Expr = rewrite(expr, change)
    return result


def _is_text(name: str, mapping: SchemaMapping) -> bool:
    row = mapping.field(name) if name != "*" else None
    return row is not None and row.type(mapping.types) in ("string", "dynamic")


def _other_kinds(where: Iterable[Expr], row: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """`row` with one of the conditions of its log source broken at a time."""
    for condition in where:
        match condition:
            case Match(Field(name), _, (bool() as truth, *_)):
                yield {**row, name: not truth}
            case Match(Field(name), _, (int(), *_)):
                yield {**row, name: 65_000}
            case Match(Field(name)):
                yield {**row, name: "Other"}
            case Match(Call("tostring", (Index(Field(name), key),))):
                yield {**row, name: {**row[name], getattr(key, "value", ""): "Other"}}
            case Not(Match(Call("tostring", (Index(Field(name), key),)), Op.EMPTY)):
                yield {
                    **row,
                    name: {each: held for each, held in row[name].items() if each != getattr(key, "value", "")},
                }
            case Within(Field(name)):
                yield {**row, name: "device-other"}


def _local(mapping: SchemaMapping) -> Any:
    """Replaces the look-up of a device's operating system by the devices our rows name."""

    def change(node: Node) -> Node:
        match node:
            case Within(Field(name), Op.EQ, query):
                chosen = reference.run(query, devices())
                values = tuple(str(value) for device in chosen for value in device.values())
                return Match(Field(name), Op.EQ, values, cased=True)
        return node

    return lambda node: rewrite(node, change)


def devices() -> list[dict[str, Any]]:
    names = {"device-windows": "Windows11", "device-linux": "Linux", "device-macos": "macOS", "device-other": "iOS"}
    return [{"DeviceId": key, "OSPlatform": name} for key, name in names.items()]


def _used(query: Query, mapping: SchemaMapping, cases: Sequence[Case]) -> dict[str, str]:
    """Columns the query reads or a row holds, with their types."""
    names = dict.fromkeys(field.name for field in expressions(query, Field))
    names |= dict.fromkeys(name for case in cases for name in case.row)
    return {name: mapping.types[name] for name in names if name in mapping.types}


def _by_reference(run: _Run) -> set[int]:
    columns = _used(run.query, run.mapping, run.cases)
    rows = []
    for number, case in enumerate(run.cases):
        row = {name: "" for name, kind in columns.items() if kind == "string"}
        row |= {name: value for name, value in case.row.items() if value is not None}
        rows.append({**row, ID: number})
    return {row[ID] for row in computed.run(_local(run.mapping)(run.query), rows)}


def _duckdb(runs: Sequence[_Run]) -> None:
    """Judges every run by DuckDB, each run's rows in a table of its own."""
    if not runs:
        return
    tables: dict[str, pa.Table] = {DEVICES: pa.Table.from_pylist(devices())}
    schemas: dict[str, Mapping[str, str]] = {}
    for run in runs:
        columns = _used(run.query, run.mapping, run.cases)
        tables[run.table] = _arrow(run.cases, columns)
        schemas[run.table] = {ID: "long", **columns}
    engine = Engine(tables, schemas=schemas)
    for run in runs:
        stages = (Scan(run.table), *run.query.stages[1:])
        here = replace(run.query, stages=stages)
        run.judge("duckdb", lambda _, query=here: set(engine.run(query).column(ID).to_pylist()))  # type: ignore[misc]


def _arrow(cases: Sequence[Case], columns: Mapping[str, str]) -> pa.Table:
    arrays = {ID: pa.array(range(len(cases)), pa.int64())}
    for name, kind in columns.items():
        values = [case.row.get(name) for case in cases]
        if kind == "dynamic":
            values = [None if value is None else json.dumps(value, separators=(",", ":")) for value in values]
        arrays[name] = pa.array(values, ARROW.get(kind, pa.string()))
    return pa.table(arrays)


def compared(cases: Sequence[Case], found: set[int]) -> tuple[Verdict, Witness | None]:
    """How the chosen events relate, and the first event that tells the two apart."""
    expected = {number for number, case in enumerate(cases) if case.expected}
    if expected == found:
        return Verdict.EQUAL, None
    extra, missing = sorted(found - expected), sorted(expected - found)
    if not found:
        verdict = Verdict.IMPOSSIBLE
    elif extra and missing:
        verdict = Verdict.DIFFERS
    else:
        verdict = Verdict.WIDER if extra else Verdict.NARROWER
    number = (missing or extra)[0]
    case = cases[number]
    return verdict, Witness(case.event, case.row, number in expected, number in found, case.origin)
