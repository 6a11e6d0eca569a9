"""The catalogue: one SQLite file of rules and what is known of them; search, filters, counts, history."""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from ..model import Translation
from .asking import Asked, ask, words_of
from .bits import Order, bits_of, most_frequent, numbers_of, unpacked
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
MOST_SHOWN = 300
"""Values of one facet on a page: at first, and when all of it is asked for."""
DERIVED = ("verdict", "fires", "test", "forwards")
"""Facets that are known of all rules together only, as what was proven changes."""
LARGE_FAMILY = 60
FEW_RULES = 150
"""Rules whose facets are counted rule by rule."""
MOST_REMEMBERED = 5_000
MOST_WEIGHED = 1_000
"""Titles that suggestions are weighed among; of more, the newest are suggested."""
MOST_SETS = 30_000
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
        self.counted: dict[str, dict[str, int]] = {}
        self.families: dict[int, int] = {}
        self.loaded: set[str] = set()
        self.sets: dict[str, list[tuple[str, int, int]]] = {}
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
        expanded: str = "",
    ) -> SearchPage:
        """One page of the rules that fit `query` and `filters`, with counts of what would narrow it further.

        Filters are (facet kind, value) pairs: of one kind any, of several kinds all must hold. Rules that only forward a
        product's own alerts are left out unless `forwards` or asked for by a filter. `order` is one of new, title, severity,
        confidence, relevance; "" is relevance with words, new without. `grouped` lists of near-copies the newest that fits;
        `expanded` is the facet of which all values are wanted.
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
        sets = {kind: self._union(kind, values) for kind, values in chosen.items()}
        result = reduce(lambda total, each: total & each, sets.values(), found)
        hidden = 0
        if not forwards and "forwards" not in chosen:
            alerts = self._posting("forwards", "yes")
            hidden = (result & alerts).bit_count()
            found, result = found & ~alerts, result & ~alerts
        asked_for = json.dumps([query, sorted(chosen.items()), forwards, expanded, list(facets)])
        heads = result
        if grouped and not query:
            heads = self.remembered("heads", asked_for, lambda: self._heads(state, result))
        size = max(1, min(size, 200))
        start = (max(1, page) - 1) * size
        words = words_of(asked)
        order = order if order in (*ORDERS, "relevance") else "relevance" if words else "new"
        numbers = self._page(state, finder, asked, heads, order, start, size)

        def counts() -> tuple[Facet, ...]:
            few = self._counts_of(result) if facets and 0 < result.bit_count() <= FEW_RULES else None
            return tuple(
                self._facet(kind, chosen.get(kind, []), found, sets, MOST_SHOWN if kind == expanded else SHOWN, few)
                for kind in facets
            )

        return SearchPage(
            query=query,
            filters=tuple((kind, value) for kind, values in chosen.items() for value in values),
            cards=self._with_snippets(self._cards(numbers), finder, asked, numbers) if words else self._cards(numbers),
            total=result.bit_count(),
            page=max(1, page),
            size=size,
            order=order,
            facets=self.remembered("facets", asked_for, counts),
            suggestions=tuple(
                (word, near) for word in finder.missing[:3] if (near := suggest(self.database.reader, word))
            ),
            hidden=hidden,
            behind=result.bit_count() - heads.bit_count(),
            expanded=expanded,
        )

    def suggest(self, text: str, limit: int = 8) -> tuple[Card, ...]:
        """Rules whose words begin like what was typed so far, best first; for results as one types."""
        asked = ask(text)
        words = words_of(asked)
        if words and not words[-1].phrase and not text.endswith((" ", '"', ")")):
            asked = ask(text.rstrip("*") + "*")
        state = self._current()
        finder = Finder(self.database.reader, self._posting("all", "yes"), self._posting, self.values)
        titled = finder.titled(asked, MOST_WEIGHED)
        first = titled if isinstance(titled, list) else self._order(state, "new").page(titled, 0, limit)
        if len(first) < limit:
            found = finder.find(asked) & ~bits_of(first)
            first = [*first, *self._page(state, finder, asked, found, "relevance", 0, limit - len(first))]
        return self._cards(first[:limit])

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

    def _with_snippets(
        self, cards: tuple[Card, ...], finder: Finder, asked: Asked, numbers: Sequence[int]
    ) -> tuple[Card, ...]:
        """The cards, each with the place in its rule where the words stand, unless its title and description show it."""
        hidden = {source.name for source in self.remembered("sources", "", self.sources) if not source.show_bodies}
        words = [word.text.lower() for word in words_of(asked)]
        wanted: dict[str, int] = {}
        bodies = set()
        for number, card in zip(numbers, cards, strict=True):
            shown = f"{card.title} {card.description}".lower()
            if not all(word in shown for word in words):
                wanted[card.key] = number
                if card.source not in hidden:
                    bodies.add(number)
        found = finder.snippets(asked, list(wanted.values()), bodies)
        return tuple(
            msgspec.structs.replace(card, snippet=found[wanted[card.key]]) if wanted.get(card.key) in found else card
            for card in cards
        )

    def _heads(self, state: _State, result: int) -> int:
        """Of near-copies in `result` the newest alone, and all other rules of it."""
        copies = result & self._posting("copies", "yes")
        if not copies:
            return result
        small, large = self._families(state)
        order = self._order(state, "new")
        heads: dict[int, int] = {}
        for number in numbers_of(copies & small):
            family = state.families[number]
            if family not in heads or order.rank[number] < order.rank[heads[family]]:
                heads[family] = number
        first = [*heads.values()]
        array = copies.to_bytes((copies.bit_length() + 7) // 8, "little")
        length = len(array) * 8
        for members in large:
            first += islice((n for n in members if n < length and array[n >> 3] >> (n & 7) & 1), 1)
        return (result & ~copies) | bits_of(first)

    def _families(self, state: _State) -> tuple[int, list[list[int]]]:
        """The rules of small families of near-copies as one set, and those of each large family, newest first."""

        def made() -> tuple[int, list[list[int]]]:
            state.families = dict(self._rows("SELECT number, family FROM rule WHERE alike > 0"))
            members: dict[int, list[int]] = {}
            for number, family in state.families.items():
                members.setdefault(family, []).append(number)
            small = [number for each in members.values() if len(each) <= LARGE_FAMILY for number in each]
            rank = self._order(state, "new").rank.__getitem__
            large = [sorted(each, key=rank) for each in members.values() if len(each) > LARGE_FAMILY]
            return bits_of(small), large

        return self.remembered("families", "", made)

    def _facet(
        self,
        kind: str,
        chosen: list[str],
        found: int,
        sets: Mapping[str, int],
        most: int,
        few: Mapping[str, dict[str, int]] | None,
    ) -> Facet:
        """The `most` frequent values of a facet among the rules that the other filters leave, those chosen first.

        `few` are the counts of the whole result, when it is small enough to have been counted rule by rule.
        """
        within = reduce(
            lambda total, each: total & each, (bits for other, bits in sets.items() if other != kind), found
        )
        if within == self._browsed():
            counts = dict(self.counted(kind))
            rest = len(counts)
        elif few is not None and kind not in sets and kind not in DERIVED:
            counts = few.get(kind, {})
            rest = len(counts)
        else:
            counts, rest = most_frequent(self._sets(kind), within, most)
        for value in chosen:
            if value not in counts:
                counts[value] = (within & self._posting(kind, value)).bit_count()
                rest += 1
        some = sorted(
            (FacetValue(value, rules, value in chosen) for value, rules in counts.items()),
            key=lambda item: (not item.chosen, -item.rules, item.value),
        )
        return Facet(kind, tuple(some[:most]), max(0, rest - most))

    def _sets(self, kind: str) -> list[tuple[str, int, int]]:
        """(value, rules, set) of every value of a facet, the most frequent in the whole catalogue first."""
        state = self._current()
        if kind not in state.sets:
            self._load(kind)
            state.sets[kind] = [
                (value, rules, self._posting(kind, value)) for value, rules in self.values(kind).items()
            ]
        return state.sets[kind]

    def _counts_of(self, result: int) -> dict[str, dict[str, int]]:
        """Facet -> value -> rules of a small set, by looking at its rules instead of at every value."""
        marks = ",".join(str(number) for number in numbers_of(result))
        found: dict[str, dict[str, int]] = {}
        for kind, value, rules in self._rows(
            f"SELECT kind, value, count(*) FROM facet WHERE rule IN ({marks}) GROUP BY kind, value"
        ):
            found.setdefault(kind, {})[value] = rules
        return found

    def _browsed(self) -> int:
        """All rules but those that only forward a product's alerts."""
        return self._posting("all", "yes") & ~self._posting("forwards", "yes")

    def counted(self, kind: str) -> Mapping[str, int]:
        """Values of a facet and their number of rules, the most frequent first; rules that only forward alerts not counted."""
        state = self._current()
        if kind not in state.counted:
            self._load(kind)
            within = self._browsed()
            rows = ((value, (within & self._posting(kind, value)).bit_count()) for value in self.values(kind))
            state.counted[kind] = dict(sorted((row for row in rows if row[1]), key=lambda row: (-row[1], row[0])))
        return state.counted[kind]

    def count_of(self, *groups: Iterable[tuple[str, str]]) -> int:
        """How many rules have, of each group of (facet, value) pairs, any; those that only forward alerts not counted."""
        self._current()
        sets = (reduce(lambda total, pair: total | self._posting(*pair), group, 0) for group in groups)
        return reduce(lambda total, each: total & each, sets, self._browsed()).bit_count()

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
            lambda total, row: total | self._posting(row[0], row[1]),
            (row for row in rows if row[0] != "technique" and not _whole_shipper(row[1])),
            0,
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

    def _load(self, kind: str) -> None:
        """Reads all sets of a facet at once, where they will all be asked for."""
        state = self._current()
        if kind not in state.loaded:
            rows = self._rows("SELECT value, bits FROM posting WHERE kind = ?", kind)
            state.postings.update(((kind, value), unpacked(bits)) for value, bits in rows)
            state.loaded.add(kind)

    def _posting(self, kind: str, value: str) -> int:
        state = self._state
        key = (kind, value)
        if key not in state.postings:
            rows = self._rows("SELECT bits FROM posting WHERE kind = ? AND value = ?", kind, value)
            if len(state.postings) > MOST_SETS:
                state.postings.clear()
                state.loaded.clear()
            state.postings[key] = unpacked(rows[0][0]) if rows else 0
        return state.postings[key]

    def _order(self, state: _State, order: str) -> Order:
        if order not in state.orders:
            state.orders[order] = Order([number for (number,) in self._rows(ORDERS.get(order, ORDERS["new"]))])
        return state.orders[order]


def open_catalogue(path: str | Path) -> Catalogue:
    """The catalogue at `path`, made when it is not there."""
    return Catalogue(path)


def _whole_shipper(value: str) -> bool:
    """An index of everything one shipper sends (`filebeat-*`): no kind of log."""
    name = value.removesuffix("-*")
    return name != value and name.isalnum()


__all__ = ["Catalogue", "open_catalogue"]
