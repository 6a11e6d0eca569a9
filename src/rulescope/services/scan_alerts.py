"""From the rows a Kusto rule gives to its alerts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..logs.times import iso
from ..model import Alert, Rule

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda rows, threshold: rows > threshold,
    "lt": lambda rows, threshold: rows < threshold,
    "eq": lambda rows, threshold: rows == threshold,
    "ne": lambda rows, threshold: rows != threshold,
    "ge": lambda rows, threshold: rows >= threshold,
    "le": lambda rows, threshold: rows <= threshold,
}


def fires(rule: Rule, rows: int) -> bool:
    """Whether a rule fires on so many rows: by its trigger, without one on any row."""
    return COMPARE[rule.trigger.op](rows, rule.trigger.threshold) if rule.trigger else rows > 0


def plain(value: Any) -> Any:
    """A cell of a result as a JSON value."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, str | int | float | bool | list | dict) or value is None:
        return value
    return str(value)


def alert_of(rule: Rule, row: dict[str, Any], moment: str, count: int, log: str = "", record: int = 0) -> Alert:
    """The alert of a result row. Its fields are the rule's entities and details, without such all that hold something."""
    named = [column for entity in rule.entities for _, column in entity.fields] + [column for _, column in rule.details]
    fields = {name: row[name] for name in named if row.get(name) not in (None, "")}
    shown = fields or {name: value for name, value in row.items() if value not in (None, "")}
    return Alert(rule.id, rule.title, moment, row, shown, rule.severity, log, record, count, rule.techniques)
