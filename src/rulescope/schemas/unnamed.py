"""The values of an event without names, `<Data>` in its XML: one text or a list of texts, of which any may match.

As a list is a text only as JSON, it is joined with a character that no event's text may hold; tests that look at the ends of a
text, or past a place (`.` of a pattern), are written so that they stop there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import UnsupportedError
from ..model import Call, Expr, Field, Index, Literal, Match, Op, Scalar
from .columns import Made, Outside, Types, escaped, text_of, typed, unescaped

MARK = "\x1f"
"""Stands between two texts of a list. XML has no place for it."""

EDGE_BEFORE, EDGE_AFTER = r"(?:^|\x1f)", r"(?:$|\x1f)"
ENTRY = "<Data>"
ENTRIES = "<Data>([^<]*)</Data>"


class Unnamed(Made):
    """The unnamed values in a bag: `EventData Data`."""

    lists = True

    def needs(self) -> tuple[str, ...]:
        return self.columns[:1]

    def made(self, types: Types) -> Expr:
        held: Expr = Index(Field(self.columns[0]), Literal(self.columns[1]))
        is_list = Match(Call("gettype", (held,)), Op.EQ, ("array",), cased=True)
        return Call("iff", (is_list, Call("strcat_array", (held, Literal(MARK))), Call("tostring", (held,))))

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return typed(self.value(types), "string", match)
        values = tuple(text_of(value) for value in match.values)
        if match.op not in FORMS or any(MARK in value for value in values):
            raise UnsupportedError("a list of texts", f"{self.field} {match.op}")
        if match.op is Op.CONTAINS:
            return super().match(match, types)
        if match.op is Op.REGEX:
            patterns: tuple[Scalar, ...] = tuple(confined(value) for value in values)
        else:
            flags = "(?s)" if match.cased else "(?is)"
            patterns = tuple(flags + FORMS[match.op](value) for value in values)
        return Match(self.value(types), Op.REGEX, patterns, match.every, True, match.span)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        held = dict(row.get(self.columns[0]) or {})
        held[self.columns[1]] = _texts(self.field, value) if isinstance(value, list) else text_of(value)
        row[self.columns[0]] = held


class UnnamedXml(Unnamed):
    """The unnamed values in the XML of a text column: `EventData Data`."""

    def made(self, types: Types) -> Expr:
        found = Call("extract_all", (Literal(ENTRIES), Field(self.columns[0])))
        return unescaped(Call("strcat_array", (found, Literal(MARK))))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        texts = _texts(self.field, value) if isinstance(value, list) else [text_of(value)]
        added = "".join(f"{ENTRY}{escaped(text)}</Data>" for text in texts)
        row[self.columns[0]] = (row.get(self.columns[0]) or "") + added


def _texts(field: str, values: list[Any]) -> list[str]:
    if any(isinstance(value, list | dict) for value in values):
        raise Outside(f"{field} is a list of texts, not {values!r}")
    return [text_of(value) for value in values if value is not None]


# ---------------------------------------------------------------- tests of one text among several, as patterns


def _literal(text: str) -> str:
    return "".join("\\" + char if char in r"\.+*?()|[]{}^$" else char for char in text)


def _wildcards(value: str) -> str:
    """The pattern of a value with `*` and `?` that stays within one text."""
    parts: list[str] = []
    for found in re.finditer(r"\\([*?\\])|(\*+)|(\?)|(.)", value, re.DOTALL):
        escaped, run, one, plain = found.groups()
        parts.append(r"[^\x1f]*" if run else r"[^\x1f]" if one else _literal(escaped or plain))
    run = r"[^\x1f]*"
    first = parts.pop(0) if parts and parts[0] == run else ""
    last = parts.pop() if parts and parts[-1] == run else ""
    return ("" if first else EDGE_BEFORE) + "".join(parts) + ("" if last else EDGE_AFTER)


FORMS: dict[Op, Callable[[str], str]] = {
    Op.CONTAINS: _literal,
    Op.EQ: lambda value: EDGE_BEFORE + _literal(value) + EDGE_AFTER,
    Op.STARTSWITH: lambda value: EDGE_BEFORE + _literal(value),
    Op.ENDSWITH: lambda value: _literal(value) + EDGE_AFTER,
    Op.WILDCARD: _wildcards,
    Op.REGEX: lambda value: value,
}
"""The tests a list of texts answers, as a pattern of the joined text."""

TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\(\?[a-zA-Z-]+[:)]|.", re.DOTALL)
BESIDE = {r"\S": r"[^\s\x1f]", r"\W": r"[^\w\x1f]", r"\D": r"[^\d\x1f]", r"\A": EDGE_BEFORE, r"\z": EDGE_AFTER}
BESIDE |= {"^": EDGE_BEFORE, "$": EDGE_AFTER}


def confined(pattern: str) -> str:
    """`pattern` so that it finds in texts joined with `MARK` what it finds in one of them. Raises UnsupportedError."""
    flags = "".join(re.findall(r"\(\?([a-zA-Z-]+)[:)]", pattern))
    if "-" in flags:
        raise UnsupportedError("a list of texts", f"the pattern {pattern!r}")
    any_one = r"[^\x1f]" if "s" in flags else r"[^\n\x1f]"
    found: list[str] = []
    for token in TOKEN.findall(pattern):
        inside = token.startswith("[") and len(token) > 1
        if token in (r"\P", r"\C", r"\Q") or (inside and re.search(r"\\[SWDP]|\[:\^|\\x", token)):
            raise UnsupportedError("a list of texts", f"the pattern {pattern!r}")
        if inside and token.startswith("[^"):
            token = r"[^\x1f" + token[2:]
        found.append(any_one if token == "." else BESIDE.get(token, token))
    return "".join(found)
