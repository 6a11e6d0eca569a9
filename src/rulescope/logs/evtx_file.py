"""EVTX files: Windows event logs as Windows writes them. The only door to evtx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import evtx

from ..errors import LogError
from .batch import Broken, Record
from .windows import flat

MOST_ERRORS = 100_000
"""After so many unreadable stretches the rest of a file is given up."""


def read(path: Path) -> Iterator[Record]:
    """Every event of the file, flat; damaged chunks and records are Broken. Raises LogError when it is no EVTX at all."""
    try:
        records = evtx.PyEvtxParser(str(path), number_of_threads=1).records_json()
    except (RuntimeError, OSError) as error:
        raise LogError(f"{path}: not readable as EVTX: {_first_line(error)}") from error
    number = errors = 0
    while errors < MOST_ERRORS:
        try:
            record = next(records)
        except StopIteration:
            return
        except RuntimeError as error:
            number += 1
            errors += 1
            yield Broken(number, _first_line(error))
            continue
        number += 1
        if record is None:
            yield Broken(number, "an empty record")
            continue
        try:
            yield number, flat(json.loads(record["data"], strict=False))
        except (ValueError, AttributeError, TypeError) as error:
            yield Broken(number, f"event is no JSON: {error}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
