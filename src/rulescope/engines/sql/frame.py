"""Rows on their way: a common table expression, its visible columns, and the hidden ones that keep order and groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .values import Value, unsupported


@dataclass(frozen=True, slots=True)
class Col:
    """A column: its name as Kusto spells it, its Kusto type, and its name in SQL."""

    name: str
    type: str
    id: str

    @property
    def value(self) -> Value:
        return Value(self.id, self.type)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an order, over a hidden column."""

    id: str
    descending: bool
    nulls_first: bool

    @property
    def sql(self) -> str:
        return f"{self.id} {'DESC' if self.descending else 'ASC'} NULLS {'FIRST' if self.nulls_first else 'LAST'}"


@dataclass(frozen=True, slots=True)
class Graph:
    """What makes a frame of edges a graph: its nodes, and the SQL names of what is hidden in both.

    Nodes have a `number` (from 1, without gaps) and their id `key`; edges a number `edge`, and the numbers of their two ends.
    """

    nodes: Frame
    number: str
    key: Col
    edge: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Frame:
    """`cte` holds the rows. `groups` are hidden columns that part the rows (partition, mv-apply): every stage works per group."""

    cte: str
    columns: tuple[Col, ...]
    order: tuple[OrderKey, ...] = ()
    groups: tuple[str, ...] = ()
    serialized: bool = False
    universe: str = ""  # a CTE with every group, also those without rows here
    tables: tuple[str, ...] = field(default=(), compare=False)
    graph: Graph | None = None

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.groups, *(key.id for key in self.order))))

    @property
    def order_sql(self) -> str:
        return ", ".join(key.sql for key in self.order)

    @property
    def first(self) -> Col:
        """The first column. Raises UnsupportedError when no column is known."""
        if not self.columns:
            raise unsupported("the first column of rows without columns")
        return self.columns[0]

    def column(self, name: str) -> Col:
        """The column of that name, case and all. Raises UnsupportedError for a name that is not there."""
        for column in self.columns:
            if column.name == name:
                return column
        raise unsupported(f"unknown column {name!r}")

    def find(self, name: str) -> Col | None:
        return next((column for column in self.columns if column.name == name), None)

    def over(self, order: str | None = None) -> str:
        """A window over the rows in their order, per group."""
        parts = []
        if self.groups:
            parts.append("PARTITION BY " + ", ".join(self.groups))
        keys = self.order_sql if order is None else order
        if keys:
            parts.append("ORDER BY " + keys)
        return f"OVER ({' '.join(parts)})"

    def with_columns(self, columns: Iterable[Col]) -> Frame:
        return replace(self, columns=tuple(columns))
