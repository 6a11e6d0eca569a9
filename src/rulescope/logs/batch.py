"""What reading a log gives: bounded batches of rows, with the number of each record and what was broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import LogError

Row = dict[str, Any]
"""One event, flat at the top: field name -> JSON value."""

MOST_ROWS = 10_000
"""Rows in a batch at most."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that could not be read: its number (line, or ordinal in files without lines) and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to `MOST_ROWS` consecutive events of one log.

    `kind` is the shape read (`evtx`, `ndjson`, `zeek`, ...), `stream` what the file says of itself (a Zeek path such as
    `dns`, a table name of a folder), empty when it does not. `numbers[i]` is where `rows[i]` stands in the file: the line
    of line-based kinds, else the ordinal, both from 1. `broken` are the records of this stretch that could not be read.
    """

    log: str
    kind: str
    rows: list[Row]
    numbers: list[int]
    broken: tuple[Broken, ...] = ()
    stream: str = ""


Record = tuple[int, Row] | Broken
"""What a reader yields, in file order: a numbered row, or a numbered reason why there is none."""


def batches(records: Iterable[Record], log: str, kind: str, stream: str = "", size: int = MOST_ROWS) -> Iterator[Batch]:
    """`records` in batches of `size` rows; a last batch without rows when only broken records are left.

    A file that breaks off (LogError) after some records ends with a Broken; before any, the error is raised.
    """
    rows: list[Row] = []
    numbers: list[int] = []
    broken: list[Broken] = []
    for record in _to_the_break(records):
        if isinstance(record, Broken):
            broken.append(record)
        else:
            numbers.append(record[0])
            rows.append(record[1])
        if len(rows) >= size or len(broken) >= size:
            yield Batch(log, kind, rows, numbers, tuple(broken), stream)
            rows, numbers, broken = [], [], []
    if rows or broken:
        yield Batch(log, kind, rows, numbers, tuple(broken), stream)


def _to_the_break(records: Iterable[Record]) -> Iterator[Record]:
    last = 0
    try:
        for record in records:
            last = record.number if isinstance(record, Broken) else record[0]
            yield record
    except LogError as error:
        if not last:
            raise
        yield Broken(last + 1, str(error))
