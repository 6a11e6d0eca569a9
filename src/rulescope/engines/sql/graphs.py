"""Graphs: numbered nodes beside numbered edges, made by `make-graph` and given back as rows by `graph-to-table`.

Source: https://learn.microsoft.com/kusto/query/make-graph-operator and its neighbours
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Call, Field, GraphComponents, GraphTable, GraphToTable, MakeGraph
from .frame import Col, Frame, Graph, OrderKey
from .values import Value, convert, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan

KINDS = ("weak", "strong")


def make_graph(plan: Plan, stage: MakeGraph, frame: Frame) -> Frame:
    """The graph, as the frame of its edges. A node id that is null, and edges without direction, are refused."""
    if not stage.directed:
        raise unsupported("make-graph with edges without direction")
    if stage.properties:
        raise unsupported(f"make-graph {stage.properties[0].name}")
    if frame.groups:
        raise unsupported("make-graph inside a partition")
    tables = [plan.copied(plan.query(part.query)) for part in stage.nodes]
    source, target = (frame.column(name) for name in (stage.source, stage.target))
    ids = [rows.column(part.id) for part, rows in zip(stage.nodes, tables, strict=True)]
    kind = _id_type([source, target, *ids])
    edges = Frame(frame.cte, frame.columns)
    parted = []
    if stage.by is not None:
        parted = [plan.expressions(rows).value(stage.by) for rows in (edges, *tables)]
        if len({value.type for value in parted}) > 1:
            raise unsupported("make-graph partitioned-by columns of several types")
    part = plan.fresh() if parted else ""
    number, first, last, edge = (plan.fresh() for _ in range(4))
    order = f" ORDER BY {frame.order_sql}" if frame.order else ""
    items = [column.id for column in edges.columns]
    items += [f"{_key(source, kind)} AS {first}", f"{_key(target, kind)} AS {last}"]
    items += [f"row_number() OVER ({order.strip()}) AS {edge}", *([f"{parted[0].sql} AS {part}"] if part else [])]
    listed = plan.cte(f"SELECT {', '.join(items)} FROM {frame.cte}", materialized=True)
    given = [
        _given(plan, rows, column, kind, parted[place + 1] if part else None, part)
        for place, (rows, column) in enumerate(zip(tables, ids, strict=True))
    ]
    key = Col("", kind, plan.fresh())
    nodes, known = _nodes(plan, stage, key, number, part, listed, (first, last, edge), tables, ids, given)
    same = f" AND k_n.{part} IS NOT DISTINCT FROM k_e.{part}" if part else ""
    ends = [plan.fresh(), plan.fresh()]
    sql = f"SELECT {', '.join([f'k_e.{c.id}' for c in edges.columns] + [f'k_e.{edge}'])}"
    sql += f"{f', k_e.{part}' if part else ''}, k_n.{number} AS {ends[0]}, k_m.{number} AS {ends[1]} FROM {listed} k_e"
    sql += f" JOIN {known} k_n ON k_n.{key.id} = k_e.{first}{same}"
    sql += f" JOIN {known} k_m ON k_m.{key.id} = k_e.{last}{same.replace('k_n.', 'k_m.')}"
    groups = (part,) if part else ()
    graph = Graph(replace(nodes, groups=groups), number, key, edge, ends[0], ends[1])
    made = Frame(plan.cte(sql, materialized=True), edges.columns, groups=groups, graph=graph)
    if stage.query is None:
        return made
    return replace(plan.inner(stage.query, made), groups=(), order=())


def _id_type(columns: list[Col]) -> str:
    """The one type of all node ids."""
    kinds = {"long" if column.type == "int" else column.type for column in columns}
    if len(kinds) > 1 or "dynamic" in kinds:
        raise unsupported(f"node ids of type {' and '.join(sorted(kinds))}")
    return kinds.pop()


def _key(column: Col, kind: str) -> str:
    """A node id; none is null."""
    found = convert(column.value, kind).sql
    if kind == "string":
        return found
    refusal = quote("UnsupportedError: an edge or node without a node id")
    return f"CASE WHEN {column.id} IS NULL THEN error({refusal}) ELSE {found} END"


def _given(plan: Plan, rows: Frame, column: Col, kind: str, parted: Value | None, part: str) -> str:
    """A table of nodes with `k_id`, one row a node: of several with one id, any may stand for it."""
    items = [c.id for c in rows.columns] + [f"{_key(column, kind)} AS k_id"]
    keys = "k_id"
    if parted is not None:
        items.append(f"{parted.sql} AS {part}")
        keys += f", {part}"
    cte = plan.cte(f"SELECT {', '.join(items)}, row_number() OVER () AS k_place FROM {rows.cte}", materialized=True)
    return plan.cte(f"SELECT * FROM {cte} QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY k_place) = 1")


def _nodes(
    plan: Plan,
    stage: MakeGraph,
    key: Col,
    number: str,
    part: str,
    listed: str,
    edge: tuple[str, str, str],
    tables: list[Frame],
    ids: list[Col],
    given: list[str],
) -> tuple[Frame, str]:
    """All nodes with their properties, and the CTE of their ids and numbers: those of edges first, as the edges name them."""
    first, last, row = edge
    parts = f", {part}" if part else ""
    found = [
        f"SELECT {first} AS k_id{parts}, 0 AS k_from, 2 * {row} AS k_place FROM {listed}",
        f"SELECT {last}{parts}, 0, 2 * {row} + 1 FROM {listed}",
        *(f"SELECT k_id{parts}, {place + 1}, k_place FROM {cte}" for place, cte in enumerate(given)),
    ]
    ranked = (
        f"SELECT k_id{parts}, min((k_from, k_place)) AS k_first FROM ({' UNION ALL '.join(found)}) GROUP BY k_id{parts}"
    )
    numbered = f"SELECT k_id AS {key.id}{parts}, row_number() OVER (ORDER BY k_first) AS {number} FROM ({ranked})"
    known = plan.cte(numbered, materialized=True)
    columns: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for place, rows in enumerate(tables):
        for column in rows.columns:
            if kinds.setdefault(column.name, column.type) != column.type:
                raise unsupported(f"node tables in which {column.name!r} has several types")
            blank = column.type == "string"
            columns.setdefault(column.name, []).append(
                f"nullif(g{place}.{column.id}, '')" if blank else f"g{place}.{column.id}"
            )
    if stage.node_id:
        columns, kinds = {stage.node_id: [f"k_k.{key.id}"]}, {stage.node_id: key.type}
    for name in dict.fromkeys(part.id for part in stage.nodes):
        shared = all(part.id == name for part in stage.nodes)
        missing = " AND ".join(f"g{place}.k_id IS NULL" for place in range(len(tables)))
        refusal = quote(f"UnsupportedError: property {name} of a node that no table of nodes has")
        own = f"k_k.{key.id}" if shared else f"CASE WHEN {missing} THEN error({refusal}) END"
        columns[name].append(f"{own}::{_sql_type(kinds[name])}")
    made = [(name, kinds[name], plan.fresh()) for name in columns]
    items = [f"k_k.{key.id}", f"k_k.{number}", *([f"k_k.{part}"] if part else [])]
    for name, kind, id in made:
        text = f"coalesce({', '.join(columns[name])}{', ' + repr('') if kind == 'string' else ''})"
        items.append(f"{text} AS {id}")
    sql = f"SELECT {', '.join(items)} FROM {known} k_k"
    for place, cte in enumerate(given):
        same = f" AND g{place}.{part} IS NOT DISTINCT FROM k_k.{part}" if part else ""
        sql += f" LEFT JOIN {cte} g{place} ON g{place}.k_id = k_k.{key.id}{same}"
    cte = plan.cte(sql, materialized=True)
    return Frame(cte, tuple(Col(name, kind, id) for name, kind, id in made)), known


def _sql_type(kind: str) -> str:
    from ..types import SQL_TYPES

    return SQL_TYPES[kind]


def graph_of(frame: Frame, keyword: str) -> Graph:
    """The graph a stage works on."""
    if frame.graph is None:
        raise unsupported(f"operator {keyword} of rows, not of a graph")
    return frame.graph


def mark_components(plan: Plan, stage: GraphComponents, frame: Frame) -> Frame:
    """The graph whose nodes have the number of their component, counted from zero, a graph of its own each partition."""
    graph = graph_of(frame, stage.keyword)
    if stage.kind not in KINDS:
        raise unsupported(f"graph-mark-components kind={stage.kind}")
    if graph.nodes.find(stage.name) is not None:
        raise unsupported(f"graph-mark-components over a property {stage.name!r} that nodes have")
    ends = [
        f"coalesce((SELECT list({end} ORDER BY {graph.edge}) FROM {frame.cte}), [])"
        for end in (graph.source, graph.target)
    ]
    count = f"(SELECT count(*) FROM {graph.nodes.cte})"
    found = plan.cte(
        f"SELECT unnest(kx_graph_components({', '.join(ends)}, {count}, {quote(stage.kind)})) AS k_component,"
        f" unnest(range(1, {count} + 1)) AS k_number",
        materialized=True,
    )
    column = plan.column(stage.name, "long")
    over = f"{f'PARTITION BY {frame.groups[0]} ' if frame.groups else ''}ORDER BY k_f.k_component"
    sql = f"SELECT k_n.*, dense_rank() OVER ({over}) - 1 AS {column.id} FROM {graph.nodes.cte} k_n"
    sql += f" JOIN {found} k_f ON k_f.k_number = k_n.{graph.number}"
    nodes = replace(graph.nodes, cte=plan.cte(sql, materialized=True), columns=(*graph.nodes.columns, column))
    return replace(frame, graph=replace(graph, nodes=nodes))


def to_table(plan: Plan, stage: GraphToTable, frame: Frame) -> Frame:
    """The nodes or the edges as rows; with a name, later stages may read them by it."""
    if len(stage.outputs) != 1:
        raise unsupported("graph-to-table of nodes and edges here: it gives two results")
    return table_of(plan, stage.outputs[0], frame)


def table_of(plan: Plan, table: GraphTable, frame: Frame) -> Frame:
    """One table of a graph, its rows in order."""
    graph = graph_of(frame, "graph-to-table")
    rows = Frame(frame.cte, frame.columns) if table.what == "edges" else replace(graph.nodes, groups=())
    number = graph.edge if table.what == "edges" else graph.number
    made = []
    for place, name in enumerate(table.ids):
        if not name:
            continue
        if rows.find(name) is not None:
            raise unsupported(f"graph-to-table with {name!r}, which is a property")
        if table.what == "edges":
            key = replace(graph.key, id=plan.fresh(), name="k_key")
            end = (graph.source, graph.target)[place]
            sql = f"SELECT k_r.*, k_n.{graph.key.id} AS {key.id} FROM {rows.cte} k_r"
            rows = replace(rows, cte=plan.cte(f"{sql} JOIN {graph.nodes.cte} k_n ON k_n.{graph.number} = k_r.{end}"))
        else:
            key = replace(graph.key, name="k_key")
        value = plan.expressions(Frame("", (key,))).value(Call("hash", (Field("k_key"),)))
        made.append((value, plan.column(name, "long")))
    base = replace(rows, order=(OrderKey(number, False, False),), groups=frame.groups)
    return replace(plan.stage(base, [*made, *plan.kept(rows)]), serialized=False, graph=None)
