"""What a catalogue knows of single rules, predicates and sources: look-ups by key, each by an index."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from ..model import Query, Rule, Translation
from .database import Database
from .predicates import Predicate
from .results import Card, Change, Count, Evidence, FailureRow, Seeker, SourceFacts, Tally, ValueTest

CARDS = msgspec.json.Decoder(Card)
RULES = msgspec.json.Decoder(Rule)
QUERIES = msgspec.json.Decoder(Query)
TRANSLATIONS = msgspec.json.Decoder(Translation)


MOST_ALIKE = 50
LEAST_SHARED = 1 / 6
"""What two rules must share at least to be shown as neighbours: a test that six rules make weighs 1/6."""


class Stored:
    """Reading from a catalogue's database; any thread may."""

    database: Database

    # ------------------------------------------------------------ single rules

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*) FROM rule")[0][0])

    def queries(self) -> int:
        """How many rules have a query that was read."""
        return int(self._rows("SELECT count(*) FROM query")[0][0])

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

    def family(self, name: str, limit: int = MOST_ALIKE) -> tuple[Card, ...]:
        """The near-copies of a rule, without itself; the newest `limit` of them."""
        rows = self._rows(
            "SELECT other.number FROM rule JOIN rule AS other USING (family) WHERE rule.key = ? AND other.key != rule.key"
            " ORDER BY other.time DESC, other.number LIMIT ?",
            self.key(name),
            limit,
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
        return [
            self._count_event(predicate, key)
            if key and predicate.field == "event.code"
            else self._count(predicate, own, language)
            for predicate in predicates
        ]

    def _count_event(self, predicate: Predicate, key: str) -> Count:
        """An event id means something in its own log only: rules count that read the same event, table or log source."""
        rows = self._rows(
            "SELECT indicator.negated, other.language, count(DISTINCT other.number) FROM rule JOIN predicate ON"
            " predicate.field = ? AND predicate.op = ? AND predicate.value = ? JOIN indicator ON"
            " indicator.predicate = predicate.number JOIN rule AS other ON other.number = indicator.rule"
            " WHERE rule.key = ? AND other.key != rule.key AND EXISTS (SELECT 1 FROM facet AS mine JOIN facet AS theirs"
            " ON theirs.rule = other.number AND theirs.kind = mine.kind AND theirs.value = mine.value"
            " WHERE mine.rule = rule.number AND (mine.kind IN ('table', 'logsource')"
            " OR mine.kind = 'event' AND mine.value LIKE '%/' || predicate.value))"
            " GROUP BY indicator.negated, other.language ORDER BY 3 DESC, 2",
            predicate.field,
            predicate.op,
            predicate.value,
            key,
        )
        sides = [tuple((spoken, rules) for negated, spoken, rules in rows if negated == side) for side in (0, 1)]
        return Count(*sides)

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

    def seekers_of_value(self, value: str, field: str = "", limit: int = 1000) -> tuple[Seeker, ...]:
        """The rules that test a value by any operator, in one field (by its common name) or in any; newest first.

        Rules that look for it come first.
        """
        rows = self._rows(
            "SELECT DISTINCT rule.key, rule.title, rule.language, rule.source, rule.severity, indicator.field, indicator.op,"
            " indicator.value, indicator.negated FROM predicate JOIN indicator ON indicator.predicate = predicate.number"
            " JOIN rule ON rule.number = indicator.rule WHERE predicate.value IN (?, ?) AND (? = '' OR predicate.field = ?)"
            " ORDER BY indicator.negated, rule.time DESC, rule.title LIMIT ?",
            value,
            value.lower(),
            field,
            field,
            limit,
        )
        return tuple(_seeker(row) for row in rows)

    def tests_of_value(self, value: str, field: str = "") -> tuple[ValueTest, ...]:
        """The ways a value is tested, each with its rules per language; the most frequent first."""
        rows = self._rows(
            "SELECT field, op, negated, language, rules FROM predicate JOIN predicate_count ON predicate.number = predicate"
            " WHERE value IN (?, ?) AND (? = '' OR field = ?) ORDER BY rules DESC, language",
            value,
            value.lower(),
            field,
            field,
        )
        found: dict[tuple[str, str, bool], list[tuple[str, int]]] = {}
        for name, op, negated, language, rules in rows:
            found.setdefault((name, op, bool(negated)), []).append((language, rules))
        tests = [ValueTest(*test, tuple(languages)) for test, languages in found.items()]
        return tuple(sorted(tests, key=lambda test: (test.negated, -test.rules, test.field, test.op)))

    def rules_of_value(self, value: str, field: str = "") -> tuple[tuple[str, bool, int], ...]:
        """(language, negated, rules) over all ways a value is tested, each rule counted once on a side."""
        return tuple(
            (language, bool(negated), rules)
            for language, negated, rules in self._rows(
                "SELECT rule.language, indicator.negated, count(DISTINCT rule.number) AS total FROM predicate"
                " JOIN indicator ON indicator.predicate = predicate.number JOIN rule ON rule.number = indicator.rule"
                " WHERE predicate.value IN (?, ?) AND (? = '' OR predicate.field = ?) GROUP BY 1, 2 ORDER BY total DESC, 1",
                value,
                value.lower(),
                field,
                field,
            )
        )

    def column_counts(self, table: str) -> dict[str, int]:
        """Column of a table, as rules write it -> how many rules of the table test it."""
        return dict(self._rows('SELECT "column", rules FROM column_count WHERE "table" = ?', table))

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

    def values_with_rules(self, field: str) -> Iterator[tuple[str, str, bool, list[str]]]:
        """(value, operator, negated, keys of the rules) of all that is asked of a field, by value."""
        rows = self._rows(
            "SELECT DISTINCT predicate.value, predicate.op, indicator.negated, rule.key FROM predicate"
            " JOIN indicator ON indicator.predicate = predicate.number JOIN rule ON rule.number = indicator.rule"
            " WHERE predicate.field = ? ORDER BY predicate.value, predicate.op, indicator.negated, rule.time DESC, rule.title",
            field,
        )
        for (value, op, negated), group in groupby(rows, key=lambda row: row[:3]):
            yield value, op, bool(negated), [row[3] for row in group]

    def by_rule(self, kind: str) -> dict[int, list[str]]:
        """The number of a rule -> its values of a facet."""
        found: dict[int, list[str]] = {}
        for value, number in self.database.reader.execute("SELECT value, rule FROM facet WHERE kind = ?", (kind,)):
            found.setdefault(number, []).append(value)
        return found

    def numbers(self, keys: Sequence[str]) -> list[int]:
        """The numbers of rules by their keys."""
        return [self._rows("SELECT number FROM rule WHERE key = ?", key)[0][0] for key in keys]

    def sharing(self, name: str, rarest: int = 20, limit: int = 30) -> tuple[tuple[Card, tuple[Predicate, ...]], ...]:
        """Rules that look for the same rare things (at most `rarest` rules each), those that share most and rarest first.

        A single thing in common counts only when very few rules look for it; an event id only of the same provider.
        """
        rows = self._rows(
            "WITH own AS MATERIALIZED (SELECT DISTINCT indicator.predicate, rule.number AS self FROM rule JOIN indicator"
            " ON indicator.rule = rule.number WHERE rule.key = ? AND NOT negated), rare AS MATERIALIZED (SELECT own.predicate,"
            " own.self, sum(rules) AS total FROM own JOIN predicate_count USING (predicate) WHERE NOT predicate_count.negated"
            " GROUP BY own.predicate HAVING sum(rules) BETWEEN 2 AND ?) SELECT DISTINCT indicator.rule, rare.total,"
            " predicate.field, predicate.op, predicate.value"
            " FROM rare JOIN indicator ON indicator.predicate = rare.predicate AND NOT indicator.negated"
            " JOIN predicate ON predicate.number = rare.predicate WHERE indicator.rule != rare.self"
            " AND (predicate.field != 'event.code' OR EXISTS (SELECT 1 FROM facet AS mine JOIN facet AS theirs"
            " ON theirs.rule = indicator.rule AND theirs.kind = 'event' AND theirs.value = mine.value"
            " WHERE mine.rule = rare.self AND mine.kind = 'event' AND mine.value LIKE '%/' || predicate.value))",
            self.key(name),
            rarest,
        )
        shared: dict[int, list[tuple[int, Predicate]]] = {}
        for number, total, field, op, value in rows:
            shared.setdefault(number, []).append((total, Predicate(field, op, value)))
        weights = {number: sum(1 / total for total, _ in found) for number, found in shared.items()}
        telling = [number for number in shared if len(shared[number]) > 2 or weights[number] >= LEAST_SHARED]
        best = sorted(telling, key=lambda number: (-weights[number], number))[:limit]
        ordered = (tuple(each for _, each in sorted(shared[number], key=lambda pair: pair[0])) for number in best)
        return tuple(zip(self._cards(best), ordered, strict=True))

    def same_outline(self, name: str, limit: int = MOST_ALIKE) -> tuple[Card, ...]:
        """Rules whose queries mean the same, word for word of the model; the newest `limit` of them."""
        rows = self._rows(
            "SELECT other.number FROM rule JOIN rule AS other USING (outline) WHERE rule.key = ? AND other.key != rule.key"
            " AND rule.outline != x'' ORDER BY other.time DESC, other.number LIMIT ?",
            self.key(name),
            limit,
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

    # ------------------------------------------------------------ sources and tally

    def sources(self) -> tuple[SourceFacts, ...]:
        """Every source with its counts, by name."""
        rows = self._rows(
            'SELECT name, title, licence, licence_url, show_bodies, repository, "commit", synced,'
            " (SELECT count(*) FROM file WHERE file.source = name),"
            " (SELECT count(*) FROM rule WHERE rule.source = name),"
            " (SELECT count(*) FROM rule WHERE rule.source = name AND parsed),"
            " (SELECT count(*) FROM rule WHERE rule.source = name AND understood),"
            " (SELECT count(*) FROM failure WHERE failure.source = name) FROM source ORDER BY name"
        )
        names = SourceFacts.__struct_fields__
        return tuple(msgspec.convert(dict(zip(names, row, strict=True)), SourceFacts, strict=False) for row in rows)

    def languages(self) -> tuple[tuple[str, int, int, int], ...]:
        """(language, rules, parsed, understood) of every language, the most frequent first."""
        return tuple(
            self._rows(
                "SELECT language, count(*) AS rules, sum(parsed), sum(understood) FROM rule GROUP BY language"
                " ORDER BY rules DESC, language"
            )
        )

    def opaque(self, language: str) -> tuple[tuple[str, int], ...]:
        """(construct, rules) of what was not understood in rules of a language, the most frequent first."""
        return tuple(
            self._rows(
                "SELECT keyword, count(DISTINCT rule) AS times FROM opaque JOIN rule ON rule.number = opaque.rule"
                " WHERE rule.language = ? GROUP BY keyword ORDER BY times DESC, keyword LIMIT 100",
                language,
            )
        )

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

    def _rows(self, statement: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        return self.database.reader.execute(statement, values).fetchall()

    def _cards(self, numbers: Sequence[int]) -> tuple[Card, ...]:
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
