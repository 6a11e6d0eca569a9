"""Tests a column can never pass, and shapes of a query that cost more than they need to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from .. import model as m
from ..model import Diagnostic, Op
from .indicators import Tested, tested
from .places import Placed, placed
from .subjects import shown, subject

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
    "any-column": "a condition on every column (`* has`) reads all of them, of every row",
    "unfiltered-join": "a join with a whole table: nothing is left out before it",
    "assignment": "`=` gives a name to a value; a condition compares with `==`",
    "regex-for-text": "a regular expression without any special character; a text comparison finds the same and is faster",
    "regex-padding": "a regular expression that starts or ends with `.*`, which changes nothing and costs time",
}


def shapes(
    query: m.Query, facts: Callable[[str], Facts], stages: tuple[Placed, ...] | None = None
) -> tuple[Diagnostic, ...]:
    """Findings in reading order, ids as in SHAPES. `facts` tells what is known of the columns of a table."""
    known = known_facts(query, facts)
    found: list[Diagnostic] = []
    lets = frozenset(let.name for inner in m.queries(query) for let in inner.lets)
    first = {id(inner.stages[0]) for inner in m.queries(query) if inner.stages}
    for inner in m.queries(query):
        found.extend(_folded_columns(inner))
    for place in stages if stages is not None else placed(query):
        if id(place.stage) in first:
            found.extend(_reads_everything(place.stage))
        found.extend(_costly(place.stage, lets))
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
    for name in _made(query):  # what the query computes itself is no longer what the table holds
        merged.pop(name, None)
    return merged


def _made(query: m.Query) -> Iterator[str]:
    """Columns the query fills with something else than the column of that name."""
    for stage in (stage for inner in m.queries(query) for stage in inner.stages):
        match stage:
            case m.Parse(_, parts):
                yield from (part.name for part in parts)
            case m.ParseKv(_, columns) | m.Inline(columns) | m.External(columns):
                yield from (column.name for column in columns)
            case m.Aggregate(aggregates, by):
                yield from _computed((*aggregates, *by))
            case m.Extend(columns) | m.Project(columns) | m.Serialize(columns) | m.Expand(columns) | m.Print(columns):
                yield from _computed(columns)


def _computed(columns: tuple[m.Column, ...]) -> Iterator[str]:
    for column in columns:
        for name in column.names:
            if subject(column.value, {}) != name:
                yield name


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
            severity = "error" if len(upper) == len(test.values) else "warning"
            yield _finding(test, "case-never-stored", f"{field} is always lower case; {upper[0]!r} is never in it", severity,
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
            word = f", or has{cased} for a whole word" if WORD.match(plain) else ""
            yield _finding(test, "regex-for-text", f"{field}: {value!r} is plain text; a regular expression is the slowest way to find it",
                           "note", f"use contains{cased}{word}")  # fmt: skip
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
                f"{'search' if isinstance(stage, m.Search) else '*'} reads every table",
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


WHOLE = (m.Scan, m.Project, m.Extend, m.Select, m.Rename, m.Serialize)


FOLDED: dict[str, Callable[[str], str]] = {"tolower": str.lower, "toupper": str.upper}
KEEPS = (m.Filter, m.Sort, m.Limit, m.Top, m.Select, m.Distinct, m.Extend, m.Project, m.Serialize, m.Aggregate)


def _folded_columns(query: m.Query) -> Iterator[Diagnostic]:
    """`extend n = tolower(x) | where n == "ABC"`: never."""
    folded: dict[str, str] = {}
    for stage in query.stages:
        if not isinstance(stage, KEEPS):
            folded.clear()
        match stage:
            case m.Filter(predicate) if folded:
                for match in m.expressions(predicate, m.Match):
                    yield from _in_other_case(match, folded)
            case m.Extend(columns) | m.Serialize(columns) | m.Project(columns) | m.Distinct(columns):
                made = dict(_folds(columns, folded))
                folded = (
                    {}
                    if isinstance(stage, m.Project | m.Distinct)
                    else {k: v for k, v in folded.items() if k not in made}
                )
                folded.update((name, how) for name, how in made.items() if how)
            case m.Aggregate(_, by):
                folded = {name: how for name, how in _folds(by, folded) if how}


def _folds(columns: tuple[m.Column, ...], before: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and folding function of the columns made, "" for none."""
    for column in columns:
        match column.value:
            case m.Call(name) if name in FOLDED:
                how = name
            case m.Field(name):
                how = before.get(name, "")
            case _:
                how = ""
        plain = (column.value.name,) if isinstance(column.value, m.Field) else ()
        for made in column.names or plain:
            yield made, how


def _in_other_case(match: m.Match, folded: Mapping[str, str]) -> Iterator[Diagnostic]:
    if not isinstance(match.subject, m.Field) or not match.cased or match.op is Op.REGEX:
        return
    how = folded.get(match.subject.name)
    odd = [value for value in match.values if how and isinstance(value, str) and FOLDED[how](value) != value]
    if how and odd:
        severity = "error" if len(odd) == len(match.values) else "warning"
        yield Diagnostic("never-in-that-case", f"{match.subject.name} was made by {how} and is never {odd[0]!r}", severity,
                         span=match.span, suggestion=f"write {FOLDED[how](odd[0])!r}, or compare without case")  # fmt: skip


def _costly(stage: m.Step, lets: frozenset[str]) -> Iterator[Diagnostic]:
    match stage:
        case m.Filter(predicate):
            for match in m.expressions(predicate, m.Match):
                if match.subject == m.ANY:
                    yield Diagnostic("any-column", "`*` reads every column of every row", "note", span=match.span,
                                     suggestion="name the columns the value can stand in")  # fmt: skip
            for term in m.expressions(predicate, m.OpaqueExpr):
                if term.keyword == "=":
                    name, _, value = term.text.partition("=")
                    yield Diagnostic("assignment", f"{term.text!r} names a value and compares nothing", "error", span=term.span,
                                     suggestion=f"write {name.strip()} == {value.strip()}")  # fmt: skip
        case m.Join(right) if not right.lets and right.stages and all(isinstance(s, WHOLE) for s in right.stages):
            first = right.stages[0]
            if isinstance(first, m.Scan) and first.table and first.table not in lets:
                yield Diagnostic("unfiltered-join", f"all of {first.table} is joined", "note", span=first.span or stage.span,
                                 suggestion="filter it by time and value before the join")  # fmt: skip


def _finding(test: Tested, id: str, message: str, severity: str, suggestion: str) -> Diagnostic:
    return Diagnostic(id, message, severity if not test.negated else "warning", span=test.span, suggestion=suggestion)
