"""`mv-expand` and `mv-apply`: one row per element of arrays and bags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Apply, Expand, Field
from .frame import Col, Frame
from .values import Value, convert, to_json, unsupported

if TYPE_CHECKING:
    from .plan import Plan


OLD_LIMIT = 128
"""Rows a row expands to by the old `mvexpand`, when it states no limit."""


def _cast(value: Value, kind: str) -> Value:
    """An element as the declared type, null where it is of another: text is not read as a number."""
    made = convert(value, kind)
    if kind not in ("int", "long", "real", "decimal", "bool"):
        return made
    return Value(f"CASE WHEN json_type({value.sql}) <> 'VARCHAR' THEN {made.sql} END", kind)


def _items(value: Value, kind: str) -> str:
    """The elements of a dynamic value as a list; of a scalar itself, of null one null."""
    sql = to_json(value).sql
    pair = (
        "to_json([to_json(k_item.key), k_item.value])" if kind == "array" else "json_object(k_item.key, k_item.value)"
    )
    bags = f"list_transform(map_entries(from_json({sql}, '\"MAP(VARCHAR, JSON)\"')), lambda k_item: {pair})"
    return (
        f"CASE json_type({sql}) WHEN 'ARRAY' THEN from_json({sql}, '[\"JSON\"]') WHEN 'OBJECT' THEN {bags}"
        f" ELSE [{sql}] END"
    )


def expanded(plan: Plan, stage: Expand | Apply, frame: Frame) -> Frame:
    """`frame` with a row per element; the expanded columns stand in the place of their namesakes or at the end."""
    at = plan.expressions(frame)
    lists: list[tuple[str, str, Col, str]] = []
    bag_kind = stage.kind if isinstance(stage, Expand) else "bag"
    for place, (name, expr) in enumerate(plan.named(stage, frame)[: len(stage.columns)]):
        kind = stage.types[place] if place < len(stage.types) else ""
        lists.append((name, kind, plan.column("", "dynamic"), _items(at.value(expr), bag_kind)))
    index = plan.column(stage.index or "\x00index", "long")
    sized = [f"{items} AS {column.id}" for _, _, column, items in lists]
    ids = [*(column.id for column in frame.columns), *frame.hidden]
    first = plan.cte(f"SELECT {', '.join([*ids, *sized])} FROM {frame.cte}")
    length = f"greatest({', '.join(f'len({column.id})' for _, _, column, _ in lists)})"
    if stage.limit is not None:
        length = f"least({length}, {plan.constant(frame, stage.limit, 'long', 'limit of mv-expand').sql})"
    elif stage.keyword == "mvexpand":
        length = f"least({length}, {OLD_LIMIT})"
    second = plan.cte(
        f"SELECT *, unnest(generate_series(0::BIGINT, ({length})::BIGINT - 1)) AS {index.id} FROM {first}"
    )
    made = plan.kept(frame)
    for name, kind, column, _ in lists:
        value = Value(f"nullif({column.id}[{index.id} + 1], 'null'::JSON)", "dynamic")
        value = _cast(value, kind) if kind else value
        new = plan.column(name, value.type)
        spot = next((i for i, (_, old) in enumerate(made) if old.name == name), None)
        if spot is None:
            made.append((value, new))
        else:
            made[spot] = (value, new)
    if stage.index:
        made.append((index.value, index))
    return plan.stage(replace(frame, cte=second), made)


def expand(plan: Plan, stage: Expand, frame: Frame) -> Frame:
    if stage.kind not in ("bag", "array"):
        raise unsupported(f"mv-expand kind={stage.kind}")
    return expanded(plan, stage, frame)


def apply(plan: Plan, stage: Apply, frame: Frame) -> Frame:
    """The parents' columns that were not expanded, and those of the subquery, for each row it gives."""
    if stage.context:
        raise unsupported("mv-apply with a context id")
    row = plan.column("", "long")
    cte = plan.cte(plan.select(frame, [*plan.kept(frame), (Value("row_number() OVER ()", "long"), row)]))
    parents = replace(frame, cte=cte)
    copied = replace(parents, groups=(*frame.groups, row.id))
    inner = expanded(plan, stage, copied)
    result = plan.inner(stage.query, inner)
    taken = {
        column.value.name
        for column in stage.columns
        if isinstance(column.value, Field) and column.name in ("", column.value.name)
    }
    gone = taken | {column.name for column in result.columns}
    kept = [column for column in frame.columns if column.name not in gone]
    mine = [plan.column(column.name, column.type) for column in kept]
    theirs = [plan.column(column.name, column.type) for column in result.columns]
    order = tuple(replace(key, id=plan.fresh()) for key in frame.order)
    items = [f"k_p.{old.id} AS {new.id}" for old, new in zip(kept, mine, strict=True)]
    items += [f"k_s.{old.id} AS {new.id}" for old, new in zip(result.columns, theirs, strict=True)]
    items += [f"k_p.{old.id} AS {new.id}" for old, new in zip(frame.order, order, strict=True)]
    items += [f"k_p.{name}" for name in frame.groups]
    joined = plan.cte(
        f"SELECT {', '.join(items) or '1 AS k_none'} FROM {cte} k_p JOIN {result.cte} k_s ON k_p.{row.id} = k_s.{row.id}"
    )
    found = {column.name: column for column in (*mine, *theirs)}  # outer columns first, but those taken apart
    names = dict.fromkeys((*(c.name for c in frame.columns if c.name in found and c.name not in taken), *found))
    return replace(frame, cte=joined, columns=tuple(found[name] for name in names), order=order)
