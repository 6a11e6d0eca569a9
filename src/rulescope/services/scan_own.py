"""Sigma rules over rows that are rows of a Kusto table already, such as an export of EmailEvents or of DeviceProcessEvents.

A rule runs there as the query its translation is, by the same rows of the mapping files, over the rows as they are. Rows
that some rule's log source takes as its own events are left to `scan_events`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from ..engines.duck import Engine
from ..errors import RulescopeError, UnsupportedError
from ..logs import Batch, Row
from ..logs.arrow import arrow_table
from ..logs.times import iso, when
from ..model import Alert, Field, Logsource, NotRun, Query, Rule, Scan, Within, expressions
from ..schemas.logsources import parsed
from ..schemas.mappings import SCHEMAS, Mapping, mappings_for
from ..schemas.recognition import is_windows, offers, table_of, telling_fields, wanted
from .declared import declared
from .scan_alerts import plain
from .scan_origins import MARK, Origins
from .scan_tables import ENGINE, MOST_ALERTS
from .tables import folder as tables_of_folder
from .tables import load

DEVICES = "DeviceInfo"

Numbered = tuple[int, Rule, Query]


class OwnRows:
    """Sigma rules that have a way into a table, and the rows of these tables."""

    def __init__(self, rules: list[Numbered], folder: Any = None) -> None:
        self._rules = [(number, rule, query, source) for number, rule, query in rules if (source := _source(query))]
        self._ways = {source: _ways(source) for source in {source for *_, source in self._rules}}
        self._tables = {way.table for ways in self._ways.values() for way in ways} | {DEVICES}
        self._telling = (*telling_fields(), "Type")
        self._folder = folder
        self._known: dict[Any, tuple[str, frozenset[Logsource]]] = {}
        self._rows: dict[str, list[Row]] = {}
        self._offered: dict[str, set[Logsource]] = {}
        self._origins = Origins()
        self.answered: set[int] = set()
        """Numbers of the rules that ran over a table, or of which it is known why they did not."""

    def take(self, batch: Batch) -> None:
        """Keep the rows of a batch that are rows of tables the rules have a way into."""
        if not self._rules:
            return
        for row, record in zip(batch.rows, batch.numbers, strict=True):
            if is_windows(row):
                continue
            table, offered = self._of(row, batch)
            if table:
                self._rows.setdefault(table, []).append(dict(row))
                self._offered.setdefault(table, set()).update(offered)
                self._origins.add(table, batch.log, record)

    def _of(self, row: Row, batch: Batch) -> tuple[str, frozenset[Logsource]]:
        """The table a row is of, empty when no rule has a way there; and the log sources that see it as their event."""
        telling = tuple(str(row[name]) if name in row else None for name in self._telling)
        key = (batch.kind, batch.stream, batch.log, telling, tuple(row))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= 20_000:
                self._known.clear()
            name = PurePath(batch.log).name.split(".")[0]
            table = table_of(row, batch.kind, batch.stream, name)
            offered = frozenset(offer.logsource for offer in offers(row, batch.kind, batch.stream))
            found = self._known[key] = (table if table in self._tables else "", offered)
        return found

    def run(self, unheard: Container[int]) -> Iterator[tuple[int, Alert | NotRun]]:
        """Alerts of the rules with their numbers, rule by rule; for `unheard` rules, which saw no event elsewhere, why
        they did not run over a table that was there.
        """
        if not self._rows.keys() - {DEVICES}:
            return
        tables = {
            name: self._origins.marked(name, arrow_table(rows, declared(name))) for name, rows in self._rows.items()
        }
        if DEVICES not in tables and self._folder:
            tables |= {
                name: load(name, path) for name, path in tables_of_folder(self._folder).items() if name == DEVICES
            }
        engine = Engine(tables, schemas={name: dict(declared(name)) for name in tables}, timeout=60.0)
        try:
            for number, rule, query, source in self._rules:
                lacks: list[NotRun] = []
                ran = False
                for table in self._rows:
                    ways = [way for way in self._ways[source] if way.table == table]
                    if not ways or wanted(source) & self._offered[table]:
                        continue
                    self.answered.add(number)
                    try:
                        mapped = _mapped(rule, query, ways, DEVICES in tables)
                        alerts = self._alerts(rule, mapped, engine.run(mapped))
                        yield from ((number, alert) for alert in alerts)
                        ran = True
                    except _Lacking as lacking:
                        lacks.append(lacking.lack)
                    except UnsupportedError as error:
                        lacks.append(NotRun(rule.id, ENGINE, error.construct, str(error), rule.title))
                    except RulescopeError as error:
                        lacks.append(NotRun(rule.id, ENGINE, "limits", str(error), rule.title))
                if lacks and not ran and number in unheard:
                    yield number, lacks[0]
        finally:
            engine.close()

    def _alerts(self, rule: Rule, query: Query, found: pa.Table) -> Iterator[Alert]:
        if found.num_rows > MOST_ALERTS:
            raise UnsupportedError(ENGINE, f"more than {MOST_ALERTS:,} result rows")
        asked = dict.fromkeys(field.name for field in expressions(query, Field))
        for row in found.to_pylist():
            made = {name: plain(value) for name, value in row.items() if value not in (None, "")}
            log, record = self._origins.at(made.pop(MARK))
            shown = {name: made[name] for name in asked if name in made}
            yield Alert(
                rule.id, rule.title, iso(when(made)), made, shown, rule.severity, log, record, 1, rule.techniques
            )


class _Lacking(Exception):
    """A rule that cannot run over a table, and why."""

    def __init__(self, lack: NotRun) -> None:
        super().__init__(lack.construct)
        self.lack = lack


def _mapped(rule: Rule, query: Query, ways: list[Mapping], with_devices: bool) -> Query:
    """The rule's query in the columns of a table by the first way that carries it. Raises _Lacking, UnsupportedError."""
    reason: UnsupportedError | None = None
    for way in ways:
        try:
            mapped, _ = way.map_query(query)
        except UnsupportedError as error:
            reason = reason or error
            continue
        if not with_devices and next(expressions(mapped, Within), None) is not None:
            why = "the rule is of one operating system, which rows of this table say by their device only"
            raise _Lacking(NotRun(rule.id, ENGINE, f"table {DEVICES}", why, rule.title))
        return mapped
    assert reason is not None
    raise reason


def _source(query: Query) -> Logsource | None:
    """The log source of a query that only filters; None of others."""
    first = query.stages[0] if query.stages else None
    return parsed(first.logsource) if isinstance(first, Scan) and first.logsource else None


def _ways(source: Logsource) -> tuple[Mapping, ...]:
    """The ways of a log source into tables, for each table those of the schema whose types it has when read here."""
    found: dict[str, list[Mapping]] = {}
    for schema in SCHEMAS:
        ways: dict[str, list[Mapping]] = {}
        for way in mappings_for(source, schema):
            ways.setdefault(way.table, []).append(way)
        for table, listed in ways.items():
            known = found.get(table)
            if known is None or _agreement(listed[0]) > _agreement(known[0]):
                found[table] = listed
    return tuple(way for listed in found.values() for way in listed)


def _agreement(way: Mapping) -> int:
    """How many of a table's columns have the type here that the schema says."""
    types = declared(way.table)
    return sum(types.get(column) == kind for column, kind in way.types.items())
