"""Graph operators: checked for form, kept as their parts in order.

Source: https://learn.microsoft.com/kusto/query/graph-operators
"""

from __future__ import annotations

from .parser_base import SyntaxFault
from .parser_expressions import Expressions
from .parser_options import OWN
from .parser_values import MORE_TYPES, TYPES
from .syntax import Expr, Graph, Operator, Option, Pipe

_EDGES = (("-", "-", ">"), ("<", "-", "-"), ("-", "-"))
_Parts = list[Expr | Option]


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
        parts: _Parts = list(self.options(equals=True))
        parts.append(self.name())
        if self.adjacent("-", "-", ">"):
            self.pos += 3
        elif self.adjacent("-", "-"):
            self.pos += 2
        else:
            raise SyntaxFault(self.pos, "'-->' or '--'")
        parts.append(self.name())
        if self.kinds[self.pos] == "with_node_id":
            at = self.begin()
            self.need("=")
            name = self.name()
            parts.append(Option("with_node_id", name, at, self.end))
        elif self.take("with"):
            while True:
                parts.append(self.signed())
                self.need("on")
                parts.append(self.name())
                if not self.take(","):
                    break
        if self.take("partitioned-by"):
            parts.append(self.simple_path())
            parts.append(self._contextual())
        return Graph("make-graph", tuple(parts), start, self.end)

    def graph_match(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        parts: _Parts = list(self.options(OWN.get(keyword, {}), equals=True))
        while True:
            self._pattern(parts)
            if not self.take(","):
                break
        if self.take("where"):
            parts.append(self.tabular())
        if self.take("project"):
            parts.extend(self.items())
        return Graph(keyword, tuple(parts), start, self.end)

    def _pattern(self, parts: _Parts) -> None:
        first = self.pos
        while True:
            if self.take("("):
                if self.kinds[self.pos] != ")":
                    parts.append(self.name())
                self.need(")")
            elif not self._edge(parts):
                break
        if self.pos == first:
            raise SyntaxFault(first, "a pattern such as (a)-[b]->(c)")

    def _edge(self, parts: _Parts) -> bool:
        for edge in _EDGES:
            if self.adjacent(*edge):
                self.pos += len(edge)
                return True
        if self.adjacent("-", "["):
            self.pos += 2
        elif self.adjacent("<", "-", "["):
            self.pos += 3
        else:
            return False
        if self.name_length(self.pos):
            parts.append(self.name())
        if self.take("*"):
            parts.append(self.signed())
            self.need("..")
            parts.append(self.signed())
        if self.adjacent("]", "-", ">"):
            self.pos += 3
        elif self.adjacent("]", "-"):
            self.pos += 2
        else:
            raise SyntaxFault(self.pos, "']->' or ']-'")
        return True

    def graph_to_table(self) -> Operator:
        start = self.begin()
        parts: _Parts = []
        while True:
            word = self.kinds[self.pos]
            if word not in ("nodes", "edges"):
                raise SyntaxFault(self.pos, "'nodes' or 'edges'")
            parts.append(self.name())
            if self.take("as"):
                parts.append(self.name())
            parts.extend(self.options(OWN[f"graph-{word}"], equals=True))
            if not self.take(","):
                return Graph("graph-to-table", tuple(parts), start, self.end)

    def graph_mark_components(self) -> Operator:
        start = self.begin()
        return Graph("graph-mark-components", self.options(OWN["graph-mark-components"], equals=True), start, self.end)

    def graph_where(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        return Graph(keyword, (self.expression(),), start, self.end)
