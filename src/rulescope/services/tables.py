"""Tables for a query: log files, folders and Arrow tables by name, with the declared types of tables the field knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import urlsplit

import pyarrow as pa

from .. import languages, logs
from ..errors import LogError, UnsupportedError
from ..logs.arrow import arrow_table
from ..model import External, Query
from ..model.walk import expressions
from ..schemas import tables as known

Source: TypeAlias = "str | Path | pa.Table"
"""Where the rows of a table are: a log file, a folder of log files, or an Arrow table."""

TEXT_KINDS = frozenset({"csv", "tsv", "delimited"})
TIME_COLUMNS = ("TimeGenerated", "Timestamp")


@cache
def declared(table: str) -> Mapping[str, str]:
    """Column -> Kusto type of a Sentinel, Defender or ASIM table; empty when there is no such table.

    A table both platforms have holds the columns of both, with the time under either name.
    """
    found: dict[str, str] = {}
    for schema in known.SCHEMAS:
        for column, kind in known.tables(schema).get(table, {}).items():
            found.setdefault(column, kind)
    return found


def load(name: str, source: Source) -> pa.Table:
    """The rows of `source` as table `name`: its declared columns first and all of them, then what else is there.

    Raises LogError when the source cannot be read. Records that are broken are left out; `logs.read` lists them.
    """
    if isinstance(source, pa.Table):
        return source
    types = declared(name)
    kinds: set[str] = set()

    def rows() -> Iterator[logs.Row]:
        for batch in logs.read(source):
            kinds.add(batch.kind)
            yield from (_with_times(row) for row in batch.rows) if types else batch.rows

    return arrow_table(rows(), types, text=_is_text(source))


def _is_text(source: str | Path) -> bool:
    path = Path(source)
    return not path.is_dir() and logs.detect(path) in TEXT_KINDS


def _with_times(row: logs.Row) -> logs.Row:
    for one, other in (TIME_COLUMNS, TIME_COLUMNS[::-1]):
        if one in row and other not in row:
            return {**row, other: row[one]}
    return row


def folder(path: str | Path) -> dict[str, Path]:
    """The tables of a folder: each file and each folder in it is one, by its name without suffixes.

    `watchlist:Alias.csv` or `watchlist-Alias.csv` is what `_GetWatchlist("Alias")` gives; the folder `externaldata` holds no
    table but what `externals` finds in it.

    Raises LogError when there is no such folder or two files would be the same table.
    """
    root = Path(path)
    if not root.is_dir():
        raise LogError(f"{root}: no such folder of tables")
    found: dict[str, Path] = {}
    for entry in sorted(root.iterdir()):
        if entry.name.startswith(".") or entry.name == OUTSIDE:
            continue
        name = _table_name(entry.name)
        if name in found:
            raise LogError(f"{entry}: a table {name} stands in {found[name].name} already")
        found[name] = entry
    return found


OUTSIDE = "externaldata"
"""The folder of a folder of tables that holds what stands at addresses: `externaldata/HOST/PATH`."""


def _table_name(file: str) -> str:
    name = file.split(".")[0]
    return f"watchlist:{name[10:]}" if name.startswith("watchlist-") else name


def externals(query: Query, folder: str | Path) -> dict[str, pa.Table]:
    """The rows of `externaldata` of a query by address, of the addresses that stand in `folder`, typed as the query says.

    Raises UnsupportedError when one address is read with two sets of columns, LogError for a file that cannot be read.
    """
    found: dict[str, pa.Table] = {}
    stages: dict[str, External] = {}
    for stage in expressions(query, External):
        for location in stage.locations:
            path = _outside(Path(folder), location)
            if path is None:
                continue
            if location in stages and stages[location].columns != stage.columns:
                raise UnsupportedError("duckdb", f"externaldata of {location} with two sets of columns")
            stages[location] = stage
            found[location] = _external_rows(path, stage)
    return found


def _outside(folder: Path, location: str) -> Path | None:
    parts = urlsplit(location.partition(";")[0])
    inside = PurePosixPath(parts.path.lstrip("/"))
    if not parts.hostname or ".." in inside.parts:
        return None
    path = folder / OUTSIDE / parts.hostname / inside
    return path if path.is_file() else None


DELIMITED = {"csv": ",", "tsv": "\t", "psv": "|", "scsv": ";", "txt": "", "raw": ""}


def _external_rows(path: Path, stage: External) -> pa.Table:
    """Rows of a file, by position for delimited text as Kusto reads it, by name for all else."""
    said = {each.name.lower(): str(each.value).lower() for each in stage.properties}
    types = {typed.name: typed.type for typed in stage.columns}
    suffix = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    form = said.get("format") or (suffix if suffix in (*DELIMITED, "json", "multijson", "parquet") else "csv")
    if form not in DELIMITED:
        return arrow_table((row for batch in logs.read(path) for row in batch.rows), types)
    names = [typed.name for typed in stage.columns]
    rows = list(logs.cells(path, DELIMITED[form]))
    if said.get("ignorefirstrecord") in ("true", "1"):
        rows = rows[1:]
    return arrow_table((dict(zip(names, row, strict=False)) for row in rows), types, text=True)


def stored_functions(folder: str | Path) -> dict[str, Query]:
    """The functions of a folder of `Name.kql`, each the body of one. Raises LogError, QuerySyntaxError."""
    root = Path(folder)
    if not root.is_dir():
        raise LogError(f"{root}: no such folder of functions")
    found = {}
    for file in sorted(root.glob("*.kql")):
        found[file.stem] = languages.parse(file.read_text(encoding="utf-8-sig"), "kusto", str(file))
    return found
