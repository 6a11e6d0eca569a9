"""Tests a column can never pass, and shapes of a query that cost more than they need to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from .. import model as m
from ..model import Diagnostic, Op
from .indicators import Tested, tested
from .places import Placed, placed
from .subjects import shown

Facts = Mapping[str, frozenset[str]]
"""Column -> what is known of its values: `name` (a file name without folders), `lower` (always lower case), `host`."""

PATHS = frozenset({Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.WILDCARD})
FOLDERS = re.compile(r"[/\\]")
SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
PADDED = re.compile(r"\A(?:\(\?[a-z]+\))?\.[*+]\??[^|)]|[^|(\\]\.[*+]\??\Z")
WORD = re.compile(r"\w+\Z", re.ASCII)

SHAPES = {  # id: what it means
    "path-in-name": "a folder is looked for in a column that holds file names only: never true",
    "case-never-stored": "a value with upper case is compared, with case, with a column that is always lower case: never true",
    "url-in-host": "a scheme or a path is looked for in a column that holds host names only: never true",
    "search-everything": "every table, or every column of every table, is read",
    "regex-for-text": "a regular expression without any special character; a text comparison finds the same and is faster",
    "regex-padding": "a regular expression that starts or ends with `.*`, which changes nothing and costs time",
}


def shapes(
    query: m.Query, facts: Callable[[str], Facts], stages: tuple[Placed, ...] | None = None
) -> tuple[Diagnostic, ...]:
    """Findings in reading order, ids as in SHAPES. `facts` tells what is known of the columns of a table."""
    known = known_facts(query, facts)
    found: list[Diagnostic] = []
    for place in stages if stages is not None else placed(query):
        found.extend(_reads_everything(place.stage))
        for test in tested(place.stage, place.names):
            field = shown(test.subject, place.names.aliases)
            found.extend(_never(test, field, known.get(field, frozenset())))
            if test.op is Op.REGEX:
                found.extend(_regex(test, field))
    return tuple(dict.fromkeys(found))


def known_facts(query: m.Query, facts: Callable[[str], Facts]) -> dict[str, frozenset[str]]:
    """What holds of a column in every table of the query that has facts about it."""
    names = {stage.table for stage in m.expressions(query, m.Scan) if stage.table}
    names |= {stage.name for stage in m.expressions(query, m.TableCall)}
    merged: dict[str, frozenset[str]] = {}
    for facts_of in (facts(name) for name in sorted(names)):
        for column, known in facts_of.items():
            merged[column] = merged[column] & known if column in merged else known
    return merged


def _never(test: Tested, field: str, known: frozenset[str]) -> Iterator[Diagnostic]:
    texts = [value for value in test.values if isinstance(value, str)]
    if "name" in known and test.op in PATHS:
        paths = [value for value in texts if "\\" in value.replace("\\\\", "\\") or "/" in value]
        if paths:
            yield _finding(test, "path-in-name", f"{field} holds file names without folders; {paths[0]!r} is never in it", "error",
                           f"test the folder column, or the name {FOLDERS.split(paths[0])[-1]!r}")  # fmt: skip
    if "lower" in known and test.cased and test.op is not Op.REGEX:
        upper = [value for value in texts if value != value.lower()]
        if upper:
            yield _finding(test, "case-never-stored", f"{field} is always lower case; {upper[0]!r} is never equal to it", "error",
                           "compare without case")  # fmt: skip
    if "host" in known and test.op in PATHS:
        urls = [value for value in texts if "/" in value]
        if urls:
            yield _finding(
                test,
                "url-in-host",
                f"{field} holds host names; {urls[0]!r} is never in it",
                "error",
                "test the URL column",
            )


def _regex(test: Tested, field: str) -> Iterator[Diagnostic]:
    for value in test.values:
        if not isinstance(value, str):
            continue
        plain = value.removeprefix("(?i)")
        if plain and not SPECIAL.search(plain):
            cased = "" if plain != value else "_cs"
            word = f"has{cased}" if WORD.match(plain) else f"contains{cased}"
            yield _finding(test, "regex-for-text", f"{field}: {value!r} is plain text; a regular expression is the slowest way to find it",
                           "note", f"use contains{cased}, or {word} for a whole word")  # fmt: skip
        elif PADDED.search(value):
            yield _finding(
                test,
                "regex-padding",
                f"{field}: `.*` at an end of {value!r} changes nothing and costs time",
                "note",
                "leave it out",
            )


def _reads_everything(stage: m.Step) -> Iterator[Diagnostic]:
    match stage:
        case m.Search(tables=()) | m.Scan(table="*"):
            yield Diagnostic(
                "search-everything",
                f"{stage.keyword} reads every table",
                "warning",
                span=stage.span,
                suggestion="name the tables",
            )
        case m.Search(tables=tables) if "*" in tables:
            yield Diagnostic(
                "search-everything",
                "search in (*) reads every table",
                "warning",
                span=stage.span,
                suggestion="name the tables",
            )


def _finding(test: Tested, id: str, message: str, severity: str, suggestion: str) -> Diagnostic:
    return Diagnostic(id, message, severity if not test.negated else "warning", span=test.span, suggestion=suggestion)
