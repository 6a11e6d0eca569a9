"""Tables for a query: log files, folders and Arrow tables by name, with the declared types of tables the field knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from .. import logs
from ..errors import LogError
from ..logs.arrow import arrow_table
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

    Raises LogError when there is no such folder or two files would be the same table.
    """
    root = Path(path)
    if not root.is_dir():
        raise LogError(f"{root}: no such folder of tables")
    found: dict[str, Path] = {}
    for entry in sorted(root.iterdir()):
        if entry.name.startswith("."):
            continue
        name = entry.name.split(".")[0]
        if name in found:
            raise LogError(f"{entry}: a table {name} stands in {found[name].name} already")
        found[name] = entry
    return found
