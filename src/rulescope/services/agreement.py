"""Do a rule and its translation alert on the same records of real logs? Both run as a scan runs them, over the same records.

A Sigma rule sees events, its translation the rows that the scan makes of them. A translation asks one table, held to the log
source's kind of event there; records that are no such rows are elsewhere: the rule sees them, the query does not ask them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path

from .. import languages, logs
from ..errors import LogError
from ..logs import Batch, Row
from ..model import And, Correlate, Filter, NotRun, Query, Rule, Scan, Translation, Within, replace
from ..schemas.mappings import Mapping as SchemaMapping
from ..translation import computed
from ..translation.options import DEFAULTS, Options
from ..translation.proof import resolved
from ..translation.translate import way
from .scan_events import EventRules
from .scan_rows import Makers
from .scan_tables import TableRules

MISSING, EXTRA, ELSEWHERE, EMPTY = "missing", "extra", "elsewhere", "empty"
"""What an alert of one side only is: of the rule, or of the query; of the rule on a record the query does not ask; and of
either, where the table keeps no difference between a missing and an empty text."""

CHUNK = 120_000
"""Records that are asked at once."""

Place = tuple[str, int]
"""A log, and the number of a record in it."""

Alerts = set[tuple[int, str, int]]
"""Numbers of rules, each with a place it alerts on."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that one side alerts on alone: where it stands, what it is, and its row when the table has one."""

    rule: Rule
    schema: str
    table: str
    kind: str
    log: str
    record: int
    event: Row
    row: Row | None


@dataclass(slots=True)
class Agreement:
    """What asking both sides gave.

    `records` were read, of which `distinct` were asked. By schema: `queries` that were asked, alerts of `both` sides, and the
    `rules` (their numbers from 1, in the order given) that have such alerts. `not_run` is why a query could not run, by schema
    and number of the rule: nothing is compared then. `unread` is why a log could not be read, by its path.
    """

    records: int = 0
    distinct: int = 0
    queries: Counter[str] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)
    rules: dict[str, set[int]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    not_run: dict[tuple[str, int], NotRun] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def count(self, schema: str, kind: str) -> int:
        """Differences of a kind."""
        return sum(each.schema == schema and each.kind == kind for each in self.differences)

    @property
    def alike(self) -> bool:
        """Every query ran, and both sides alert on the same records wherever the query asks them."""
        return not self.not_run and not any(each.kind in (MISSING, EXTRA) for each in self.differences)


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule, by its number, with its translation and the way the translation took."""

    number: int
    rule: Rule
    source: Query
    target: Query
    way: SchemaMapping


def agreement(
    paths: Iterable[str | Path],
    rules: Sequence[tuple[Rule, Query]],
    translations: Iterable[Translation],
    progress: Callable[[str, int], None] | None = None,
    chunk: int = CHUNK,
    options: Options = DEFAULTS,
) -> Agreement:
    """Runs rules and their `translations` (made with `options`, in the order of `rules`, any number of schemas) over logs.

    Of records alike in all fields that the rules of their log source name, one is asked. Correlations are left out, and so are
    rules that were refused. `progress` gets the log being read and the records so far. Raises LogError when one of `paths`
    does not exist; a log that cannot be read is told in the answer.
    """
    found = Agreement()
    events = EventRules(
        [(n, rule, query) for n, (rule, query) in enumerate(rules, 1) if not isinstance(query.stages[0], Correlate)]
    )
    pairs = _pairs(rules, translations, options)
    for schema, listed in pairs.items():
        found.queries[schema] = len(listed)
        found.rules[schema] = set()
    judge = _Judge()
    for batches in _chunks(_distinct(paths, events, found, progress), chunk):
        sigma = {(number, alert.log, alert.record) for batch in batches for number, alert in events.alerts(batch)}
        records = {(b.log, n): (b, row) for b in batches for n, row in zip(b.numbers, b.rows, strict=True)}
        for schema, listed in pairs.items():
            kusto = _asked(schema, listed, batches, found)
            ran = {pair.number: pair for pair in listed if (schema, pair.number) not in found.not_run}
            ours, theirs = ({each for each in alerts if each[0] in ran} for alerts in (sigma, kusto))
            found.both[schema] += len(ours & theirs)
            found.rules[schema].update(number for number, _, _ in ours & theirs)
            for number, log, record in sorted(ours ^ theirs):
                batch, event = records[log, record]
                pair = ran[number]
                kind, row = judge.kind(pair, batch, event, (number, log, record) in theirs)
                found.differences.append(Difference(pair.rule, schema, pair.way.table, kind, log, record, event, row))
    return found


def _pairs(
    rules: Sequence[tuple[Rule, Query]], translations: Iterable[Translation], options: Options
) -> dict[str, list[Pair]]:
    """By schema the rules that were translated, each with its query and the way that took."""
    found: dict[str, list[Pair]] = {}
    seen: Counter[str] = Counter()
    for translation in translations:
        rule, query = rules[seen[translation.schema]]
        seen[translation.schema] += 1
        listed = found.setdefault(translation.schema, [])
        mapping = way(rule, query, translation.schema, options) if translation.text else None
        if mapping is not None:
            target = languages.parse(translation.text, "kusto")
            listed.append(Pair(seen[translation.schema], rule, query, target, mapping))
    return found


def _distinct(
    paths: Iterable[str | Path],
    events: EventRules,
    found: Agreement,
    progress: Callable[[str, int], None] | None,
) -> Iterator[Batch]:
    """What logs hold, without the records that the rules cannot tell from one before; counts both."""
    seen: set[int] = set()
    for path in (file for given in paths for file in logs.files(given)):
        try:
            for batch in logs.read(path):
                kept: dict[int, Row] = {}
                for number, row in zip(batch.numbers, batch.rows, strict=True):
                    key = hash(events.told(row, batch))
                    if key not in seen:
                        seen.add(key)
                        kept[number] = row
                found.records += len(batch.rows)
                found.distinct += len(kept)
                if kept:
                    yield changed(batch, rows=list(kept.values()), numbers=list(kept))
                if progress:
                    progress(batch.log, found.records)
        except LogError as error:
            found.unread[str(path)] = str(error)


def _chunks(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """Batches together that hold `size` records, or a batch more."""
    kept: list[Batch] = []
    for batch in batches:
        kept.append(batch)
        if sum(len(each.rows) for each in kept) >= size:
            yield kept
            kept = []
    if kept:
        yield kept


def _asked(schema: str, pairs: list[Pair], batches: list[Batch], found: Agreement) -> Alerts:
    """What the queries of one schema choose; those that cannot run are told in `found`."""
    tables = TableRules([(pair.number, pair.rule, pair.target) for pair in pairs])
    for batch in batches:
        tables.take(batch)
    alerts: Alerts = set()
    for number, result in tables.run():
        if isinstance(result, NotRun):
            if not result.construct.startswith("table "):  # no record is a row of it, so none is asked
                found.not_run[schema, number] = result
        elif result.record:
            alerts.add((number, result.log, result.record))
        else:
            why = "its rows are not of one record each"
            found.not_run[schema, number] = NotRun(result.rule_id, "agreement", "origin", why, result.title)
    return alerts


class _Judge:
    """Tells what a difference is."""

    def __init__(self) -> None:
        self._makers: dict[str, Makers] = {}
        self._rules: dict[tuple[int, str], EventRules] = {}

    def kind(self, pair: Pair, batch: Batch, event: Row, of_query: bool) -> tuple[str, Row | None]:
        """The kind of a difference, and the record's row in the table."""
        table = pair.way.table
        makers = self._makers.setdefault(table, Makers(frozenset({table})))
        row = next((maker.make(event) for maker in makers.of(event, batch) if maker.table == table), None)
        if not of_query and (row is None or not self._asked(pair.way, row)):
            return ELSEWHERE, row
        if self._chosen(pair, batch, event) == of_query:
            return EMPTY, row
        return EXTRA if of_query else MISSING, row

    def _asked(self, way: SchemaMapping, row: Row) -> bool:
        """Whether a row is one of those the log source's conditions hold a query to; machines are taken as fitting."""
        where = tuple(each for each in way.where if not isinstance(each, Within))
        return bool(computed.run(Query((Scan(way.table), Filter(And(where)))), [dict(row)]))

    def _chosen(self, pair: Pair, batch: Batch, event: Row) -> bool:
        """Whether the rule chooses the record as far as the table can tell empty from missing."""
        key = (pair.number, f"{pair.way.schema} {pair.way.table}")
        if key not in self._rules:
            stages = tuple(
                replace(stage, predicate=resolved(stage.predicate, pair.way)) if isinstance(stage, Filter) else stage
                for stage in pair.source.stages
            )
            self._rules[key] = EventRules([(pair.number, pair.rule, replace(pair.source, stages=stages))])
        one = changed(batch, rows=[event], numbers=[0])
        return any(True for _ in self._rules[key].alerts(one))
