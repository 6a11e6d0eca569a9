"""Graph operators to model stages: what make-graph builds, and the patterns that look for paths in it."""

from __future__ import annotations

from ... import model as m
from . import syntax as s
from .lower_expr import lower_expr, lower_predicate
from .lower_parts import columns, option, properties
from .lower_scope import Context, span

DIRECTIONS = {("-", "->"): "right", ("<-", "-"): "left", ("-", "-"): "any"}


def make_graph(ctx: Context, node: s.MakeGraph) -> m.Step:
    nodes = tuple(m.GraphNodes(ctx.query(ctx, part.rows), part.id.name) for part in node.nodes)
    return m.MakeGraph(
        node.source.name, node.target.name, nodes, node.node_id.name if node.node_id else "", node.directed,
        None if node.by is None else lower_expr(ctx, node.by), None if node.query is None else ctx.body(ctx, node.query),
        properties(ctx, node.options), span=span(node),
    )  # fmt: skip


def graph_match(ctx: Context, node: s.GraphMatch) -> m.Step | None:
    """None for a pattern in which nodes and edges do not alternate, and for a match whose columns are not chosen."""
    patterns = tuple(_pattern(ctx, parts) for parts in node.patterns)
    known = ("cycles", "output") if node.keyword == "graph-shortest-paths" else ("cycles",)
    if node.items is None or any(item.name.lower() not in known for item in node.options):
        return None
    made = tuple(pattern for pattern in patterns if pattern is not None)
    if len(made) < len(patterns):
        return None
    names = {part.name for pattern in made for part in pattern.parts}
    saved, ctx.scope = ctx.scope, {name: found for name, found in ctx.scope.items() if name not in names}
    try:
        predicate = None if node.predicate is None else lower_predicate(ctx, node.predicate)
        chosen = columns(ctx, node.items)
    finally:
        ctx.scope = saved
    cycles, output = option(ctx, node.options, "cycles"), option(ctx, node.options, "output")
    return m.GraphMatch(made, predicate, chosen, cycles, output, node.keyword, span(node))


def _pattern(ctx: Context, parts: tuple[s.GraphNode | s.GraphEdge, ...]) -> m.GraphPattern | None:
    found: list[m.GraphNode | m.GraphEdge] = []
    for place, part in enumerate(parts):
        if isinstance(part, s.GraphEdge) != bool(place % 2):
            return None
        name = part.name.name if part.name is not None else ""
        if isinstance(part, s.GraphNode):
            found.append(m.GraphNode(name))
            continue
        direction = DIRECTIONS.get((part.left, part.right))
        if direction is None:
            return None
        if part.least is None or part.most is None:
            found.append(m.GraphEdge(name, direction))
            continue
        least, most = _whole(ctx, part.least), _whole(ctx, part.most)
        if least is None or most is None:
            return None
        found.append(m.GraphEdge(name, direction, least, most))
    return m.GraphPattern(tuple(found)) if len(parts) % 2 else None


def _whole(ctx: Context, node: s.Expr) -> int | None:
    """A number that is not negative, written or named by a let."""
    value = lower_expr(ctx, node)
    whole = isinstance(value, m.Literal) and value.type in ("int", "long") and isinstance(value.value, int)
    return int(value.value) if whole and value.value >= 0 else None  # type: ignore[union-attr, arg-type, operator]


def graph_to_table(ctx: Context, node: s.GraphToTable) -> m.Step:
    outputs = []
    for output in node.outputs:
        words = ("with_node_id",) if output.what == "nodes" else ("with_source_id", "with_target_id")
        ids = tuple(option(ctx, output.options, word) for word in words)
        outputs.append(m.GraphTable(output.what, output.name.name if output.name else "", ids if any(ids) else ()))
    return m.GraphToTable(tuple(outputs), span=span(node))


def graph_components(ctx: Context, node: s.GraphComponents) -> m.Step:
    name = option(ctx, node.options, "with_component_id") or "ComponentId"
    return m.GraphComponents(name, option(ctx, node.options, "kind") or "weak", span=span(node))
