"""Choosing and ordering columns by name pattern: project-away, project-keep, project-reorder, project-by-names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache

from .. import model as m
from .rows import RowType, Scope


def selected(stage: m.Select, row: RowType) -> RowType:
    if stage.keyword == "project-reorder":
        return RowType.of({name: row.types[name] for name in reordered(stage, row.types)}, row.open)
    named = {name for pattern in stage.patterns for name in matching(pattern, row.types)}
    keep = stage.keyword == "project-keep"
    return RowType.of({name: type for name, type in row.types.items() if (name in named) is keep}, row.open)


def by_names(stage: m.SelectNamed, row: RowType, scope: Scope) -> RowType | None:
    """The columns `project-by-names` names, in its order; None where it names them by more than constants."""
    found: dict[str, str] = {}
    for expr in stage.names:
        patterns = _patterns(expr, scope)
        if patterns is None:
            return None
        for pattern in patterns:
            found.update({name: row.types[name] for name in matching(pattern, row.types) if name not in found})
            if row.open and "*" not in pattern:
                found.setdefault(pattern, "unknown")
    return RowType.of(found, row.open)


def _patterns(expr: m.Expr, scope: Scope) -> list[str] | None:
    match expr:
        case m.Literal(str() as name, "string"):
            return [name]
        case m.Literal(str() as text, "dynamic"):
            items = json.loads(text)
            return [item for item in items if isinstance(item, str)] if isinstance(items, list) else None
        case m.Call("column_names_of", (m.ToScalar(query),)):
            from .query import query_row

            row = query_row(query, scope.quiet)
            return None if row.open else list(row.types)
    return None


def matching(pattern: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names a pattern with `*` stands for, or the very name it is."""
    if "*" not in pattern:
        return (pattern,) if pattern in names else ()
    if pattern == "*":
        return tuple(names)
    matches = _compiled(pattern).fullmatch
    return tuple(name for name in names if matches(name))


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def reordered(stage: m.Select, names: Iterable[str]) -> tuple[str, ...]:
    """All names: those of each pattern in turn, sorted as it asks, then the rest as they were."""
    names = tuple(names)
    left = dict.fromkeys(names)
    made: list[str] = []
    for number, pattern in enumerate(stage.patterns):
        found = [name for name in matching(pattern, left) if name in left]
        order = stage.orders[number] if number < len(stage.orders) else ""
        if order and "*" in pattern:
            key = granny if order.startswith("granny") else str.upper
            found.sort(key=key, reverse=order.endswith("desc"))
        for name in found:
            del left[name]
        made.extend(found)
    return (*made, *left)


def granny(name: str) -> tuple[tuple[str, int], ...]:
    """Sort key that takes digits as numbers: a2 before a10."""
    return tuple((text.upper(), int(digits or -1)) for text, digits in re.findall(r"(\D*)(\d*)", name))
