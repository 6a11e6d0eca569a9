"""Graph operators: make-graph, and the patterns that stand in what works on a graph.

Source: https://learn.microsoft.com/kusto/query/graph-operators
"""

from __future__ import annotations

from . import syntax as ast
from .parser_base import SyntaxFault
from .parser_expressions import Expressions
from .parser_options import OWN
from .parser_values import MORE_TYPES, TYPES
from .syntax import Expr, GraphEdge, GraphNode, Name, Operator, Pipe

_BARE = {("-", "-", ">"): ("-", "->"), ("<", "-", "-"): ("<-", "-"), ("-", "-"): ("-", "-")}  # edges without brackets


class GraphOperators(Expressions):
    """make-graph and what works on a graph."""

    __slots__ = ()

    def sub_pipe(self, or_query: bool = False) -> Pipe:
        """A pipe whose rows are at hand."""
        raise AssertionError("given by Operators")

    def _contextual(self) -> Pipe:
        """A pipe in parentheses whose rows are at hand."""
        raise AssertionError("given by Operators")

    def begin(self) -> int:
        """Step over the operator's keyword; where it starts."""
        self.pos += 1
        return self.starts[self.pos - 1]

    def type_of_any(self) -> str:
        """A type, also one of those that only find and typeof know."""
        if self.kinds[self.pos] not in TYPES and self.kinds[self.pos] not in MORE_TYPES:
            raise SyntaxFault(self.pos, "a type")
        self.pos += 1
        return self.texts[self.pos - 1]

    def make_graph(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        source = self.name()
        directed = self.adjacent("-", "-", ">")
        if not directed and not self.adjacent("-", "-"):
            raise SyntaxFault(self.pos, "'-->' or '--'")
        self.pos += 3 if directed else 2
        target = self.name()
        nodes: list[ast.GraphNodes] = []
        node_id: Name | None = None
        if self.take("with_node_id"):
            self.need("=")
            node_id = self.name()
        elif self.take("with"):
            while True:
                at = self.starts[self.pos]
                rows = self.signed()
                self.need("on")
                nodes.append(ast.GraphNodes(rows, self.name(), at, self.end))
                if not self.take(","):
                    break
        by: Expr | None = None
        query: Pipe | None = None
        if self.take("partitioned-by"):
            by = self.simple_path()
            query = self._contextual()
        return ast.MakeGraph(source, target, directed, tuple(nodes), node_id, by, query, options, start, self.end)

    def graph_match(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        options = self.options(OWN.get(keyword, {}), equals=True)
        patterns = [self._pattern()]
        while self.take(","):
            patterns.append(self._pattern())
        predicate = self.tabular() if self.take("where") else None
        items = self.items() if self.take("project") else None
        return ast.GraphMatch(keyword, tuple(patterns), predicate, items, options, start, self.end)

    def _pattern(self) -> tuple[GraphNode | GraphEdge, ...]:
        first = self.pos
        parts: list[GraphNode | GraphEdge] = []
        while True:
            at = self.starts[self.pos]
            if self.take("("):
                name = self.name() if self.kinds[self.pos] != ")" else None
                self.need(")")
                parts.append(GraphNode(name, at, self.end))
            elif (edge := self._edge()) is not None:
                parts.append(edge)
            else:
                break
        if not parts:
            raise SyntaxFault(first, "a pattern such as (a)-[b]->(c)")
        return tuple(parts)

    def _edge(self) -> GraphEdge | None:
        start = self.starts[self.pos]
        for tokens, (left, right) in _BARE.items():
            if self.adjacent(*tokens):
                self.pos += len(tokens)
                return GraphEdge(left, right, None, None, None, start, self.end)
        if self.adjacent("-", "["):
            left = "-"
            self.pos += 2
        elif self.adjacent("<", "-", "["):
            left = "<-"
            self.pos += 3
        else:
            return None
        name = self.name() if self.name_length(self.pos) else None
        least: Expr | None = None
        most: Expr | None = None
        if self.take("*"):
            least = self.signed()
            self.need("..")
            most = self.signed()
        if self.adjacent("]", "-", ">"):
            right = "->"
            self.pos += 3
        elif self.adjacent("]", "-"):
            right = "-"
            self.pos += 2
        else:
            raise SyntaxFault(self.pos, "']->' or ']-'")
        return GraphEdge(left, right, name, least, most, start, self.end)

    def graph_to_table(self) -> Operator:
        start = self.begin()
        outputs: list[ast.GraphOutput] = []
        while True:
            word = self.kinds[self.pos]
            if word not in ("nodes", "edges"):
                raise SyntaxFault(self.pos, "'nodes' or 'edges'")
            at = self.begin()
            name = self.name() if self.take("as") else None
            options = self.options(OWN[f"graph-{word}"], equals=True)
            outputs.append(ast.GraphOutput(word, name, options, at, self.end))
            if not self.take(","):
                return ast.GraphToTable(tuple(outputs), start, self.end)

    def graph_mark_components(self) -> Operator:
        start = self.begin()
        return ast.GraphComponents(self.options(OWN["graph-mark-components"], equals=True), start, self.end)

    def graph_where(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        return ast.Graph(keyword, self.expression(), start, self.end)
