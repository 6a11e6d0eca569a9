"""Scan: rules over log files, alerts and what could not run out.

Sigma rules see each event as it streams by (`scan_events`); Kusto rules run over the recognised tables once all logs are
read (`scan_tables`). Nothing is printed: `progress` is called as logs are read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from .. import formats, languages, logs, sources
from ..errors import LogError, QuerySyntaxError, UnsupportedError
from ..logs.times import moment
from ..model import Alert, Failure, NotRun, Query, Rule, opaques
from .scan_events import EventRules
from .scan_tables import TableRules

log = logging.getLogger(__name__)

Logs = str | Path | Iterable[str | Path]
Rules = str | Path | Rule | Iterable[str | Path | Rule]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: the log being read, and what was read and found so far over all logs."""

    log: str
    events: int
    broken: int
    alerts: int


@dataclass(frozen=True, slots=True)
class LogFault:
    """A record of a log that could not be read, or (number 0) a file that could not be read as a whole."""

    log: str
    number: int
    reason: str


def scan(
    logs_: Logs,
    rules: Rules,
    *,
    now: datetime | str | None = None,
    progress: Callable[[Progress], None] | None = None,
    faults: Callable[[LogFault], None] | None = None,
    folder: str | Path | None = None,
) -> Iterator[Alert | NotRun]:
    """Alerts of `rules` over `logs_`, then a NotRun for every rule that could not run or found no log of its kind.

    `logs_` are files and folders, `rules` are rule files, folders and Rule values. Order: log by log, event by event, rule
    by rule in the order given; then correlations; then Kusto rules; then what did not run. `now` is the moment scheduled
    Kusto rules run at, by default the time of the last event. `faults` is told of every record and file that could not be
    read; `progress` is told after every batch. `folder` holds further tables (watchlists, externaldata) for Kusto rules.
    Raises LogError when a path of `logs_`, SourceError when one of `rules` does not exist.
    """
    started = time.monotonic()
    paths = [found for path in _paths(logs_) for found in logs.files(path)]
    prepared, missing = prepare(rules)
    events = EventRules([(number, rule, query) for number, rule, query in prepared if rule.language == "sigma"])
    tables = TableRules(
        [(number, rule, query) for number, rule, query in prepared if rule.language == "kusto"], folder=folder
    )
    read = broken = alerts = 0
    for path in paths:
        try:
            for batch in logs.read(path):
                read += len(batch.rows)
                broken += len(batch.broken)
                if faults:
                    for record in batch.broken:
                        faults(LogFault(batch.log, record.number, record.reason))
                for alert in events.alerts(batch):
                    alerts += 1
                    yield alert
                tables.take(batch)
                if progress:
                    progress(Progress(batch.log, read, broken, alerts))
        except LogError as error:
            if faults:
                faults(LogFault(str(path), 0, str(error)))
    numbers = {rule.id: number for number, rule, _ in reversed(prepared)}
    for result in chain(events.correlated(), tables.run(moment(now))):
        if isinstance(result, NotRun):
            missing.append((numbers.get(result.rule_id, 0), result))
        else:
            alerts += 1
            yield result
    missing.extend((numbers.get(result.rule_id, 0), result) for result in events.not_run())
    for _, result in sorted(missing, key=lambda pair: pair[0]):
        yield result
    log.info(
        "scanned logs=%d events=%d broken=%d rules=%d alerts=%d not_run=%d seconds=%.1f",
        len(paths), read, broken, len(prepared), alerts, len(missing), time.monotonic() - started,
    )  # fmt: skip


def _paths(given: Logs) -> list[str | Path]:
    return [given] if isinstance(given, str | Path) else list(given)


def load(rules: Rules) -> tuple[list[Rule], list[Failure]]:
    """The rules of files, folders and values, in order; what is no rule in a folder is left out silently, and what is
    malformed is a Failure."""
    found: list[Rule] = []
    failures: list[Failure] = []
    for given in [rules] if isinstance(rules, str | Path | Rule) else rules:
        if isinstance(given, Rule):
            found.append(given)
            continue
        single = Path(given).is_file()
        for file in sources.read(given):
            if isinstance(file, Failure):
                failures.append(file)
                continue
            read, failed = formats.read(file)
            found.extend(read)
            failures.extend(failure for failure in failed if single or failure.kind != "NotARule")
    return found, failures


def prepare(rules: Rules) -> tuple[list[tuple[int, Rule, Query]], list[tuple[int, NotRun]]]:
    """Rules with their queries, numbered in order, and a NotRun for each that cannot be run by anybody here."""
    loaded, failures = load(rules)
    ready: list[tuple[int, Rule, Query]] = []
    missing: list[tuple[int, NotRun]] = [
        (0, NotRun(failure.path, "reader", failure.kind, failure.message)) for failure in failures
    ]
    sigma = _sigma_reader(loaded)
    for number, rule in enumerate(loaded, 1):
        if rule.language not in ("sigma", "kusto"):
            missing.append(
                (number, NotRun(rule.id, "scan", f"language {rule.language}", "no engine runs it", rule.title))
            )
            continue
        if rule.kind == "filter":
            continue  # no rule by itself: it is part of those it names
        try:
            query = (
                sigma(rule) if rule.language == "sigma" else languages.parse(rule.text, "kusto", rule.path, rule.line)
            )
        except (QuerySyntaxError, UnsupportedError) as error:
            missing.append((number, NotRun(rule.id, "reader", "syntax", str(error), rule.title)))
            continue
        opaque = next(opaques(query), None)
        if opaque is not None:
            missing.append(
                (number, NotRun(rule.id, "scan", opaque.keyword, f"not understood: {opaque.text}"[:300], rule.title))
            )
            continue
        ready.append((number, rule, query))
    return ready, missing


def _sigma_reader(rules: list[Rule]) -> Callable[[Rule], Query]:
    """What reads a Sigma rule with the rules and filters of all files at hand."""
    known = [rule for rule in rules if rule.language == "sigma" and rule.kind != "filter"]
    named = {key: rule.text for rule in reversed(known) for key in (rule.name, rule.id) if key}
    filters = [rule.text for rule in rules if rule.language == "sigma" and rule.kind == "filter"]
    parse = languages.LANGUAGES["sigma"].parse

    def read(rule: Rule) -> Query:
        resolve = named if rule.kind == "correlation" else None
        query: Query = parse(rule.text, rule.path, rule.line, resolve=resolve, filters=filters)
        return query

    return read


__all__ = ["LogFault", "Logs", "Progress", "Rules", "load", "prepare", "scan"]
