"""Keywords of a rule: texts looked for anywhere in an event, asked of the columns that hold the event's own text.

A column is named as it stands, or as `json EventData` or `xml EventData` when it holds the event's fields with their names:
such a text is asked only for what is found in values and never in what stands around them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ..errors import UnsupportedError
from ..model import And, Call, Column, Expr, Field, Literal, Match, Op, Or, Scalar, replace
from .columns import Types, escaped, text_of, typed
from .data import rows

ESCAPED = frozenset('bfnrtu"\\')
"""First characters of a text that may stand behind a backslash of JSON's own."""

SYNTAX = "{}[]:, "
"""What stands between the values of JSON."""

MARKUP = ('<dataitem type="system.xmldata">', "<eventdata>", "</data></eventdata></dataitem>")
ENTITY_ENDS = re.compile(r"(?:(?:a?m)?p|[lg]?t)?;")
TEXT = "EventText"
"""The computed column of all texts of an event."""

FREE = "Data"
"""The name of a value that events have without a name."""


def column_of(spec: str) -> str:
    """The column of an entry of `keywords`."""
    return spec.rpartition(" ")[2]


def whole(specs: Iterable[str], types: Types) -> Column:
    """All the columns as one text, a line each: a keyword of one line is in it when it is in one of them."""
    parts: list[Expr] = []
    for spec in specs:
        column: Expr = Field(column_of(spec))
        text = types.get(column_of(spec), "string") == "string"
        parts += [Literal("\n"), column if text else Call("tostring", (column,))]
    return Column((TEXT,), Call("strcat", tuple(parts[1:])))


def asked(specs: tuple[str, ...], match: Match, types: Types, logs: Iterable[str]) -> Expr:
    """A keyword asked of the columns, of `whole` where that is the same; `logs` are the event logs the rows are from.

    Raises UnsupportedError for what the columns cannot answer.
    """
    forms = {spec.rpartition(" ")[0] for spec in specs}
    values = tuple(text_of(value) for value in match.values)
    known = {name for log in logs for name in names_in(log.lower())} | {FREE.lower()}
    test = replace(match, values=values)
    if match.op is Op.CONTAINS and len(specs) > 1 and not any("\n" in v or "\r" in v for v in values):
        if "xml" not in forms:
            return _json(Field(TEXT), test, known) if "json" in forms else replace(test, subject=Field(TEXT))
        if not any(mark in value for value in values for mark in "&<>"):
            return _xml(Field(TEXT), test, known)
    tests: list[Expr] = []
    for spec in specs:
        form, _, column = spec.rpartition(" ")
        kind = types.get(column, "string")
        subject: Expr = Field(column) if kind == "string" else Call("tostring", (Field(column),))
        if not form:
            tests.append(typed(Field(column), kind, replace(match, subject=Field(column))))
        elif match.op is not Op.CONTAINS:
            raise UnsupportedError("the fields of an event as one text", f"a keyword with {match.op}")
        else:
            tests.append((_xml if form == "xml" else _json)(subject, test, known))
    return tests[0] if len(tests) == 1 else Or(tuple(tests))


def _xml(subject: Expr, match: Match, known: set[str]) -> Expr:
    around = (*MARKUP, *(f'</data><data name="{name}">' for name in known))
    values = tuple(map(text_of, match.values))
    for text in map(str.lower, values):
        if ENTITY_ENDS.match(text) or any(text in each for each in ("amp;", "lt;", "gt;", *around)):
            raise UnsupportedError("the fields of an event as one text", f"the keyword {text!r}")
    return replace(match, subject=subject, values=tuple(map(escaped, values)))


def _json(subject: Expr, match: Match, known: set[str]) -> Expr:
    plain: list[Scalar] = []
    guarded: list[Scalar] = []
    for text in map(text_of, match.values):
        lower = text.lower()
        if not text.strip(SYNTAX) or any(lower in name for name in known):
            raise UnsupportedError("the fields of an event as one text", f"the keyword {text!r}")
        written = json.dumps(text, ensure_ascii=False)[1:-1]
        if lower[0] in ESCAPED:
            literal = re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", written)
            guarded.append(rf"(?:^|[^\\])(?:\\\\)*{literal}")
        else:
            plain.append(written)
    tests = [replace(match, subject=subject, values=tuple(plain))] if plain else []
    if guarded:
        tests.append(Match(subject, Op.REGEX, tuple(guarded), match.every, match.cased))
    return tests[0] if len(tests) == 1 else (And if match.every else Or)(tuple(tests))


def put(specs: Iterable[str], text: str, types: Types, row: dict[str, Any]) -> None:
    """Into `row` a text of the event that has no column of its own: where a keyword may stand."""
    first, *_ = listed = list(specs)
    column = column_of(first)
    free = next((each for each in listed if " " not in each and each not in row), "")
    if first.startswith("json "):
        bag = dict(row.get(column) or {})
        bag[FREE] = f"{bag[FREE]}\n{text}" if FREE in bag else text
        row[column] = bag
    elif free:
        row[free] = text
    else:
        row[column] = f"{row[column]}\n{text}"


@cache
def names_in(log: str) -> frozenset[str]:
    """Names of the fields that events of a log are known to have, all lower case; empty for a log nothing is known of."""
    events = {(row["provider"], row["event_id"]) for row in rows("events.tsv") if row["channel"].lower() == log}
    fields = (row["fields"] for row in rows("event-fields.tsv") if (row["provider"], row["event_id"]) in events)
    return frozenset(name.lower() for each in fields for name in each.split())


def logs_of(tests: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The event logs that conditions hold rows to (see `schemas.events.held`)."""
    return tests.get("Channel", tests.get("EventLog", frozenset()))
