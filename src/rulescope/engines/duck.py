"""Queries over tables with DuckDB: a locked connection, the tables as typed sources, limits of time and memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as dataset

from ..binding import Tables
from ..errors import RulescopeError, RunError, UnsupportedError
from ..model import Expr, Query
from .functions import register
from .sql import macros
from .sql.dialects import written
from .sql.frame import Frame
from .sql.plan import Plan, Source, check
from .sql.values import Value, convert, null, quote, ticks_of
from .types import OUTPUT, field, kusto_type, scan_sql

NAME = "duckdb"
LOCKED = (
    "SET enable_external_access=false", "SET autoinstall_known_extensions=false", "SET autoload_known_extensions=false",
    "SET allow_community_extensions=false", "SET python_enable_replacements=false", "SET python_scan_all_frames=false",
    "SET lock_configuration=true",
)  # fmt: skip
BATCH = 100_000

Function = Query | Callable[[tuple[Expr, ...]], Query]


class Engine:
    """Runs queries over `tables`, with Kusto's meaning; nothing outside them can be read.

    `schemas`: declared columns and Kusto types per table (missing columns are null, text is converted); a table without one
    has the types of its Arrow columns. `functions`: stored functions by name, a Query or a function from arguments to one
    (its first stage `Scan("")` when it is invoked on rows). `externals`: rows of `externaldata` by URL.
    `now`: what `now()` and `ago()` mean. `memory_limit` as DuckDB writes it; `timeout` in seconds, None for none.
    """

    def __init__(
        self,
        tables: Mapping[str, pa.Table | Path | str],
        *,
        schemas: Tables | None = None,
        functions: Mapping[str, Function] | None = None,
        externals: Mapping[str, pa.Table] | None = None,
        now: datetime | None = None,
        memory_limit: str = "2GB",
        timeout: float | None = 60.0,
        max_rows: int = 10_000_000,
        threads: int | None = None,
    ) -> None:
        self.timeout = timeout
        self.max_rows = max_rows
        self.now = ticks_of(now or datetime.now(UTC))
        self.functions = dict(functions or {})
        self.externals = dict(externals or {})
        self._connection = duckdb.connect(":memory:")
        self._lock = threading.Lock()
        self._allowed: list[str] = []
        self._connection.execute(f"SET memory_limit='{_memory(memory_limit)}'")
        if threads:
            self._connection.execute(f"SET threads={int(threads)}")
        self._connection.execute("SET error_on_division_by_zero=false")
        self._connection.execute("SET max_expression_depth=4000")
        self._connection.execute("SET TimeZone='UTC'")
        self._connection.execute("SET temp_directory=''")
        register(self._connection)
        for statement in macros.statements():
            self._connection.execute(statement)
        self._declared = schemas or {}
        names = dict.fromkeys((*tables, *self._declared))
        self.sources = {
            name: self._source(f"k_table{number}", name, tables.get(name), self._declared.get(name))
            for number, name in enumerate(names)
        }
        self._outside = {
            url: self._source(f"k_outside{number}", url, table, None)
            for number, (url, table) in enumerate(self.externals.items())
        }
        if self._allowed:
            listed = ", ".join(quote(path) for path in self._allowed)
            self._connection.execute(f"SET allowed_paths=[{listed}]")
        for statement in LOCKED:
            self._connection.execute(statement)

    def over(self, tables: Mapping[str, pa.Table], now: datetime) -> None:
        """From now on, other rows for tables it was made with, and another `now`. A new engine costs much more.

        Raises KeyError for a table it does not have.
        """
        self.now = ticks_of(now)
        for name, table in tables.items():
            self.sources[name] = self._source(self.sources[name].relation, name, table, self._declared.get(name))

    def _source(
        self, relation: str, name: str, data: pa.Table | Path | str | None, declared: Mapping[str, str] | None
    ) -> Source:
        if data is None:
            data = pa.table({"k_none": pa.array([], pa.int8())})
        rows: Any = data
        if isinstance(data, str | Path):
            rows = dataset.dataset(str(data), format="parquet")
            if len({name.lower() for name in rows.schema.names}) < len(rows.schema.names) or not rows.files:
                rows = (
                    rows.to_table()
                )  # DuckDB finds columns whatever their case, so names that differ in case only need ids
        schema = rows.schema
        if not len(schema):
            rows = pa.table({"k_none": pa.nulls(getattr(rows, "num_rows", 0), pa.int8())})
        ids = [f"f{number}" for number in range(len(schema))]
        if isinstance(rows, pa.Table):
            self._connection.register(relation, rows.rename_columns(ids) if len(schema) else rows)
        else:
            items = ", ".join(
                f"{_identifier(column.name)} AS {alias}" for column, alias in zip(schema, ids, strict=True)
            )
            self._connection.execute(f"CREATE VIEW {relation} AS SELECT {items} FROM {self._files(rows)}")
        blank = isinstance(rows, pa.Table) and not rows.num_rows
        found = {
            column.name: scan_sql(alias, column.type)
            for column, alias in zip(schema, ids, strict=True)
            if column.name != "k_none"
        }
        if isinstance(rows, pa.Table):  # text without a null is read as it is, so that nothing stands before a filter
            for column, alias, values in zip(schema, ids, rows.columns, strict=True):
                if column.name in found and pa.types.is_string(column.type) and not values.null_count:
                    found[column.name] = (alias, "string")
        if declared is None:
            for column in schema:
                stated = (column.metadata or {}).get(b"kusto", b"").decode()
                if stated in OUTPUT and column.name in found:
                    found[column.name] = _typed(found[column.name], stated)
            return Source(name, relation, tuple((column, kind, sql) for column, (sql, kind) in found.items()), blank)
        columns = []
        for column, kind in declared.items():
            sql, kind = _typed(found[column], kind) if column in found else (null(kind).sql, kind)
            columns.append((column, kind, sql))
        columns += [(column, kind, sql) for column, (sql, kind) in found.items() if column not in declared]
        return Source(name, relation, tuple(columns), blank)

    def _files(self, rows: dataset.FileSystemDataset) -> str:
        """What a view over Parquet files reads: DuckDB's own reader, which skips what a filter leaves out."""
        paths = [str(Path(path).resolve()) for path in rows.files]
        self._allowed += paths
        listed = ", ".join(quote(path) for path in paths)
        return f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"

    # ---------------------------------------------------------------- running

    def run(self, query: Query) -> pa.Table:
        """The rows of `query`, its columns named as Kusto names them; each field's metadata has its Kusto type.

        Raises UnsupportedError for what is not run, by name, and RunError when the limits or the data stop it; a query of
        several results is refused here: see `results`.
        """
        frame, plan = self._plan(query)
        return self._table(frame, plan)

    def results(self, query: Query) -> list[tuple[str, pa.Table]]:
        """All results of `query` with their names ("" where it gives none), in order; of most queries that is one.

        `fork`, `facet`, `graph-to-table` and a text of several statements give more. Raises as `run` does.
        """
        check(query)
        plan = self._new_plan()
        try:
            found = plan.results(query)
        except RecursionError as error:
            raise UnsupportedError(NAME, "expressions nested this deep") from error
        return [(name, self._table(frame, plan)) for name, frame in found]

    def _table(self, frame: Frame, plan: Plan) -> pa.Table:
        batches = self._read(plan.sql(_output(frame)))
        columns = frame.columns
        schema = pa.schema([field(column.name, column.type) for column in columns])
        if not columns:
            return pa.table({})
        arrays = [
            _leaving([batch.column(place) for batch in batches], wanted.type) for place, wanted in enumerate(schema)
        ]
        fields = [wanted.with_type(array.type) for wanted, array in zip(schema, arrays, strict=True)]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def explain_sql(self, query: Query, dialect: str = "") -> str:
        """The SQL that `run` sends to DuckDB; with a `dialect` of sqlglot (`duckdb`, `spark`) read, laid out and written in that.

        Raises UnsupportedError where that dialect has no words for it. Functions whose names begin with `k_` and `kx_` are
        the engine's own: another system needs them too.
        """
        frame, plan = self._plan(query)
        return written(plan.sql(_output(frame)), dialect) if dialect else plan.sql(_output(frame))

    def columns(self, query: Query) -> list[tuple[str, str]]:
        """Names and Kusto types of the columns `query` gives."""
        frame, _ = self._plan(query)
        return [(column.name, column.type) for column in frame.columns]

    def select(self, predicates: Sequence[Expr], table: str) -> list[pa.ChunkedArray]:
        """Which rows of `table` satisfy each predicate: one array of bool a predicate, in order of rows; one pass."""
        plan = self._new_plan()
        found = plan.scan(table)
        if len(found) != 1:
            raise UnsupportedError(NAME, f"unknown table {table!r}")
        at = plan.expressions(found[0])
        masks = ", ".join(
            f"coalesce({at.holds(predicate)}, FALSE) AS m{place}" for place, predicate in enumerate(predicates)
        )
        rows = self._read(plan.sql(f"SELECT {masks or 'TRUE'} FROM {found[0].cte}"))
        return [
            pa.chunked_array([batch.column(place) for batch in rows], pa.bool_()) for place in range(len(predicates))
        ]

    def close(self) -> None:
        """Gives back the connection and its tables."""
        self._connection.close()

    def _new_plan(self) -> Plan:
        return Plan(self.sources, self.now, self.functions, self._external, run=self._rows)

    def _plan(self, query: Query) -> tuple[Frame, Plan]:
        check(query)
        plan = self._new_plan()
        try:
            return plan.query(query), plan
        except RecursionError as error:
            raise UnsupportedError(NAME, "expressions nested this deep") from error

    def _external(self, location: str) -> Source | None:
        return self._outside.get(location)

    def _read(self, sql: str) -> list[pa.RecordBatch]:
        """All batches of a result; more rows than allowed are refused."""
        batches, count = [], 0
        with self._running() as connection:
            for batch in connection.sql(sql).to_arrow_reader(BATCH):
                count += batch.num_rows
                if count > self.max_rows:
                    raise RunError(f"more than {self.max_rows:,} rows")
                batches.append(batch)
        return batches

    def _rows(self, sql: str, limit: int) -> list[tuple[Any, ...]]:
        with self._running() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchmany(limit + 1)
        if len(rows) > limit:
            raise RunError(f"more than {limit:,} values decide the columns")
        return rows

    @contextmanager
    def _running(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection under its time limit; its errors as ours."""
        with self._lock:
            late = threading.Event()

            def stop() -> None:
                late.set()
                self._connection.interrupt()

            timer = threading.Timer(self.timeout, stop) if self.timeout is not None else None
            if timer is not None:
                timer.start()
            try:
                yield self._connection
            except RulescopeError:
                raise
            except (duckdb.Error, OSError, pa.ArrowException) as error:  # Arrow's own are of batches that were not made
                raise _translated(error, late.is_set(), self.timeout) from error
            finally:
                if timer is not None:
                    timer.cancel()


def _translated(error: Exception, late: bool, timeout: float | None) -> RulescopeError:
    message = str(error).split("\n")[0]
    own = re.search(r"(?:RunError|UnsupportedError): (.*)", message)
    if own:
        return UnsupportedError(NAME, own[1].removeprefix(f"{NAME} cannot express "))
    if late:
        return RunError(f"more than {timeout:g} seconds")
    if isinstance(error, duckdb.OutOfMemoryException) or message.startswith("Out of Memory"):
        return RunError(f"more memory than allowed: {message}")
    if "expression depth" in message.lower() or "recursion" in message.lower() or "stack" in message.lower():
        return UnsupportedError(NAME, "expressions nested this deep")
    return RunError(message)


def _leaving(chunks: list[pa.Array], wanted: pa.DataType) -> pa.ChunkedArray:
    """A column of the result in its type; decimals with more digits than fit before its point keep theirs."""
    try:
        return pa.chunked_array([chunk.cast(wanted) for chunk in chunks], wanted)
    except pa.ArrowInvalid:
        if not pa.types.is_decimal(wanted):
            raise
        return pa.chunked_array(chunks)


def _typed(found: tuple[str, str], kind: str) -> tuple[str, str]:
    sql, natural = found
    return convert(Value(sql, natural), kind).sql, kind


def _output(frame: Frame) -> str:
    items = [f"{OUTPUT[column.type][0].format(column.id)} AS o{place}" for place, column in enumerate(frame.columns)]
    order = f" ORDER BY {frame.order_sql}" if frame.order else ""
    return f"SELECT {', '.join(items) or '1'} FROM {frame.cte}{order}"


def _memory(limit: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s*[KMGT]i?B", limit):
        raise ValueError(f"memory limit {limit!r}: expected a number and a unit, such as 2GB")
    return limit


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def typed_tables(tables: Mapping[str, pa.Table]) -> dict[str, dict[str, str]]:
    """Kusto types of Arrow tables, as binding takes them."""
    return {
        name: {
            column.name: (column.metadata or {}).get(b"kusto", b"").decode() or kusto_type(column.type)
            for column in table.schema
        }
        for name, table in tables.items()
    }
