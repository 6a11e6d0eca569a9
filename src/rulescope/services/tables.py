"""Tables for a query: log files, folders and Arrow tables by name, with the declared types of tables the field knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import urlsplit

import pyarrow as pa

from .. import languages, logs
from ..errors import LogError, UnsupportedError
from ..logs.arrow import arrow_table
from ..logs.times import iso, when
from ..model import Compare, Expr, External, Field, Filter, Literal, Named, Op, Query, Scan, Step
from ..model.walk import expressions
from ..schemas.recognition import channel, is_windows
from .declared import declared as declared
from .scan_rows import Makers, event_row

Source: TypeAlias = "str | Path | pa.Table"
"""Where the rows of a table are: a log file, a folder of log files, or an Arrow table."""

TEXT_KINDS = frozenset({"csv", "tsv", "delimited"})
TIME_COLUMNS = ("TimeGenerated", "Timestamp")


def load(name: str, source: Source) -> pa.Table:
    """The rows of `source` as table `name`: its declared columns first and all of them, then what else is there.

    Events of another shape become rows of a table the field knows as in a scan, by the mappings of their log source
    (Sysmon's process creations as DeviceProcessEvents); Windows events that are none of the table's are left out.
    Raises LogError when the source cannot be read. Records that are broken are left out; `logs.read` lists them.
    """
    if isinstance(source, pa.Table):
        return source
    types = declared(name)

    def rows() -> Iterator[logs.Row]:
        for batch in logs.read(source):
            yield from _rows_of(name, batch) if types else batch.rows

    return arrow_table(rows(), types, text=_is_text(source))


def _rows_of(name: str, batch: logs.Batch) -> Iterator[logs.Row]:
    made: Makers = Makers(frozenset({name}))
    for row in batch.rows:
        if name == "Event" and is_windows(row):
            yield _with_times(event_row(row), row)
            continue
        if name == "SecurityEvent" and is_windows(row) and channel(row) != "Security":
            continue  # a rule may take Sysmon's events for these, but nobody asked for them here
        found = [maker for maker in made.of(row, batch) if maker.table == name]
        for maker in found:
            yield _with_times(maker.make(row), row)
        if not found and not is_windows(row):
            yield _with_times(row, row)


def _with_times(made: logs.Row, row: logs.Row) -> logs.Row:
    """`made` with its time under both platforms' names; that of the event it was made from when it has none."""
    lacking = [name for name in TIME_COLUMNS if not made.get(name)]
    if not lacking:
        return made
    other = next((made[name] for name in TIME_COLUMNS if made.get(name)), None)
    moment = other or iso(when(row))
    return {**made, **dict.fromkeys(lacking, moment)} if moment else made


def _is_text(source: str | Path) -> bool:
    path = Path(source)
    return not path.is_dir() and logs.detect(path) in TEXT_KINDS


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


PARSERS = ("im", "_Im_", "ASim", "_ASim_", "vim")


def parser_functions(tables: Iterable[str]) -> dict[str, Callable[[tuple[Expr, ...]], Query]]:
    """ASIM parsers called as functions, over the tables of their names."""
    return {name: _parser(name) for name in tables if name.startswith(PARSERS)}


def _parser(name: str) -> Callable[[tuple[Expr, ...]], Query]:
    """A parser function over the table of its name: its time parameters filter, others are refused by name."""

    def rows(args: tuple[Expr, ...]) -> Query:
        stages: list[Step] = [Scan(name)]
        for argument in args:
            match argument:
                case Named("starttime", value):
                    stages.append(Filter(Compare(Field("TimeGenerated"), Op.GE, value)))
                case Named("endtime", value):
                    stages.append(Filter(Compare(Field("TimeGenerated"), Op.LE, value)))
                case Named("disabled" | "pack", Literal(False)):
                    pass
                case Named(other):
                    raise UnsupportedError("duckdb", f"parameter {other} of {name}")
                case _:
                    raise UnsupportedError("duckdb", f"parameters of {name} without names")
        return Query(tuple(stages), language="kusto")

    return rows
