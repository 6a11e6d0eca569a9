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
from ..languages import kusto
from ..model import Query, Render
from ..outputs.kusto_rest import kusto_type
from . import tables as named
from .tables import Source


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
        held = self.engine.sources.items()
        columns = {name: {column: kind for column, kind, _ in source.columns} for name, source in held}
        parsed = kusto.parse(text, path, tables=columns)
        outside = named.externals(parsed, self.folder) if self.folder else {}
        if not outside:
            return self.engine.run(parsed)
        engine = self.make(outside)
        try:
            return engine.run(parsed)
        finally:
            engine.close()


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
    cluster instead. Raises QuerySyntaxError on malformed text, UnsupportedError for what the engine cannot run, LogError
    for a table that cannot be read.
    """
    if cluster:
        return Cluster(cluster, database).run(text)
    return session(tables or {}, functions, now, folder=folder).run(text)


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
