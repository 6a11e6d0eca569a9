"""CSV and TSV: the dialect sniffed, the header trusted, every cell text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ..errors import LogError
from .batch import Broken, Record
from .json_text import row_of
from .opening import encoding_of, lines

DELIMITERS = (",", "\t", ";", "|")
LONGEST_CELL = 16_000_000


def delimiter_of(start: bytes) -> str:
    """The delimiter of a text that has a header line with at least two names and a second line that fits it, else ""."""
    text = start.decode(encoding_of(start), errors="replace")
    whole = [line for line in text.splitlines()[:50] if line.strip()]
    if not whole:
        return ""
    best, most = "", 1
    for delimiter in DELIMITERS:
        names = next(csv.reader([whole[0]], delimiter=delimiter), [])
        if len(names) > most and _header(names) and _fits(text, delimiter, len(names)):
            best, most = delimiter, len(names)
    return best


def _header(names: list[str]) -> bool:
    """Whether cells look like names: none empty but the last ones, no digit first, all different."""
    shown = [name.strip() for name in names]
    while shown and not shown[-1]:
        shown.pop()
    if len(shown) < 2 or len(set(shown)) < len(shown):
        return False
    return all(name and len(name) <= 100 and not name[0].isdigit() and name[0] not in "{[<#" for name in shown)


def _fits(text: str, delimiter: str, width: int) -> bool:
    rows = [row for row in csv.reader(text.splitlines(keepends=True)[:200], delimiter=delimiter) if row]
    cut = not text.endswith("\n") and text.count("\n") > 1  # the last row may go on after what we looked at
    body = rows[1:-1] if cut else rows[1:]
    if not body:
        return text.count("\n") <= 2
    return sum(len(row) in (width, width + 1) for row in body) * 2 > len(body)


def read(path: Path, delimiter: str) -> Iterator[Record]:
    """Rows of a table with a header. A row with more cells than the header, beyond one empty cell at its end, is broken.

    An empty cell is an empty string; missing cells at the end of a row are missing fields. Numbers are those of the
    line a row ends on.
    """
    csv.field_size_limit(LONGEST_CELL)
    text = (line + "\n" for _, line in lines(path))
    reader = csv.reader(text, delimiter=delimiter)
    names: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Broken(reader.line_num, str(error))
            continue
        if not cells or not any(cells):
            continue
        if not names:
            names = [name.strip() for name in cells]
            continue
        if len(cells) > len(names) and any(cells[len(names) :]):
            yield Broken(reader.line_num, f"{len(cells)} cells, the header has {len(names)}")
            continue
        row = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        yield reader.line_num, row_of(row)


def cells(path: Path, delimiter: str) -> Iterator[list[str]]:
    """The cells of each line that is not blank, no line taken for a header; whole lines when `delimiter` is empty.

    Raises LogError when the file cannot be read or is not in this form.
    """
    if not delimiter:
        yield from ([line] for _, line in lines(path) if line.strip())
        return
    csv.field_size_limit(LONGEST_CELL)
    try:
        yield from (row for row in csv.reader((f"{line}\n" for _, line in lines(path)), delimiter=delimiter) if row)
    except csv.Error as error:
        raise LogError(f"{path}: {error}") from error
