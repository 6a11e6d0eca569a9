"""A graph pattern taken apart: its nodes and edges, what each condition needs, what rows of edges gather as they grow.

Source: https://learn.microsoft.com/kusto/query/graph-match-operator
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...model import And, Call, Expr, Field, GraphEdge, GraphMatch, GraphNode, Index, Literal, Node, walk
from ...model import replace as put
from .frame import Col, Frame
from .graphs import graph_of
from .values import convert, unsupported

if TYPE_CHECKING:
    from .plan import Plan

OVER = ("all", "any", "map")
HIDDEN = {"node_id": "\x00id", "node_degree_in": "\x00in", "node_degree_out": "\x00out"}
"""Functions of a node, and the hidden column of nodes that holds each."""
NO_LABELS = Literal("[]", "dynamic")  # of nodes and edges that make-graph made


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a row of edges gathers: `all`, `any` or `map` of an expression over its edges, or over its inner nodes."""

    kind: str
    inner: bool
    expr: Expr
    column: Col

    @property
    def start(self) -> str:
        return {"all": "TRUE", "any": "FALSE", "map": "[]::JSON[]"}[self.kind]

    def grown(self, value: str, forward: bool) -> str:
        """The column after one more value, SQL of a bool or of JSON."""
        if self.kind == "map":
            one = f"coalesce({value}, 'null'::JSON)"
            return f"list_append({self.column.id}, {one})" if forward else f"list_prepend({one}, {self.column.id})"
        return f"({self.column.id} {'AND' if self.kind == 'all' else 'OR'} coalesce({value}, FALSE))"


@dataclass(slots=True)
class Step:
    """One edge of the pattern between two of its nodes; a row of edges has what it gathers, and conditions on all of it."""

    name: str
    edge: GraphEdge
    left: str
    right: str
    gathered: list[Gathered] = field(default_factory=list)
    edges_hold: list[Expr] = field(default_factory=list)
    nodes_hold: list[Expr] = field(default_factory=list)


class Pattern:
    """The patterns of one stage over one graph. `kinds`: each part by name is a node, an edge or edges (a row of them)."""

    def __init__(self, plan: Plan, stage: GraphMatch, frame: Frame) -> None:
        self.plan, self.stage, self.edges = plan, stage, replace(frame, graph=None)
        self.graph = graph_of(frame, stage.keyword)
        self.kinds: dict[str, str] = {}
        self.nodes: list[str] = []
        self.steps: list[Step] = []
        self._read()
        self.rows = self._rows()
        self.properties: dict[tuple[str, str], Col] = {}
        self.alone: dict[str, list[Expr]] = {name: [] for name in self.kinds}  # conditions on one node or edge
        self.rest: list[Expr] = []
        for term in _terms(stage.predicate):
            self._sort(term)

    def _read(self) -> None:
        for number, pattern in enumerate(self.stage.patterns):
            names = [part.name or f"\x00{number}.{place}" for place, part in enumerate(pattern.parts)]
            for place, (name, part) in enumerate(zip(names, pattern.parts, strict=True)):
                if isinstance(part, GraphNode):
                    if self.kinds.setdefault(name, "node") != "node":
                        raise unsupported(f"a graph pattern with a node and an edge named {name!r}")
                    self.nodes += [name] if name not in self.nodes else []
                    continue
                if name in self.kinds:
                    raise unsupported(f"a graph pattern with two parts named {name!r}")
                if part.several and part.least > part.most:
                    raise unsupported(f"an edge of {part.least} to {part.most} edges")
                self.kinds[name] = "edges" if part.several else "edge"
                self.steps.append(Step(name, part, names[place - 1], names[place + 1]))

    def _rows(self) -> Frame:
        """Nodes with hidden columns for their id as text and, where they are asked for, their degrees."""
        plan, nodes, graph = self.plan, self.graph.nodes, self.graph
        columns = [Col(HIDDEN["node_id"], "string", plan.fresh())]
        items = [f"k_n.*, {convert(graph.key.value, 'string').sql} AS {columns[0].id}"]
        joins = ""
        used = {node.name for node in walk(self.stage) if isinstance(node, Call)}
        for name, end in (("node_degree_in", graph.target), ("node_degree_out", graph.source)):
            if name in used:
                columns.append(Col(HIDDEN[name], "long", plan.fresh()))
                items.append(f"coalesce({name}.k_count, 0) AS {columns[-1].id}")
                counted = f"SELECT {end} AS k_end, count(*) AS k_count FROM {self.edges.cte} GROUP BY 1"
                joins += f" LEFT JOIN ({counted}) {name} ON {name}.k_end = k_n.{graph.number}"
        cte = plan.cte(f"SELECT {', '.join(items)} FROM {nodes.cte} k_n{joins}", materialized=True)
        return replace(nodes, cte=cte, columns=(*nodes.columns, *columns))

    def frame(self, kind: str) -> Frame:
        return self.rows if kind == "node" else self.edges

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    # ---------------------------------------------------------------- conditions

    def _sort(self, term: Expr) -> None:
        """Puts a condition where it is tested: on one node or edge, on all of a row of edges, or on the whole match."""
        if isinstance(term, Call) and term.name == "all" and len(term.args) == 2:
            name, inner = self._over(term.args[0])
            (self.step(name).nodes_hold if inner else self.step(name).edges_hold).append(term.args[1])
            return
        names = {node.name for node in walk(term) if isinstance(node, Field) and node.name in self.kinds}
        whole = any(isinstance(node, Call) and node.name in OVER for node in walk(term))
        if whole:
            self.rest.append(term)
        elif any(self.kinds[name] == "edges" for name in names):
            if len(names) > 1:
                raise unsupported("a condition on a variable length edge and another part of the pattern")
            self.step(min(names)).edges_hold.append(_bare(term, names))  # each edge of the row satisfies it
        elif len(names) == 1:
            self.alone[names.pop()].append(term)
        else:
            self.rest.append(term)

    def _over(self, expr: Expr) -> tuple[str, bool]:
        """The row of edges the first argument of `all`, `any` or `map` names, and whether its inner nodes are meant."""
        inner = isinstance(expr, Call) and expr.name == "inner_nodes" and len(expr.args) == 1
        named = expr.args[0] if isinstance(expr, Call) and inner else expr
        if not isinstance(named, Field) or self.kinds.get(named.name) != "edges":
            raise unsupported("all, any or map of what is no variable length edge")
        return named.name, inner

    # ---------------------------------------------------------------- expressions

    def stated(self, expr: Expr) -> Expr:
        """`expr` over the rows of matches: properties and functions of the parts are columns there."""

        def change(node: Node) -> Node | None:
            match node:
                case Call(name, (of, inner)) if name in OVER:
                    return Field(self._gathered(name, of, inner).name)
                case Call(name, (Field(of),)) if name in HIDDEN and self.kinds.get(of) == "node":
                    return Field(self._property(of, HIDDEN[name]).name)
                case Call("labels", (Field(of),)) if self.kinds.get(of) in ("node", "edge"):
                    return NO_LABELS
                case Call(name) if name in (*HIDDEN, *OVER, "labels", "inner_nodes"):
                    raise unsupported(f"{name} with these arguments")
                case Index(Field(of), Literal(key, "string")) if of in self.kinds:
                    if self.kinds[of] == "edges":
                        raise unsupported(f"a property of the variable length edge {of} inside an expression")
                    return Field(self._property(of, str(key)).name)
                case Field(name) if name in self.kinds:
                    raise unsupported(f"the whole of {name}, a part of a graph pattern, as a value")
            return None

        return _mapped(expr, change)

    def output(self, expr: Expr) -> Expr:
        """The same for a column of the result, where a property of a row of edges alone is the list of its values."""
        match expr:
            case Index(Field(of), Literal(key, "string")) if self.kinds.get(of) == "edges":
                return Field(self._gathered("map", Field(of), Field(str(key))).name)
        return self.stated(expr)

    def _property(self, of: str, name: str) -> Col:
        column = self.frame(self.kinds[of]).find(name)
        if column is None:
            raise unsupported(f"unknown column {name!r}")
        if (of, name) not in self.properties:
            self.properties[of, name] = Col(f"\x00{of}.{name}", column.type, self.plan.fresh())
        return self.properties[of, name]

    def _gathered(self, kind: str, of: Expr, expr: Expr) -> Col:
        name, inner = self._over(of)
        step = self.step(name)
        for known in step.gathered:
            if (known.kind, known.inner, known.expr) == (kind, inner, expr):
                return known.column
        column = Col(f"\x00{self.plan.fresh('g')}", "dynamic" if kind == "map" else "bool", self.plan.fresh())
        step.gathered.append(Gathered(kind, inner, expr, column))
        return column

    def element(self, expr: Expr, inner: bool) -> Expr:
        """`expr`, the second argument of `all`, `any` or `map`, over the rows of edges, or those of nodes when `inner`."""
        frame = self.rows if inner else self.edges

        def change(node: Node) -> Node | None:
            match node:
                case Call(name, ()) if name in HIDDEN and inner:
                    return Field(HIDDEN[name])
                case Call("labels", ()):
                    return NO_LABELS
                case Call(name) if name in (*HIDDEN, *OVER, "labels", "inner_nodes"):
                    raise unsupported(f"{name} inside all, any or map")
                case Field(name) if name in self.kinds and frame.find(name) is None:
                    raise unsupported("all, any or map that reads another part of the pattern")
            return None

        return _mapped(expr, change)


def _terms(expr: Expr | None) -> list[Expr]:
    """The conditions of a chain of `and`."""
    if expr is None:
        return []
    return [inner for term in expr.terms for inner in _terms(term)] if isinstance(expr, And) else [expr]


def _bare(expr: Expr, names: set[str]) -> Expr:
    """`expr` with the properties of the parts `names` as columns of their own rows."""

    def change(node: Node) -> Node | None:
        match node:
            case Index(Field(of), Literal(key, "string")) if of in names:
                return Field(str(key))
        return None

    return _mapped(expr, change)


def _mapped(expr: Expr, change: Callable[[Node], Node | None]) -> Expr:
    """`expr` with what `change` gives in the place of nodes, from the outside in; None: the node stays, its inside is looked at."""
    found: Any = _changed(expr, change)
    return found  # type: ignore[no-any-return]


def _changed(node: Node, change: Callable[[Node], Node | None]) -> Node:
    made = change(node)
    if made is not None:
        return made
    values: dict[str, Any] = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, Node):
            values[name] = _changed(value, change)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            values[name] = tuple(_changed(item, change) if isinstance(item, Node) else item for item in value)
    return put(node, **values) if values else node
