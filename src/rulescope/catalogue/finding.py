"""From what was asked to sets of rules: every leaf of a search becomes one set, by an index; trees become `&` and `|`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Container, Mapping, Sequence
from functools import reduce

from ..schemas import fields
from .asking import All, Any, Asked, FieldTest, Without, Words, words_of
from .bits import bits_of

NAMES = {  # as typed -> kind of facet
    "language": "language", "lang": "language", "source": "source", "severity": "severity", "level": "severity",
    "status": "status", "kind": "kind", "type": "kind", "tactic": "tactic", "technique": "technique", "attack": "technique",
    "platform": "platform", "topic": "topic", "table": "table", "event": "event", "field": "field", "verdict": "verdict", "fires": "fires",
    "has": "has", "is": "read", "author": "author", "tag": "tag", "format": "format", "finding": "finding",
    "connector": "connector", "logsource": "logsource", "output": "output",
}  # fmt: skip
SEVERITIES = ("informational", "low", "medium", "high", "critical")
COLUMNS = {  # words that ask one column of the full text
    "title": "title", "description": "description", "body": "body", "query": "body", "text": "body",
}  # fmt: skip
MOST_RANKED = 5_000
DATES = {
    ("created", ">"): "SELECT number FROM rule WHERE created > ? AND created != ''",
    ("created", "<"): "SELECT number FROM rule WHERE created < ? AND created != ''",
    ("modified", ">"): "SELECT number FROM rule WHERE modified > ? AND modified != ''",
    ("modified", "<"): "SELECT number FROM rule WHERE modified < ? AND modified != ''",
}


class Finder:
    """Answers one search over one state of the catalogue; `posting(kind, value)` gives stored sets."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        everything: int,
        posting: Callable[[str, str], int],
        values: Callable[[str], Mapping[str, int]],
    ) -> None:
        self.connection = connection
        self.everything = everything
        self.posting = posting
        self.values = values
        self.widest = 0  # the most rules one group of words stood in
        self.missing: list[str] = []  # words that stand nowhere

    def find(self, asked: Asked) -> int:
        """The rules that satisfy `asked`."""
        match asked:
            case All(terms):
                words = [term for term in terms if isinstance(term, Words)]
                rest = [term for term in terms if not isinstance(term, Words)] if len(words) > 1 else terms
                start = self._together(words) if len(words) > 1 else self.everything
                return reduce(lambda found, term: found & self.find(term), rest, start)
            case Any(terms):
                return reduce(lambda found, term: found | self.find(term), terms, 0)
            case Without(term):
                return self.everything & ~self.find(term)
            case FieldTest():
                return self._field(asked)
            case Words():
                return self._words(asked)

    def rank(self, asked: Asked) -> dict[int, float]:
        """How well rules fit the words looked for (smaller is better), by number; empty when there are none.

        Of words that stand in very many rules, only those that have them in their title are ranked.
        """
        terms = [match for word in words_of(asked) if (match := fts(word))]
        if not terms:
            return {}
        every = isinstance(asked, Words) or (
            isinstance(asked, All) and all(isinstance(term, Words) for term in asked.terms)
        )
        match = f"({' AND '.join(terms)})" if every else f"({' OR '.join(terms)})"
        if self.widest > MOST_RANKED:
            match = f"{{title}} : {match}"
        rows = self.connection.execute(
            "SELECT rowid, bm25(search, 10.0, 3.0, 1.0, 4.0, 6.0) FROM search WHERE search MATCH ?", (match,)
        )
        return dict(rows)

    def titled(self, asked: Asked, most: int) -> list[int] | int:
        """Rules with all the words in their title: best first when they are at most `most`, else as a set.

        Empty for a search of anything but words.
        """
        terms = asked.terms if isinstance(asked, All) else (asked,)
        matches = [match for term in terms if isinstance(term, Words) and (match := fts(term))]
        if not matches or len(matches) != len(terms):
            return []
        wanted = f"{{title}} : ({' AND '.join(matches)})"
        numbers = [n for (n,) in self.connection.execute("SELECT rowid FROM search WHERE search MATCH ?", (wanted,))]
        if len(numbers) > most:
            return bits_of(numbers)
        rows = self.connection.execute(
            "SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search, 10.0, 3.0, 1.0, 4.0, 6.0), rowid",
            (wanted,),
        )
        return [number for (number,) in rows]

    def snippets(self, asked: Asked, numbers: Sequence[int], bodies: Container[int]) -> dict[int, str]:
        """Where the words looked for stand in the description or the text of rules, the characters 2 and 3 around them.

        The text of a rule is quoted only when its number is in `bodies`. Rules without such a place have no entry.
        """
        terms = [match for word in words_of(asked) if (match := fts(word))]
        found: dict[int, str] = {}
        if not terms:
            return found
        statement = (
            "SELECT snippet(search, 1, char(2), char(3), '…', 18), snippet(search, 2, char(2), char(3), '…', 14)"
            " FROM search WHERE search MATCH ? AND rowid = ?"
        )
        for number in numbers:
            for description, body in self.connection.execute(statement, (" OR ".join(terms), number)):
                shown = body if "\x02" in body and number in bodies else description
                if "\x02" in shown:
                    found[number] = " ".join(shown.split())
        return found

    def _together(self, words: list[Words]) -> int:
        """Rules that have all these words: one look into the index; each word by itself only to find what is missing."""
        matches = [match for word in words if (match := fts(word))]
        if not matches:
            return self.everything
        found = self._numbers("SELECT rowid FROM search WHERE search MATCH ?", " AND ".join(matches))
        self.widest = max(self.widest, found.bit_count())
        if not found:
            for word in words:
                self._words(word)
        return found

    def _words(self, word: Words) -> int:
        match = fts(word)
        if not match:
            return self.everything
        found = self._numbers("SELECT rowid FROM search WHERE search MATCH ?", match)
        self.widest = max(self.widest, found.bit_count())
        if not found and not word.phrase:
            self.missing.append(word.text)
        return found

    def _field(self, test: FieldTest) -> int:
        name, value = test.field.lower(), test.value
        if not value:
            return self.everything
        if name in COLUMNS:
            match = fts(Words(value.rstrip("*"), phrase=True, prefix=value.endswith("*")))
            return (
                self._numbers("SELECT rowid FROM search WHERE search MATCH ?", f"{COLUMNS[name]} : {match}")
                if match
                else 0
            )
        if (name, test.compare[:1]) in DATES:
            return self._numbers(DATES[name, test.compare[:1]], value)
        if name in ("created", "modified"):
            return self._prefixed_date(name, value)
        if name == "id":
            return self._numbers("SELECT number FROM rule WHERE id = ? OR key = ?", value, value)
        if name == "value":
            return self._value("", value)
        if name == "severity" and test.compare in (">", ">=", "<", "<="):
            return self._severity(test.compare, value.lower())
        if name in NAMES:
            return self._facet(NAMES[name], value)
        return self._value(test.field, value)

    def _prefixed_date(self, name: str, value: str) -> int:
        statement = {
            "created": "SELECT number FROM rule WHERE created >= ? AND created < ?",
            "modified": "SELECT number FROM rule WHERE modified >= ? AND modified < ?",
        }[name]
        return self._numbers(statement, value, value + "\uffff")

    def _severity(self, compare: str, value: str) -> int:
        if value not in SEVERITIES:
            return 0
        place = SEVERITIES.index(value)
        wanted = {
            ">": SEVERITIES[place + 1 :], ">=": SEVERITIES[place:], "<": SEVERITIES[:place], "<=": SEVERITIES[: place + 1],
        }[compare]  # fmt: skip
        return reduce(lambda found, name: found | self.posting("severity", name), wanted, 0)

    def _facet(self, kind: str, value: str) -> int:
        """All values of a facet that equal `value`, contain its parts, or (techniques) stand below it."""
        if kind == "has":
            return self._has(value.lower())
        low = value.lower()
        pattern = re.compile(re.escape(low).replace(r"\*", ".*"))
        chosen = [each for each in self.values(kind) if _facet_matches(kind, each.lower(), low, pattern)]
        return reduce(lambda found, each: found | self.posting(kind, each), chosen, 0)

    def _has(self, value: str) -> int:
        if value in ("test", "tests"):
            return self.posting("test", "yes")
        if value in ("translation", "verdict"):
            return self.everything & ~self.posting("verdict", "untested")
        if value in NAMES:
            kind = NAMES[value]
            return reduce(lambda found, each: found | self.posting(kind, each), self.values(kind), 0)
        return 0

    def _value(self, field: str, value: str) -> int:
        """Rules with a predicate on `field` (any when empty) whose value contains `value`; `*` is any run."""
        common = fields.canonical(field)
        names = (common, fields.name_of(common) or common, field.lower()) if field else ()
        numbers = self._predicates(names, value)
        rows: list[int] = []
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            marks = ",".join("?" * len(part))
            rows.extend(
                number
                for (number,) in self.connection.execute(
                    f"SELECT DISTINCT rule FROM indicator WHERE predicate IN ({marks})", part
                )
            )
        return bits_of(rows)

    def _predicates(self, names: tuple[str, ...], value: str) -> list[int]:
        low = value.lower()
        pattern = "%" + _escaped(low).replace("*", "%") + "%"
        longest = max(re.split(r"\*+", low), key=len, default="")
        if len(longest) >= 3:
            rows = self.connection.execute(
                "WITH near AS MATERIALIZED (SELECT rowid AS number FROM value_trigram WHERE value_trigram MATCH ?)"
                " SELECT predicate.number, predicate.field FROM near JOIN predicate USING (number)"
                " WHERE predicate.value LIKE ? ESCAPE '\\' LIMIT 20000",
                (_quoted(longest), pattern),
            )
        elif names:
            rows = self.connection.execute(
                "SELECT number, field FROM predicate WHERE field IN (?, ?, ?) AND value LIKE ? ESCAPE '\\' LIMIT 20000",
                (*names, pattern),
            )
        else:
            rows = self.connection.execute("SELECT number, field FROM predicate WHERE value = ? LIMIT 20000", (low,))
        return [number for number, field in rows if not names or field in names]

    def _numbers(self, statement: str, *values: str) -> int:
        return bits_of(number for (number,) in self.connection.execute(statement, values))


def fts(word: Words) -> str:
    """A word as an expression of FTS5, every part quoted; "" when nothing of it can stand in a text."""
    if not re.search(r"\w", word.text):
        return ""
    return _quoted(word.text) + (" *" if word.prefix else "")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""').replace("\x00", " ") + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _facet_matches(kind: str, value: str, low: str, pattern: re.Pattern[str]) -> bool:
    if value == low or ("*" in low and pattern.fullmatch(value)):
        return True
    if kind == "technique":
        return value.startswith(low + ".")
    if kind == "event":
        return value.endswith("/" + low) or value.split("/")[0].endswith(low)
    if kind in ("tactic", "kind", "author", "read"):
        fold = re.sub(r"[^a-z0-9]", "", low)
        return bool(fold) and fold in re.sub(r"[^a-z0-9]", "", value)
    return False
