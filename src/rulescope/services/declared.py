"""The declared columns of the tables the field knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..schemas import tables as known


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
