"""Run one Kusto query over log files and Arrow tables, offline; nothing outside is read but what is named here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from .. import languages
from ..binding import functions
from ..engines.cluster import Cluster
from ..engines.duck import Engine
from ..errors import LogError
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

    def run(self, text: str, path: str = "") -> pa.Table:
        """The rows of `text`. Raises QuerySyntaxError, and UnsupportedError for what the engine cannot run."""
        return self.engine.run(languages.parse(text, "kusto", path))


def session(
    tables: Mapping[str, Source],
    functions: str | Path | None = None,
    now: dt.datetime | None = None,
    memory_limit: str = "2GB",
    timeout: float = 60.0,
) -> Session:
    """A session over `tables`. Raises LogError for a source that cannot be read, QuerySyntaxError for a broken function."""
    loaded = {name: named.load(name, source) for name, source in tables.items()}
    known = _functions(Path(functions)) if functions else {}
    schemas = {name: named.declared(name) for name in loaded if named.declared(name)}
    engine = Engine(loaded, schemas=schemas, functions=known, now=now, memory_limit=memory_limit, timeout=timeout)
    return Session(engine, loaded, known)


def query(
    text: str,
    tables: Mapping[str, Source] | None = None,
    functions: str | Path | None = None,
    now: dt.datetime | None = None,
    cluster: str | None = None,
    database: str = "NetDefaultDB",
) -> pa.Table:
    """The rows of Kusto query `text` as an Arrow table, columns named and ordered as Kusto does.

    `tables` maps table names to log files, folders or Arrow tables. With `cluster`, the text is sent to that Kusto
    cluster instead. Raises QuerySyntaxError on malformed text, UnsupportedError for what the engine cannot run, LogError
    for a table that cannot be read.
    """
    if cluster:
        return Cluster(cluster, database).run(text)
    return session(tables or {}, functions, now).run(text)


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


def _functions(folder: Path) -> dict[str, Query]:
    if not folder.is_dir():
        raise LogError(f"{folder}: no such folder of functions")
    found = {}
    for file in sorted(folder.glob("*.kql")):
        found[file.stem] = languages.parse(file.read_text(encoding="utf-8-sig"), "kusto", str(file))
    return found
