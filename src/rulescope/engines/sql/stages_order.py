"""Order of rows: the keys of a sort as hidden columns that later stages carry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import SortKey
from .frame import Frame, OrderKey
from .values import Value, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def ordered(plan: Plan, frame: Frame, keys: tuple[SortKey, ...]) -> Frame:
    """`frame` with an order; its keys become hidden columns."""
    at = plan.expressions(frame)
    made, order = [], []
    for key in keys:
        value = at.value(key.value)
        if value.type == "dynamic":
            raise unsupported("sort by a dynamic value")
        first = key.nulls_first if key.nulls_first is not None else not key.descending
        if value.type == "real":  # NaN stands beside the nulls, on their inner side
            beside = plan.column("", "long")
            nan = f"coalesce(isnan({value.sql}), FALSE)"
            made.append((Value(f"CASE WHEN {value.sql} IS NULL THEN 0 WHEN {nan} THEN 1 ELSE 2 END", "long"), beside))
            order.append(OrderKey(beside.id, not first, False))
        column = plan.column("", value.type)
        made.append((value, column))
        order.append(OrderKey(column.id, key.descending, first))
    base = replace(frame, order=())
    items = plan.select(base, [*plan.kept(frame), *made])
    return replace(frame, cte=plan.cte(items), order=tuple(order), serialized=True)
