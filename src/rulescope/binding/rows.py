"""What is known of the rows at a point of a query: column names and types in order, and the names in scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ..model import Diagnostic, Expr, TypedName

if TYPE_CHECKING:
    from .graphs import Element

Tables = Mapping[str, Mapping[str, str]]
"""Table name -> column name -> Kusto type. A mapping once bound against must not change: its row is remembered."""

TYPES = ("string", "long", "int", "real", "bool", "datetime", "timespan", "decimal", "guid", "dynamic")
ALIASES = {
    "boolean": "bool", "date": "datetime", "time": "timespan", "double": "real", "float": "real", "int64": "long",
    "bigint": "long", "int32": "int", "uniqueid": "guid", "uuid": "guid", "object": "dynamic", "str": "string",
}  # fmt: skip


def type_name(word: str, otherwise: str = "unknown") -> str:
    """The Kusto type a word means, in whatever case; `otherwise` when it means none."""
    if word in TYPES or word == "unknown":
        return word
    low = word.lower()
    return low if low in TYPES else ALIASES.get(low, otherwise)


class RowType:
    """Columns in order, each with its Kusto type ("unknown" when it is); `open`: there may be further columns."""

    __slots__ = ("_columns", "nodes", "open", "types")

    types: Mapping[str, str]
    open: bool
    nodes: RowType | None

    def __init__(self, columns: Iterable[TypedName] = (), open: bool = False) -> None:
        self.types = {column.name: column.type for column in columns}
        self.open = open
        self.nodes = None  # of a graph, whose edges these are (binding.graphs)
        self._columns: tuple[TypedName, ...] | None = None

    @classmethod
    def of(cls, types: Mapping[str, str], open: bool = False) -> RowType:
        """A row of these names and types; `types` is kept, not copied."""
        row = cls.__new__(cls)
        row.types, row.open, row.nodes, row._columns = types, open, None, None
        return row

    @property
    def columns(self) -> tuple[TypedName, ...]:
        if self._columns is None:
            self._columns = tuple(TypedName(name, type) for name, type in self.types.items())
        return self._columns

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.types)

    def type(self, name: str) -> str:
        """The type of a column; "unknown" when there is no such column."""
        return self.types.get(name, "unknown")

    def __contains__(self, name: object) -> bool:
        return name in self.types

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RowType):
            return NotImplemented
        same = self.open == other.open and tuple(self.types.items()) == tuple(other.types.items())
        return same and self.nodes == other.nodes

    def __hash__(self) -> int:
        return hash((tuple(self.types.items()), self.open))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {type}" for name, type in self.types.items())
        return f"RowType({inside}{', ...' if self.open else ''})"


UNKNOWN_ROW = RowType((), open=True)
EMPTY_ROW = RowType()


class NamedColumn(NamedTuple):
    """A column a stage makes: its final name, its type, and an expression for its value.

    A function that makes several columns is taken apart: each of `arg_max(t, a, b)` is `arg_max(t, x)`, the x where t is
    greatest; `percentiles(v, 5, 95)` is two of `percentile`; `series_stats(s)` is `series_stats(s).min` and so on.
    """

    name: str
    type: str
    value: Expr


_ROWS: dict[int, tuple[Mapping[str, str], RowType]] = {}


def table_row(columns: Mapping[str, str]) -> RowType:
    """The row of a table of these columns, remembered by identity. A word that is no type counts as string, Kusto's default."""
    known = _ROWS.get(id(columns))
    if known is not None and known[0] is columns:
        return known[1]
    if len(_ROWS) > 5000:
        _ROWS.clear()
    row = RowType.of({name: type_name(type, "string") for name, type in columns.items()})
    _ROWS[id(columns)] = columns, row
    return row


class Findings:
    """Diagnostics as they are found, each name once."""

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self._seen: set[tuple[str, str]] = set()

    def add(self, subject: str, found: Diagnostic) -> None:
        if (found.id, subject) not in self._seen:
            self._seen.add((found.id, subject))
            self.items.append(found)


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression or a source can mean: tables, named queries, and the rows a nested pipeline starts from."""

    tables: Tables = field(default_factory=dict)
    lets: Mapping[str, RowType] = field(default_factory=dict)
    scalars: Mapping[str, str] = field(default_factory=dict)
    input: RowType | None = None
    findings: Findings | None = field(default=None, compare=False)
    as_analyser: bool = False  # see combine.union_row
    strict: bool = False  # text beside a number is a misfit even where a run converts it
    views: tuple[str, ...] = ()  # names of lets that a pattern may mean
    elements: Mapping[str, Element] = field(default_factory=dict)  # parts of a graph pattern

    @property
    def quiet(self) -> Scope:
        """The same names; nothing found is reported."""
        return self if self.findings is None else replace(self, findings=None)

    def with_let(self, name: str, row: RowType, view: bool = False) -> Scope:
        return replace(self, lets={**self.lets, name: row}, views=(*self.views, name) if view else self.views)

    def with_input(self, row: RowType) -> Scope:
        """The scope of a nested pipeline over `row`, whose first stage is `Scan("")`."""
        return replace(self, input=row)

    def table(self, name: str) -> RowType | None:
        """The row of a named query or table; None when there is none of that name."""
        if name in self.lets:
            return self.lets[name]
        columns = self.tables.get(name)
        return None if columns is None else table_row(columns)

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The names of the tables a pattern such as `Device*` stands for, in their own order.

        Views of the query stand after the tables; Microsoft's analyser, other than a run, forgets them.
        """
        pattern = pattern.replace("[", "[[]")
        tables = tuple(name for name in self.tables if fnmatchcase(name, pattern))
        if tables and self.as_analyser:
            return tables
        return (*tables, *(name for name in self.views if name not in tables and fnmatchcase(name, pattern)))
