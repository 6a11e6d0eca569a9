"""Does a correlation in Kusto fire when the rule does? Sequences of events are run on both sides, each a table of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from collections.abc import Sequence as Listed
from datetime import datetime
from typing import Any

import pyarrow as pa

from ..analysis.sequences import TIME, sequences
from ..engines import reference
from ..engines.duck import Engine
from ..errors import RunError, UnsupportedError
from ..model import Check, Correlate, Field, Filter, Node, Query, Scan, Verdict, Witness, expressions, replace, rewrite
from ..schemas.columns import Outside
from .proof import ARROW, DEVICES, Proof, devices
from .sliding import Ways, inner_stage, leaves

Row = dict[str, Any]
Fired = frozenset[tuple[str, ...]]
"""When and for which group a correlation fired: ISO time, then the group in lower case."""


def prove_sliding(query: Query, stage: Correlate, ways: Ways, target: Query, time: str) -> Proof:
    """Runs the correlation by the reference evaluator and `target` by DuckDB over sequences of events.

    UNTESTED when no sequence can be made, or none of those the tables can hold makes the rule fire.
    """
    try:
        made = sequences(query, _fits(stage, ways))
    except UnsupportedError as error:
        return _undone(str(error))
    if not made:
        return _undone("no event was found that the rules choose")
    kept: list[tuple[str, Listed[Row], list[dict[str, Row]]]] = []
    for sequence in made:
        for given in (sequence.events, _numbered(stage, sequence.events)):
            try:
                kept.append((sequence.why, given, [_rows(stage, ways, event, time) for event in given]))
                break
            except Outside:
                continue
    expected = [_expected(query, stage, events) for _, events, _ in kept]
    if not any(expected):
        return _undone("no sequence of events that makes it fire fits the tables")
    try:
        found = _found(target, stage, ways, [rows for _, _, rows in kept], time)
    except (UnsupportedError, RunError) as error:
        return _undone(str(error))
    extra = [place for place, fired in enumerate(found) if fired - expected[place]]
    missing = [place for place, fired in enumerate(found) if expected[place] - fired]
    verdict = _verdict(bool(extra), bool(missing), any(found))
    events = sum(len(each) for _, each, _ in kept)
    firing = sum(bool(each) for each in expected)
    said = f"{len(kept)} sequences of {events} events, {firing} of which make it fire: {verdict}"
    witness = None
    if extra or missing:
        place = (missing or extra)[0]
        why, shown_events, rows = kept[place]
        shown = [row for each in rows for row in each.values()]
        witness = Witness(
            {"events": [dict(event) for event in shown_events]},
            {"rows": shown},
            bool(expected[place]),
            bool(found[place]),
            why,
        )
    return Proof(verdict, (Check("execute duckdb", verdict is Verdict.EQUAL, said),), witness, events)


def _fits(stage: Correlate, ways: Ways) -> Callable[[Query, Map[str, Any]], bool]:
    """Whether the table of a part can hold an event."""
    of = {part.query: ways[path] for path, part in leaves(stage)}

    def fits(part: Query, event: Map[str, Any]) -> bool:
        try:
            of[part].map_event(of[part].likely(event))
        except Outside:
            return False
        return True

    return fits


def _numbered(stage: Correlate, events: Listed[Row]) -> Listed[Row]:
    """`events` with numbers for the texts they are grouped and counted by: for columns that hold numbers."""
    names = set(_grouped(stage))
    texts = {str(event[name]) for event in events for name in names if isinstance(event.get(name), str)}
    numbers = {text: str(number + 1001) for number, text in enumerate(sorted(texts))}
    return [
        {name: numbers.get(value, value) if name in names else value for name, value in event.items()}
        for event in events
    ]


def _grouped(stage: Correlate) -> Iterator[str]:
    """The fields a correlation and those within it group by and count."""
    yield from (stage.field, *stage.further, *stage.group_by)
    for part in stage.rules:
        yield from (field for _, field in part.aliases)
        inner = inner_stage(part)
        if inner is not None:
            yield from _grouped(inner)


def _undone(why: str) -> Proof:
    return Proof(Verdict.UNTESTED, (Check("execute", None, why),))


def _verdict(extra: bool, missing: bool, fires: bool) -> Verdict:
    if not extra and not missing:
        return Verdict.EQUAL
    if not fires:
        return Verdict.IMPOSSIBLE
    if extra and missing:
        return Verdict.DIFFERS
    return Verdict.WIDER if extra else Verdict.NARROWER


def _rows(stage: Correlate, ways: Ways, event: Map[str, Any], time: str) -> dict[str, Row]:
    """The event's row in the table of each part that takes it. Raises Outside when a table cannot hold it."""
    given = {name: value for name, value in event.items() if name != TIME}
    rows: dict[str, Row] = {}
    rules = list(leaves(stage))
    for path, part in rules:
        way = ways[path]
        takes = all(reference.holds(each.predicate, given) for each in part.query.stages if isinstance(each, Filter))
        if takes or len(rules) == 1:
            try:
                row = way.map_event(given)
            except Outside:
                row = way.map_event(way.likely(given))
            rows[way.table] = {**row, time: _moment(event[TIME])}
    return rows


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _expected(query: Query, stage: Correlate, events: Listed[Row]) -> Fired:
    """What the rule says; each part sees the events of its own log source that it takes."""
    fired = reference.run(query, events, TIME)
    return frozenset(
        (_moment(str(row["time"])).isoformat(), *(str(row[name]).lower() for name in stage.group_by)) for row in fired
    )


def _found(
    target: Query, stage: Correlate, ways: Ways, listed: Listed[Listed[dict[str, Row]]], time: str
) -> list[Fired]:
    tables: dict[str, pa.Table] = {DEVICES: pa.Table.from_pylist(devices())}
    schemas: dict[str, Map[str, str]] = {}
    used = {each.name for each in expressions(target, Field)}
    for number, events in enumerate(listed):
        for way in ways.values():
            rows = [event[way.table] for event in events if way.table in event]
            names = dict.fromkeys((*sorted(used), *(name for row in rows for name in row)))
            types = {name: way.types[name] for name in names if name in way.types}
            tables[f"{way.table}__{number}"] = _arrow(rows, types)
            schemas[f"{way.table}__{number}"] = types
    known = {way.table for way in ways.values()}
    engine = Engine(tables, schemas=schemas)
    groups = len(stage.group_by)
    try:
        found = []
        for number in range(len(listed)):

            def local(node: Node, number: int = number) -> Node:
                here = isinstance(node, Scan) and node.table in known
                return replace(node, table=f"{node.table}__{number}") if here else node  # type: ignore[attr-defined]

            answer = engine.run(rewrite(target, local)).to_pylist()
            found.append(
                frozenset((row[time].isoformat(), *(row[f"group{n + 1}"] for n in range(groups))) for row in answer)
            )
        return found
    finally:
        engine.close()


def _arrow(rows: Listed[Row], types: Map[str, str]) -> pa.Table:
    arrays = {}
    for name, kind in types.items():
        values = [row.get(name) for row in rows]
        if kind == "datetime":
            arrays[name] = pa.array(values, pa.timestamp("us", tz="UTC"))
            continue
        if kind == "dynamic":
            values = [None if value is None else json.dumps(value) for value in values]
        arrays[name] = pa.array(values, ARROW.get(kind, pa.string()))
    return pa.table(arrays)
