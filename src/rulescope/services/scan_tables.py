"""Kusto rules over the tables that logs turn out to be.

Rows of recognised tables are kept as they stream by; events of Sigma log sources also become rows of the Sentinel, Defender
and ASIM tables that `schemas.mappings` knows for them, by the same rows translation uses. A scheduled rule then runs as its
service would: every `frequency` seconds along the log, each time over its look-back only (`scan_moments` says when).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from .scan_devices import TABLE as DEVICES
from .scan_devices import Devices, beyond
from .scan_moments import TIMES, Clock, Moments, choosing, moments, time_column, time_columns
from .scan_origins import MARK, Origins, traced
from .scan_rows import Makers
from .table_needs import Needs, needs
from .tables import externals, folder, load, parser_functions, stored_functions

ENGINE = "duckdb"
MICROSECOND = timedelta(microseconds=1)
MOST_ALERTS = 100_000
"""Result rows of one rule that become alerts at most."""


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
        self._devices = Devices()
        self._own: set[str] = set()
        self._told = False
        self._makers = Makers(frozenset(name for _, _, _, need in self._rules for name in need.all))
        self._end: datetime | None = None
        self._latest = datetime.now(UTC) + timedelta(days=1)

    def take(self, batch: Batch) -> None:
        """Keep what the rules may need of a batch."""
        if not self._rules:
            return
        for row, record in zip(batch.rows, batch.numbers, strict=True):
            found = self._makers.of(row, batch)
            if not found:
                continue
            moment = when(row)
            if moment is not None and moment < self._latest:  # a clock gone wrong is not the end of the log
                self._end = moment if self._end is None or moment > self._end else self._end
            for maker in found:
                made = maker.make(row)
                if moment is not None:
                    for name in TIMES:
                        if not made.get(name):
                            made[name] = iso(moment)
                self._keep(maker.table, made, batch.log, record)
                if maker.own:
                    self._own.add(maker.table)
                elif maker.system and (device := self._devices.row(row, maker.system, moment)):
                    self._keep(DEVICES, device, batch.log, record)

    def _keep(self, table: str, row: Row, log: str, record: int) -> None:
        self._rows.setdefault(table, []).append(row)
        self._origins.add(table, log, record)

    def run(self, now: datetime | None = None) -> Iterator[tuple[int, Alert | NotRun]]:
        """Alerts of all rules with their numbers, in their order, or why they did not run.

        With `now` every rule runs once, at that moment; without, scheduled rules run along the log and all others at its end.
        """
        if not self._rules:
            return
        others = {name: load(name, path) for name, path in folder(self._folder).items()} if self._folder else {}
        if DEVICES not in self._own and (DEVICES in others or any("DeviceId" in declared(name) for name in self._own)):
            self._rows.pop(DEVICES, None)  # these machines are not those that rows of Defender's tables name
        self._told = DEVICES not in self._own and DEVICES in self._rows
        tables = {name: self._origins.marked(name, _arrow(name, rows)) for name, rows in self._rows.items()}
        self._rows.clear()
        optional = frozenset(name for _, _, _, need in self._rules for name in need.optional)
        engines = _Engines(optional - tables.keys() - others.keys(), self._functions, self._folder)
        log = _Log(tables, Clock(tables), _Engines(frozenset(), self._functions, None))
        try:
            yield from self._run(log, others, engines, now)
        finally:
            engines.close()
            log.engines.close()

    def _run(
        self, log: _Log, others: dict[str, pa.Table], engines: _Engines, now: datetime | None
    ) -> Iterator[tuple[int, Alert | NotRun]]:
        tables = others | log.tables
        for number, rule, query, need in self._rules:
            lack = self._lack(rule, query, need, tables)
            if lack is not None:
                yield number, lack
                continue
            try:
                chosen = others | need.chosen(tables) if rule.schedule else tables
                named = self._origins.logs(need.chosen(tables))
                runs = self._moments(rule, query, chosen, log, now)
                for result in self._alerts(rule, query, chosen, engines, runs, named):
                    yield number, result
            except UnsupportedError as error:
                yield number, NotRun(rule.id, ENGINE, error.construct, str(error), rule.title)
            except RulescopeError as error:
                yield number, NotRun(rule.id, ENGINE, "limits", str(error), rule.title)

    def _lack(self, rule: Rule, query: Query, need: Needs, tables: Mapping[str, pa.Table]) -> NotRun | None:
        """Why a rule cannot run over the tables there are."""
        missing = need.missing(tables)
        if missing:
            return NotRun(rule.id, ENGINE, f"table {missing}", "no log holds rows of this table", rule.title)
        more = beyond(query) if self._told and DEVICES in need.all else ""
        why = "the logs say of their machines no more than the name and the family of operating system"
        return NotRun(rule.id, ENGINE, more, why, rule.title) if more else None

    def _alerts(
        self, rule: Rule, query: Query, tables: dict[str, pa.Table], engines: _Engines, runs: Moments | None, logs: str
    ) -> Iterator[Alert | NotRun]:
        seen: set[tuple[int | None, str]] = set()
        if runs is not None and runs.since is not None:
            why = (
                f"{runs.wanted:,} runs of its schedule see rows it may choose; only the last {len(runs.moments):,} were made, on what "
                f"is after {iso(runs.since)}"
            )
            yield NotRun(rule.id, ENGINE, "schedule", why, rule.title)
        marked = traced(query)
        if marked is not None and any(MARK not in table.column_names for table in needs(query).chosen(tables).values()):
            marked = None
        for moment, chosen in self._runs(rule.schedule, tables, runs):
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
                key = (place, json.dumps(made, sort_keys=True, default=str))
                if key in seen:  # overlapping look-backs see a row more than once; two records may read the same
                    continue
                seen.add(key)
                if len(seen) > MOST_ALERTS:
                    raise UnsupportedError(ENGINE, f"more than {MOST_ALERTS:,} result rows")
                log, record = self._origins.at(place) if place is not None else (logs, 0)
                yield alert_of(rule, made, iso(when(made)) or iso(moment), 1, log, record)

    def _moments(
        self, rule: Rule, query: Query, tables: dict[str, pa.Table], log: _Log, now: datetime | None
    ) -> Moments | None:
        """When the rule runs; None for a rule without a schedule, once and over everything."""
        schedule = rule.schedule
        end = now or (self._end + MICROSECOND if self._end else None)
        if schedule is None or not schedule.lookback or end is None:
            return None if end is None else Moments((end,), 1)
        if now is not None or not schedule.frequency or not any(name in log.clock for name in tables):
            return Moments((end,), 1)
        return log.moments(query, tables, schedule, end, on_nothing=fires(rule, 0))

    def _runs(
        self, schedule: Schedule | None, tables: dict[str, pa.Table], runs: Moments | None
    ) -> Iterator[tuple[datetime | None, dict[str, pa.Table]]]:
        """Moments to run at, in order, each with the rows its look-back holds."""
        if runs is None:
            yield None, tables
            return
        for moment in runs.moments:
            if schedule is None or not schedule.lookback:
                yield moment, tables
            else:
                yield moment, _between(tables, moment - timedelta(seconds=schedule.lookback), moment)


@dataclass
class _Log:
    """The tables of a log, when their rows were, and engines over all of them."""

    tables: dict[str, pa.Table]
    clock: Clock
    engines: _Engines

    def moments(
        self, query: Query, tables: dict[str, pa.Table], schedule: Schedule, end: datetime, on_nothing: bool
    ) -> Moments:
        """When to run `query` over `tables`: at every run that sees a row it may choose, or, when it fires `on_nothing`, a row."""
        first = None if on_nothing else choosing(query, schedule.lookback, self._times)
        if first is None or not self.clock.numbers(first.table) or first.table not in tables:
            return moments(end, schedule, self.clock.all(tables), newest=self.clock.newest)
        try:
            marks = self.engines.over({first.table: tables[first.table]}, end, first.query).run(first.query)
        except RulescopeError:
            return moments(end, schedule, self.clock.all(tables), newest=self.clock.newest)
        times = self.clock.of(first.table, marks[MARK].to_numpy())
        changing = None if first.clocked else times if first.alone else self.clock.all(tables)
        return moments(end, schedule, times, first.lookback, changing, self.clock.newest)

    def _times(self, name: str) -> frozenset[str]:
        return time_columns(self.tables[name]) if name in self.tables else frozenset()


class _Engines:
    """Engines over tables, the last few kept: each serves all runs over tables of its names."""

    KEPT = 4

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
        now = now or datetime.now(UTC)
        key: Any = (id(query) if outside else None, tuple(tables))
        if key in self._open:
            before, engine = self._open.pop(key)
            engine.over({name: table for name, table in tables.items() if table is not before[name]}, now)
        else:
            schemas = self._empty | {name: dict(declared(name)) for name in tables if declared(name)}
            functions: dict[str, Function] = {**parser_functions(tables), **self._functions}
            engine = Engine(tables, schemas=schemas, functions=functions, externals=outside, now=now, timeout=60.0)
            while len(self._open) >= self.KEPT:
                self._open.pop(next(iter(self._open)))[1].close()
        self._open[key] = (tables, engine)
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
        column = time_column(table)
        if column is not None:
            times = table[column]
            kind = times.type
            inside = pc.and_(pc.greater(times, pa.scalar(start, kind)), pc.less_equal(times, pa.scalar(end, kind)))
            table = table.filter(inside)
        chosen[name] = table
    return chosen
