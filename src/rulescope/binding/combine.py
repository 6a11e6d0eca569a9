"""Rows of several inputs: join, lookup, union, search, find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .. import model as m
from .rows import UNKNOWN_ROW, RowType, Scope, Tables

LEFT_ONLY = frozenset(("leftsemi", "leftanti", "anti", "leftantisemi"))
RIGHT_ONLY = frozenset(("rightsemi", "rightanti", "rightantisemi"))


def joined(left: RowType, right: RowType, stage: m.Join) -> RowType:
    """Columns of a join or lookup: the left side's, then the right side's, renamed `x1`, `x2` where the name is taken."""
    if stage.kind in LEFT_ONLY:
        return left
    if stage.kind in RIGHT_ONLY:
        return right
    dropped: set[str] = set()
    if stage.keyword == "lookup":  # the right side's keys are not repeated
        dropped = {key.right.name for key in stage.on if isinstance(key.right, m.Field)}
    return beside(left, right, dropped)


def beside(left: RowType, right: RowType, dropped: Iterable[str] = ()) -> RowType:
    """The columns of `left` and of `right`; a name that stands on both sides gets a number on the right."""
    dropped = set(dropped)
    types = dict(left.types)
    names = [name for name in right.types if name not in dropped]
    used = types.keys() | set(names)
    for name in names:
        made = name
        if name in left.types:
            number = 1
            while (made := f"{name}{number}") in used:
                number += 1
            used.add(made)
        types[made] = right.types[name]
    return RowType.of(types, left.open or right.open)


def union_row(rows: Iterable[RowType], kind: str = "outer", withsource: str = "", as_analyser: bool = False) -> RowType:
    """Columns of a union: those of any input in order of appearance, a name of several types once per type (`x_long`).

    kind inner: only columns that every input has. `as_analyser`: a name that two inputs have with one type keeps that
    type whatever later inputs say, as Microsoft's analyser has it (ColumnMap.Add of Kusto.Language 12 drops the rest).
    Source: https://learn.microsoft.com/kusto/query/union-operator
    """
    inputs = list(rows)
    open = any(row.open for row in inputs)
    if not withsource and inputs and all(row.types == inputs[0].types for row in inputs):
        return RowType.of(inputs[0].types, open)
    types = _types_by_name(inputs, as_analyser)
    made: dict[str, str] = {withsource: "string"} if withsource else {}
    for name, kinds in types.items():
        if kind == "inner" and not open and not all(name in row.types for row in inputs):
            continue
        if len(kinds) > 1:
            kinds.pop("unknown", None)  # a column known by use only is one of those whose type is known
        if len(kinds) == 1:
            made.setdefault(name, next(iter(kinds)))
            continue
        for type in kinds:
            made[_free(f"{name}_{type}", types, made)] = type
    return RowType.of(made, open)


def _types_by_name(inputs: list[RowType], as_analyser: bool) -> dict[str, dict[str, None]]:
    types: dict[str, dict[str, None]] = {}
    settled: set[str] = set()
    for row in inputs:
        for name, type in row.types.items():
            known = types.get(name)
            if known is None:
                types[name] = {type: None}
            elif type not in known:
                if name not in settled:
                    known[type] = None
            elif as_analyser and len(known) == 1:
                settled.add(name)
    return types


def _free(name: str, *taken: Iterable[str]) -> str:
    made, number = name, 0
    while any(made in names for names in taken):
        number += 1
        made = f"{name}{number}"
    return made


_PATTERNS: dict[tuple[int, str, bool], tuple[Tables, RowType]] = {}


def pattern_row(pattern: str, scope: Scope) -> RowType | None:
    """The union of every table and named query a pattern such as `Device*` stands for; None when there is none.

    Remembered per set of tables: `union *` over a thousand tables is common in hunting queries.
    """
    names = scope.matching(pattern)
    key = id(scope.tables), pattern, scope.as_analyser
    plain = all(name not in scope.lets for name in names)
    known = _PATTERNS.get(key) if plain else None
    if known is not None and known[0] is scope.tables:
        return known[1]
    rows = pattern_rows(pattern, scope)
    if not rows:
        return None
    row = union_row(rows, as_analyser=scope.as_analyser)
    if plain:
        if len(_PATTERNS) > 100:
            _PATTERNS.clear()
        _PATTERNS[key] = scope.tables, row
    return row


def search_row(stage: m.Search, before: RowType | None, scope: Scope) -> RowType:
    """`$table`, then the columns of the rows before or the union of the tables."""
    searched = before
    if searched is None and not stage.tables:
        searched = pattern_row("*", replace(scope, lets={})) or UNKNOWN_ROW
    elif searched is None:
        searched = union_row(_table_rows(stage.tables, scope), as_analyser=scope.as_analyser)
    return RowType.of({"$table": "string", **searched.types}, searched.open)


def _table_rows(names: tuple[str, ...], scope: Scope) -> Iterator[RowType]:
    for name in names:
        if "*" in name:
            yield from pattern_rows(name, scope)
        else:
            yield scope.table(name) or UNKNOWN_ROW


def pattern_of(query: m.Query) -> str:
    """The pattern a query consists of (`Device*` in a union); "" when it is anything else."""
    match query.stages:
        case (m.Scan(table),) if "*" in table and not query.lets:
            return table
    return ""


def pattern_rows(pattern: str, scope: Scope) -> list[RowType]:
    """The row of each table and named query a pattern stands for."""
    return [row for name in scope.matching(pattern) if (row := scope.table(name)) is not None]


def find_row(stage: m.Find, rows: list[RowType], withsource: str) -> RowType:
    """Columns of a find: `source_`, the chosen ones (else those all tables share and the predicate names), `pack_`.

    A column whose type differs between tables is dynamic.
    """
    made = {withsource: "string"}
    wanted = dict.fromkeys(field.name for field in m.expressions(stage.predicate, m.Field) if field.name != "*")
    if wanted:  # tables without any of the columns asked for cannot match
        rows = [row for row in rows if row.open or any(name in row.types for name in wanted)] or rows
    open = any(row.open for row in rows)
    if stage.columns and not stage.away:
        for column in stage.columns:
            made[column.name] = column.type or _shared_type(column.name, rows)
    else:
        shared = [name for name in rows[0].types if all(name in row.types for row in rows)] if rows else []
        away = {column.name for column in stage.columns}
        for name in dict.fromkeys((*shared, *wanted)):
            if name not in away and any(name in row.types for row in rows):
                made[name] = _shared_type(name, rows)
    rest = open or any(name not in made for row in rows for name in row.types) or not rows
    if stage.pack or (not stage.columns and rest):
        made["pack_"] = "dynamic"
    return RowType.of(made, open and not stage.columns)


def _shared_type(name: str, rows: list[RowType]) -> str:
    types = {row.types[name] for row in rows if name in row.types}
    return types.pop() if len(types) == 1 else "dynamic" if types else "unknown"
