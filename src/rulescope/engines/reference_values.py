"""The few functions the reference evaluator knows: parts of a time, and plain text and number functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z")


def as_time(value: Any) -> datetime | None:
    """A time with its zone (UTC when none is said) from a datetime, ISO text or seconds since 1970; None otherwise."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if abs(value) > 1e11 else value
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    found = ISO.match(str(value).strip())
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    clock = clock or "00:00:00"
    clock = clock if len(clock) == 8 else clock + ":00"
    zone = "+00:00" if zone in (None, "Z", "UTC") else zone
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{((fraction or '0') + '000000')[:6]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


TIME_PARTS: dict[str, Callable[[datetime], int]] = {
    "year": lambda time: time.year,
    "month": lambda time: time.month,
    "week_of_year": lambda time: time.isocalendar().week,
    "day": lambda time: time.day,
    "hour": lambda time: time.hour,
    "minute": lambda time: time.minute,
    "second": lambda time: time.second,
}
"""Parts by Kusto's `datetime_part` names; weeks are ISO 8601 weeks, times UTC."""


def _datetime_part(part: Any, value: Any) -> Any:
    read = TIME_PARTS.get(str(part).lower())
    if isinstance(value, list | tuple):
        return [_datetime_part(part, item) for item in value]
    time = as_time(value)
    return None if read is None or time is None else read(time)


def _length(value: Any) -> Any:
    return None if value is None else len(value) if isinstance(value, str) else None


def _upper(text: str) -> str:
    """Character by character: one that has no single upper-case form stays."""
    return "".join(upper if len(upper := letter.upper()) == 1 else letter for letter in text)


FUNCTIONS: dict[tuple[str, int], Callable[..., Any]] = {
    ("datetime_part", 2): _datetime_part,
    ("tolower", 1): lambda value: value.lower() if isinstance(value, str) else value,
    ("toupper", 1): lambda value: _upper(value) if isinstance(value, str) else value,
    ("strlen", 1): _length,
    ("todatetime", 1): as_time,
}


def call(name: str, count: int) -> Callable[..., Any] | None:
    """The function of that name for `count` arguments, None when it is not known here."""
    return FUNCTIONS.get((name, count))
