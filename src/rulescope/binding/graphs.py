"""Graphs: the row of the edges carries that of the nodes; patterns name both, and their properties are columns of those rows.

Source: https://learn.microsoft.com/kusto/query/graph-operators
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from .. import model as m
from .rows import EMPTY_ROW, UNKNOWN_ROW, RowType, Scope

FUNCTIONS = {
    "all": "bool", "any": "bool", "map": "dynamic", "inner_nodes": "dynamic", "node_degree_in": "long",
    "node_degree_out": "long", "node_id": "string", "labels": "dynamic",
}  # fmt: skip
"""Functions that a graph pattern has, and their types."""
OVER = ("all", "any", "map")
"""Those whose second argument is evaluated over each edge or inner node of the first."""


class Element(NamedTuple):
    """A named part of a pattern: a node, an edge or a row of edges; its properties, and those of its inner nodes."""

    kind: str
    row: RowType
    inner: RowType = EMPTY_ROW


def graph(edges: RowType, nodes: RowType) -> RowType:
    """The row of a graph: columns of its edges, and beside them those of its nodes."""
    made = RowType.of(edges.types, edges.open)
    made.nodes = nodes
    return made


def built(stage: m.MakeGraph, edges: RowType, nodes: list[RowType]) -> RowType:
    """The graph that `make-graph` makes; `nodes` are the rows of its tables of nodes."""
    types: dict[str, str] = {}
    for row in nodes:
        types.update({name: type for name, type in row.types.items() if name not in types})
    if stage.node_id:
        types[stage.node_id] = edges.type(stage.source)
    return graph(edges, RowType.of(types, any(row.open for row in nodes)))


def marked(stage: m.GraphComponents, row: RowType) -> RowType:
    """The graph with the number of the component on its nodes."""
    nodes = row.nodes or UNKNOWN_ROW
    return graph(row, RowType.of({**nodes.types, stage.name: "long"}, nodes.open))


def exported(stage: m.GraphToTable, row: RowType) -> RowType:
    """The rows of the one result; of several, none is known."""
    if len(stage.outputs) != 1:
        return UNKNOWN_ROW
    return table_of(stage.outputs[0], row)


def table_of(table: m.GraphTable, row: RowType) -> RowType:
    """Nodes or edges, with the hashes asked for in front."""
    of = row if table.what == "edges" else row.nodes or UNKNOWN_ROW
    ids = {name: "long" for name in table.ids if name}
    return RowType.of({**ids, **of.types}, of.open)


def elements(stage: m.GraphMatch, row: RowType) -> Mapping[str, Element]:
    """The named parts of the patterns of `stage` over the graph `row`."""
    nodes, edges = row.nodes or UNKNOWN_ROW, RowType.of(row.types, row.open)
    found: dict[str, Element] = {}
    for pattern in stage.patterns:
        for part in pattern.parts:
            if not part.name:
                continue
            if isinstance(part, m.GraphNode):
                found[part.name] = Element("node", nodes)
            else:
                found[part.name] = Element("edges", edges, nodes) if part.several else Element("edge", edges)
    return found


def within(stage: m.GraphMatch, row: RowType, scope: Scope) -> tuple[RowType, Scope]:
    """The row and the scope that expressions of `stage` are typed in."""
    named = elements(stage, row)
    return RowType.of(dict.fromkeys(named, "dynamic")), replace(scope, elements=named)


def property_type(expr: m.Index, scope: Scope) -> str | None:
    """The type of `n.name` where n is a part of the pattern; None for any other access."""
    if not isinstance(expr.base, m.Field) or (element := scope.elements.get(expr.base.name)) is None:
        return None
    if element.kind == "edges":
        return "dynamic"
    key = expr.key.value if isinstance(expr.key, m.Literal) else None
    return element.row.type(key) if isinstance(key, str) else "unknown"


def stripped(expr: m.Expr, scope: Scope) -> m.Expr:
    """`expr` for its name: inside a function a property suggests its own name only (`strlen(n.Name)` is strlen_Name)."""

    def change(node: m.Node) -> m.Node:
        match node:
            case m.Index(m.Field(of), m.Literal(str() as key, "string")) if of in scope.elements:
                return m.Field(key)
        return node

    found: m.Expr = m.rewrite(expr, change)
    return found


def over(call: m.Call, scope: Scope) -> RowType | None:
    """The row over which the second argument of `all`, `any` or `map` is evaluated; None where it is none of those."""
    if call.name not in OVER or len(call.args) != 2:
        return None
    match call.args[0]:
        case m.Field(name) if name in scope.elements:
            return scope.elements[name].row
        case m.Call("inner_nodes", (m.Field(name),)) if name in scope.elements:
            return scope.elements[name].inner
    return None
