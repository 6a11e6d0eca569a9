"""The catalogue: one SQLite file of rules and what is known of them; search, filters, counts, history."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from ..model import Translation
from .asking import Asked, ask, words_of
from .bits import Order, bits_of, unpacked
from .database import Database
from .finding import Finder
from .results import (
    Card,
    Evidence,
    Facet,
    FacetValue,
    SearchPage,
)
from .sealing import seal
from .stored import Stored
from .suggesting import suggest
from .writing import Writing

FACETS = (
    "language",
    "source",
    "severity",
    "tactic",
    "technique",
    "topic",
    "platform",
    "table",
    "event",
    "field",
    "verdict",
    "fires",
    "test",
)
SHOWN = 12
MOST_REMEMBERED = 5_000
T = TypeVar("T")
ORDERS = {
    "new": "SELECT number FROM rule ORDER BY time DESC, title, number",
    "title": "SELECT number FROM rule ORDER BY title COLLATE NOCASE, number",
    "severity": "SELECT number FROM rule ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2"
    " WHEN 'low' THEN 3 WHEN 'informational' THEN 4 ELSE 5 END, time DESC, number",
    "confidence": "SELECT number FROM rule ORDER BY confidence DESC, time DESC, number",
}


class _State:
    """What is kept in memory of one generation of the catalogue: orders, sets, facet values."""

    def __init__(self, generation: str) -> None:
        self.generation = generation
        self.orders: dict[str, Order] = {}
        self.postings: dict[tuple[str, str], int] = {}
        self.values: dict[str, dict[str, int]] = {}
        self.remembered: dict[tuple[str, str], object] = {}


class Catalogue(Stored):
    """A catalogue file, made when it is not there. Safe to read from many threads; writing is one at a time.

    Raises CatalogueError when `path` is a file of something else. `rebuilt` tells that it was empty or of an older
    version and has to be filled from its sources.
    """

    def __init__(self, path: str | Path) -> None:
        self.database = Database(path)
        self.path = self.database.path
        self.rebuilt = self.database.rebuilt
        self._state = _State("")

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ writing

    @contextmanager
    def writing(self, now: str = "") -> Iterator[Writing]:
        """A transaction: what is stored in it appears at once, or not at all when it raises. `now` is an ISO time (UTC)."""
        moment = now or datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self.database.lock:
            connection = self.database.writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                session = Writing(connection, moment)
                yield session
                if session.changed:
                    seal(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            if session.changed:
                connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA optimize")

    def store_translations(self, translations: Iterable[tuple[str, Translation]], now: str = "") -> None:
        """Keeps translations, with their proof, by the keys of their rules as these stand now."""
        encoder = msgspec.json.Encoder()
        with self.writing(now) as session:
            for key, each in translations:
                session.connection.execute(
                    "INSERT OR REPLACE INTO history.translation SELECT key, ?, ?, hash, ?, ?, ? FROM history.seen WHERE key = ?",
                    (
                        each.target,
                        each.schema,
                        session.now,
                        each.verdict.value,
                        zlib.compress(encoder.encode(each), 1),
                        key,
                    ),
                )
                session.changed = True

    def store_evidence(self, found: Iterable[tuple[str, Evidence]], now: str = "") -> None:
        """Keeps what rules did on logs, by the keys of the rules as they stand now; one answer a rule and log."""
        with self.writing(now) as session:
            for key, each in found:
                session.connection.execute("DELETE FROM history.evidence WHERE key = ? AND log = ?", (key, each.log))
                session.connection.execute(
                    "INSERT OR REPLACE INTO history.evidence SELECT key, ?, hash, ?, ?, ?, ?, ? FROM history.seen WHERE key = ?",
                    (each.log, each.time or session.now, each.kind, each.events, each.expected, each.detail, key),
                )
                session.changed = True

    # ------------------------------------------------------------ files

    def files(self, source: str) -> dict[str, tuple[bytes, int, int]]:
        """Path -> (hash, size, modification time in ns) of every file of a source that was read."""
        rows = self._rows("SELECT path, hash, size, mtime FROM file WHERE source = ?", source)
        return {path: (mark, size, mtime) for path, mark, size, mtime in rows}

    # ------------------------------------------------------------ search

    def search(
        self,
        query: str = "",
        filters: Iterable[tuple[str, str]] = (),
        page: int = 1,
        size: int = 50,
        order: str = "",
        facets: Sequence[str] = FACETS,
        forwards: bool = False,
        grouped: bool = False,
    ) -> SearchPage:
        """One page of the rules that fit `query` and `filters`, with counts of what would narrow it further.

        Filters are (facet kind, value) pairs: of one kind any, of several kinds all must hold. Rules that only forward a
        product's own alerts are left out unless `forwards`, asked for by a filter, or looked for by words. `order` is one
        of new, title, severity, confidence, relevance; "" is relevance with words, new without.
        """
        state = self._current()
        chosen: dict[str, list[str]] = {}
        for kind, value in filters:
            if value not in chosen.setdefault(kind, []):
                chosen[kind].append(value)
        finder = Finder(
            self.database.reader,
            self._posting("all", "yes"),
            self._posting,
            self.values,
        )
        asked = ask(query)
        found = finder.find(asked)
        hidden = 0
        if not forwards and "forwards" not in chosen:
            hidden = (found & self._posting("forwards", "yes")).bit_count()
            found &= ~self._posting("forwards", "yes")
        sets = {kind: self._union(kind, values) for kind, values in chosen.items()}
        result = reduce(lambda total, each: total & each, sets.values(), found)
        if grouped and not query and not chosen:
            result &= self._posting("head", "yes")
        size = max(1, min(size, 200))
        start = (max(1, page) - 1) * size
        words = words_of(asked)
        order = order if order in (*ORDERS, "relevance") else "relevance" if words else "new"
        numbers = self._page(state, finder, asked, result, order, start, size)
        return SearchPage(
            query=query,
            filters=tuple((kind, value) for kind, values in chosen.items() for value in values),
            cards=self._cards(numbers, words),
            total=result.bit_count(),
            page=max(1, page),
            size=size,
            order=order,
            facets=tuple(self._facet(kind, chosen.get(kind, []), found, sets) for kind in facets),
            suggestions=tuple(
                (word, near) for word in finder.missing[:3] if (near := suggest(self.database.reader, word))
            ),
            hidden=hidden,
        )

    def suggest(self, text: str, limit: int = 8) -> tuple[Card, ...]:
        """Rules whose words begin like what was typed so far, best first; for results as one types."""
        asked = ask(text)
        words = words_of(asked)
        if words and not words[-1].phrase and not text.endswith((" ", '"', ")")):
            asked = ask(text.rstrip("*") + "*")
        finder = Finder(self.database.reader, self._posting("all", "yes"), self._posting, self.values)
        found = finder.find(asked)
        return self._cards(self._page(self._current(), finder, asked, found, "relevance", 0, limit), words)

    def _page(
        self, state: _State, finder: Finder, asked: Asked, result: int, order: str, start: int, size: int
    ) -> list[int]:
        if order == "relevance":
            scores = finder.rank(asked)
            if scores:
                array = result.to_bytes((result.bit_length() + 7) // 8, "little")
                limit = len(array) * 8
                fit = [n for n in scores if n < limit and array[n >> 3] >> (n & 7) & 1]
                ranked = sorted(fit, key=scores.__getitem__)
                shown = ranked[start : start + size]
                if len(shown) < size and len(ranked) < result.bit_count():
                    rest = result & ~bits_of(ranked)
                    shown += self._order(state, "new").page(rest, max(0, start - len(ranked)), size - len(shown))
                return shown
            order = "new"
        return self._order(state, order).page(result, start, size)

    def _union(self, kind: str, values: Iterable[str]) -> int:
        """The rules that have any of these values of a facet."""
        return reduce(lambda total, value: total | self._posting(kind, value), values, 0)

    def _facet(self, kind: str, chosen: list[str], found: int, sets: Mapping[str, int]) -> Facet:
        within = reduce(
            lambda total, each: total & each, (bits for other, bits in sets.items() if other != kind), found
        )
        values = self.values(kind)
        unfiltered = within == self._posting("all", "yes")
        listed = list(values)[:60]
        counted = [
            FacetValue(
                value,
                values[value] if unfiltered else (within & self._posting(kind, value)).bit_count(),
                value in chosen,
            )
            for value in dict.fromkeys([*chosen, *listed])
            if value in values or value in chosen
        ]
        some = sorted(
            (item for item in counted if item.rules or item.chosen),
            key=lambda item: (not item.chosen, -item.rules, item.value),
        )
        return Facet(kind, tuple(some[:SHOWN]), max(0, len(some) - SHOWN) + max(0, len(values) - len(listed)))

    def values(self, kind: str) -> Mapping[str, int]:
        """Every value of a facet and its number of rules, the most frequent first."""
        state = self._current()
        if kind not in state.values:
            rows = self._rows("SELECT value, rules FROM posting WHERE kind = ? ORDER BY rules DESC, value", kind)
            state.values[kind] = dict(rows)
        return state.values[kind]

    def matching(self, query: str = "", filters: Iterable[tuple[str, str]] = (), limit: int = 1_000_000) -> list[str]:
        """Keys of every rule that fits, newest first; those that only forward alerts too."""
        state = self._current()
        finder = Finder(self.database.reader, self._posting("all", "yes"), self._posting, self.values)
        found = finder.find(ask(query))
        chosen: dict[str, int] = {}
        for kind, value in filters:
            chosen[kind] = chosen.get(kind, 0) | self._posting(kind, value)
        found = reduce(lambda total, each: total & each, chosen.values(), found)
        numbers = self._order(state, "new").page(found, 0, limit)
        return [card.key for card in self._cards(numbers)]

    def alongside(self, name: str, limit: int = 8) -> tuple[str, tuple[Card, ...]]:
        """Rules about a rule's rarest technique that see one of its events or tables, newest first: (technique, rules)."""
        rows = self._rows(
            "SELECT facet.kind, facet.value, rule.number FROM rule JOIN facet ON facet.rule = rule.number"
            " WHERE rule.key = ? AND facet.kind IN ('technique', 'event', 'table', 'logsource')",
            self.key(name),
        )
        state = self._current()
        rare = self.values("technique")
        techniques = sorted(
            (value for kind, value, _ in rows if kind == "technique"), key=lambda value: rare.get(value, 0)
        )
        if not techniques:
            return "", ()
        seen = reduce(
            lambda total, row: total | self._posting(row[0], row[1]), (row for row in rows if row[0] != "technique"), 0
        )
        found = self._posting("technique", techniques[0]) & seen & ~bits_of([rows[0][2]])
        return techniques[0], self._cards(self._order(state, "new").page(found, 0, limit))

    def matrix(self, kind: str, within: Iterable[tuple[str, str]] = (), forwards: bool = False) -> dict[str, int]:
        """Value -> rules of a facet among the rules that fit all filters `within` (of one kind: any)."""
        found = self._posting("all", "yes")
        if not forwards:
            found &= ~self._posting("forwards", "yes")
        chosen: dict[str, int] = {}
        for name, value in within:
            chosen[name] = chosen.get(name, 0) | self._posting(name, value)
        found = reduce(lambda total, each: total & each, chosen.values(), found)
        counted = {value: (found & self._posting(kind, value)).bit_count() for value in self.values(kind)}
        return {value: rules for value, rules in counted.items() if rules}

    # ------------------------------------------------------------ inside

    def remembered(self, what: str, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, kept until the catalogue changes; at most some thousand values are kept."""
        state = self._current()
        if (what, key) not in state.remembered:
            value = make()
            if len(state.remembered) > MOST_REMEMBERED:
                state.remembered.clear()
            state.remembered[what, key] = value
        return cast("T", state.remembered[what, key])

    def _current(self) -> _State:
        generation = self._rows("SELECT value FROM meta WHERE name = 'generation'")[0][0]
        if self._state.generation != generation:
            self._state = _State(generation)
        return self._state

    def _posting(self, kind: str, value: str) -> int:
        state = self._state
        key = (kind, value)
        if key not in state.postings:
            rows = self._rows("SELECT bits FROM posting WHERE kind = ? AND value = ?", kind, value)
            if len(state.postings) > 20_000:
                state.postings.clear()
            state.postings[key] = unpacked(rows[0][0]) if rows else 0
        return state.postings[key]

    def _order(self, state: _State, order: str) -> Order:
        if order not in state.orders:
            state.orders[order] = Order([number for (number,) in self._rows(ORDERS.get(order, ORDERS["new"]))])
        return state.orders[order]


def open_catalogue(path: str | Path) -> Catalogue:
    """The catalogue at `path`, made when it is not there."""
    return Catalogue(path)


__all__ = ["Catalogue", "open_catalogue"]
