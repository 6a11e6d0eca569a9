"""Each kind of stage as SQL over the rows before it: one table from model type to function."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...binding import RowType, Scope
from ...binding.combine import find_row
from ...binding.selection import by_names
from ...model import (
    Aggregate,
    Apply,
    As,
    Consume,
    Count,
    Distinct,
    Evaluate,
    Expand,
    Extend,
    External,
    Facet,
    Field,
    Filter,
    Find,
    Fork,
    GetSchema,
    GraphComponents,
    GraphMatch,
    GraphToTable,
    Inline,
    Invoke,
    Join,
    Limit,
    Literal,
    MakeGraph,
    MakeSeries,
    Nested,
    Parse,
    ParseKv,
    Partition,
    Print,
    Project,
    Query,
    Range,
    Reduce,
    Rename,
    Render,
    SampleDistinct,
    Scan,
    ScanRows,
    Search,
    Select,
    SelectNamed,
    Serialize,
    Sort,
    Step,
    TableCall,
    Top,
    TopHitters,
    TopNested,
    Union,
    walk,
)  # fmt: skip
from ..types import CLR
from . import aggregates, expand, graphs, joins, parsing, paths, plugins, rowscan, series, tops
from .frame import Col, Frame
from .plan import row_of
from .stages_order import ordered
from .values import Value, convert, null, number, quote, to_json, unsupported

if TYPE_CHECKING:
    from .plan import Plan

NATURAL = re.compile(r"(\d+)")


def lower(plan: Plan, stage: Step, frame: Frame | None) -> Frame:
    """The rows after `stage`. Raises UnsupportedError with the keyword of a stage that is not run."""
    source = SOURCES.get(type(stage))
    if source is not None:
        if frame is not None and not isinstance(stage, Search | Union | Evaluate):
            raise unsupported(f"operator {stage.keyword} after another")
        return source(plan, stage, frame)
    build = STAGES.get(type(stage))
    if isinstance(stage, Fork | Facet):
        raise unsupported(f"{stage.keyword} here: it gives several results")
    if build is None:
        why = WHY_NOT.get(type(stage), "")
        raise unsupported(f"operator {getattr(stage, 'keyword', type(stage).__name__)}{why}")
    if frame is None:
        raise unsupported(f"operator {stage.keyword} without rows before it")
    if frame.graph is not None and not isinstance(stage, ON_GRAPHS):
        raise unsupported(f"operator {stage.keyword} of a graph")
    return build(plan, stage, frame)


# ---------------------------------------------------------------- rows from nothing


def _scan(plan: Plan, stage: Scan, frame: Frame | None) -> Frame:
    found = plan.scan(stage.table)
    if not found:
        raise unsupported(f"unknown table {stage.table!r}" if stage.table else "a query that names no table")
    return found[0] if len(found) == 1 and "*" not in stage.table else joins.united(plan, found)


def _nested(plan: Plan, stage: Nested, frame: Frame | None) -> Frame:
    return plan.query(stage.query, graph=True)


def _table_call(plan: Plan, stage: TableCall, frame: Frame | None) -> Frame:
    return plan.called(stage.name, stage.args, None)


def _invoke(plan: Plan, stage: Invoke, frame: Frame) -> Frame:
    return plan.called(stage.name, stage.args, frame)


def _external(plan: Plan, stage: External, frame: Frame | None) -> Frame:
    parts = []
    for location in stage.locations or ("",):
        source = plan.external(location)
        if source is None:
            raise unsupported(f"externaldata of {location or 'a computed address'}: no such table is configured")
        rows = plan.source(source)
        made = []
        for typed in stage.columns:
            found = rows.find(typed.name)
            value = null(typed.type) if found is None else convert(found.value, typed.type)
            made.append((value, plan.column(typed.name, typed.type)))
        parts.append(plan.stage(rows, made))
    return joins.united(plan, parts)


def _inline(plan: Plan, stage: Inline, frame: Frame | None) -> Frame:
    columns = [plan.column(typed.name, typed.type) for typed in stage.columns]
    if not columns:
        raise unsupported("datatable without columns")
    width = len(columns)
    if len(stage.cells) % width:
        raise unsupported("datatable with an incomplete row")
    at = plan.expressions(Frame("", ()))
    rows = []
    for start in range(0, len(stage.cells), width):
        cells = [
            cell(at.value(expr), column.type)
            for expr, column in zip(stage.cells[start : start + width], columns, strict=True)
        ]
        rows.append("(" + ", ".join(f"{value.sql}" for value in cells) + ")")
    names = ", ".join(column.id for column in columns)
    if rows:
        return Frame(plan.cte(f"SELECT * FROM (VALUES {', '.join(rows)}) AS k_rows({names})"), tuple(columns))
    blank = ", ".join(f"{null(column.type).sql} AS {column.id}" for column in columns)
    return Frame(plan.cte(f"SELECT {blank} WHERE FALSE"), tuple(columns))


def cell(value: Value, kind: str) -> Value:
    """A datatable cell as its column's type; text in a dynamic column stays text."""
    return to_json(value) if kind == "dynamic" and value.type == "string" else convert(value, kind)


def _print(plan: Plan, stage: Print, frame: Frame | None) -> Frame:
    base = Frame(plan.cte("SELECT 1 AS k_none"), ())
    base, made = plan.computed(stage, base)
    return plan.stage(base, [(value, plan.column(name, value.type)) for name, value in made])


def _range(plan: Plan, stage: Range, frame: Frame | None) -> Frame:
    at = plan.expressions(Frame("", ()))
    start, stop, step = (number(at.value(expr), "range") for expr in (stage.start, stage.stop, stage.step))
    if step.known and step.constant == 0:
        raise unsupported("range with a step of 0")
    if start.type in ("datetime", "timespan"):
        kind = start.type
        step = convert(step, "timespan")
    else:
        kind = "real" if "real" in (start.type, stop.type, step.type) else "long"
        start, stop, step = (convert(value, kind) for value in (start, stop, step))
    column = plan.column(stage.name, kind)
    if kind == "real":
        rows = f"SELECT {start.sql} + k_i * {step.sql} AS {column.id} FROM range(0, (floor(({stop.sql} - {start.sql}) / {step.sql} + 1e-9) + 1)::BIGINT) k_r(k_i)"
    else:
        rows = f"SELECT k_i AS {column.id} FROM generate_series({start.sql}, {stop.sql}, {step.sql}) k_r(k_i)"
    return Frame(plan.cte(rows), (column,))


# ---------------------------------------------------------------- columns


def _filter(plan: Plan, stage: Filter, frame: Frame) -> Frame:
    wide, changed = plan.windows(frame, stage.predicate)
    after = plan.filtered(wide, plan.expressions(wide).holds(changed))  # type: ignore[arg-type]
    return after.with_columns(frame.columns)


def extended(plan: Plan, frame: Frame, made: list[tuple[str, Value]]) -> Frame:
    """All columns, and the made ones added or put in the place of their namesakes."""
    wanted = dict(made)
    columns: list[tuple[Value, Col]] = []
    for column in frame.columns:
        if column.name in wanted:
            value = wanted.pop(column.name)
            columns.append((value, plan.column(column.name, value.type)))
        else:
            columns.append((column.value, column))
    for name, value in wanted.items():
        columns.append((value, plan.column(name, value.type)))
    return plan.stage(frame, columns)


def _extend(plan: Plan, stage: Extend | Serialize, frame: Frame) -> Frame:
    wide, made = plan.computed(stage, frame)
    after = extended(plan, wide, made)
    extra = {column.name for column in wide.columns} - {column.name for column in frame.columns}
    return after.with_columns(column for column in after.columns if column.name not in extra)


def _project(plan: Plan, stage: Project, frame: Frame) -> Frame:
    wide, made = plan.computed(stage, frame)
    return plan.stage(wide, [(value, plan.column(name, value.type)) for name, value in made])


def _distinct(plan: Plan, stage: Distinct, frame: Frame) -> Frame:
    wide, made = plan.computed(stage, frame)
    after = plan.stage(replace(wide, order=()), [(value, plan.column(name, value.type)) for name, value in made])
    ids = ", ".join((*(column.id for column in after.columns), *frame.groups))
    return replace(after, cte=plan.cte(f"SELECT {ids} FROM {after.cte} GROUP BY {ids}"))


def matching(pattern: str, columns: tuple[Col, ...]) -> list[Col]:
    """The columns a name or a pattern with `*` stands for."""
    if "*" not in pattern:
        return [column for column in columns if column.name == pattern]
    compiled = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    return [column for column in columns if compiled.fullmatch(column.name)]


def _select(plan: Plan, stage: Select, frame: Frame) -> Frame:
    for pattern in stage.patterns:
        if "*" not in pattern and frame.find(pattern) is None and stage.keyword != "project-away":
            raise unsupported(f"unknown column {pattern!r}")
    if stage.keyword == "project-away":
        gone = {column.name for pattern in stage.patterns for column in matching(pattern, frame.columns)}
        return frame.with_columns(column for column in frame.columns if column.name not in gone)
    if stage.keyword == "project-keep":
        kept = {column.name for pattern in stage.patterns for column in matching(pattern, frame.columns)}
        return frame.with_columns(column for column in frame.columns if column.name in kept)
    orders = stage.orders or ("",) * len(stage.patterns)
    placed: dict[str, Col] = {}
    named = set(stage.patterns)
    for pattern, order in zip(stage.patterns, orders, strict=True):
        found = [c for c in matching(pattern, frame.columns) if "*" not in pattern or c.name not in named]
        if order:
            natural = order.startswith("granny")
            found.sort(
                key=lambda column: _granny(column.name) if natural else column.name, reverse=order.endswith("desc")
            )
        for column in found:
            placed.setdefault(column.name, column)
    for column in frame.columns:
        placed.setdefault(column.name, column)
    return frame.with_columns(placed.values())


def _select_named(plan: Plan, stage: SelectNamed, frame: Frame) -> Frame:
    row = by_names(stage, row_of(frame), Scope(lets=_rows_named(plan, stage)))
    if row is None:
        raise unsupported("project-by-names by more than constants and column_names_of")
    return frame.with_columns(frame.column(name) for name in row.types)


def _rows_named(plan: Plan, stage: SelectNamed) -> dict[str, RowType]:
    """The columns of the tables whose names the stage asks for."""
    scans = {node.table for expr in stage.names for node in walk(expr) if isinstance(node, Scan) and node.table}
    return {table: row_of(found[0]) for table in scans if (found := plan.scan(table))}


def _granny(name: str) -> Any:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in NATURAL.split(name) if part]


def _rename(plan: Plan, stage: Rename, frame: Frame) -> Frame:
    new: dict[str, str] = {}
    for column in stage.columns:
        if not isinstance(column.value, Field):
            raise unsupported("project-rename of an expression")
        frame.column(column.value.name)
        if column.name in new.values() or frame.find(column.name) is not None:
            raise unsupported(f"project-rename to {column.name!r}, which is there")
        new[column.value.name] = column.name
    return frame.with_columns(replace(column, name=new.get(column.name, column.name)) for column in frame.columns)


def _get_schema(plan: Plan, stage: GetSchema, frame: Frame) -> Frame:
    columns = [
        plan.column(name, kind)
        for name, kind in (
            ("ColumnName", "string"),
            ("ColumnOrdinal", "long"),
            ("DataType", "string"),
            ("ColumnType", "string"),
        )
    ]
    rows = ", ".join(
        f"({quote(c.name)}, {i}::BIGINT, {quote(CLR[c.type])}, {quote(c.type)})" for i, c in enumerate(frame.columns)
    )
    names = ", ".join(column.id for column in columns)
    return Frame(plan.cte(f"SELECT * FROM (VALUES {rows}) AS k_rows({names})"), tuple(columns))


# ---------------------------------------------------------------- order and number of rows


def limited(plan: Plan, frame: Frame, count: str) -> Frame:
    """The first `count` rows in order, per group."""
    ids = ", ".join((*(column.id for column in frame.columns), *frame.hidden)) or "k_none"
    if frame.groups:
        tail = f"QUALIFY row_number() {frame.over()} <= {count}"
    else:
        tail = (f"ORDER BY {frame.order_sql} " if frame.order else "") + f"LIMIT {count}"
    return replace(frame, cte=plan.cte(f"SELECT {ids} FROM {frame.cte} {tail}"))


def _sort(plan: Plan, stage: Sort, frame: Frame) -> Frame:
    wide, changed = plan.windows(frame, stage)
    return ordered(plan, wide, changed.keys).with_columns(frame.columns)  # type: ignore[attr-defined]


def count_sql(plan: Plan, frame: Frame, expr: Any, what: str) -> str:
    if isinstance(expr, Literal) and expr.type not in ("int", "long"):
        raise unsupported(f"{what} of a {expr.type}: it takes a whole number")
    value = plan.constant(frame, expr, "long", what)
    return str(max(0, value.constant)) if isinstance(value.constant, int) else f"greatest({value.sql}, 0)"


def _limit(plan: Plan, stage: Limit, frame: Frame) -> Frame:
    return limited(plan, frame, count_sql(plan, frame, stage.count, stage.keyword))


def _top(plan: Plan, stage: Top, frame: Frame) -> Frame:
    top = ordered(plan, frame, stage.keys)
    return limited(plan, top, count_sql(plan, frame, stage.count, "top"))


def _count(plan: Plan, stage: Count, frame: Frame) -> Frame:
    column = plan.column(stage.name, "long")
    groups = ", ".join(frame.groups)
    head = f"{groups}, " if groups else ""
    sql = f"SELECT {head}count(*) AS {column.id} FROM {frame.cte}{f' GROUP BY {groups}' if groups else ''}"
    return replace(frame, cte=plan.cte(sql), columns=(column,), order=())


def _consume(plan: Plan, stage: Consume, frame: Frame) -> Frame:
    return plan.filtered(frame, "FALSE").with_columns(())


def _as_is(plan: Plan, stage: Render, frame: Frame) -> Frame:
    return frame


def _as(plan: Plan, stage: As, frame: Frame) -> Frame:
    from .plan import Lets

    plan.lets = {**plan.lets, stage.name: Lets(Query(()), {}, frame=frame)}
    return replace(frame, tables=(stage.name,))


def _sample_distinct(plan: Plan, stage: SampleDistinct, frame: Frame) -> Frame:
    after = _distinct(plan, Distinct((stage.of,)), frame)
    return limited(plan, after, count_sql(plan, frame, stage.count, "sample-distinct"))


def _partition(plan: Plan, stage: Partition, frame: Frame) -> Frame:
    value = plan.expressions(frame).value(stage.by)
    if stage.sourced:
        return _partition_sourced(plan, stage, frame, value)
    group = plan.column("", value.type)
    cte = plan.cte(plan.select(frame, [*plan.kept(frame), (value, group)]))
    inner = replace(frame, cte=cte, groups=(*frame.groups, group.id))
    after = plan.keyed(stage, group.value, lambda query: plan.inner(query, inner))
    return replace(after, groups=frame.groups, order=())


MOST_PARTS = 64
"""Values a partition whose query has rows of its own may have, as documented."""


def _partition_sourced(plan: Plan, stage: Partition, frame: Frame, value: Value) -> Frame:
    """The query once for each value, as that table says; how many there are is asked of the data."""
    if frame.groups:
        raise unsupported("partition with a source inside a partition")
    key, number = plan.column("", value.type), plan.fresh()
    cte = plan.cte(plan.select(replace(frame, order=(), groups=()), [(value, key)]))
    distinct = (
        f"SELECT {key.id}, row_number() OVER (ORDER BY {key.id}) AS {number} FROM (SELECT DISTINCT {key.id} FROM {cte})"
    )
    keys = plan.cte(distinct, materialized=True)
    count = int(plan.probe(f"SELECT count(*) FROM {keys}", 1)[0][0])
    if count > MOST_PARTS:
        raise unsupported(f"partition with a source over {count} values: {MOST_PARTS} are the most")
    parts = []
    for place in range(1, count + 1):
        one = f"(SELECT {key.id} FROM {keys} WHERE {number} = {place})"
        parts.append(plan.keyed(stage, Value(one, key.type), plan.query))
    if parts:
        return replace(joins.united(plan, parts), order=())
    return plan.filtered(plan.keyed(stage, null(key.type), plan.query), "FALSE")


# ---------------------------------------------------------------- search


def _search(plan: Plan, stage: Search, frame: Frame | None) -> Frame:
    if frame is not None:
        name = quote(",".join(frame.tables) or "Unknown")
        found = plan.filtered(frame, plan.expressions(frame).holds(stage.predicate))
        return plan.stage(found, [(Value(name, "string"), plan.column("$table", "string")), *plan.kept(found)])
    frames = [inner for name in stage.tables or ("*",) for inner in plan.scan(name)]
    return joins.united(plan, [_searched(plan, inner, stage.predicate, frames) for inner in frames], source="$table")


def _searched(plan: Plan, frame: Frame, predicate: Any, others: list[Frame]) -> Frame:
    """Rows of one table of several for which `predicate` holds; a column that only others have is null in it."""
    if frame.cte in plan.blank:
        return frame
    wanted = {node.name for node in walk(predicate) if isinstance(node, Field)} - {"*"}
    elsewhere = {column.name: column.type for other in others for column in other.columns}
    missing = sorted(name for name in wanted if frame.find(name) is None and name not in plan.scalars)
    if not all(name in elsewhere for name in missing):
        return plan.filtered(frame, "FALSE")
    blank = [Col(name, elsewhere[name], f"({null(elsewhere[name]).sql})") for name in missing]
    wide = frame.with_columns((*frame.columns, *blank))
    return plan.filtered(frame, plan.expressions(wide).holds(predicate))


def _find(plan: Plan, stage: Find, frame: Frame | None) -> Frame:
    """`source_`, the chosen columns (else those all tables share and those of the predicate), and the rest as `pack_`."""
    if stage.away:
        raise unsupported("find with project-away")
    frames = [plan.query(query) for query in stage.tables] or plan.scan("*")
    source = next((str(p.value) for p in stage.properties if p.name == "withsource"), "source_")
    wanted = {node.name for node in walk(stage.predicate) if isinstance(node, Field)} - {"*"}
    found = [inner for inner in frames if not wanted or any(inner.find(name) for name in wanted)] or frames[:1]
    found = [_searched(plan, inner, stage.predicate, found) for inner in found]
    made_row = find_row(stage, [row_of(inner) for inner in found], source)
    packed = "pack_" in made_row.types and (stage.pack or plan.needed is None or "pack_" in plan.needed)
    columns = stage.columns or tuple(c for c in made_row.columns if c.name not in (source, "pack_"))
    chosen = []
    for inner in found:
        made = []
        for typed in columns:
            column = inner.find(typed.name)
            kinds = {c.type for f in found for c in f.columns if c.name == typed.name}
            stated = any(typed.type and each.name == typed.name for each in stage.columns)
            if len(kinds) > 1 and not stated:
                raise unsupported(f"find over tables in which {typed.name!r} has several types")
            kind = typed.type if stated else next(iter(kinds), typed.type or "string")
            made.append((convert(column.value, kind) if column else null(kind), plan.column(typed.name, kind)))
        if packed:
            rest = [column for column in inner.columns if column.name not in {typed.name for typed in columns}]
            pairs = ", ".join(f"{quote(c.name)}, coalesce({to_json(c.value).sql}, 'null'::JSON)" for c in rest)
            made.append((Value(f"json_object({pairs})", "dynamic"), plan.column("pack_", "dynamic")))
        chosen.append(replace(plan.stage(inner, made), tables=inner.tables))
    return joins.united(plan, chosen, source=source)


SOURCES: dict[type, Callable[..., Frame]] = {
    Scan: _scan, TableCall: _table_call, Nested: _nested, Inline: _inline, Print: _print, Range: _range, External: _external,
    Search: _search, Find: _find, Union: joins.union, Evaluate: plugins.evaluate,
}  # fmt: skip

WHY_NOT: dict[type, str] = {Reduce: ": how it groups values is not documented exactly"}

ON_GRAPHS = (GraphMatch, GraphToTable, GraphComponents)

STAGES: dict[type, Callable[..., Frame]] = {
    Filter: _filter, Extend: _extend, Serialize: _extend, Project: _project, Select: _select, SelectNamed: _select_named, Rename: _rename,
    Distinct: _distinct, Aggregate: aggregates.summarize, Count: _count, MakeSeries: series.make_series, Join: joins.join,
    Sort: _sort, Limit: _limit, Top: _top, TopNested: tops.top_nested, TopHitters: tops.top_hitters,
    SampleDistinct: _sample_distinct, Parse: parsing.parse, ParseKv: parsing.parse_kv, Expand: expand.expand, Apply: expand.apply,
    Invoke: _invoke, Partition: _partition, ScanRows: rowscan.scan_rows, GetSchema: _get_schema, Consume: _consume, As: _as, Render: _as_is,
    MakeGraph: graphs.make_graph, GraphMatch: paths.graph_match, GraphToTable: graphs.to_table, GraphComponents: graphs.mark_components,
}  # fmt: skip
