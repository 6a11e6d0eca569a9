"""Kusto rules over the tables that logs turn out to be.

Rows of recognised tables are kept as they stream by; events of Sigma log sources also become rows of the Sentinel, Defender
and ASIM tables that `schemas.mappings` knows for them, by the same rows translation uses. A scheduled rule then runs as its
service would: every `frequency` seconds back from the end of the log, each time over its look-back only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..engines.duck import Engine, Function
from ..errors import RulescopeError, UnsupportedError
from ..logs import Batch, Row
from ..logs.arrow import arrow_table
from ..logs.times import iso, when
from ..model import Alert, NotRun, Query, Rule, Schedule
from .declared import declared
from .scan_alerts import alert_of, fires, plain
from .scan_origins import MARK, Origins, traced
from .scan_rows import Makers
from .table_needs import needs
from .tables import externals, folder, load, parser_functions, stored_functions

ENGINE = "duckdb"
MOST_RUNS = 1_000
"""Times a scheduled rule is run at most; a longer log is covered from its end."""

MOST_ALERTS = 100_000
"""Result rows of one rule that become alerts at most."""

TIMES = ("TimeGenerated", "Timestamp")


class TableRules:
    """Kusto rules, and the rows of the tables they read."""

    def __init__(
        self,
        rules: list[tuple[int, Rule, Query]],
        folder: str | Path | None = None,
        functions: str | Path | None = None,
    ) -> None:
        """Raises LogError for a folder that is none, QuerySyntaxError for a function that is not well formed."""
        self._functions = stored_functions(functions) if functions else {}
        self._rules = [(number, rule, query, needs(query, self._functions)) for number, rule, query in rules]
        self._folder = folder
        self._rows: dict[str, list[Row]] = {}
        self._origins = Origins()
        self._makers = Makers(frozenset(name for _, _, _, need in self._rules for name in need.all))
        self._end: datetime | None = None
        self._start: datetime | None = None

    def take(self, batch: Batch) -> None:
        """Keep what the rules may need of a batch."""
        if not self._rules:
            return
        for row, record in zip(batch.rows, batch.numbers, strict=True):
            found = self._makers.of(row, batch)
            if not found:
                continue
            moment = when(row)
            if moment is not None:
                self._end = moment if self._end is None or moment > self._end else self._end
                self._start = moment if self._start is None or moment < self._start else self._start
            for maker in found:
                made = maker.make(row)
                if moment is not None:
                    for name in TIMES:
                        if not made.get(name):
                            made[name] = iso(moment)
                self._rows.setdefault(maker.table, []).append(made)
                self._origins.add(maker.table, batch.log, record)

    def run(self, now: datetime | None = None) -> Iterator[tuple[int, Alert | NotRun]]:
        """Alerts of all rules with their numbers, in their order, or why they did not run.

        With `now` every rule runs once, at that moment; without, scheduled rules run along the log and all others at its end.
        """
        if not self._rules:
            return
        tables = {name: self._origins.marked(name, _arrow(name, rows)) for name, rows in self._rows.items()}
        self._rows.clear()
        others = {name: load(name, path) for name, path in folder(self._folder).items()} if self._folder else {}
        tables = others | tables
        optional = frozenset(name for _, _, _, need in self._rules for name in need.optional)
        engines = _Engines(optional - tables.keys(), self._functions, self._folder)
        try:
            yield from self._run(tables, others, engines, now)
        finally:
            engines.close()

    def _run(
        self, tables: dict[str, pa.Table], others: dict[str, pa.Table], engines: _Engines, now: datetime | None
    ) -> Iterator[tuple[int, Alert | NotRun]]:
        for number, rule, query, need in self._rules:
            missing = need.missing(tables)
            if missing:
                yield (
                    number,
                    NotRun(rule.id, ENGINE, f"table {missing}", "no log holds rows of this table", rule.title),
                )
                continue
            try:
                chosen = others | need.chosen(tables) if rule.schedule else tables
                for result in self._alerts(rule, query, chosen, engines, now, self._origins.logs(need.chosen(tables))):
                    yield number, result
            except UnsupportedError as error:
                yield number, NotRun(rule.id, ENGINE, error.construct, str(error), rule.title)
            except RulescopeError as error:
                yield number, NotRun(rule.id, ENGINE, "limits", str(error), rule.title)

    def _alerts(
        self, rule: Rule, query: Query, tables: dict[str, pa.Table], engines: _Engines, now: datetime | None, logs: str
    ) -> Iterator[Alert | NotRun]:
        seen: set[str] = set()
        lacking = self._uncovered(rule.schedule, now)
        if lacking:
            yield NotRun(rule.id, ENGINE, "schedule", lacking, rule.title)
        marked = traced(query)
        if marked is not None and any(MARK not in table.column_names for table in needs(query).chosen(tables).values()):
            marked = None
        for moment, chosen in self._runs(rule.schedule, tables, now):
            if marked is None:
                chosen = engines.unmarked(chosen)
            found = engines.over(chosen, moment, query).run(marked or query)
            if not fires(rule, found.num_rows):
                continue
            if not found.num_rows:  # fires on absence: nothing to show but that
                yield alert_of(rule, {}, iso(moment), 0, logs)
                continue
            for row in found.to_pylist():
                made = {name: plain(value) for name, value in row.items()}
                place = made.pop(MARK, None)
                key = json.dumps(made, sort_keys=True, default=str)
                if key in seen:  # overlapping look-backs see a row more than once
                    continue
                seen.add(key)
                if len(seen) > MOST_ALERTS:
                    raise UnsupportedError(ENGINE, f"more than {MOST_ALERTS:,} result rows")
                log, record = self._origins.at(place) if place is not None else (logs, 0)
                yield alert_of(rule, made, iso(when(made)) or iso(moment), 1, log, record)

    def _uncovered(self, schedule: Schedule | None, now: datetime | None) -> str:
        """Why a schedule does not reach over the whole log; empty when it does."""
        if now is not None or schedule is None or not schedule.lookback or not schedule.frequency:
            return ""
        if self._start is None or self._end is None:
            return ""
        wanted = -(-(self._end - self._start) // timedelta(seconds=schedule.frequency))
        if wanted <= MOST_RUNS:
            return ""
        covered = iso(self._end - timedelta(seconds=schedule.frequency * (MOST_RUNS - 1) + schedule.lookback))
        return f"the logs are as long as {wanted:,} runs; only the last {MOST_RUNS:,} were made, on what is after {covered}"

    def _runs(
        self, schedule: Schedule | None, tables: dict[str, pa.Table], now: datetime | None
    ) -> Iterator[tuple[datetime | None, dict[str, pa.Table]]]:
        """Moments to run at, in order, each with the rows its look-back holds."""
        end = now or (self._end + timedelta(microseconds=1) if self._end else None)
        if schedule is None or not schedule.lookback or end is None:
            yield end, tables
            return
        back = timedelta(seconds=schedule.lookback)
        if now is not None or not schedule.frequency or self._start is None:
            yield end, _between(tables, end - back, end)
            return
        step = timedelta(seconds=schedule.frequency)
        count = min(MOST_RUNS, max(1, -(-(end - self._start) // step)))
        for number in range(count - 1, -1, -1):
            moment = end - number * step
            chosen = _between(tables, moment - back, moment)
            if any(table.num_rows for table in chosen.values()):
                yield moment, chosen


class _Engines:
    """Engines over tables, the last few kept: rules that run at one moment over the same rows share one."""

    KEPT = 2

    def __init__(self, empty: frozenset[str], functions: Mapping[str, Query], folder: str | Path | None) -> None:
        """`empty` are tables no log has rows of, which queries may read all the same."""
        self._empty = {name: dict(declared(name)) for name in empty if declared(name)}
        self._functions = functions
        self._folder = folder
        self._open: dict[Any, tuple[dict[str, pa.Table], Engine]] = {}
        self._unmarked: dict[int, tuple[pa.Table, pa.Table]] = {}

    def unmarked(self, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
        """`tables` without the mark of each row, the same values for the same tables."""
        if len(self._unmarked) > 1000:
            self._unmarked.clear()
        found = {}
        for name, table in tables.items():
            if MARK not in table.column_names:
                found[name] = table
                continue
            known = self._unmarked.get(id(table))
            if known is None:
                known = self._unmarked[id(table)] = (table, table.drop_columns([MARK]))
            found[name] = known[1]
        return found

    def over(self, tables: dict[str, pa.Table], now: datetime | None, query: Query) -> Engine:
        """An engine over `tables` at `now`; parser functions answer for the tables of their name."""
        outside = externals(query, self._folder) if self._folder else {}
        key: tuple[Any, ...] = (now, tuple((name, id(table)) for name, table in tables.items()))
        if not outside and key in self._open:
            return self._open[key][1]
        schemas = self._empty | {name: dict(declared(name)) for name in tables if declared(name)}
        functions: dict[str, Function] = {**parser_functions(tables), **self._functions}
        engine = Engine(tables, schemas=schemas, functions=functions, externals=outside, now=now, timeout=60.0)
        while len(self._open) >= self.KEPT:
            self._open.pop(next(iter(self._open)))[1].close()
        if outside:
            key = (now, id(query))
        self._open[key] = (tables, engine)  # the tables too: an id is theirs only while they live
        return engine

    def close(self) -> None:
        """Gives the engines back."""
        for _, engine in self._open.values():
            engine.close()
        self._open.clear()


def _arrow(name: str, rows: list[Row]) -> pa.Table:
    return arrow_table(rows, declared(name))


def _between(tables: Mapping[str, pa.Table], start: datetime, end: datetime) -> dict[str, pa.Table]:
    """Rows of each table with a time after `start` and not after `end`; tables without times whole."""
    chosen = {}
    for name, table in tables.items():
        column = next((column for column in TIMES if column in table.column_names), None)
        if column is not None and pa.types.is_timestamp(table.schema.field(column).type):
            times = table[column]
            kind = times.type
            inside = pc.and_(pc.greater(times, pa.scalar(start, kind)), pc.less_equal(times, pa.scalar(end, kind)))
            table = table.filter(inside)
        chosen[name] = table
    return chosen
