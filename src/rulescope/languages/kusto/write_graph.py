"""Graph operators as Kusto text."""

from __future__ import annotations

from typing import Protocol

from ... import model as m
from ...errors import UnsupportedError
from .write_expr import ExprWriter, name

INDENT = "    "
ENDS = {"right": ("-", "->"), "left": ("<-", "-"), "any": ("-", "-")}


class Writer(Protocol):
    """What the writer of queries gives: expressions, columns, queries inside a stage."""

    long: bool
    expr: ExprWriter

    def columns(self, columns: tuple[m.Column, ...], indent: str) -> str: ...
    def predicate(self, expr: m.Expr, indent: str) -> str: ...
    def nested(self, query: m.Query, indent: str) -> str: ...
    def table(self, query: m.Query, indent: str) -> str: ...


def make_graph(w: Writer, s: m.MakeGraph, indent: str) -> str:
    options = "".join(f" {p.name}={p.value}" for p in s.properties)
    text = f"make-graph{options} {name(s.source)} {'-->' if s.directed else '--'} {name(s.target)}"
    if s.nodes:
        tables = (f"{w.table(part.query, indent + INDENT)} on {name(part.id)}" for part in s.nodes)
        text += f" with {', '.join(tables)}"
    elif s.node_id:
        text += f" with_node_id={name(s.node_id)}"
    if s.by is not None and s.query is not None:
        inner = w.nested(s.query, indent + INDENT)
        text += f" partitioned-by {w.expr.text(s.by)} ({inner})"
    return text


def graph_match(w: Writer, s: m.GraphMatch, indent: str) -> str:
    options = (f" cycles={s.cycles}" if s.cycles else "") + (f" output={s.output}" if s.output else "")
    patterns = ", ".join("".join(map(_part, pattern.parts)) for pattern in s.patterns)
    inner = indent + INDENT
    between = f"\n{inner}" if w.long else " "
    text = f"{s.keyword}{options} {patterns}"
    if s.predicate is not None:
        text += f"{between}where {w.predicate(s.predicate, inner)}"
    return f"{text}{between}project {w.columns(s.columns, inner)}"


def _part(part: m.GraphNode | m.GraphEdge) -> str:
    if isinstance(part, m.GraphNode):
        return f"({name(part.name) if part.name else ''})"
    if part.direction not in ENDS:
        raise UnsupportedError("kusto", f"an edge in direction {part.direction}")
    left, right = ENDS[part.direction]
    several = f"*{part.least}..{part.most}" if part.several else ""
    inside = (name(part.name) if part.name else "") + several
    if inside:
        return f"{left}[{inside}]{right}"
    return {"right": "-->", "left": "<--", "any": "--"}[part.direction]


def graph_to_table(w: Writer, s: m.GraphToTable, indent: str) -> str:
    return f"graph-to-table {', '.join(map(_output, s.outputs))}"


def _output(table: m.GraphTable) -> str:
    words = ("with_node_id",) if table.what == "nodes" else ("with_source_id", "with_target_id")
    text = table.what + (f" as {name(table.name)}" if table.name else "")
    for word, column in zip(words, table.ids, strict=False):
        text += f" {word}={name(column)}" if column else ""
    return text


def graph_components(w: Writer, s: m.GraphComponents, indent: str) -> str:
    kind = f" kind={s.kind}" if s.kind != "weak" else ""
    called = f" with_component_id={name(s.name)}" if s.name != "ComponentId" else ""
    return f"graph-mark-components{kind}{called}"
