"""One query as SQL: the tables it may see, its lets, and the common table expressions its stages become."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...binding import RowType, Scope, named_columns
from ...binding.columns import parts
from ...binding.graphs import graph as graph_row
from ...model import (
    Aggregate,
    Batch,
    Call,
    Column,
    Distinct,
    Expr,
    Field,
    MakeSeries,
    Node,
    Partition,
    Project,
    Query,
    Step,
    ToScalar,
    TypedName,
    bare,
    rewrite,
    walk,
)  # fmt: skip
from ...model.walk import opaques
from .expressions import Expressions
from .frame import Col, Frame
from .functions import Functions
from .needed import names_needed
from .values import Value, convert, unsupported

CTE_NAME = re.compile(r"\bt\d+\b")
COLUMN_NAME = re.compile(r"\bc\d+\b")
LONG = 2_000
MOST_REPEATED = 100
"""How often a step of so many characters may read a column that a step makes; beyond it the column is made once and kept.
DuckDB puts what makes a column in place of each use, and gives each the memory for its rows."""
MOST_COPIED = 1_000
"""Steps that may be put in place again where a table that several read is made; beyond it they are run once and kept."""
MOST_STEPS = 800
"""Common table expressions of a query; real rules have up to 423, and DuckDB runs out of stack near two thousand."""
MOST_TABLES = 10_000
"""The same with those known to hold no rows, which `union *` leaves out of the SQL."""
WINDOWED = frozenset(
    ("prev", "next", "row_number", "row_cumsum", "row_rank_dense", "row_rank_min", "row_window_session")
)
"""Functions of the rows around a row; they become columns of their own before the stage that uses them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table the engine holds: its name in SQL, and its columns with the SQL that reads each."""

    name: str
    relation: str
    columns: tuple[tuple[str, str, str], ...]  # name, Kusto type, SQL
    blank: bool = False  # known to hold no rows


@dataclass(slots=True)
class Lets:
    """A let query that is lowered when first scanned."""

    query: Query
    outer: dict[str, Lets]
    materialized: bool = False
    view: bool = False
    frame: Frame | None = None


@dataclass(slots=True)
class Plan:
    """Builds the SQL of one query.

    `sources` are tables by name; `invoked` answers stored functions (TableCall, Invoke) and `external` locations.
    """

    sources: Mapping[str, Source]
    now: int
    stored: Mapping[str, Query | Callable[[tuple[Expr, ...]], Query]] = field(default_factory=dict)
    external: Callable[[str], Source | None] = lambda location: None
    run: Callable[[str, int], list[tuple[Any, ...]]] | None = None
    ctes: list[str] = field(default_factory=list)
    lets: dict[str, Lets] = field(default_factory=dict)
    scalars: dict[str, Value] = field(default_factory=dict)
    current: Frame | None = None
    counter: int = 0
    recursive: bool = False
    needed: frozenset[str] | None = None
    functions: Functions = field(init=False)
    depth: int = 0
    blank: set[str] = field(default_factory=set)  # CTEs known to hold no rows

    def __post_init__(self) -> None:
        self.functions = Functions(self.now)

    # ---------------------------------------------------------------- names and CTEs

    def fresh(self, letter: str = "c") -> str:
        """A name that nothing else in this SQL has."""
        self.counter += 1
        return f"{letter}{self.counter}"

    def cte(self, sql: str, materialized: bool = False) -> str:
        """A new common table expression; its name. Raises UnsupportedError beyond what DuckDB plans without running out of stack."""
        if len(self.ctes) - len(self.blank) >= MOST_STEPS or len(self.ctes) >= MOST_TABLES:
            raise unsupported(f"a query of more than {MOST_STEPS} steps")
        name = self.fresh("t")
        self.ctes.append(f"{name} AS {'' if materialized else 'NOT '}MATERIALIZED ({sql})")
        return name

    def column(self, name: str, kind: str) -> Col:
        return Col(name, kind, self.fresh())

    def select(
        self, frame: Frame, made: list[tuple[Value, Col]], tail: str = "", hidden: tuple[str, ...] | None = None
    ) -> str:
        """`SELECT` of computed columns and the hidden ones of `frame`."""
        items = [value.sql if value.sql == column.id else f"{value.sql} AS {column.id}" for value, column in made]
        items += [
            name
            for name in (frame.hidden if hidden is None else hidden)
            if all(name != column.id for _, column in made)
        ]
        return f"SELECT {', '.join(items) or '1 AS k_none'} FROM {frame.cte}{' ' + tail if tail else ''}"

    def stage(self, frame: Frame, made: list[tuple[Value, Col]], tail: str = "") -> Frame:
        """`frame` after a stage that computes these columns row by row."""
        return replace(frame, cte=self.cte(self.select(frame, made, tail)), columns=tuple(column for _, column in made))

    def kept(self, frame: Frame) -> list[tuple[Value, Col]]:
        """All columns as they are."""
        return [(column.value, column) for column in frame.columns]

    def filtered(self, frame: Frame, condition: str) -> Frame:
        return self.stage(frame, self.kept(frame), f"WHERE {condition}")

    def expressions(self, frame: Frame) -> Expressions:
        return Expressions(self, frame)

    # ---------------------------------------------------------------- queries

    def query(self, query: Query, graph: bool = False) -> Frame:
        """`query` lowered; its lets are seen inside it only. Rows, unless it may be a `graph` too."""
        from .stages import lower

        if self.depth > 100:
            raise unsupported("queries nested more than 100 deep")
        saved, self.depth = self.lets, self.depth + 1
        outer_current = self.current
        for let in query.lets:
            self.lets = {**self.lets, let.name: Lets(let.query, self.lets, let.materialized, let.view)}
        frame: Frame | None = None
        if query.stages and isinstance(query.stages[-1], Batch):
            raise unsupported("several statements here: they give several results")
        outer_needed = self.needed
        for place, stage in enumerate(query.stages):
            self.needed = names_needed(query.stages[place + 1 :])
            frame = lower(self, stage, frame)
            self.current = outer_current
        self.needed = outer_needed
        self.lets, self.depth = saved, self.depth - 1
        if frame is None:
            raise unsupported("a query without stages")
        if frame.graph is not None and not graph:
            raise unsupported("a graph where rows are expected")
        return frame

    def results(self, query: Query) -> list[tuple[str, Frame]]:
        """All results of `query`, each with its name ("" for none): more than one for fork, facet, batches and graphs."""
        from .results import results_of

        check(query)
        saved = self.lets
        try:
            return results_of(self, query)
        finally:
            self.lets = saved

    def inner(self, query: Query, frame: Frame) -> Frame:
        """`query`, whose first stage is `Scan("")`, over the rows of `frame`."""
        saved, self.current = self.current, frame
        try:
            return self.query(query)
        finally:
            self.current = saved

    def keyed(self, stage: Partition, value: Value, run: Callable[[Query], Frame]) -> Frame:
        """A partition's query, in which `toscalar` of the column it parts by is `value`."""
        query = stage.query
        if not isinstance(stage.by, Field):
            return run(query)
        name = f"\x00{self.fresh('k')}"

        def change(node: Node) -> Node:
            return Field(name) if node == own else node

        own = Call("toscalar", (Field(stage.by.name),))
        outer = self.scalars
        self.scalars = {**outer, name: value}
        try:
            return run(rewrite(bare(query), change))
        finally:
            self.scalars = outer

    def let_frame(self, name: str) -> Frame | None:
        found = self.lets.get(name)
        if found is None:
            return None
        if found.frame is None:
            saved, self.lets = self.lets, found.outer
            saved_current, self.current = self.current, None
            frame = self.query(found.query, graph=True)
            self.lets, self.current = saved, saved_current
            if found.materialized and frame.graph is None:
                frame = replace(frame, cte=self.cte(f"SELECT * FROM {frame.cte}", materialized=True))
            found.frame = frame
        return self.copied(found.frame) if found.frame.graph is None else found.frame

    def copied(self, frame: Frame) -> Frame:
        """`frame` with column names of its own, so that it may be joined with itself."""
        made = [(column.value, self.column(column.name, column.type)) for column in frame.columns]
        order = tuple(replace(key, id=self.fresh()) for key in frame.order)
        items = [f"{value.sql} AS {column.id}" for value, column in made]
        items += [f"{old.id} AS {new.id}" for old, new in zip(frame.order, order, strict=True)]
        items += list(frame.groups)
        cte = self.cte(f"SELECT {', '.join(items) or '1 AS k_none'} FROM {frame.cte}")
        return replace(frame, cte=cte, columns=tuple(column for _, column in made), order=order)

    def scan(self, table: str) -> list[Frame]:
        """The frames a table name or pattern stands for; the empty name is the rows a part of a stage runs on."""
        if table == "":
            if self.current is None:
                raise unsupported("rows of a stage outside one")
            return [self.current]
        found = self.let_frame(table)
        if found is not None:
            return [replace(found, tables=(table,))]
        if table in self.sources:
            return [self.source(self.sources[table])]
        if table in self.stored:
            return [replace(self.called(table, (), None), tables=(table,))]
        if "*" in table:
            pattern = table.replace("[", "[[]")
            views = [name for name, let in self.lets.items() if let.view and fnmatch.fnmatchcase(name, pattern)]
            names = [name for name in self.sources if fnmatch.fnmatchcase(name, pattern) and name not in views]
            return [self.source(self.sources[name]) for name in names] + [
                frame for name in views for frame in self.scan(name)
            ]
        return []

    def source(self, source: Source) -> Frame:
        made = [(Value(sql, kind), self.column(name, kind)) for name, kind, sql in source.columns]
        items = ", ".join(f"{value.sql} AS {column.id}" for value, column in made) or "1 AS k_none"
        cte = self.cte(f"SELECT {items} FROM {source.relation}")
        if source.blank:
            self.blank.add(cte)
        return Frame(cte, tuple(column for _, column in made), tables=(source.name,))

    def probe(self, sql: str, limit: int) -> list[tuple[Any, ...]]:
        """Rows of `sql` over the tables so far: for stages whose columns depend on data."""
        if self.run is None:
            raise unsupported("a stage whose columns depend on data, without data")
        return self.run(self.sql(sql), limit)

    def sql(self, select: str) -> str:
        """`select` with the common table expressions it needs before it."""
        uses = Counter(CTE_NAME.findall(select))
        chosen: list[tuple[str, str, list[str]]] = []
        for cte in reversed(self.ctes):
            head = CTE_NAME.match(cte)
            if head and head[0] in uses:
                parts = CTE_NAME.findall(cte)[1:]
                uses.update(parts)
                chosen.append((head[0], cte, parts))
        often = {
            name
            for _, cte, _ in chosen
            if len(cte) > LONG
            for name, times in Counter(COLUMN_NAME.findall(cte)).items()
            if times > MOST_REPEATED
        }
        written: list[str] = []
        sizes: dict[str, int] = {}  # how many steps one is, with those it reads put in its place
        for name, cte, parts in reversed(chosen):
            size = 1 + sum(sizes.get(part, 0) for part in parts)
            repeated = parts and any(f") AS {column}" in cte for column in often)  # a table's own columns cost nothing
            if repeated or (size > MOST_COPIED and uses[name] > 1):
                cte, size = cte.replace(" AS NOT MATERIALIZED (", " AS MATERIALIZED (", 1), 1
            sizes[name] = size
            written.append(cte)
        recursive = "RECURSIVE " if self.recursive else ""
        return f"WITH {recursive}{', '.join(written)} {select}" if written else select

    def called(self, name: str, args: tuple[Expr, ...], frame: Frame | None) -> Frame:
        """Rows of a stored function or of a table of that name; arguments are refused unless it takes them."""
        if name == "_GetWatchlist" and args and frame is None:
            alias = self.constant(None, args[0], "string", "watchlist").constant
            for table in (f"_GetWatchlist({alias!r})", f'_GetWatchlist("{alias}")', f"watchlist:{alias}", str(alias)):
                if table in self.sources:
                    return self.source(self.sources[table])
            raise unsupported(f"watchlist {alias!r}: no such table is configured")
        if name == "table" and args and frame is None:
            wanted = self.constant(None, args[0], "string", "table").constant
            found = self.scan(str(wanted))
            if not found:
                raise unsupported(f"unknown table {wanted!r}")
            return found[0]
        body = self.stored.get(name)
        if name == "FileProfile" and body is None and frame is not None and name in self.sources and args:
            return self.file_profile(args[0], frame)
        if body is not None:
            if not isinstance(body, Query):
                body = body(args)
            elif args:
                raise unsupported(f"arguments of the stored function {name}")
            return self.inner(body, frame) if frame is not None else self.query(body)
        if frame is None and name in self.sources and not args:
            return self.source(self.sources[name])
        raise unsupported(f"function {name}: not configured" + (" with arguments" if name in self.sources else ""))

    def file_profile(self, subject: Expr, frame: Frame) -> Frame:
        """`invoke FileProfile(hash)`: the configured table of that name, found by the hash; columns of the rows stay."""
        profile = self.copied(self.source(self.sources["FileProfile"]))
        value = convert(Expressions(self, frame).value(subject), "string")
        keys = [column for column in profile.columns if column.name in ("SHA1", "SHA256", "MD5")]
        if not keys:
            raise unsupported("FileProfile: the configured table has no SHA1, SHA256 or MD5")
        added = [
            (column, self.column(column.name, column.type))
            for column in profile.columns
            if frame.find(column.name) is None
        ]
        row = self.fresh("r")
        found = " OR ".join(f"lower({key.id}) = lower({row}.k_hash)" for key in keys)
        packed = ", ".join(f"any_value({old.id}) AS {new.id}" for old, new in added) or "1 AS k_one"
        left = self.cte(f"SELECT *, {value.sql} AS k_hash FROM {frame.cte}")
        matched = f"SELECT {packed} FROM {profile.cte} WHERE {row}.k_hash <> '' AND ({found})"
        items = [*(column.id for column in frame.columns), *frame.hidden]
        items += [f"coalesce({new.id}, '') AS {new.id}" if new.type == "string" else new.id for _, new in added]
        cte = self.cte(f"SELECT {', '.join(items)} FROM {left} {row}, LATERAL ({matched}) k_found")
        return replace(frame, cte=cte, columns=(*frame.columns, *(new for _, new in added)))

    def to_scalar(self, node: ToScalar) -> Value:
        """`toscalar`: a scalar subquery; nothing found is null."""
        frame = self.query(node.query)
        first = frame.first
        order = f" ORDER BY {frame.order_sql}" if frame.order else ""
        rows = frame.cte
        where = ""
        if frame.groups:  # rows named inside a partition: those of the same part as the row at hand
            renamed = ", ".join(f"{group} AS k_{group}" for group in frame.groups)
            rows = f"(SELECT * EXCLUDE ({', '.join(frame.groups)}), {renamed} FROM {frame.cte})"
            where = " WHERE " + " AND ".join(f"k_{group} IS NOT DISTINCT FROM {group}" for group in frame.groups)
        sql = f"(SELECT {first.id} FROM {rows}{where}{order} LIMIT 1)"
        return Value(f"coalesce({sql}, '')" if first.type == "string" else sql, first.type)

    # ---------------------------------------------------------------- expressions of stages

    def named(self, stage: Step, frame: Frame) -> list[tuple[str, Expr]]:
        """The columns a stage computes, named as binding names them; functions of several columns taken apart."""
        given: set[str] = set()
        by = stage.by if isinstance(stage, Aggregate | MakeSeries) else ()
        for column in (*by, *getattr(stage, "columns", ()), *getattr(stage, "aggregates", ())):
            for name in column.names or ((column.value.name,) if isinstance(column.value, Field) else ()):
                if name in given and not isinstance(stage, Distinct):
                    raise unsupported(f"column {name!r} made twice")
                given.add(name)
            if len(column.names) > 1 and len(parts(column.value, row_of(frame), Scope())) < len(column.names):
                raise unsupported(f"({', '.join(column.names)}) = an expression of fewer columns")
        return [(column.name, column.value) for column in named_columns(stage, row_of(frame), Scope())]

    def named_parts(self, stage: Step, frame: Frame) -> list[tuple[str, Expr]]:
        """The same for a stage whose columns are named over a graph."""
        nodes = row_of(frame.graph.nodes) if frame.graph is not None else RowType(())
        return [
            (column.name, column.value) for column in named_columns(stage, graph_row(row_of(frame), nodes), Scope())
        ]

    def computed(self, stage: Step, frame: Frame) -> tuple[Frame, list[tuple[str, Value]]]:
        """Names and values of the columns a stage computes row by row, over the frame that is returned."""
        named = self.named(stage, frame)
        wide, changed = self.windows(frame, Project(tuple(Column((name,), expr) for name, expr in named)))
        assert isinstance(changed, Project)
        at = Expressions(self, wide)
        return wide, [(column.name, at.value(column.value)) for column in changed.columns]

    def windows(self, frame: Frame, node: Node) -> tuple[Frame, Node]:
        """`node` with its windowed calls replaced by columns that `frame` then has."""
        from .windows import lower_window

        state = [frame]

        def hoist(inner: Node) -> Node:
            if isinstance(inner, Call) and inner.name in WINDOWED:
                state[0], column = lower_window(self, state[0], inner)
                return Field(column.name)
            return inner

        if not any(isinstance(found, Call) and found.name in WINDOWED for found in walk(node)):
            return frame, node
        changed = rewrite(node, hoist)
        return state[0], changed

    def constant(self, frame: Frame | None, expr: Expr, kind: str, what: str) -> Value:
        """A value that does not depend on a row, as `kind`."""
        empty = Frame("(SELECT 1)", ())
        try:
            return convert(Expressions(self, empty).value(expr), kind)
        except Exception as error:
            if frame is None:
                raise
            raise unsupported(f"{what} that depends on the row") from error


def check(query: Query) -> None:
    """Refuses a query with a part that was not understood, by its keyword, and one of more stages than are run."""
    if len(query.stages) > MOST_STEPS:
        raise unsupported(f"a query of more than {MOST_STEPS} steps")
    for opaque in opaques(query):
        said = " " in opaque.keyword  # why, not which word
        raise unsupported(opaque.keyword if said else f"{opaque.keyword} (not understood)")


def row_of(frame: Frame) -> RowType:
    """The visible columns of `frame` as binding knows rows."""
    return RowType(TypedName(column.name, column.type) for column in frame.columns if "\x00" not in column.name)
