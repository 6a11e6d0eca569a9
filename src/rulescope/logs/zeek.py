"""Zeek logs: tab-separated with `#fields` and `#types`, and what JSON ones say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .batch import Broken, Record, Row
from .opening import lines


def _number(text: str) -> Any:
    return int(text)


def _real(text: str) -> Any:
    return float(text)


def _truth(text: str) -> Any:
    return text == "T"


TYPES: dict[str, Callable[[str], Any]] = {
    "count": _number,
    "int": _number,
    "port": _number,
    "double": _real,
    "interval": _real,
    "time": _real,
    "bool": _truth,
}
"""Zeek type -> Python value; all others stay text. Times are seconds since 1970."""

DEFAULTS = {"separator": "\t", "set_separator": ",", "empty_field": "(empty)", "unset_field": "-"}


def stream_of(start: str) -> str:
    """The `#path` of a Zeek TSV log, or the `_path` / `@stream` of a JSON one; empty when it does not say."""
    for line in start.splitlines()[:12]:
        if line.startswith("#path"):
            return line[5:].strip()
    return ""


def read(path: Path) -> Iterator[Record]:
    """Rows of a Zeek TSV log, typed by its `#types`; unset fields are missing. Headers may come again inside."""
    said = dict(DEFAULTS)
    names: list[str] = []
    makers: list[Callable[[str], Any] | None] = []
    members: list[Callable[[str], Any] | None] = []
    for number, line in lines(path):
        if line.startswith("#"):
            word, _, rest = line[1:].partition(" " if line.startswith("#separator") else said["separator"])
            if word == "separator":
                said[word] = rest.encode().decode("unicode_escape")
            elif word in said:
                said[word] = rest
            elif word == "fields":
                names = rest.split(said["separator"])
                makers, members = [None] * len(names), [None] * len(names)
            elif word == "types":
                kinds = rest.split(said["separator"])
                makers = [None if "[" in kind else TYPES.get(kind) for kind in kinds]
                members = [_member(kind) for kind in kinds]
            continue
        if not line:
            continue
        cells = line.split(said["separator"])
        if not names or len(cells) != len(names):
            yield Broken(number, f"{len(cells)} cells, #fields names {len(names)}")
            continue
        try:
            yield number, _row(names, cells, makers, members, said)
        except ValueError as error:
            yield Broken(number, str(error)[:200])


def _member(kind: str) -> Callable[[str], Any] | None:
    """What makes a member of a set or vector; None for a single value."""
    if not kind.endswith("]"):
        return None
    return TYPES.get(kind[kind.index("[") + 1 : -1], _unescaped)


def _row(
    names: list[str],
    cells: list[str],
    makers: list[Callable[[str], Any] | None],
    members: list[Callable[[str], Any] | None],
    said: dict[str, str],
) -> Row:
    row: Row = {}
    for name, cell, make, member in zip(names, cells, makers, members, strict=True):
        if cell == said["unset_field"]:
            continue
        if member is not None:
            row[name] = (
                [] if cell == said["empty_field"] else [member(item) for item in cell.split(said["set_separator"])]
            )
        elif cell == said["empty_field"]:
            row[name] = ""
        else:
            row[name] = make(cell) if make else _unescaped(cell)
    return row


def _unescaped(text: str) -> str:
    r"""Text with Zeek's `\xNN` escapes undone where they make UTF-8."""
    if "\\x" not in text:
        return text
    try:
        return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1").decode()
    except (UnicodeError, ValueError):
        return text
