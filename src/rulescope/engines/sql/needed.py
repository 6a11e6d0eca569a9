"""Which columns the rest of a query can see: wide unions need only those."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import (
    Aggregate,
    Call,
    Count,
    Distinct,
    Extend,
    Field,
    Filter,
    Limit,
    Project,
    Search,
    Serialize,
    Sort,
    Star,
    Step,
    Top,
    Union,
    walk,
)  # fmt: skip

ENDING = (Project, Aggregate, Distinct, Count)
PASSING = (Filter, Extend, Serialize, Sort, Limit, Top)
WHOLE = frozenset(("pack_all", "pack_array", "column_ifexists", "columnifexists", "ingestion_time"))


def names_needed(stages: Sequence[Step]) -> frozenset[str] | None:
    """Names of the columns that `stages` read of the rows before them; None when that may be any."""
    names: set[str] = set()
    for stage in stages:
        if not isinstance(stage, ENDING + PASSING):
            return None
        for node in walk(stage):
            if isinstance(node, Star) and not (isinstance(stage, Aggregate) and not _rows(stage)):
                return None
            if isinstance(node, Field):
                names.add(node.name)
            elif (isinstance(node, Call) and node.name in WHOLE) or isinstance(node, Union | Search):
                return None
        if "*" in names:
            return None
        if isinstance(stage, ENDING):
            return frozenset(names)
    return None


def _rows(stage: Aggregate) -> bool:
    """Whether a star in `stage` means all columns, as in `arg_max(x, *)`, not rows, as in `count(*)`."""
    return any(
        isinstance(node, Call) and node.name != "count" and any(isinstance(arg, Star) for arg in node.args)
        for node in walk(stage)
    )
