"""Choosing and ordering columns by name pattern: project-away, project-keep, project-reorder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .. import model as m
from .rows import RowType


def selected(stage: m.Select, row: RowType) -> RowType:
    if stage.keyword == "project-reorder":
        return RowType.of({name: row.types[name] for name in reordered(stage, row.types)}, row.open)
    named = {name for pattern in stage.patterns for name in matching(pattern, row.types)}
    keep = stage.keyword == "project-keep"
    return RowType.of({name: type for name, type in row.types.items() if (name in named) is keep}, row.open)


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
