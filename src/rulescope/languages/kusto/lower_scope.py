"""What names stand for while a Kusto query is lowered: let constants, tables, functions, and columns made so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ... import model as m
from ...text import Span
from . import syntax as s

MOST_INLINED = 2_000
DEEPEST_CALL = 24


@dataclass(frozen=True, slots=True)
class Constant:
    """A scalar let or parameter: the expression it stands for."""

    value: m.Expr


@dataclass(frozen=True, slots=True)
class Table:
    """A tabular let: a Scan of its name reads it. `columns` are those it certainly has."""

    name: str
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rows:
    """A tabular parameter, or a tabular let inside a scalar function: its stages stand where its name does."""

    query: m.Query


@dataclass(frozen=True, slots=True)
class Function:
    """A let function, with the names it saw where it was defined."""

    name: str
    node: s.Function
    scope: dict[str, Binding]
    tabular: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """A declared pattern: its calls are the body of the case they name."""

    node: s.DeclarePattern
    scope: dict[str, Binding]


Binding = Constant | Table | Rows | Function | Pattern


@dataclass(slots=True)
class Context:
    """The state of one lowering: the text, the names in scope, and the columns that are known to exist at this stage.

    `query` lowers a tabular expression, `body` one over the rows at hand (set by `lower`; expressions hold subqueries).
    `searching` is "uncased" or "cased" inside the predicate of `search`, where a bare string is a term.
    """

    text: str
    query: Callable[[Context, s.Expr], m.Query]
    body: Callable[[Context, s.Expr], m.Query]
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scope: dict[str, Binding] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    searching: str = ""
    depth: int = 0
    inlined: int = 0
    negations: dict[int, tuple[m.Expr, m.Expr]] = field(default_factory=dict)  # id of a negation: it, and what of
    key: str = ""  # inside a partition: its column, whose value `toscalar` of its name is
    sides: set[str] | None = None  # while the condition of a join is lowered: which of $left, $right it named

    def words(self, node: s.Node) -> str:
        """The node's own text."""
        return self.text[node.start : node.end]  # type: ignore[attr-defined]

    def known(self, name: str) -> Collection[str]:
        """The columns a table of that name certainly has."""
        found = self.scope.get(name)
        return found.columns if isinstance(found, Table) else self.tables.get(name, ())

    def constant(self, name: str) -> m.Expr | None:
        """What a scalar name stands for; None for a column. Columns hide variables of the same name, as in Kusto."""
        found = self.scope.get(name)
        if isinstance(found, Constant) and name not in self.columns:
            return found.value
        return None


def span(node: s.Node) -> Span:
    """The place of a node in the text."""
    return Span(node.start, node.end)  # type: ignore[attr-defined]


def bare(node: s.Expr) -> s.Expr:
    """The expression inside any parentheses around it."""
    while isinstance(node, s.Parens):
        node = node.inner
    return node
