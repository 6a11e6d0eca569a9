"""Parquet and Arrow IPC files, batch by batch. With `arrow`, the doors to pyarrow here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import LogError
from .batch import Record
from .json_text import row_of


def read(path: Path) -> Iterator[Record]:
    """Rows of a Parquet file; times become ISO text in UTC. Raises LogError when it is damaged."""
    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=10_000):
            for row in batch.to_pylist():
                number += 1
                yield number, row_of({name: _plain(value) for name, value in row.items() if value is not None})
    except (pa.ArrowException, OSError) as error:
        raise LogError(f"{path}: not readable as Parquet: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, int | float | str | bool | list | dict):
        return value
    return str(value)
