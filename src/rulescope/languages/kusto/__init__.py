"""Kusto: text to queries and queries to text."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import Fault, QuerySyntaxError
from ...model import Query
from .lower import lower
from .parser import parse_text
from .write import write as write
from .write_expressible import expressible as expressible

__all__ = ["expressible", "parse", "read", "write"]

Columns = Mapping[str, Mapping[str, str]]


def parse(text: str, path: str = "", line: int = 1, tables: Columns | None = None) -> Query:
    """The query `text` means; `path` and `line` (the line its first line is on) go into the places of faults.

    `tables` (table -> column -> type), when given, tells columns from variables of the same name.
    Raises QuerySyntaxError with every fault of the text.
    """
    script = parse_text(text, path, line)
    if script.faults:
        raise QuerySyntaxError(script.faults, text)
    return lower(script, tables)


def read(text: str, path: str = "", line: int = 1, tables: Columns | None = None) -> tuple[Query, tuple[Fault, ...]]:
    """What can be read of `text`, and its faults: what is broken or unknown stands as Opaque. Never raises."""
    script = parse_text(text, path, line)
    return lower(script, tables), script.faults
