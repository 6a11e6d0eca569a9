"""Two Kusto queries compared by their whole answers over small tables of events: for counts, joins and unions of tables.

The events are made from what both ask of a table's columns, some of which hold them and some just miss; columns they group or join by
get a few values, and tables are as long as the thresholds the queries name. What gives other rows each time is refused.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from ..engines import reference
from ..engines.duck import Engine
from ..errors import RunError, UnsupportedError
from ..model import (
    Aggregate,
    Call,
    Expr,
    Field,
    Limit,
    Match,
    Op,
    Query,
    SampleDistinct,
    Scan,
    Top,
    TopHitters,
    TopNested,
    Verdict,
    Witness,
    expressions,
    queries,
    replace,
)
from ..translation.proof import ARROW
from .common_rows import core, rows_of
from .tracing import SHOWING, TIMES, condition, renamed

Row = dict[str, Any]
Types = Mapping[str, str]
CALLER = "comparison of answers"
BY_CHANCE = (Limit, Top, SampleDistinct, TopHitters, TopNested)
ORDERED = frozenset({"prev", "next", "row_number", "row_cumsum", "row_window_session", "rand", "new_guid", "take_any"})
DISTINCT = frozenset({"dcount", "dcountif", "count_distinct", "count_distinctif", "make_set", "make_set_if"})
SPANS = (timedelta(minutes=9), timedelta(hours=20), timedelta(days=12))
WORDS = ("alpha", "beta", "gamma")
SIZES = (1, 2, 3, 5, 8, 13)
MOST_LIMIT = 150
LEAST_ANSWERS = 4


@dataclass(frozen=True, slots=True)
class Answers:
    """How `b` relates to `a` by their answers; `rounds` tables were asked, `answered` by each with rows."""

    verdict: Verdict
    reason: str
    rounds: int = 0
    answered: tuple[int, int] = (0, 0)
    only_a: Witness | None = None
    only_b: Witness | None = None


def by_answers(
    a: Query,
    b: Query,
    types: Mapping[str, Types],
    groups: tuple[str, ...] | None = None,
    spans: tuple[timedelta, ...] = SPANS,
) -> Answers:
    """Runs both over the same tables of events. `types` has the columns of each table either reads.

    With `groups` (columns) only those values of the answers count, each once, in any case; with none, whether there is an answer.
    `spans` are the times the events of a table lie in. Raises UnsupportedError for a query whose answer is not the same each time, and for one that cannot be run.
    """
    for query in (a, b) if groups is None else (b,):
        _refuse_chance(query)
    used = {field.name for query in (a, b) for field in expressions(query, Field)}
    types = {
        table: {name: kind for name, kind in columns.items() if name in used or name in TIMES}
        for table, columns in types.items()
    }
    rounds = list(_rounds(a, b, types, spans, groups or ()))
    tables: dict[str, pa.Table] = {}
    schemas: dict[str, Types] = {}
    for number, made in enumerate(rounds):
        for name, rows in made.items():
            tables[f"{name}__{number}"] = _arrow(rows, types[name])
            schemas[f"{name}__{number}"] = types[name]
    engine = Engine(tables, schemas=schemas)
    try:
        answers = [(_run(engine, a, number), _run(engine, b, number)) for number in range(len(rounds))]
    except RunError as error:
        raise UnsupportedError(CALLER, str(error)) from error
    finally:
        engine.close()
    fitted = all(_pool(table, (a, b), columns)[0] for table, columns in types.items())
    if groups is not None:
        answers = [(_grouped(ours, groups), _grouped(theirs, groups)) for ours, theirs in answers]
    return _told(rounds, answers, fitted)


def _grouped(rows: list[Row], groups: tuple[str, ...]) -> list[Row]:
    """The groups rows are about, each once; one empty group when they do not say."""
    said = [{name: str(row.get(name)).lower() for name in groups if name in row} for row in rows]
    return list({json.dumps(row): row for row in said}.values())


def _refuse_chance(query: Query) -> None:
    for each in queries(query):
        for stage in each.stages:
            if isinstance(stage, BY_CHANCE):
                raise UnsupportedError(CALLER, f"{stage.keyword}, whose rows may differ each time")
    for call in expressions(query, Call):
        if call.name in ORDERED:
            raise UnsupportedError(CALLER, f"{call.name}, which depends on the order of rows")


# ---------------------------------------------------------------- tables of events


def _rounds(
    a: Query, b: Query, types: Mapping[str, Types], spans: tuple[timedelta, ...], groups: tuple[str, ...]
) -> Iterator[dict[str, list[Row]]]:
    """Tables to ask both about: short ones, and ones about as long as each threshold."""
    chance = random.Random(7)
    pools = {table: _pool(table, (a, b), types[table]) for table in types}
    words = _words(a, b)
    counted = {
        field.name for query in (a, b) for call in expressions(query, Call) if call.name in DISTINCT
        for field in expressions(call, Field)
    }  # fmt: skip
    grouped = {
        field.name for query in (a, b) for each in queries(query) for stage in each.stages
        if isinstance(stage, Aggregate) for column in stage.by for field in expressions(column.value, Field)
    }  # fmt: skip
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    edge = now - timedelta(minutes=now.minute % 10 + 10)  # of bins of ten minutes; some tables lie on both sides of it
    limits = [limit for limit in _limits(a, b) if 1 < limit <= MOST_LIMIT][:4]
    sizes = [*SIZES, *(size for limit in limits for size in (limit - 1, limit, limit, limit + 1, 2 * limit))]
    for turn, size in enumerate(size for size in sizes * 2 for _ in MODES):
        made: dict[str, list[Row]] = {}
        for table, columns in types.items():
            taken, missed = pools[table]
            taken = taken or [*missed, {}]
            mode = MODES[turn % len(MODES)]
            pool = [*taken, *missed] if mode == "mixed" else [chance.choice(taken)] if mode == "one group" else taken
            fixed = {*groups, *grouped, *(name for row in pool for name in row)}
            several = [name for name, kind in columns.items() if kind != "datetime" and name not in fixed]
            focus = [name for name in several if name in counted] or several
            varied = chance.choice(focus) if focus and chance.random() < 0.7 else ""
            few = 1 if mode == "one group" else 3
            span = spans[turn // len(MODES) % len(spans)]
            filled = _Filling(chance, words, edge if turn % 2 else edge - span / 2, span, varied, few)
            made[table] = [
                filled.row(
                    {name: value for name, value in chance.choice(pool).items() if name not in groups}, columns, number
                )
                for number in range(size)
            ]
        yield made


MODES = ("one group", "some groups", "mixed")


def _pool(table: str, asked: tuple[Query, ...], columns: Types) -> tuple[list[Row], list[Row]]:
    """Rows of a table made from what the queries ask of it first: those they take, and others."""
    taken: list[Row] = []
    missed: list[Row] = []
    for query in asked:
        for inner in queries(query):
            first = inner.stages[0] if inner.stages else None
            if first is None or (isinstance(first, Scan) and core(first.table) != core(table)):
                continue
            end = next((at for at, stage in enumerate(inner.stages) if isinstance(stage, SHOWING)), len(inner.stages))
            wanted = condition(replace(inner, stages=inner.stages[:end]))[0]
            takes = _test(wanted)
            for row in rows_of(wanted, {}, columns, 12):
                (taken if takes(row) else missed).append(row)
    return taken, missed


def _test(wanted: Expr) -> Callable[[Row], bool]:
    try:
        return reference.compile_predicate(wanted)
    except UnsupportedError:
        return lambda row: True


def _limits(*asked: Query) -> list[int]:
    return list(
        dict.fromkeys(
            value
            for query in asked
            for match in expressions(query, Match)
            if match.op in (Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ)
            for value in match.values
            if isinstance(value, int) and not isinstance(value, bool)
        )
    )


def _words(*asked: Query) -> dict[str, list[str]]:
    """The texts the queries ask of each column."""
    found: dict[str, list[str]] = {}
    for query in asked:
        for match in expressions(query, Match):
            if isinstance(match.subject, Field) and match.op is not Op.REGEX:
                found.setdefault(match.subject.name, []).extend(each for each in match.values if isinstance(each, str))
    return found


@dataclass(frozen=True, slots=True)
class _Filling:
    """Values for the columns a row has none of yet: one of `few` words, another in each row for the column `varied`."""

    chance: random.Random
    words: Mapping[str, list[str]]
    around: datetime
    span: timedelta
    varied: str
    few: int

    def row(self, given: Row, columns: Types, number: int) -> Row:
        made = dict(given)
        for name, kind in columns.items():
            if name in made:
                continue
            if kind == "datetime":
                made[name] = self.around + (self.chance.random() - 0.5) * self.span
            elif kind == "string":
                asked = self.words.get(name, [])[: self.few]
                several = [*asked, *WORDS[: self.few]][: max(self.few, 2 * len(asked))]
                made[name] = f"v{number}" if name == self.varied else self.chance.choice(several)
            elif kind in ("int", "long", "real"):
                made[name] = number if name == self.varied else self.chance.randrange(self.few)
            elif kind == "bool":
                made[name] = self.chance.choice((True, False))
        return made


def _arrow(rows: list[Row], types: Types) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row if name in types)
    arrays = {}
    for name in names:
        values, kind = [row.get(name) for row in rows], types[name]
        if kind == "datetime":
            arrays[name] = pa.array(values, pa.timestamp("us", tz="UTC"))
            continue
        if kind == "dynamic":
            values = [None if value is None else json.dumps(value) for value in values]
        elif kind not in ARROW or kind == "string":
            values = [None if value is None else str(value) for value in values]
        arrays[name] = pa.array(values, ARROW.get(kind, pa.string()))
    return pa.table(arrays) if arrays else pa.table({"TimeGenerated": pa.array([None] * len(rows), pa.string())})


# ---------------------------------------------------------------- answers


def _run(engine: Engine, query: Query, number: int) -> list[Row]:
    rows: list[Row] = engine.run(renamed(query, lambda name: f"{name}__{number}")).to_pylist()
    return rows


def _told(rounds: list[dict[str, list[Row]]], answers: list[tuple[list[Row], list[Row]]], fitted: bool) -> Answers:
    """What the answers tell; `fitted`: each table has rows that the queries take."""
    answered = sum(bool(ours) for ours, _ in answers), sum(bool(theirs) for _, theirs in answers)
    firsts = [next((rows[side][0] for rows in answers if rows[side]), {}) for side in (0, 1)]
    shared = tuple(name for name in firsts[0] if name in firsts[1])
    missing: list[tuple[int, Row]] = []
    extra: list[tuple[int, Row]] = []
    for number, (ours, theirs) in enumerate(answers):
        counted = [Counter(_key(row, shared) for row in rows) for rows in (ours, theirs)]
        if counted[0] - counted[1]:
            missing.append((number, _first(ours, shared, counted[0] - counted[1])))
        if counted[1] - counted[0]:
            extra.append((number, _first(theirs, shared, counted[1] - counted[0])))
    compared = (
        f"by {', '.join(shared[:4])}{', ...' if len(shared) > 4 else ''}" if shared else "by how many rows there are"
    )
    total = len(answers)
    if not missing and not extra:
        if min(answered) < LEAST_ANSWERS or not fitted:
            return Answers(Verdict.UNTESTED, f"too few of {total} tables of events are answered", total, answered)
        reason = (
            f"no difference in the answers to {total} tables of events, {min(answered)} of which have rows, {compared}"
        )
        return Answers(Verdict.EQUAL, reason, total, answered)
    verdict = Verdict.DIFFERS if missing and extra else Verdict.NARROWER if missing else Verdict.WIDER
    said = f"of {total} tables of events {len(missing)} have answers only the first gives and {len(extra)} only the second, {compared}"
    for answers_seen, side in zip(answered, ("first", "second"), strict=True):
        if not answers_seen:
            said += f"; no table was found that the {side} answers"
    return Answers(verdict, said, total, answered, _witness(missing, rounds, True), _witness(extra, rounds, False))


def _key(row: Row, names: tuple[str, ...]) -> str:
    return json.dumps([_plain(row.get(name)) for name in names], default=str, sort_keys=True)


def _plain(value: Any) -> Any:
    """A value in a form that rounding and the order of a set do not change."""
    match value:
        case float():
            return round(value, 9)
        case datetime():
            return value.replace(second=0, microsecond=0).isoformat()
        case list():
            return sorted((_plain(each) for each in value), key=str)
        case str() if value[:1] == "[":
            try:
                return _plain(json.loads(value))
            except ValueError:
                return value
    return value


def _first(rows: list[Row], names: tuple[str, ...], keys: Counter[str]) -> Row:
    return next(row for row in rows if _key(row, names) in keys)


def _witness(found: list[tuple[int, Row]], rounds: list[dict[str, list[Row]]], by_first: bool) -> Witness | None:
    """The shortest table whose answers differ, with a row only one side gives."""
    if not found:
        return None
    number, row = min(found, key=lambda each: sum(map(len, rounds[each[0]].values())))
    events = {table: [_shown(each) for each in rows] for table, rows in rounds[number].items()}
    return Witness({}, {"tables": events, "answer": _shown(row)}, by_first, not by_first, "a table of events")


def _shown(row: Row) -> Row:
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, timedelta)
        else value
        for name, value in row.items()
        if value not in (None, "")
    }


def tables_of(query: Query) -> tuple[str, ...]:
    """The tables a query reads. Raises UnsupportedError for a pattern of tables."""
    named = {let.name for each in queries(query) for let in each.lets}
    found: dict[str, None] = {}
    for each in queries(query):
        for stage in each.stages:
            if isinstance(stage, Scan) and stage.table and stage.table not in named:
                if "*" in stage.table or stage.logsource:
                    raise UnsupportedError(CALLER, f"the tables {stage.table}")
                found[stage.table] = None
    return tuple(found)
