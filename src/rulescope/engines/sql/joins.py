"""Two streams of rows in one: join, lookup, union."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...binding.combine import beside, union_row
from ...errors import UnsupportedError
from ...model import Field, Join, Scan, Union
from .frame import Col, Frame
from .plan import row_of
from .predicates import comparable
from .values import Value, null, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan

CHAIN = 50
"""Parts of one UNION ALL; a longer chain is nested too deep for DuckDB."""

MAX_CELLS = 200_000
"""Columns times tables of a union; more makes SQL that takes minutes to plan."""

KINDS = {  # kind: SQL join, columns of which sides
    "innerunique": ("JOIN", "both"), "inner": ("JOIN", "both"), "leftouter": ("LEFT JOIN", "both"), "rightouter": ("RIGHT JOIN", "both"),
    "fullouter": ("FULL JOIN", "both"), "leftsemi": ("SEMI JOIN", "left"), "leftanti": ("ANTI JOIN", "left"), "anti": ("ANTI JOIN", "left"),
    "leftantisemi": ("ANTI JOIN", "left"), "rightsemi": ("SEMI JOIN", "right"), "rightanti": ("ANTI JOIN", "right"), "rightantisemi": ("ANTI JOIN", "right"),
}  # fmt: skip


def join(plan: Plan, stage: Join, frame: Frame) -> Frame:
    """Both sides' columns (the right's renamed where names clash), or one side's for semi and anti joins."""
    if stage.residue:
        raise unsupported("join on a condition that is no equality")
    if not stage.on:
        raise unsupported(f"{stage.keyword} without on")
    kind = stage.kind or ("leftouter" if stage.keyword == "lookup" else "innerunique")
    if kind not in KINDS:
        raise unsupported(f"join kind={kind}")
    right = plan.copied(plan.query(stage.right))
    if right.groups:
        raise unsupported("join with the rows of a partition")
    left, right, pairs = _keyed(plan, stage, frame, right)
    if kind == "innerunique":
        keys = ", ".join((*left.groups, *(key.id for key, _ in pairs))) or "1"
        order = f" ORDER BY {left.order_sql}" if left.order else ""
        left = replace(
            left, cte=plan.cte(f"SELECT * FROM {left.cte} QUALIFY row_number() OVER (PARTITION BY {keys}{order}) = 1")
        )
    word, sides = KINDS[kind]
    condition = " AND ".join(_key_equal(a, b) for a, b in pairs) or "TRUE"
    if sides == "left":
        return _one_side(plan, left, right, word, condition, frame)
    if sides == "right":
        if left.groups:
            raise unsupported(f"join kind={kind} inside a partition")
        return _one_side(plan, right, left, word, condition, right)
    return _both(plan, stage, kind, left, right, word, condition, frame)


def _key_equal(left: Col, right: Col) -> str:
    a, b = comparable(left.value, right.value)
    return f"{a.sql} = {b.sql}"


def _keyed(plan: Plan, stage: Join, left: Frame, right: Frame) -> tuple[Frame, Frame, list[tuple[Col, Col]]]:
    """Both frames with a column for each key."""
    pairs, made_left, made_right = [], [], []
    for key in stage.on:
        a, b = plan.expressions(left).value(key.left), plan.expressions(right).value(key.right)
        pair = (plan.column("", a.type), plan.column("", b.type))
        made_left.append((a, pair[0]))
        made_right.append((b, pair[1]))
        pairs.append(pair)
    if not pairs:
        return left, right, pairs
    left_cte = plan.cte(plan.select(left, [*plan.kept(left), *made_left]))
    right_cte = plan.cte(plan.select(right, [*plan.kept(right), *made_right]))
    return replace(left, cte=left_cte), replace(right, cte=right_cte), pairs


def _one_side(plan: Plan, kept: Frame, other: Frame, word: str, condition: str, frame: Frame) -> Frame:
    ids = ", ".join((*(column.id for column in kept.columns), *kept.hidden)) or "k_none"
    cte = plan.cte(f"SELECT {ids} FROM {kept.cte} {word} {other.cte} ON {condition}")
    return replace(kept, cte=cte)


def _both(
    plan: Plan, stage: Join, kind: str, left: Frame, right: Frame, word: str, condition: str, frame: Frame
) -> Frame:
    gone = {key.right.name for key in stage.on if isinstance(key.right, Field)} if stage.keyword == "lookup" else set()
    others = [column for column in right.columns if column.name not in gone]
    names = beside(row_of(left), row_of(right), gone).names[len(left.columns) :]
    made = [
        (_outer(column, kind in ("rightouter", "fullouter")), plan.column(column.name, column.type))
        for column in left.columns
    ]
    for column, name in zip(others, names, strict=True):
        made.append((_outer(column, kind in ("leftouter", "fullouter")), plan.column(name, column.type)))
    items = [f"{value.sql} AS {column.id}" for value, column in made] + list(left.groups)
    cte = plan.cte(f"SELECT {', '.join(items)} FROM {left.cte} {word} {right.cte} ON {condition}")
    return Frame(cte, tuple(column for _, column in made), groups=left.groups)


def _outer(column: Col, missing: bool) -> Value:
    """A column that may have no row: text is empty then."""
    return Value(f"coalesce({column.id}, '')", "string") if missing and column.type == "string" else column.value


# ---------------------------------------------------------------- union


def union(plan: Plan, stage: Union, frame: Frame | None) -> Frame:
    """All rows of all parts; columns by name and type. With isfuzzy, parts that name unknown tables are left out."""
    frames: list[Frame] = [] if frame is None else [frame]
    for query in stage.queries:
        try:
            if len(query.stages) == 1 and isinstance(query.stages[0], Scan) and not query.lets:
                scan = query.stages[0]
                found = plan.scan(scan.table)
                if not found and "*" not in scan.table:
                    raise unsupported(f"unknown table {scan.table!r}")
                frames += found
            else:
                frames.append(plan.query(query))
        except UnsupportedError as error:
            if not (stage.isfuzzy and error.construct.startswith("unknown table")):
                raise
    if not frames:
        raise unsupported("union of unknown tables")
    return united(plan, frames, stage.kind, stage.withsource)


def united(plan: Plan, frames: list[Frame], kind: str = "outer", source: str = "") -> Frame:
    """`UNION ALL` of frames; a name with several types becomes one column a type (`a_int`, `a_string`)."""
    if not frames:
        raise unsupported("a union of no tables")
    if any(frame.graph is not None for frame in frames):
        raise unsupported("a union of graphs")
    if len({frame.groups for frame in frames}) > 1:
        raise unsupported("a union with other rows inside a partition")
    if len(frames) == 1 and not source:
        return frames[0]
    keys = _columns(frames, kind)
    if source and source != "$table" and any(name == source for name, _, _ in keys):
        raise unsupported(f"union withsource={source}, which is a column")
    if plan.needed is not None:
        keys = [key for key in keys if key[2] in plan.needed or not {key[0], key[2]}.isdisjoint(plan.needed)]
    filled = [frame for frame in frames if frame.cte not in plan.blank] or frames[:1]
    if len(keys) * len(filled) > MAX_CELLS:
        raise unsupported(f"a union of {len(filled)} tables with {len(keys)} columns")
    columns = [plan.column(label, column_type) for _, column_type, label in keys]
    head = plan.column(source, "string") if source else None
    parts = []
    groups = frames[0].groups
    for number, frame in enumerate(frames):
        if frame not in filled:
            continue
        by_key = {(column.name, column.type): column for column in frame.columns}
        items = [f"{quote(','.join(frame.tables) or f'union_arg{number}')} AS {head.id}"] if head else []
        for (name, column_type, _), column in zip(keys, columns, strict=True):
            found = by_key.get((name, column_type))
            items.append(f"{found.id if found else null(column_type).sql} AS {column.id}")
        items += [f"{mine} AS {ours}" for mine, ours in zip(frame.groups, groups, strict=False)]
        parts.append(f"SELECT {', '.join(items) or '1 AS k_none'} FROM {frame.cte}")
    while len(parts) > CHAIN:
        parts = [
            f"SELECT * FROM {plan.cte(' UNION ALL '.join(parts[start : start + CHAIN]))}"
            for start in range(0, len(parts), CHAIN)
        ]
    return Frame(plan.cte(" UNION ALL ".join(parts)), (*((head,) if head else ()), *columns), groups=groups)


def _columns(frames: list[Frame], kind: str) -> list[tuple[str, str, str]]:
    """Name, type and final name of each column, as binding orders and names them."""
    types: dict[str, dict[str, None]] = {}
    for frame in frames:
        for column in frame.columns:
            types.setdefault(column.name, {})[column.type] = None
    if kind == "inner":
        types = {name: kinds for name, kinds in types.items() if all(frame.find(name) for frame in frames)}
    keys = [(name, column_type) for name, kinds in types.items() for column_type in kinds]
    labels = union_row((row_of(frame) for frame in frames), kind, "\x00source").names[1:]
    return [(name, column_type, label) for (name, column_type), label in zip(keys, labels, strict=True)]
