"""Check rules and queries: syntax, names against dated schemas, conditions that never hold, shapes that cost too much."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .. import analysis, binding, formats, sources
from ..analysis.faults import FAULTS
from ..analysis.shapes import SHAPES, shapes
from ..errors import Fault, SchemaError
from ..model import Diagnostic, Failure, Opaque, Query, Rule, RuleFile, opaques
from ..schemas import data
from ..schemas import tables as known
from ..text import Place, Span, place_at
from .reading import Read, read_rule
from .tables import declared

NAMES = {  # id: what it means, for findings of other floors
    "syntax": "the text is not well formed",
    "not-a-rule": "the file holds no rule",
    "not-understood": "a part that is not understood, and so is not checked",
    "unknown-table": "no table of that name in the schemas",
    "unknown-column": "no column of that name at this stage",
    "unknown-function": "no function, aggregate or plugin of that name",
    "wrong-argument-count": "a function is called with too few or too many arguments",
    "type-mismatch": "an operator or function is given a value of a type it does not take",
    "value-misfit": "a column is compared with text that is no value of its type: never equal",
    "deprecated-function": "a function that has a successor",
    "duplicate-column": "two columns of one name",
}
CHECKS: Mapping[str, str] = {**NAMES, **FAULTS, **SHAPES}
"""Every id a finding may have, and what it means; each has a part of its own in docs/checks.md."""

PAGES = "https://github.com/rulescope/rulescope/blob/main/docs/checks.md#{id}"
"""Where a finding is explained."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one file, in text order."""

    path: str
    rules: int
    findings: tuple[Diagnostic, ...]
    text: str = ""


def check(paths: str | Path | Iterable[str | Path], tables: binding.Tables | None = None) -> Iterator[Checked]:
    """Findings of every rule file of `paths`, file by file. `tables` overrides the shipped schemas.

    Raises SourceError for a path that does not exist.
    """
    schemas = tables if tables is not None else shipped()
    for path in [paths] if isinstance(paths, str | Path) else paths:
        for file in sources.read(path):
            if isinstance(file, Failure):
                yield Checked(file.path, 0, (_failed(file),))
            else:
                yield check_file(file, schemas, Path(path).is_file())


def check_file(file: RuleFile, tables: binding.Tables, named: bool = True) -> Checked:
    """Findings of one file. A file that is no rule is a finding only when it was `named` itself."""
    rules, failures = formats.read(file)
    found = [_failed(failure) for failure in failures if named or failure.kind != "NotARule"]
    text = file.data.decode("utf-8", "replace")
    parameters = _parameters(text)
    for rule in rules:
        for finding in check_rule(rule, tables):
            if finding.id != "unknown-column" or not any(f" {name} " in finding.message for name in parameters):
                found.append(finding)
    return Checked(file.path, len(rules), tuple(sorted(found, key=_position)), text)


def _parameters(text: str) -> frozenset[str]:
    """The parameters a file of a parser function declares beside its query."""
    _, found, listed = text.partition("ParserParams:")
    return frozenset(re.findall(r"^\s*- Name:\s*(\w+)", listed, re.MULTILINE)) if found else frozenset()


def check_text(text: str, path: str = "", tables: binding.Tables | None = None) -> tuple[Diagnostic, ...]:
    """Findings of one Kusto text."""
    rule = Rule("", path or "query", "kusto", text, path=path)
    return tuple(sorted(check_rule(rule, tables if tables is not None else shipped()), key=_position))


def check_rule(rule: Rule, tables: binding.Tables) -> list[Diagnostic]:
    """Findings of one rule, each with its place in the rule's file."""
    read = read_rule(rule)
    found = [_fault(fault) for fault in read.faults]
    if read.trouble and read.query is None:
        found.append(Diagnostic("not-understood", read.trouble, "note", place=Place(rule.path, rule.line, 1)))
    if read.query is not None:
        found.extend(_placed(finding, rule) for finding in _meaning(read, read.query, rule, tables))
    return found


def _meaning(read: Read, query: Query, rule: Rule, tables: binding.Tables) -> Iterator[Diagnostic]:
    stages = analysis.placed(query)
    yield from analysis.faults(query, stages)
    yield from shapes(query, column_facts, stages)
    if rule.language == "kusto":
        yield from (_dated(found) for found in binding.bind(query, tables).diagnostics if not _made_by_logs(found))
    if not read.faults:
        for node in opaques(query):
            if node.keyword == "=":
                continue  # the finding `assignment` says it better
            what = "stage" if isinstance(node, Opaque) else "expression"
            yield Diagnostic("not-understood", f"{what} {node.keyword} is not understood", "note", span=node.span)


GENERATED = re.compile(r"no column (?:\w+_[bdgst]|_ItemId|_TimeReceived) here")
"""Columns that custom logs make by the type of a value (`code_d`), and hidden ones that every log has."""


def _made_by_logs(found: Diagnostic) -> bool:
    return found.id == "unknown-column" and GENERATED.match(found.message) is not None


def _dated(found: Diagnostic) -> Diagnostic:
    """A finding about a name with the date of the schemas that do not have it."""
    if found.id not in ("unknown-table", "unknown-column"):
        return found
    message = f"{found.message} (schemas of {schema_date()})"
    severity = found.severity if found.suggestion or found.id == "unknown-column" else "note"
    return Diagnostic(found.id, message, severity, found.place, found.span, found.suggestion)


@cache
def schema_date() -> str:
    """The day the oldest of the shipped tables was retrieved, as their files say."""
    heads = [data.text(f"tables-{schema}.tsv").partition("\n")[0] for schema in known.SCHEMAS]
    days: list[str] = [day for head in heads for day in re.findall(r"\d{4}-\d\d-\d\d", head)]
    return min(days)


def _fault(fault: Fault) -> Diagnostic:
    return Diagnostic(
        "syntax",
        fault.message,
        "error",
        fault.place,
        fault.span,
        fault.suggestion,
    )


def _failed(failure: Failure) -> Diagnostic:
    id = "not-a-rule" if failure.kind == "NotARule" else "syntax"
    return Diagnostic(id, failure.message, "error", Place(failure.path, max(1, failure.line), max(1, failure.column)))


def _placed(finding: Diagnostic, rule: Rule) -> Diagnostic:
    if finding.place is not None:
        return finding
    span = finding.span or Span(0, 0)
    at = place_at(rule.text, span.start)
    place = Place(rule.path, rule.line + at.line - 1, at.column + rule.indent)
    return Diagnostic(finding.id, finding.message, finding.severity, place, finding.span, finding.suggestion)


def _position(finding: Diagnostic) -> tuple[int, int, str]:
    return (finding.place.line, finding.place.column, finding.id) if finding.place else (0, 0, finding.id)


@cache
def shipped() -> binding.Tables:
    """Every table of the shipped schemas; one that several platforms have holds the columns of all of them."""
    return {table: declared(table) for schema in known.SCHEMAS for table in known.tables(schema)}


@cache
def column_facts(table: str) -> Mapping[str, frozenset[str]]:
    """What is known of the values of a table's columns, of any table's where the data says so."""
    found: dict[str, set[str]] = {}
    for row in data.rows("column-facts.tsv"):
        if row["table"] == table or (row["table"] == "*" and table in known.tables("defender")):
            found.setdefault(row["column"], set()).add(row["fact"])
    return {column: frozenset(facts) for column, facts in found.items()}


def with_folder(folder: str | Path) -> binding.Tables:
    """The shipped schemas and those of a folder, which win: `Table.tsv` (column, type a line) or `*.json` ({table: {column: type}}).

    Raises SchemaError for a file that is neither, or a type Kusto does not have.
    """
    merged: dict[str, Mapping[str, str]] = dict(shipped())
    for file in sorted(Path(folder).iterdir()):
        if file.suffix == ".tsv":
            lines = [
                line.split("\t")
                for line in file.read_text(encoding="utf-8-sig").splitlines()
                if line and not line.startswith("#")
            ]
            merged[file.stem] = _columns({cells[0]: cells[-1] for cells in lines}, file)
        elif file.suffix == ".json":
            try:
                listed = json.loads(file.read_text(encoding="utf-8-sig"))
            except ValueError as error:
                raise SchemaError(f"{file}: not JSON: {error}") from error
            if not isinstance(listed, dict):
                raise SchemaError(f"{file}: expected an object of tables, found {type(listed).__name__}")
            merged.update({str(table): _columns(columns, file) for table, columns in listed.items()})
    return merged


TYPES = frozenset({"string", "long", "int", "real", "bool", "datetime", "timespan", "decimal", "guid", "dynamic"})


def _columns(columns: object, file: Path) -> dict[str, str]:
    if not isinstance(columns, dict):
        raise SchemaError(f"{file}: expected an object of columns, found {type(columns).__name__}")
    for column, kind in columns.items():
        if kind not in TYPES:
            raise SchemaError(f"{file}: column {column}: expected one of {', '.join(sorted(TYPES))}, found {kind!r}")
    return {str(column): str(kind) for column, kind in columns.items()}
