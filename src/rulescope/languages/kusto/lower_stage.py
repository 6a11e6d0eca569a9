"""Kusto tabular operators to model stages, one function an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import model as m
from . import lower_graph as graph
from . import syntax as s
from .lower_expr import argument, lower_expr, lower_predicate
from .lower_parts import column, columns, opaque_stage, option, optional, properties, sort_key, type_name, typed
from .lower_scope import Context, bare, span


def lower_stage(ctx: Context, node: s.Operator) -> m.Step:
    """One operator as a stage. What is not understood becomes an Opaque with its own words."""
    handler = _HANDLERS.get(type(node))
    stage = handler(ctx, node) if handler else None
    return opaque_stage(ctx, node) if stage is None else stage


def _renamed(ctx: Context, item: s.Expr) -> m.Column:
    """`new = old`, where old is a column, never a variable of that name."""
    if isinstance(item, s.NamedExpr) and isinstance(old := item.value, s.Name):
        return m.Column(tuple(name.name for name in item.names), m.Field(old.name, span(old)), span(item))
    return column(ctx, item)


# ---------------------------------------------------------------- rows and columns


def _where(ctx: Context, node: s.Where) -> m.Step:
    return m.Filter(
        lower_predicate(ctx, node.predicate),
        _keyword(ctx, node, "where", "filter"),
        span(node),
        properties(ctx, node.options),
    )


def _keyword(ctx: Context, node: s.Operator, *words: str) -> str:
    start = ctx.text[node.start : node.start + 20].lower()
    return next((word for word in words if start.startswith(word)), words[0])


def _extend(ctx: Context, node: s.Extend) -> m.Step:
    return m.Extend(columns(ctx, node.items), span=span(node))


def _project(ctx: Context, node: s.Project) -> m.Step | None:
    if node.keyword == "project":
        return m.Project(columns(ctx, node.items), span=span(node))
    if node.keyword == "project-rename":
        return m.Rename(tuple(_renamed(ctx, item) for item in node.items), span=span(node))
    if node.keyword == "project-by-names":
        return m.SelectNamed(tuple(lower_expr(ctx, item) for item in node.items), span=span(node))
    if node.keyword not in ("project-away", "project-keep", "project-reorder"):
        return None
    patterns: list[str] = []
    orders: list[str] = []
    for item in node.items:
        name = item.value if isinstance(item, s.Ordered) else item
        if isinstance(name, s.Star):
            patterns.append("*")
        elif isinstance(name, s.Name):
            patterns.append(name.name)
        else:
            return None
        orders.append(item.direction if isinstance(item, s.Ordered) else "")
    given = tuple(orders) if any(orders) else ()
    return m.Select(tuple(patterns), given, node.keyword, span(node))


def _distinct(ctx: Context, node: s.Distinct) -> m.Step:
    return m.Distinct(columns(ctx, node.items), span=span(node))


def _summarize(ctx: Context, node: s.Summarize) -> m.Step | None:
    if node.bin is not None:
        return None
    by, aggregates = columns(ctx, node.by), columns(ctx, node.aggregates)
    return m.Aggregate(aggregates, by, properties(ctx, node.options), span=span(node))


def _count(ctx: Context, node: s.Count) -> m.Step:
    return m.Count(node.name.name if node.name else "Count", span=span(node))


def _sort(ctx: Context, node: s.Sort) -> m.Step:
    keys = tuple(sort_key(ctx, key) for key in node.keys)
    return m.Sort(keys, node.keyword, span(node), properties(ctx, node.options))


def _take(ctx: Context, node: s.Take) -> m.Step:
    return m.Limit(lower_expr(ctx, node.count), node.keyword, span(node))


def _sample(ctx: Context, node: s.Sample) -> m.Step:
    return m.Limit(lower_expr(ctx, node.count), "sample", span(node))


def _top(ctx: Context, node: s.Top) -> m.Step:
    count, key = lower_expr(ctx, node.count), sort_key(ctx, node.by)
    return m.Top(count, (key,), span=span(node), properties=properties(ctx, node.options))


def _top_nested(ctx: Context, node: s.TopNested) -> m.Step:
    levels = []
    for level in node.levels:
        ordered = level.by if isinstance(level.by, s.Ordered) else None
        by = column(ctx, ordered.value if ordered else level.by)
        descending = not ordered or ordered.direction != "asc"
        levels.append(
            m.TopLevel(optional(ctx, level.count), column(ctx, level.of), by, descending, optional(ctx, level.others))
        )
    return m.TopNested(tuple(levels), span=span(node))


def _sample_distinct(ctx: Context, node: s.SampleDistinct) -> m.Step:
    return m.SampleDistinct(lower_expr(ctx, node.count), column(ctx, node.of), span=span(node))


def _top_hitters(ctx: Context, node: s.TopHitters) -> m.Step:
    count, of = lower_expr(ctx, node.count), column(ctx, node.of)
    return m.TopHitters(count, of, optional(ctx, node.by), span=span(node))


def _serialize(ctx: Context, node: s.Serialize) -> m.Step:
    return m.Serialize(columns(ctx, node.items), span=span(node))


def _make_series(ctx: Context, node: s.MakeSeries) -> m.Step | None:
    if node.step is None:
        return None
    aggregates = tuple(column(ctx, part.item) for part in node.aggregates)
    defaults = tuple(optional(ctx, part.default) for part in node.aggregates)
    return m.MakeSeries(
        aggregates, defaults, column(ctx, node.axis), optional(ctx, node.first), optional(ctx, node.last),
        lower_expr(ctx, node.step), columns(ctx, node.by), properties(ctx, node.options), span=span(node),
    )  # fmt: skip


def _parse(ctx: Context, node: s.Parse) -> m.Step:
    parts = []
    for part in node.pattern:
        match part:
            case s.Literal(_, value):
                parts.append(m.ParsePart(str(value)))
            case s.Star():
                parts.append(m.ParsePart("", "*"))
            case s.Name(name):
                parts.append(m.ParsePart("", name))
            case s.TypedColumn(s.Name(name), type):
                parts.append(m.ParsePart("", name, type_name(type)))
    kind = option(ctx, node.options, "kind") or "simple"
    flags = option(ctx, node.options, "flags")
    return m.Parse(lower_expr(ctx, node.source), tuple(parts), kind, flags, node.keyword, span(node))


def _parse_kv(ctx: Context, node: s.ParseKv) -> m.Step:
    return m.ParseKv(
        lower_expr(ctx, node.source), typed(node.columns), properties(ctx, node.options), span=span(node)
    )  # fmt: skip


# ---------------------------------------------------------------- arrays


def _expanded(ctx: Context, items: tuple[s.ExpandItem, ...]) -> tuple[tuple[m.Column, ...], tuple[str, ...]]:
    types = tuple(type_name(item.type.types[0]) if item.type and item.type.types else "" for item in items)
    return columns(ctx, (item.item for item in items)), types if any(types) else ()


def _mv_expand(ctx: Context, node: s.MvExpand) -> m.Step:
    made, types = _expanded(ctx, node.items)
    kind = option(ctx, node.options, "kind", "bagexpansion") or "bag"
    index = option(ctx, node.options, "with_itemindex")
    keyword = _keyword(ctx, node, "mv-expand", "mvexpand")
    hints = properties(ctx, node.options, ("kind", "bagexpansion", "with_itemindex"))
    return m.Expand(made, types, optional(ctx, node.limit), index, kind, keyword, span(node), hints)


def _mv_apply(ctx: Context, node: s.MvApply) -> m.Step:
    made, types = _expanded(ctx, node.items)
    index = option(ctx, node.options, "with_itemindex")
    context = ctx.words(node.id) if node.id is not None else ""
    keyword = _keyword(ctx, node, "mv-apply", "mvapply")
    return m.Apply(
        made, ctx.body(ctx, node.query), types, optional(ctx, node.limit), index, context, keyword, span(node)
    )  # fmt: skip


# ---------------------------------------------------------------- several inputs


def _join(ctx: Context, node: s.Join) -> m.Step:
    keys: list[m.JoinKey] = []
    residue: list[m.Expr] = []
    for condition in (*node.on, *((node.where,) if node.where is not None else ())):
        _join_condition(ctx, condition, keys, residue)
    default = "leftouter" if node.keyword == "lookup" else "innerunique"
    kind = option(ctx, node.options, "kind") or default
    return m.Join(
        ctx.query(ctx, node.right), tuple(keys), kind, tuple(residue), properties(ctx, node.options, ("kind",)),
        node.keyword, span(node),
    )  # fmt: skip


def _join_condition(ctx: Context, node: s.Expr, keys: list[m.JoinKey], residue: list[m.Expr]) -> None:
    node = bare(node)
    if isinstance(node, s.Name):
        name = m.Field(node.name, span(node))
        keys.append(m.JoinKey(name, name))
        return
    if isinstance(node, s.AndChain):
        for term in node.terms:
            _join_condition(ctx, term, keys, residue)
        return
    if isinstance(node, s.Binary) and node.op == "==":
        left, left_sides = _sided(ctx, node.left)
        right, right_sides = _sided(ctx, node.right)
        if left_sides == {"$left"} and right_sides == {"$right"}:
            keys.append(m.JoinKey(left, right))
            return
        if left_sides == {"$right"} and right_sides == {"$left"}:
            keys.append(m.JoinKey(right, left))
            return
    residue.append(lower_expr(ctx, node))


def _sided(ctx: Context, node: s.Expr) -> tuple[m.Expr, set[str]]:
    ctx.sides = set()
    try:
        return lower_expr(ctx, node), ctx.sides
    finally:
        ctx.sides = None


UNION_OPTIONS = ("kind", "withsource", "with_source", "isfuzzy")


def _union(ctx: Context, node: s.Union) -> m.Step:
    return m.Union(
        tuple(ctx.query(ctx, table) for table in node.tables),
        option(ctx, node.options, "kind") or "outer",
        option(ctx, node.options, "withsource", "with_source"),
        option(ctx, node.options, "isfuzzy") == "true",
        properties(ctx, node.options, UNION_OPTIONS),
        span=span(node),
    )


def _search(ctx: Context, node: s.Search) -> m.Step:
    names = tuple(_table_words(ctx, table) for table in node.tables)
    cased = option(ctx, node.options, "kind") == "case_sensitive"
    ctx.searching = "cased" if cased else "uncased"
    try:
        predicate = lower_predicate(ctx, node.predicate)
    finally:
        ctx.searching = ""
    return m.Search(predicate, names, properties(ctx, node.options), span=span(node))


def _table_words(ctx: Context, table: s.Expr) -> str:
    return table.name if isinstance(table, s.Name) else ctx.words(table)


def _find(ctx: Context, node: s.Find) -> m.Step | None:
    if node.away and node.columns:
        return None
    found: list[m.TypedName] = []
    pack = False
    for item in node.columns or node.away:
        match item:
            case s.Name(name):
                found.append(m.TypedName(name, ""))
            case s.TypedColumn(s.Name(name), type):
                found.append(m.TypedName(name, type_name(type)))
            case s.Call(s.Name("pack")):
                pack = True
            case _:
                return None
    ctx.searching = "uncased"
    try:
        predicate = lower_predicate(ctx, node.predicate)
    finally:
        ctx.searching = ""
    tables = tuple(ctx.query(ctx, table) for table in node.tables)
    away, options = bool(node.away), properties(ctx, node.options)
    return m.Find(predicate, tables, tuple(found), pack, away, options, span=span(node))


def _partition(ctx: Context, node: s.Partition) -> m.Step | None:
    if node.scope is not None or node.id is not None:
        return None
    by, options = lower_expr(ctx, node.by), properties(ctx, node.options)
    outer, ctx.key = ctx.key, node.by.name if isinstance(node.by, s.Name) else ""
    try:
        query = (ctx.query if node.braces else ctx.body)(ctx, node.query)
    finally:
        ctx.key = outer
    return m.Partition(by, query, options, span=span(node), sourced=node.braces)


def _fork(ctx: Context, node: s.Fork) -> m.Step:
    names = tuple(branch.name.name if branch.name else "" for branch in node.branches)
    queries = tuple(ctx.body(ctx, branch.query) for branch in node.branches)
    return m.Fork(queries, names if any(names) else (), span=span(node))


def _facet(ctx: Context, node: s.Facet) -> m.Step | None:
    names = []
    for name in node.names:
        if not isinstance(name, s.Name):
            return None
        names.append(name.name)
    return m.Facet(tuple(names), None if node.query is None else ctx.body(ctx, node.query), span=span(node))


# ---------------------------------------------------------------- functions, sources, the rest


def _evaluate(ctx: Context, node: s.Evaluate) -> m.Step | None:
    if not isinstance(node.call, s.Call):
        return None
    args = tuple(argument(ctx, arg) for arg in node.call.args)
    schema, options = typed(node.schema or ()), properties(ctx, node.options)
    return m.Evaluate(node.call.name.name, args, schema, node.open, options, span=span(node))


def _invoke(ctx: Context, node: s.Invoke) -> m.Step | None:
    if not isinstance(node.call, s.Call):
        return None
    return m.Invoke(node.call.name.name, tuple(argument(ctx, arg) for arg in node.call.args), span=span(node))


def _print(ctx: Context, node: s.Print) -> m.Step:
    named = (s.Name, s.Parens)  # a variable gives no name here: print_0
    made = (m.Column((), lower_expr(ctx, i), span(i)) if isinstance(i, named) else column(ctx, i) for i in node.items)
    return m.Print(tuple(made), span=span(node))


def _range(ctx: Context, node: s.Range) -> m.Step:
    first, last, step = (lower_expr(ctx, part) for part in (node.first, node.last, node.step))
    return m.Range(node.name.name, first, last, step, span=span(node))


def _reduce(ctx: Context, node: s.Reduce) -> m.Step:
    return m.Reduce(lower_expr(ctx, node.by), properties(ctx, node.options), span=span(node))


def _scan(ctx: Context, node: s.Scan) -> m.Step | None:
    if any(item.name.lower() != "with_match_id" for item in node.options):
        return None
    declared = typed(item.column for item in node.declarations)
    defaults = tuple(optional(ctx, item.default) for item in node.declarations)
    steps = tuple(
        m.ScanStep(
            step.name.name, lower_expr(ctx, step.condition), columns(ctx, step.assignments), step.optional,
            step.output or "all",
        )
        for step in node.steps
    )  # fmt: skip
    return m.ScanRows(
        steps, declared, defaults, option(ctx, node.options, "with_match_id"),
        columns(ctx, node.partition_by), tuple(sort_key(ctx, key) for key in node.order_by), span=span(node),
    )  # fmt: skip


def _get_schema(ctx: Context, node: s.GetSchema) -> m.Step | None:
    return None if node.options else m.GetSchema(span=span(node))


def _consume(ctx: Context, node: s.Consume) -> m.Step:
    return m.Consume(span=span(node))


def _as(ctx: Context, node: s.As) -> m.Step:
    return m.As(node.name.name, properties(ctx, node.options), span=span(node))


def _render(ctx: Context, node: s.Render) -> m.Step:
    return m.Render(node.chart, properties(ctx, node.options), span=span(node))


_HANDLERS: dict[type, Callable[[Context, Any], m.Step | None]] = {
    s.Where: _where, s.Extend: _extend, s.Project: _project, s.Distinct: _distinct, s.Summarize: _summarize,
    s.Count: _count, s.Sort: _sort, s.Take: _take, s.Sample: _sample, s.Top: _top, s.TopNested: _top_nested,
    s.SampleDistinct: _sample_distinct, s.TopHitters: _top_hitters, s.Serialize: _serialize,
    s.MakeSeries: _make_series, s.Parse: _parse, s.ParseKv: _parse_kv, s.MvExpand: _mv_expand, s.MvApply: _mv_apply,
    s.Join: _join, s.Union: _union, s.Search: _search, s.Find: _find, s.Partition: _partition, s.Fork: _fork,
    s.Facet: _facet, s.Evaluate: _evaluate, s.Invoke: _invoke, s.Print: _print, s.Range: _range, s.Reduce: _reduce,
    s.Scan: _scan, s.GetSchema: _get_schema, s.Consume: _consume, s.As: _as, s.Render: _render,
    s.MakeGraph: graph.make_graph, s.GraphMatch: graph.graph_match, s.GraphToTable: graph.graph_to_table,
    s.GraphComponents: graph.graph_components,
}  # fmt: skip
