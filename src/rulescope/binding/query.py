"""Rows through a query: the row type after each stage, from the tables to the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import model as m
from . import graphs
from .check import (
    check_expr,
    check_join,
    check_source,
    checked,
    duplicates,
    near_miss,
    report,
    unknown_column,
    unknown_table,
)
from .columns import expanded, named_columns
from .combine import find_row, joined, pattern_of, pattern_row, pattern_rows, search_row, union_row
from .functions import service_functions
from .plugins import plugin_row
from .rows import EMPTY_ROW, UNKNOWN_ROW, Findings, RowType, Scope, Tables, type_name
from .selection import by_names, selected
from .types import NUMBERS, common, type_of


@dataclass(frozen=True, slots=True)
class Bound:
    """A query against tables: its result row, the row after each stage, and what does not fit."""

    row: RowType
    stages: tuple[RowType, ...]
    diagnostics: tuple[m.Diagnostic, ...] = ()


def bind(
    query: m.Query,
    tables: Tables,
    lets: Mapping[str, RowType] | None = None,
    as_analyser: bool = True,
    strict: bool = False,
) -> Bound:
    """Names and types of `query`'s columns over `tables`. Never raises for what the query names: see `diagnostics`.

    `lets` are rows of further names, such as functions of the workspace. `as_analyser`: the columns an editor with
    Microsoft's analyser shows; without it, and in a `Scope` made by hand, those the documentation says a run gives. They
    differ in unions of three and more inputs with a column of several types. `strict`: a value of another type than the
    column's is said even where a run converts it, as in `EventID == "4624"`.
    """
    findings = Findings()
    stages: list[RowType] = []
    row = query_row(query, Scope(tables, lets or {}, findings=findings, as_analyser=as_analyser, strict=strict), stages)
    return Bound(row, tuple(stages), tuple(findings.items))


def query_row(query: m.Query, scope: Scope, stages: list[RowType] | None = None) -> RowType:
    """The result row of `query`; the row after each stage is appended to `stages`."""
    scope = query_scope(query, scope)
    row: RowType | None = None
    for stage in query.stages:
        before = row
        row = step_row(stage, row, scope)
        if isinstance(stage, m.As):
            scope = scope.with_let(stage.name, row)
        elif isinstance(stage, m.GraphToTable) and before is not None:
            for table in stage.outputs:
                scope = scope.with_let(table.name, graphs.table_of(table, before)) if table.name else scope
        if stages is not None:
            stages.append(row)
    return EMPTY_ROW if row is None else row


def query_scope(query: m.Query, scope: Scope) -> Scope:
    """`scope` with the lets and parameters of `query`."""
    if query.parameters:
        known = {parameter.name: type_name(parameter.type) for parameter in query.parameters}
        scope = replace(scope, scalars={**scope.scalars, **known})
    for let in query.lets:
        scope = scope.with_let(let.name, query_row(let.query, scope), let.view)
    return scope


def step_row(stage: m.Step, before: RowType | None, scope: Scope) -> RowType:
    """The row after `stage`, over the row `before` it (None for the first stage)."""
    if before is None:
        check_source(stage, scope)
    elif before.open or scope.findings is not None:
        before = checked(stage, before, scope)
    return _STEPS[type(stage)](stage, before, scope)


# ---------------------------------------------------------------- stages that make rows


def _scan(stage: m.Scan, before: RowType | None, scope: Scope) -> RowType:
    if not stage.table:
        return scope.input or UNKNOWN_ROW
    if "*" in stage.table:
        row = pattern_row(stage.table, scope)
        if row is not None:
            return row
    elif (row := scope.table(stage.table)) is not None:
        return row
    if not stage.scope:
        unknown_table(stage.table, stage.span, scope)
    return UNKNOWN_ROW


TABLE_FUNCTIONS = ("table", "materialized_view", "external_table")


def _table_call(stage: m.TableCall, before: RowType | None, scope: Scope) -> RowType:
    if scope.findings is not None:
        for arg in stage.args:
            check_expr(arg, EMPTY_ROW, scope)
    row = scope.table(stage.name)
    if row is not None:
        return row
    if stage.name in TABLE_FUNCTIONS and stage.args and isinstance(stage.args[0], m.Literal):
        return _scan(m.Scan(str(stage.args[0].value), span=stage.span), before, scope)
    if stage.name in service_functions():
        return RowType.of(service_functions()[stage.name][1], open=True)
    if not stage.scope:
        near = near_miss(stage.name, tuple(scope.tables))
        report(scope, "unknown-function", stage.name, "note", stage.span, f"no function {stage.name} is known", near)
    return UNKNOWN_ROW


def _nested(stage: m.Nested, before: RowType | None, scope: Scope) -> RowType:
    return query_row(stage.query, scope)


def _typed(stage: m.Inline | m.External, before: RowType | None, scope: Scope) -> RowType:
    return RowType.of({column.name: type_name(column.type) for column in stage.columns})


def _range(stage: m.Range, before: RowType | None, scope: Scope) -> RowType:
    types = [type_of(part, EMPTY_ROW, scope) for part in (stage.start, stage.stop, stage.step)]
    return RowType.of({stage.name: common(types) if types[0] in NUMBERS else types[0]})


def _search(stage: m.Search, before: RowType | None, scope: Scope) -> RowType:
    row = search_row(stage, before, scope)
    return check_expr(stage.predicate, row, scope) if row.open or scope.findings is not None else row


def _find(stage: m.Find, before: RowType | None, scope: Scope) -> RowType:
    rows = _find_rows(stage, scope) if before is None else [before]
    if scope.findings is not None and not any(row.open for row in rows):
        every: dict[str, str] = {}
        for row in rows:
            every.update(row.types)
        check_expr(stage.predicate, RowType.of(every), scope)
    withsource = next((str(p.value) for p in stage.properties if p.name.lower() in ("withsource", "with_source")), "")
    return find_row(stage, rows, withsource or "source_")


def _find_rows(stage: m.Find, scope: Scope) -> list[RowType]:
    if not stage.tables:
        return pattern_rows("*", replace(scope, lets={}))
    rows: list[RowType] = []
    for query in stage.tables:
        rows.extend(_input_rows(query, scope))
    return rows


def _input_rows(query: m.Query, scope: Scope) -> list[RowType]:
    pattern = pattern_of(query)
    return (pattern_rows(pattern, scope) if pattern else []) or [query_row(query, scope)]


# ---------------------------------------------------------------- stages that take rows


def _same(stage: m.Step, before: RowType | None, scope: Scope) -> RowType:
    return before or EMPTY_ROW


def _computed(stage: Any, before: RowType | None, scope: Scope) -> RowType:
    """Exactly the columns the stage computes."""
    made = named_columns(stage, before, scope)
    if scope.findings is not None and isinstance(stage, m.Project | m.Distinct | m.Aggregate):
        duplicates((*stage.by, *stage.aggregates) if isinstance(stage, m.Aggregate) else stage.columns, scope)
    stars = isinstance(stage, m.Distinct) and any(isinstance(column.value, m.Star) for column in stage.columns)
    more = stars or (isinstance(stage, m.Aggregate) and _passes_all(stage))
    return RowType.of({name: type for name, type, _ in made}, open=more and before is not None and before.open)


def _passes_all(stage: m.Aggregate) -> bool:
    return any(isinstance(c.value, m.Call) and m.Star() in c.value.args for c in stage.aggregates)


def _extended(stage: Any, before: RowType | None, scope: Scope) -> RowType:
    """All columns before, with those the stage computes replaced or added."""
    made = named_columns(stage, before, scope)
    if isinstance(stage, m.Extend):
        duplicates(stage.columns, scope)
    return _adding(before or EMPTY_ROW, {name: type for name, type, _ in made})


def _adding(row: RowType, columns: Mapping[str, str]) -> RowType:
    return RowType.of({**row.types, **columns}, row.open)


def _selected(stage: m.Select, before: RowType | None, scope: Scope) -> RowType:
    return selected(stage, before or EMPTY_ROW)


def _by_names(stage: m.SelectNamed, before: RowType | None, scope: Scope) -> RowType:
    found = by_names(stage, before or EMPTY_ROW, scope)
    return UNKNOWN_ROW if found is None else found


def _renamed(stage: m.Rename, before: RowType | None, scope: Scope) -> RowType:
    row = before or EMPTY_ROW
    new = {column.value.name: column.name for column in stage.columns if isinstance(column.value, m.Field)}
    return RowType.of({new.get(name, name): type for name, type in row.types.items()}, row.open)


def _count(stage: m.Count, before: RowType | None, scope: Scope) -> RowType:
    return RowType.of({stage.name: "long"})


def _join(stage: m.Join, before: RowType | None, scope: Scope) -> RowType:
    left, right = check_join(stage, before or EMPTY_ROW, query_row(stage.right, scope), scope)
    return joined(left, right, stage)


def _union(stage: m.Union, before: RowType | None, scope: Scope) -> RowType:
    rows = [] if before is None else [before]
    inner = scope if not stage.isfuzzy else scope.quiet
    if not rows and len(stage.queries) == 1 and not stage.withsource:
        return query_row(stage.queries[0], inner)
    if not rows and len(stage.queries) == 1 and stage.kind == "outer" and (pattern := pattern_of(stage.queries[0])):
        every = pattern_row(pattern, inner)  # remembered: `union withsource=T *` is common
        if every is not None and stage.withsource not in every.types:
            return RowType.of({stage.withsource: "string", **every.types}, every.open)
    for query in stage.queries:
        rows.extend(_input_rows(query, inner))
    return union_row(rows, stage.kind, stage.withsource, scope.as_analyser)


def _parse(stage: m.Parse, before: RowType | None, scope: Scope) -> RowType:
    made = {part.name: type_name(part.type) for part in stage.parts if part.name and part.name != "*"}
    return _adding(before or EMPTY_ROW, made)


def _parse_kv(stage: m.ParseKv, before: RowType | None, scope: Scope) -> RowType:
    return _adding(before or EMPTY_ROW, {column.name: type_name(column.type) for column in stage.columns})


def _apply(stage: m.Apply, before: RowType | None, scope: Scope) -> RowType:
    """The outer columns that are not taken apart, and what the inner query makes of each row's elements."""
    outer = before or EMPTY_ROW
    made = expanded(stage, outer, scope)
    inner = query_row(stage.query, scope.with_input(_adding(outer, {name: type for name, type, _ in made})))
    gone = {c.value.name for c in stage.columns if isinstance(c.value, m.Field) and not c.names}
    kept = {name: type for name, type in outer.types.items() if name not in gone}
    return RowType.of({**kept, **inner.types}, outer.open or inner.open)


def _evaluate(stage: m.Evaluate, before: RowType | None, scope: Scope) -> RowType:
    return plugin_row(stage, before or EMPTY_ROW, scope)


def _invoke(stage: m.Invoke, before: RowType | None, scope: Scope) -> RowType:
    known = service_functions().get(stage.name)
    if known is not None and before is not None:
        return RowType.of(
            {**before.types, **{n: t for n, t in known[1].items() if n not in before.types}}
            if known[0] == "adds"
            else known[1],
            open=True,
        )
    if (row := scope.table(stage.name)) is not None:
        return row
    report(scope, "unknown-function", stage.name, "note", stage.span, f"no function {stage.name} is known")
    return UNKNOWN_ROW


def _partition(stage: m.Partition, before: RowType | None, scope: Scope) -> RowType:
    row = before or EMPTY_ROW
    inner = scope.with_input(row)
    if isinstance(stage.by, m.Field):
        inner = replace(inner, scalars={**inner.scalars, stage.by.name: row.type(stage.by.name)})
    return query_row(stage.query, inner)


def _branches(stage: m.Fork | m.Facet, before: RowType | None, scope: Scope) -> RowType:
    """Several results have no one row; each branch is still checked."""
    inner = scope.with_input(before or EMPTY_ROW)
    queries = stage.queries if isinstance(stage, m.Fork) else (stage.query,) if stage.query else ()
    for query in queries:
        query_row(query, inner)
    return UNKNOWN_ROW


def _batch(stage: m.Batch, before: RowType | None, scope: Scope) -> RowType:
    """That of the last statement, as an editor shows it."""
    rows = [query_row(query, scope) for query in stage.queries]
    return rows[-1] if rows else before or EMPTY_ROW


def _scan_rows(stage: m.ScanRows, before: RowType | None, scope: Scope) -> RowType:
    made = {column.name: type_name(column.type) for column in stage.declared}
    if stage.match_id:
        made[stage.match_id] = "long"
    return _adding(before or EMPTY_ROW, made)


def _make_graph(stage: m.MakeGraph, before: RowType | None, scope: Scope) -> RowType:
    edges = before or EMPTY_ROW
    nodes = [query_row(part.query, scope) for part in stage.nodes]
    for name in (stage.source, stage.target):
        if name not in edges and not edges.open:
            unknown_column(name, stage.span, edges, scope)
    for part, row in zip(stage.nodes, nodes, strict=True):
        if part.id not in row and not row.open:
            unknown_column(part.id, stage.span, row, scope)
    if stage.by is not None:
        check_expr(stage.by, edges, scope)
    made = graphs.built(stage, edges, nodes)
    return made if stage.query is None else query_row(stage.query, scope.with_input(made))


def _graph_match(stage: m.GraphMatch, before: RowType | None, scope: Scope) -> RowType:
    row, inner = graphs.within(stage, before or EMPTY_ROW, scope)
    if scope.findings is not None:
        for part in (stage.predicate, *(column.value for column in stage.columns)):
            if part is not None:
                check_expr(part, row, inner)
    return RowType.of({name: type for name, type, _ in named_columns(stage, before, scope)})


def _graph_table(stage: m.GraphToTable, before: RowType | None, scope: Scope) -> RowType:
    return graphs.exported(stage, before or EMPTY_ROW)


def _graph_marked(stage: m.GraphComponents, before: RowType | None, scope: Scope) -> RowType:
    return graphs.marked(stage, before or EMPTY_ROW)


def _fixed(**types: str) -> Callable[[m.Step, RowType | None, Scope], RowType]:
    row = RowType.of(types)
    return lambda stage, before, scope: row


def _reduced(stage: m.Reduce, before: RowType | None, scope: Scope) -> RowType:
    """Its own columns; with `kind=source` those of the rows, and the pattern of each.

    https://learn.microsoft.com/kusto/query/reduce-operator
    """
    if any(each.name == "kind" and each.value == "source" for each in stage.properties):
        kept = before or EMPTY_ROW
        return RowType((*kept.columns, m.TypedName("Pattern", "string")), kept.open)
    return RowType.of({"Pattern": "string", "Count": "long", "Representative": "string"})


def _unknown(stage: m.Step, before: RowType | None, scope: Scope) -> RowType:
    return UNKNOWN_ROW


_STEPS: dict[type, Callable[..., RowType]] = {
    m.Scan: _scan, m.TableCall: _table_call, m.Nested: _nested, m.Inline: _typed, m.External: _typed,
    m.Print: _computed, m.Range: _range, m.Search: _search, m.Find: _find, m.Filter: _same, m.Extend: _extended,
    m.Project: _computed, m.Select: _selected, m.SelectNamed: _by_names, m.Rename: _renamed, m.Distinct: _computed, m.Aggregate: _computed,
    m.Count: _count, m.MakeSeries: _computed, m.Join: _join, m.Union: _union, m.Sort: _same, m.Limit: _same,
    m.Top: _same, m.TopNested: _computed, m.SampleDistinct: _computed, m.TopHitters: _computed,
    m.Serialize: _extended, m.Parse: _parse, m.ParseKv: _parse_kv, m.Expand: _extended, m.Apply: _apply,
    m.Evaluate: _evaluate, m.Invoke: _invoke, m.Partition: _partition, m.ScanRows: _scan_rows, m.Fork: _branches,
    m.Facet: _branches, m.Reduce: _reduced,
    m.GetSchema: _fixed(ColumnName="string", ColumnOrdinal="long", DataType="string", ColumnType="string"),
    m.Consume: _fixed(), m.As: _same, m.Render: _same, m.MakeGraph: _make_graph,
    m.GraphMatch: _graph_match, m.GraphToTable: _graph_table, m.GraphComponents: _graph_marked, m.Batch: _batch, m.Correlate: _unknown, m.Opaque: _unknown,
}  # fmt: skip
