"""Do a rule and its translation alert on the same records of real logs? Both run as a scan runs them, over the same records.

A Sigma rule sees events, its translation the rows that the scan makes of them. A translation asks one table, held to the log
source's kind of event there; records that are no such rows are elsewhere: the rule sees them, the query does not ask them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import languages, logs
from ..errors import LogError
from ..logs import Batch, Row
from ..model import Alert, And, Correlate, Filter, NotRun, Query, Rule, Scan, Translation, Within, replace
from ..schemas.mappings import Mapping as SchemaMapping
from ..translation import computed
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
    """What asking both sides gave: records asked, by schema the alerts of both, and every difference."""

    records: int = 0
    distinct: int = 0
    queries: Counter[str] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)
    rules: dict[str, set[str]] = field(default_factory=dict)
    """By schema the ids of the rules with alerts of both sides."""
    differences: list[Difference] = field(default_factory=list)
    not_run: dict[tuple[str, str], NotRun] = field(default_factory=dict)

    def count(self, schema: str, kind: str) -> int:
        """Differences of a kind."""
        return sum(each.schema == schema and each.kind == kind for each in self.differences)

    @property
    def alike(self) -> bool:
        """Both sides alert on the same records, wherever the query asks them."""
        return not self.not_run and not any(each.kind in (MISSING, EXTRA) for each in self.differences)


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule with its translation, and the way the translation took."""

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
) -> Agreement:
    """Runs rules and their `translations` (in the order of `rules`, any number of schemas) over the logs of `paths`.

    Of records alike in all fields that the rules of their log source name, one is asked. Correlations are left out.
    `progress` gets the log being read and the records so far. Raises LogError when a path does not exist.
    """
    found = Agreement()
    events = EventRules(
        [(n, rule, query) for n, (rule, query) in enumerate(rules, 1) if not isinstance(query.stages[0], Correlate)]
    )
    pairs = _pairs(rules, translations)
    for schema, listed in pairs.items():
        found.queries[schema] = len(listed)
    for batches in _chunks(paths, events, found, progress, chunk):
        sigma = {(n, alert.log, alert.record) for batch in batches for n, alert in events.alerts(batch)}
        records = {(b.log, n): (b, row) for b in batches for n, row in zip(b.numbers, b.rows, strict=True)}
        for schema, listed in pairs.items():
            _compare(schema, listed, batches, sigma, records, found)
    return found


def _pairs(rules: Sequence[tuple[Rule, Query]], translations: Iterable[Translation]) -> dict[str, list[Pair]]:
    numbers = {id(rule): number for number, (rule, _) in enumerate(rules)}
    found: dict[str, list[Pair]] = {}
    each = iter(rules)
    rule, query = next(each)
    seen: set[str] = set()
    for translation in translations:
        if translation.schema in seen:
            rule, query = next(each)
            seen = set()
        seen.add(translation.schema)
        listed = found.setdefault(translation.schema, [])
        mapping = way(rule, query, translation.schema) if translation.text else None
        if mapping is not None:
            target = languages.parse(translation.text, "kusto")
            listed.append(Pair(numbers[id(rule)] + 1, rule, query, target, mapping))
    return found


def _chunks(
    paths: Iterable[str | Path],
    events: EventRules,
    found: Agreement,
    progress: Callable[[str, int], None] | None,
    chunk: int,
) -> Iterator[list[Batch]]:
    """The distinct records of logs, some at a time."""
    seen: set[int] = set()
    kept: list[Batch] = []
    size = 0
    for path in (file for given in paths for file in logs.files(given)):
        try:
            for batch in logs.read(path):
                found.records += len(batch.rows)
                batch = _distinct(batch, events, seen)
                if batch.rows:
                    kept.append(batch)
                    size += len(batch.rows)
                if progress:
                    progress(batch.log, found.records)
        except LogError:
            continue
        if size >= chunk:
            found.distinct += size
            yield kept
            kept, size = [], 0
    found.distinct += size
    if kept:
        yield kept


def _distinct(batch: Batch, events: EventRules, seen: set[int]) -> Batch:
    kept: list[tuple[int, Row]] = []
    for number, row in zip(batch.numbers, batch.rows, strict=True):
        key = hash(events.told(row, batch))
        if key not in seen:
            seen.add(key)
            kept.append((number, row))
    return Batch(**{**_fields(batch), "rows": [row for _, row in kept], "numbers": [number for number, _ in kept]})


def _compare(
    schema: str,
    pairs: list[Pair],
    batches: list[Batch],
    sigma: set[tuple[int, str, int]],
    records: Mapping[Place, tuple[Batch, Row]],
    found: Agreement,
) -> None:
    """Runs the queries of one schema over the records and files what they give beside the rules' alerts."""
    tables = TableRules([(pair.number, pair.rule, pair.target) for pair in pairs])
    for batch in batches:
        tables.take(batch)
    kusto: set[tuple[int, str, int]] = set()
    lacking: set[int] = set()
    for number, result in tables.run():
        if isinstance(result, Alert):
            kusto.add((number, result.log, result.record))
        elif not result.construct.startswith("table "):
            lacking.add(number)
            found.not_run[schema, result.rule_id] = result
    known = {pair.number: pair for pair in pairs}
    ours = {each for each in sigma if each[0] in known and each[0] not in lacking}
    found.both[schema] += len(ours & kusto)
    found.rules.setdefault(schema, set()).update(known[number].rule.id for number, _, _ in ours & kusto)
    judge = _Judge()
    for number, log, record in sorted(ours ^ kusto):
        batch, event = records[log, record]
        kind, row = judge.kind(known[number], batch, event, (number, log, record) in kusto)
        found.differences.append(
            Difference(known[number].rule, schema, known[number].way.table, kind, log, record, event, row)
        )


class _Judge:
    """Tells what a difference is."""

    def __init__(self) -> None:
        self._makers: dict[str, Makers] = {}
        self._events: dict[int, EventRules] = {}

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
        stages = tuple(
            replace(stage, predicate=resolved(stage.predicate, pair.way)) if isinstance(stage, Filter) else stage
            for stage in pair.source.stages
        )
        rules = EventRules([(pair.number, pair.rule, replace(pair.source, stages=stages))])
        one = Batch(**{**_fields(batch), "rows": [event], "numbers": [0]})
        return any(True for _ in rules.alerts(one))


def _fields(batch: Batch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in batch.__dataclass_fields__}
