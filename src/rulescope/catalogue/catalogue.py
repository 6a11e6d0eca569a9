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

from ..model import Query, Rule, Translation
from .asking import Asked, Words, ask, words_of
from .bits import Order, unpacked
from .database import Database
from .finding import Finder
from .predicates import Predicate
from .results import (
    Card,
    Change,
    Count,
    Evidence,
    Facet,
    FacetValue,
    FailureRow,
    SearchPage,
    Seeker,
    SourceFacts,
    Tally,
)
from .sealing import seal
from .suggesting import suggest
from .writing import Writing

FACETS = (
    "language",
    "source",
    "severity",
    "tactic",
    "technique",
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
CARDS = msgspec.json.Decoder(Card)
RULES = msgspec.json.Decoder(Rule)
QUERIES = msgspec.json.Decoder(Query)
TRANSLATIONS = msgspec.json.Decoder(Translation)


class _State:
    """What is kept in memory of one generation of the catalogue: orders, sets, facet values."""

    def __init__(self, generation: str) -> None:
        self.generation = generation
        self.orders: dict[str, Order] = {}
        self.postings: dict[tuple[str, str], int] = {}
        self.values: dict[str, dict[str, int]] = {}
        self.remembered: dict[tuple[str, str], object] = {}


class Catalogue:
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
        """Keeps what rules did on logs, by the keys of the rules as they stand now."""
        with self.writing(now) as session:
            for key, each in found:
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

    # ------------------------------------------------------------ single rules

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*) FROM rule")[0][0])

    def keys(self) -> list[str]:
        """The keys of all rules, newest first."""
        return [key for (key,) in self._rows("SELECT key FROM rule ORDER BY time DESC, title, number")]

    def key(self, name: str) -> str | None:
        """The key of a rule by its key, or by its author's id (the newest of those that share it)."""
        rows = self._rows("SELECT key FROM rule WHERE key = ?", name) or self._rows(
            "SELECT key FROM rule WHERE id = ? ORDER BY time DESC LIMIT 1", name
        )
        return rows[0][0] if rows else None

    def rule(self, name: str) -> Rule | None:
        """The rule of that key or id."""
        key = self.key(name)
        rows = self._rows("SELECT model FROM rule WHERE key = ?", key) if key else []
        return RULES.decode(zlib.decompress(rows[0][0])) if rows else None

    def query(self, name: str) -> Query | None:
        """The query of a rule, None when it was not read."""
        rows = self._rows(
            "SELECT query.model FROM query JOIN rule ON rule.number = query.rule WHERE rule.key = ?", self.key(name)
        )
        return QUERIES.decode(zlib.decompress(rows[0][0])) if rows else None

    def rules(self, keys: Sequence[str] | None = None) -> Iterator[tuple[str, Rule]]:
        """(key, rule) of these, or of all, in storage order."""
        if keys is None:
            for key, model in self.database.reader.execute("SELECT key, model FROM rule ORDER BY number"):
                yield key, RULES.decode(zlib.decompress(model))
            return
        for key in keys:
            if rule := self.rule(key):
                yield key, rule

    def card(self, name: str) -> Card | None:
        """A rule as it stands in a list."""
        key = self.key(name)
        rows = self._rows("SELECT number FROM rule WHERE key = ?", key) if key else []
        cards = self._cards([rows[0][0]]) if rows else ()
        return cards[0] if cards else None

    def history(self, name: str) -> tuple[Change, ...]:
        """What happened to a rule since it was first seen, oldest first."""
        rows = self._rows(
            "SELECT time, what, detail FROM history.change WHERE key = ? ORDER BY time", self.key(name) or name
        )
        return tuple(Change(*row) for row in rows)

    def translations(self, name: str) -> tuple[Translation, ...]:
        """Stored translations of a rule's present text."""
        rows = self._rows(
            "SELECT model FROM history.translation JOIN history.seen USING (key)"
            " WHERE key = ? AND translation.hash = seen.hash ORDER BY target, schema",
            self.key(name),
        )
        return tuple(TRANSLATIONS.decode(zlib.decompress(model)) for (model,) in rows)

    def evidence(self, name: str) -> tuple[Evidence, ...]:
        """What a rule's present text did on logs."""
        rows = self._rows(
            "SELECT log, kind, events, expected, evidence.time, detail FROM history.evidence JOIN history.seen USING (key)"
            " WHERE key = ? AND evidence.hash = seen.hash ORDER BY kind, log",
            self.key(name),
        )
        return tuple(Evidence(*row) for row in rows)

    def family(self, name: str) -> tuple[Card, ...]:
        """The near-copies of a rule, without itself."""
        rows = self._rows(
            "SELECT other.number FROM rule JOIN rule AS other USING (family) WHERE rule.key = ? AND other.key != rule.key"
            " ORDER BY other.time DESC",
            self.key(name),
        )
        return self._cards([number for (number,) in rows])

    # ------------------------------------------------------------ counts and neighbours

    def counts(self, predicates: Sequence[Predicate], key: str = "") -> list[Count]:
        """Per predicate, how many rules other than `key` look for it and how many leave it out."""
        own: set[tuple[int, int]] = set()
        language = ""
        if key:
            rows = self._rows("SELECT number, language FROM rule WHERE key = ?", key)
            if rows:
                language = rows[0][1]
                own = set(self._rows("SELECT DISTINCT predicate, negated FROM indicator WHERE rule = ?", rows[0][0]))
        return [self._count(predicate, own, language) for predicate in predicates]

    def _count(self, predicate: Predicate, own: set[tuple[int, int]], language: str) -> Count:
        rows = self._rows(
            "SELECT predicate, negated, language, rules FROM predicate JOIN predicate_count ON predicate.number = predicate"
            " WHERE field = ? AND op = ? AND value = ? ORDER BY rules DESC, language",
            predicate.field,
            predicate.op,
            predicate.value,
        )
        sides: dict[int, list[tuple[str, int]]] = {0: [], 1: []}
        for number, negated, spoken, rules in rows:
            others = rules - ((number, negated) in own and spoken == language)
            if others:
                sides[negated].append((spoken, others))
        looked_for, excluded = (sorted(side, key=lambda pair: (-pair[1], pair[0])) for side in sides.values())
        return Count(tuple(looked_for), tuple(excluded))

    def seekers(self, predicate: Predicate, limit: int = 200) -> tuple[Seeker, ...]:
        """The rules that test a predicate, in whatever words; those that look for it first."""
        rows = self._rows(
            "SELECT DISTINCT rule.key, rule.title, rule.language, rule.source, rule.severity, indicator.field, indicator.op,"
            " indicator.value, indicator.negated FROM predicate JOIN indicator ON indicator.predicate = predicate.number"
            " JOIN rule ON rule.number = indicator.rule WHERE predicate.field = ? AND predicate.op = ? AND predicate.value = ?"
            " ORDER BY indicator.negated, rule.time DESC LIMIT ?",
            predicate.field,
            predicate.op,
            predicate.value,
            limit,
        )
        return tuple(_seeker(row) for row in rows)

    def seekers_of_value(self, value: str, limit: int = 200) -> tuple[Seeker, ...]:
        """The rules that test a value in any field and by any operator."""
        rows = self._rows(
            "SELECT DISTINCT rule.key, rule.title, rule.language, rule.source, rule.severity, indicator.field, indicator.op,"
            " indicator.value, indicator.negated FROM predicate JOIN indicator ON indicator.predicate = predicate.number"
            " JOIN rule ON rule.number = indicator.rule WHERE predicate.value = ?"
            " ORDER BY indicator.negated, rule.time DESC LIMIT ?",
            value.lower(),
            limit,
        )
        return tuple(_seeker(row) for row in rows)

    def field_values(self, field: str, limit: int = 100) -> tuple[tuple[str, str, bool, int], ...]:
        """(operator, value, negated, rules) of what is asked of a field (by its common name), the most frequent first."""
        return tuple(
            (op, value, bool(negated), rules)
            for op, value, negated, rules in self._rows(
                "SELECT op, value, negated, sum(rules) AS total FROM predicate JOIN predicate_count"
                " ON predicate.number = predicate WHERE field = ? GROUP BY predicate.number, negated ORDER BY total DESC LIMIT ?",
                field,
                limit,
            )
        )

    def sharing(self, name: str, rarest: int = 20, limit: int = 30) -> tuple[tuple[Card, tuple[Predicate, ...]], ...]:
        """Rules that look for the same rare things (at most `rarest` rules each), those that share most first."""
        rows = self._rows(
            "WITH own AS MATERIALIZED (SELECT DISTINCT indicator.predicate, rule.number AS self FROM rule JOIN indicator"
            " ON indicator.rule = rule.number WHERE rule.key = ? AND NOT negated), rare AS MATERIALIZED (SELECT own.predicate,"
            " own.self FROM own JOIN predicate_count USING (predicate) WHERE NOT predicate_count.negated GROUP BY own.predicate"
            " HAVING sum(rules) BETWEEN 2 AND ?) SELECT DISTINCT indicator.rule, predicate.field, predicate.op, predicate.value"
            " FROM rare JOIN indicator ON indicator.predicate = rare.predicate AND NOT indicator.negated"
            " JOIN predicate ON predicate.number = rare.predicate WHERE indicator.rule != rare.self",
            self.key(name),
            rarest,
        )
        shared: dict[int, list[Predicate]] = {}
        for number, field, op, value in rows:
            shared.setdefault(number, []).append(Predicate(field, op, value))
        best = sorted(shared, key=lambda number: (-len(shared[number]), number))[:limit]
        return tuple((card, tuple(shared[number])) for number, card in zip(best, self._cards(best), strict=True))

    def same_outline(self, name: str) -> tuple[Card, ...]:
        """Rules whose queries mean the same, word for word of the model."""
        rows = self._rows(
            "SELECT other.number FROM rule JOIN rule AS other USING (outline) WHERE rule.key = ? AND other.key != rule.key"
            " AND rule.outline != x''",
            self.key(name),
        )
        return self._cards([number for (number,) in rows])

    def candidates(self, name: str, limit: int = 40) -> tuple[str, ...]:
        """Keys of rules that share predicates, rarest first: those worth comparing for implication."""
        rows = self._rows(
            "WITH own AS MATERIALIZED (SELECT DISTINCT indicator.predicate, rule.number AS self FROM rule JOIN indicator"
            " ON indicator.rule = rule.number WHERE rule.key = ? AND NOT negated), sized AS MATERIALIZED (SELECT own.predicate,"
            " own.self, sum(rules) AS total FROM own JOIN predicate_count USING (predicate) WHERE NOT predicate_count.negated"
            " GROUP BY own.predicate HAVING total BETWEEN 2 AND 300), found AS MATERIALIZED (SELECT indicator.rule,"
            " sum(1.0 / sized.total) AS weight FROM sized JOIN indicator ON indicator.predicate = sized.predicate"
            " AND NOT indicator.negated WHERE indicator.rule != sized.self GROUP BY indicator.rule ORDER BY weight DESC LIMIT ?)"
            " SELECT rule.key FROM found JOIN rule ON rule.number = found.rule ORDER BY found.weight DESC",
            self.key(name),
            limit,
        )
        return tuple(key for (key,) in rows)

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
                if len(fit) >= start + size or len(fit) == result.bit_count():
                    return sorted(fit, key=scores.__getitem__)[start : start + size]
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

    # ------------------------------------------------------------ sources and tally

    def sources(self) -> tuple[SourceFacts, ...]:
        """Every source with its counts, by name."""
        rows = self._rows(
            'SELECT name, title, location, licence, licence_url, show_bodies, repository, "commit", synced,'
            " (SELECT count(*) FROM file WHERE file.source = name),"
            " (SELECT count(*) FROM rule WHERE rule.source = name),"
            " (SELECT count(*) FROM rule WHERE rule.source = name AND parsed),"
            " (SELECT count(*) FROM rule WHERE rule.source = name AND understood),"
            " (SELECT count(*) FROM failure WHERE failure.source = name) FROM source ORDER BY name"
        )
        names = SourceFacts.__struct_fields__
        return tuple(msgspec.convert(dict(zip(names, row, strict=True)), SourceFacts, strict=False) for row in rows)

    def failures(self, source: str = "", limit: int = 1000, start: int = 0) -> tuple[FailureRow, ...]:
        """What could not be read, of one source or of all, by path."""
        statement = 'SELECT source, path, kind, message, line, "column", rule FROM failure'
        if source:
            rows = self._rows(
                f"{statement} WHERE source = ? ORDER BY path, line LIMIT ? OFFSET ?", source, limit, start
            )
        else:
            rows = self._rows(f"{statement} ORDER BY source, path, line LIMIT ? OFFSET ?", limit, start)
        return tuple(FailureRow(*row) for row in rows)

    def tally(self, source: str = "") -> Tally:
        """How much of a source, or of everything, was read and understood."""
        both = (source, source)
        failures = self._rows(
            "SELECT kind, CASE WHEN instr(message, ': ') BETWEEN 2 AND 60 THEN message ELSE message END, count(*) AS times"
            " FROM failure WHERE ? = '' OR source = ? GROUP BY 1, 2 ORDER BY times DESC, 1, 2 LIMIT 500",
            *both,
        )
        opaque = self._rows(
            "SELECT keyword, count(DISTINCT rule) AS times FROM opaque JOIN rule ON rule.number = opaque.rule"
            " WHERE ? = '' OR source = ? GROUP BY keyword ORDER BY times DESC, keyword LIMIT 100",
            *both,
        )
        languages = self._rows(
            "SELECT language, count(*) AS rules, sum(parsed), sum(understood) FROM rule WHERE ? = '' OR source = ?"
            " GROUP BY language ORDER BY rules DESC",
            *both,
        )
        files = self._rows("SELECT count(*) FROM file WHERE ? = '' OR source = ?", *both)[0][0]
        return Tally(
            files=files,
            rules=sum(row[1] for row in languages),
            parsed=sum(row[2] for row in languages),
            understood=sum(row[3] for row in languages),
            failures=tuple(failures),
            opaque=tuple(opaque),
            languages=tuple(languages),
        )

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

    def _rows(self, statement: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        return self.database.reader.execute(statement, values).fetchall()

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

    def _cards(self, numbers: Sequence[int], words: Sequence[Words] = ()) -> tuple[Card, ...]:
        """Cards in the order of `numbers`."""
        found: dict[int, Card] = {}
        for number in numbers:
            row = self.database.reader.execute(
                "SELECT card, time, retrieved, verdict, fires, tested, family, alike FROM rule WHERE number = ?",
                (number,),
            ).fetchone()
            if row:
                card = CARDS.decode(row[0])
                found[number] = msgspec.structs.replace(
                    card,
                    time=row[1],
                    retrieved=row[2],
                    verdict=row[3],
                    fires=row[4],
                    tested=bool(row[5]),
                    family=row[6],
                    alike=row[7],
                )
        return tuple(found[number] for number in numbers if number in found)


def _seeker(row: Sequence[object]) -> Seeker:
    values = ("" if value is None else str(value) for value in row[:-1])
    named = dict(zip(Seeker.__struct_fields__, values, strict=False))
    return msgspec.convert({**named, "negated": bool(row[-1])}, Seeker)


def open_catalogue(path: str | Path) -> Catalogue:
    """The catalogue at `path`, made when it is not there."""
    return Catalogue(path)


__all__ = ["Catalogue", "open_catalogue"]
