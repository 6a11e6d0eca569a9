"""A result table as JSON, NDJSON, CSV or Parquet, values written as Kusto writes them."""

from __future__ import annotations

import csv as _csv
import io
import json as _json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .kusto_rest import kusto_type, value


def records(table: pa.Table) -> Iterator[list[Any]]:
    """The rows as lists of JSON values, in column order (names may repeat but for case)."""
    kinds = [kusto_type(field) for field in table.schema]
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            yield [value(cell, kind) for cell, kind in zip(row, kinds, strict=True)]


def texts(table: pa.Table) -> Iterator[list[str]]:
    """The rows as text cells."""
    for row in records(table):
        yield [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case dict() | list():
            return _json.dumps(cell, ensure_ascii=False)
    return str(cell)


def ndjson(table: pa.Table) -> str:
    """A JSON object a line."""
    names = table.column_names
    return "".join(_json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in records(table))


def json(table: pa.Table) -> str:
    """One JSON array of objects."""
    names = table.column_names
    return (
        _json.dumps([dict(zip(names, row, strict=True)) for row in records(table)], ensure_ascii=False, indent=2) + "\n"
    )


def csv(table: pa.Table) -> str:
    """CSV with a header line."""
    text = io.StringIO()
    writer = _csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(texts(table))
    return text.getvalue()


def parquet(table: pa.Table) -> bytes:
    """A Parquet file."""
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


WRITERS: dict[str, Callable[[pa.Table], str]] = {"json": json, "ndjson": ndjson, "csv": csv}
