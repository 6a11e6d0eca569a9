"""Kinds of field that stand in a part of a column, in several columns, in lists, or in texts kept in two forms.

A name and its domain in one account column, the stem and the query of one address, a machine's short and full name, the event
number that type and result tell: what `schemas.columns` says of kinds holds here too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..errors import UnsupportedError
from ..model import FALSE, And, Call, Expr, Field, Literal, Match, Op, Or, replace
from .codes import KINDS as CODES
from .codes import Dynamic
from .columns import FieldMap, Made, OfTwo, Outside, Types, text_of, typed


@dataclass(frozen=True)
class Piece:
    """Where a part stands in the whole: `pattern` and `group` find it, `before` and `after` are what surrounds it.

    `spare` is a whole that has everything but the part, for events that say the part alone.
    """

    pattern: str
    group: int
    spare: str = ""


PIECES: Mapping[str, Piece] = {
    "name": Piece(r"[^\\]*$", 0),
    "domain": Piece(r"^(.*)\\", 1),
    "stem": Piece(r"^[^?]*", 0),
    "query": Piece(r"\?(.*)$", 1),
    "extension": Piece(r"^(?:\w+://[^/?#]*|[^/?#:]*(?::\d+)?)/(?:[^?#]*/)?[^/?#]*\.([^./?#]+)(?:[?#]|$)", 1, "/file"),
}
"""Argument of a row in a mapping file -> the part. Names have no backslash, stems no question mark."""


class Part(Made):
    """A part of a column of text, read by a pattern: `account:name TargetUsername`, `url:query Url`."""

    @cached_property
    def piece(self) -> Piece:
        return PIECES[self.argument]

    def made(self, types: Types) -> Expr:
        piece = self.piece
        return Call("extract", (Literal(piece.pattern), Literal(piece.group, "long"), Field(self.columns[0])))

    def held(self, whole: str) -> str:
        """The part of `whole`; empty when it has none."""
        found = re.search(self.piece.pattern, whole)
        return found[self.piece.group] if found else ""

    def match(self, match: Match, types: Types) -> Expr:
        if self.argument == "domain":
            _told_apart(match, self.field)
        if self.argument == "name" and match.op is Op.ENDSWITH and all(map(_plain_name, match.values)):
            return typed(Field(self.columns[0]), "string", match)  # the name stands last
        return super().match(match, types)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        text = text_of(value)
        whole = self.put(text_of(row.get(self.columns[0]) or ""), text)
        if self.held(whole) != text:
            raise Outside(f"{self.field} is never {value!r}")
        row[self.columns[0]] = whole

    def put(self, whole: str, text: str) -> str:
        """`whole` with `text` as this part of it."""
        match self.argument:
            case "name":
                domain, mark, _ = whole.rpartition("\\")
                return f"{domain}{mark}{text}"
            case "domain":
                if text == "-":
                    raise Outside(f"{self.field}: no domain")
                return f"{text}\\{whole.rpartition(chr(92))[2]}"
            case "stem":
                return f"{text}?{whole.partition('?')[2]}" if "?" in whole else text
            case "query":
                return f"{whole.partition('?')[0]}?{text}"
        found = re.search(self.piece.pattern, whole)
        if found:
            return whole[: found.start(1)] + text + whole[found.end(1) :]
        return f"{whole or self.piece.spare}.{text}"


def _plain_name(value: object) -> bool:
    return "\\" not in text_of(value) and text_of(value) != ""


def _told_apart(match: Match, field: str) -> None:
    """Refuses tests that a missing domain and the domain `-` answer differently: the column keeps neither."""
    known = (Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH)
    if match.op not in known or not all(text_of(value).strip("-") for value in match.values):
        raise UnsupportedError("an account without its domain", f"{field} {match.op} {match.values[:1]}")


class Host(OfTwo):
    """A machine's name as its log has it: the full one where there is one, `host DvcFQDN DvcHostname`."""

    def made(self, types: Types) -> Expr:
        full, short = (Field(column) for column in self.columns)
        return Call("iff", (Match(full, Op.EMPTY), short, full))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        short, dot, _ = text_of(value).partition(".")
        if not short:
            raise Outside(f"{self.field} is no name of a machine: {value!r}")
        row[self.columns[1]] = short
        if dot:
            row[self.columns[0]] = text_of(value)


class Address(Made):
    """An address whose query stands in a column of its own: `address csUriStem csUriQuery`."""

    def made(self, types: Types) -> Expr:
        stem, query = (Field(column) for column in self.columns)
        return Call("iff", (Match(query, Op.EMPTY), stem, Call("strcat", (stem, Literal("?"), query))))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        stem, mark, query = text_of(value).partition("?")
        if not stem or (mark and not query):
            raise Outside(f"{self.field} {value!r}")
        for column, text in zip(self.columns, (stem, query), strict=True):
            if text and row.setdefault(column, text) != text:
                raise Outside(f"{self.field} {value!r} beside {row[column]!r}")


class Within(FieldMap):
    """A property of objects in lists, whose name stands nowhere else in the column: `within TargetResources newValue`.

    Any of them may match. Asked of the JSON, where a quotation mark inside a text follows a backslash.
    """

    FORMS: ClassVar[Mapping[Op, str]] = {
        Op.EQ: '{}"',
        Op.STARTSWITH: "{}",
        Op.CONTAINS: r'(?:[^"\\]|\\.)*{}',
        Op.ENDSWITH: r'(?:[^"\\]|\\.)*{}"',
    }
    BARE = re.compile(r"true|false|null|-?\d+(\.\d+)?", re.I)
    """What JSON may write without quotation marks."""

    def needs(self) -> tuple[str, ...]:
        return self.columns[:1]

    def match(self, match: Match, types: Types) -> Expr:
        texts = [text_of(value) for value in match.values]
        bare = [text for text in texts if self.BARE.fullmatch(text) or not text]
        if match.op not in self.FORMS or bare:
            raise UnsupportedError("properties in lists", f"{self.field} {match.op} {' '.join(bare[:1])}".rstrip())
        opening = rf'"{self.columns[1]}"\s*:\s*"'
        values = tuple(opening + self.FORMS[match.op].replace("{}", _literal(text)) for text in texts)
        column: Expr = Field(self.columns[0])
        if types.get(self.columns[0]) != "string":
            column = Call("tostring", (column,))
        return replace(match, subject=column, op=Op.REGEX, values=values)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        if not isinstance(value, str):
            raise Outside(f"{self.field} is a text, not {value!r}")
        held = row.get(self.columns[0]) or []
        found = [dict(each) for each in (json.loads(held) if isinstance(held, str) else held)]
        found = [{**(found[0] if found else {}), self.columns[1]: value}, *found[1:]]
        row[self.columns[0]] = json.dumps(found) if types.get(self.columns[0]) == "string" else found


def _literal(text: str) -> str:
    """A text as JSON writes it, as a pattern."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", json.dumps(text, ensure_ascii=False)[1:-1])


class Told(FieldMap):
    """A value that several columns tell together: `told:logons EventType EventResult`.

    The lookup gives for each value those of the columns, `Logon|Success`; for a value that the table's rows never have,
    nothing. After the first column only those are asked that tell the values apart.
    """

    @cached_property
    def known(self) -> Mapping[str, tuple[str, ...]]:
        """Value -> what the columns hold."""
        return {old: tuple(new.split("|")) for old, new in (self.lookup or {}).items() if new}

    def match(self, match: Match, types: Types) -> Expr:
        asked = {text_of(value).lower() for value in match.values}
        if match.op is not Op.EQ or match.every or not asked <= (self.lookup or {}).keys():
            raise UnsupportedError("a value told by several columns", f"{self.field} {match.op} {match.values[:1]}")
        rows = frozenset(self.known[value] for value in asked if value in self.known)
        tests = tuple(dict.fromkeys(self._test(row, rows) for row in sorted(rows)))
        if len(tests) > 1 and all(isinstance(test, Match) for test in tests):
            first = Field(self.columns[0])
            return Match(first, Op.EQ, tuple(row[0] for row in sorted(rows)), cased=True)
        return FALSE if not tests else tests[0] if len(tests) == 1 else Or(tests)

    def _test(self, row: tuple[str, ...], wanted: frozenset[tuple[str, ...]]) -> Expr:
        """The first column, and of the others those that tell `row` from the rows that are not wanted."""
        asked = list(range(len(self.columns)))
        for column in reversed(range(1, len(self.columns))):
            rest = [each for each in asked if each != column]
            if {other for other in self.known.values() if all(other[i] == row[i] for i in rest)} <= wanted:
                asked = rest
        tests = tuple(Match(Field(self.columns[i]), Op.EQ, (row[i],), cased=True) for i in asked)
        return tests[0] if len(tests) == 1 else And(tests)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        held = self.known.get(text_of(value).lower())
        if held is None:
            raise Outside(f"{self.field} is never {value!r}")
        row.update({column: text for column, text in zip(self.columns, held, strict=True) if text})


class Kept(FieldMap):
    """A field the column holds in a form of its own: rows of logs have it, tests of it are refused: `kept DnsResponseName`."""

    def match(self, match: Match, types: Types) -> Expr:
        raise UnsupportedError("a column with a form of its own", f"the field {self.field}")

    def value(self, types: Types) -> Expr:
        raise UnsupportedError("a column with a form of its own", f"the field {self.field}")


class Plain(FieldMap):
    """A text that some sources of the table keep as XML writes it: `plain Object` asks only for what is the same in both.

    Braces around the whole are left out there too, so what a text ends with is not asked.
    """

    MARKS = frozenset("<>&\"'{}")
    ENTITIES = ("&lt;", "&gt;", "&amp;", "&quot;", "&apos;")

    def match(self, match: Match, types: Types) -> Expr:
        for value in match.values:
            text = text_of(value).lower()
            inside = match.op is Op.CONTAINS and (";" in text or any(text in each for each in self.ENTITIES))
            if self.MARKS & set(text) or inside or match.op not in (Op.EQ, Op.CONTAINS, Op.STARTSWITH):
                raise UnsupportedError("text that may stand as XML", f"{self.field} {match.op} {value!r}")
        return super().match(match, types)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is not None and self.MARKS & set(text_of(value)):
            raise Outside(f"{self.field} may stand in another form: {value!r}")
        super().store(value, types, row)


KINDS: dict[str, type[FieldMap]] = CODES | {
    "account": Part,
    "url": Part,
    "host": Host,
    "address": Address,
    "within": Within,
    "dynamic": Dynamic,
    "told": Told,
    "plain": Plain,
    "kept": Kept,
}
"""First word of a field's row in a mapping file -> what it does; any other word is the column of the same meaning."""
