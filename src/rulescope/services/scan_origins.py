"""Which log and record a result row of a Kusto rule comes from: every row of a table carries a mark, where it may."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from ..model import (
    Aggregate,
    As,
    Call,
    Column,
    Distinct,
    Extend,
    Field,
    Filter,
    Limit,
    Parse,
    Project,
    Query,
    Rename,
    Render,
    Scan,
    Serialize,
    Sort,
    Star,
    Step,
    Top,
    Within,
    replace,
)
from ..model.walk import walk

MARK = "rulescope_origin"
"""The column that carries a row's mark. Only queries that cannot tell it is there ever see it."""

KEEPING = (Filter, Extend, Sort, Limit, Top, Parse, Rename, Render, Serialize, As)
"""Stages whose rows are rows they were given, with all their columns."""

SEEING = frozenset({"pack_all", "bag_pack_columns", "columns_names"})
MOST_NAMED = 3


class Origins:
    """Where the rows of tables stand in the logs."""

    def __init__(self) -> None:
        self._logs: list[str] = []
        self._numbers: dict[str, int] = {}
        self._places: list[tuple[int, int]] = []
        self._marks: dict[str, list[int]] = {}
        self._of: dict[str, dict[str, None]] = {}

    def add(self, table: str, log: str, record: int) -> None:
        """The next row of `table` is this record of `log`."""
        number = self._numbers.get(log)
        if number is None:
            number = self._numbers[log] = len(self._logs)
            self._logs.append(log)
        self._marks.setdefault(table, []).append(len(self._places))
        self._places.append((number, record))
        self._of.setdefault(table, {})[log] = None

    def marked(self, name: str, table: pa.Table) -> pa.Table:
        """`table` with the mark of each row as its last column."""
        marks = self._marks.pop(name, [])
        return table.append_column(MARK, pa.array(marks, pa.int64())) if len(marks) == table.num_rows else table

    def at(self, mark: int) -> tuple[str, int]:
        """The log and record of a mark."""
        number, record = self._places[mark]
        return self._logs[number], record

    def logs(self, tables: Iterable[str]) -> str:
        """The logs that rows of `tables` come from, at most three by name."""
        found = list(dict.fromkeys(log for name in tables for log in self._of.get(name, ())))
        more = [f"and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
        return "; ".join([*found[:MOST_NAMED], *more])


def traced(query: Query) -> Query | None:
    """`query` with the mark of each row kept, None when a row of its result may be of several rows or none.

    Only for queries that read one table and choose rows and columns of it, by values of others too (`in`): nothing in them
    can tell that there is a mark.
    """
    if not query.stages:
        return None
    first, *rest = query.stages
    if query.lets or not isinstance(first, Scan) or first.scope or "*" in first.table:
        return None
    asked = {id(node.query) for node in walk(query) if isinstance(node, Within) and _closed(node.query)}
    for node in walk(query):
        if isinstance(node, Star) or (isinstance(node, Query) and node is not query and id(node) not in asked):
            return None
        if isinstance(node, Call) and node.name in SEEING:
            return None
    stages: list[Step] = [first]
    for stage in rest:
        if isinstance(stage, Project):
            stages.append(replace(stage, columns=(*stage.columns, Column((MARK,), Field(MARK)))))
        elif isinstance(stage, KEEPING):
            stages.append(stage)
        else:
            return None
    return replace(query, stages=tuple(stages))


def _closed(query: Query) -> bool:
    """Whether a query names the columns it ends with."""
    return any(isinstance(stage, Project | Distinct | Aggregate) for stage in query.stages)
