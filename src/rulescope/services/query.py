"""Run one Kusto query over log files and Arrow tables, offline; nothing outside is read but what is named here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from .. import languages
from ..binding import functions
from ..engines.cluster import Cluster
from ..engines.duck import Engine
from ..errors import UnsupportedError
from ..languages import kusto
from ..model import Query, Render
from ..outputs.kusto_rest import kusto_type
from . import tables as named
from .tables import Source

Results = list[tuple[str, pa.Table]]
"""Results of one query in order, each with its name, "" where the query gives none."""


@dataclass(frozen=True, slots=True)
class Session:
    """Tables loaded once and functions read once, for one or many queries.

    `tables` maps a name to a log file, a folder or an Arrow table; `functions` is a folder of `Name.kql` files, each the
    body of a function a query may call as a table. `now` is what `now()` and `ago()` mean; the clock's when None.
    """

    engine: Engine
    tables: Mapping[str, pa.Table]
    functions: Mapping[str, Query]
    make: Callable[[Mapping[str, pa.Table]], Engine]
    folder: str | Path | None = None

    def run(self, text: str, path: str = "") -> pa.Table:
        """The rows of `text`. Raises QuerySyntaxError, and UnsupportedError for what the engine cannot run."""
        return only(self.results(text, path))

    def results(self, text: str, path: str = "") -> Results:
        """All results of `text` with their names: more than one for fork, facet and several statements. Raises as `run`."""
        held = self.engine.sources.items()
        columns = {name: {column: kind for column, kind, _ in source.columns} for name, source in held}
        parsed = kusto.parse(text, path, tables=columns)
        outside = named.externals(parsed, self.folder) if self.folder else {}
        if not outside:
            return self.engine.results(parsed)
        engine = self.make(outside)
        try:
            return engine.results(parsed)
        finally:
            engine.close()


def only(found: Results) -> pa.Table:
    """The one result of a query. Raises UnsupportedError when it gives several, so that none is lost."""
    if len(found) != 1:
        raise UnsupportedError("duckdb", f"{len(found)} results where one is expected: query_all gives each")
    return found[0][1]


def session(
    tables: Mapping[str, Source],
    functions: str | Path | None = None,
    now: dt.datetime | None = None,
    memory_limit: str = "2GB",
    timeout: float = 60.0,
    folder: str | Path | None = None,
) -> Session:
    """A session over `tables`, and those of `folder` (`tables.folder`, `tables.externals`). Raises LogError for a source that cannot be read, QuerySyntaxError for a broken function."""
    given = {**(named.folder(folder) if folder else {}), **tables}
    loaded = {name: named.load(name, source) for name, source in given.items()}
    known = named.stored_functions(functions) if functions else {}
    schemas = {name: named.declared(name) for name in loaded if named.declared(name)}

    def make(outside: Mapping[str, pa.Table]) -> Engine:
        return Engine(
            loaded,
            schemas=schemas,
            functions={**named.parser_functions(loaded), **known},
            externals=outside,
            now=now,
            memory_limit=memory_limit,
            timeout=timeout,
        )

    return Session(make({}), loaded, known, make, folder)


def query(
    text: str,
    tables: Mapping[str, Source] | None = None,
    functions: str | Path | None = None,
    now: dt.datetime | None = None,
    cluster: str | None = None,
    database: str = "NetDefaultDB",
    folder: str | Path | None = None,
) -> pa.Table:
    """The rows of Kusto query `text` as an Arrow table, columns named and ordered as Kusto does.

    `tables` maps table names to log files, folders or Arrow tables; `folder` holds more of them, watchlists and what
    `externaldata` reads (docs/logs.md); `functions` holds `Name.kql` files. With `cluster`, the text is sent to that Kusto
    cluster instead. Raises QuerySyntaxError on malformed text, UnsupportedError for what the engine cannot run and for
    a query of several results (`query_all`), LogError for a table that cannot be read.
    """
    return only(query_all(text, tables, functions, now, cluster, database, folder))


def query_all(
    text: str,
    tables: Mapping[str, Source] | None = None,
    functions: str | Path | None = None,
    now: dt.datetime | None = None,
    cluster: str | None = None,
    database: str = "NetDefaultDB",
    folder: str | Path | None = None,
) -> Results:
    """All results of `text`, as `query` gives one: several for `fork`, `facet` and texts of several statements."""
    if cluster:
        return Cluster(cluster, database).results(text)
    return session(tables or {}, functions, now, folder=folder).results(text)


def rendered(text: str, path: str = "") -> Render | None:
    """The chart a query asks for, None when it asks for none."""
    stages = languages.parse(text, "kusto", path).stages
    return next((stage for stage in reversed(stages) if isinstance(stage, Render)), None)


def schema(session: Session, table: str) -> list[tuple[str, str]]:
    """(column, Kusto type) of a loaded table, in order."""
    return [(field.name, kusto_type(field)) for field in session.tables[table].schema]


def function_names() -> list[str]:
    """The names of all built-in functions and aggregates, for completion."""
    return sorted(functions.names())
