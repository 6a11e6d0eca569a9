"""Scan: rules over log files, alerts and what could not run out.

Sigma rules see each event as it streams by (`scan_events`), or, where a log holds rows of a table, run over these as their
translations do (`scan_own`); Kusto rules run over the recognised tables once all logs are read (`scan_tables`), or on a
cluster (`scan_cluster`). Nothing is printed: `progress` is called as logs are read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from .. import logs
from ..errors import LogError
from ..logs.times import moment
from ..model import Alert, NotRun
from .rule_cache import RuleCache
from .scan_cluster import ClusterRules
from .scan_events import EventRules
from .scan_loading import Prepared, Rules, load, prepare
from .scan_own import OwnRows
from .scan_tables import TableRules

log = logging.getLogger(__name__)

Logs = str | Path | Iterable[str | Path]
Numbered = tuple[int, Alert | NotRun]
"""A result with the number of its rule, from 1; 0 for what is no rule."""


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


@dataclass(frozen=True, slots=True)
class Settings:
    """What a scan is told beside its logs and rules.

    `now` is the moment scheduled Kusto rules run at, by default the time of the last event. `tables` is a folder of further
    tables (watchlists, externaldata), `functions` one of `Name.kql`, for Kusto rules; with `cluster` they run there, in
    `database`. `faults` is told of every record and file that could not be read; `progress` after every batch.
    """

    now: datetime | str | None = None
    tables: str | Path | None = None
    functions: str | Path | None = None
    cluster: str | None = None
    database: str = "NetDefaultDB"
    faults: Callable[[LogFault], None] | None = None
    progress: Callable[[Progress], None] | None = None


def scan(
    logs_: Logs,
    rules: Rules,
    *,
    now: datetime | str | None = None,
    progress: Callable[[Progress], None] | None = None,
    faults: Callable[[LogFault], None] | None = None,
    folder: str | Path | None = None,
    functions: str | Path | None = None,
    cluster: str | None = None,
    database: str = "NetDefaultDB",
    cache: str | Path | None = None,
) -> Iterator[Alert | NotRun]:
    """Alerts of `rules` over `logs_`, then a NotRun for every rule that could not run or found no log of its kind.

    `logs_` are files and folders, `rules` are rule files, folders and Rule values. Order: log by log, event by event, rule
    by rule in the order given; then correlations; then Sigma rules over rows of tables; then Kusto rules; then what did
    not run. `folder` holds further tables; the other settings are those of `Settings`. `cache` is a folder to keep read
    rules in (`rule_cache.default_folder()`).
    Raises LogError when a path of `logs_`, SourceError when one of `rules` does not exist.
    """
    settings = Settings(now, folder, functions, cluster, database, faults, progress)
    for _, result in run(logs_, prepare(rules, RuleCache(cache)), settings):
        yield result


def run(logs_: Logs, prepared: Prepared, settings: Settings = Settings()) -> Iterator[Numbered]:
    """What `scan` gives, each result with the number of its rule."""
    started = time.monotonic()
    paths = [found for path in _paths(logs_) for found in logs.files(path)]
    missing = list(prepared.missing)
    sigma = [each for each in prepared.ready if each[1].language == "sigma"]
    kusto = [each for each in prepared.ready if each[1].language == "kusto"]
    events = EventRules(sigma)
    remote = ClusterRules(kusto, settings.cluster, settings.database) if settings.cluster else None
    own = OwnRows(sigma, settings.tables)
    tables = TableRules([] if remote else kusto, settings.tables, settings.functions)
    read = broken = alerts = 0
    for path in paths:
        try:
            for batch in logs.read(path):
                read += len(batch.rows)
                broken += len(batch.broken)
                if settings.faults:
                    for record in batch.broken:
                        settings.faults(LogFault(batch.log, record.number, record.reason))
                for found in events.alerts(batch):
                    alerts += 1
                    yield found
                own.take(batch)
                tables.take(batch)
                if settings.progress:
                    settings.progress(Progress(batch.log, read, broken, alerts))
        except LogError as error:
            if settings.faults:
                settings.faults(LogFault(str(path), 0, str(error)))
    unheard = {number for number, lack in events.not_run() if _is_silent(lack)}
    for number, result in chain(
        events.correlated(), own.run(unheard), tables.run(moment(settings.now)), remote.run() if remote else ()
    ):
        if isinstance(result, NotRun):
            missing.append((number, result))
        else:
            alerts += 1
            yield number, result
    missing.extend((n, lack) for n, lack in events.not_run() if n not in own.answered or not _is_silent(lack))
    yield from sorted(missing, key=lambda pair: pair[0])
    log.info(
        "scanned logs=%d events=%d broken=%d rules=%d alerts=%d not_run=%d seconds=%.1f",
        len(paths), read, broken, len(prepared.ready), alerts, len(missing), time.monotonic() - started,
    )  # fmt: skip


def _is_silent(lack: NotRun) -> bool:
    """Whether a rule did not run for want of events only."""
    return lack.construct.startswith("logsource ")


def _paths(given: Logs) -> list[str | Path]:
    return [given] if isinstance(given, str | Path) else list(given)


__all__ = [
    "LogFault",
    "Logs",
    "Numbered",
    "Prepared",
    "Progress",
    "Rules",
    "Settings",
    "load",
    "prepare",
    "run",
    "scan",
]
