"""When an event was: one moment in UTC, from whatever field and form its log uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FIELDS = (
    "TimeGenerated", "TimeCreated", "Timestamp", "@timestamp", "timestamp", "UtcTime", "EventTime", "eventTime",
    "event_time", "published", "CreationTime", "createdDateTime", "activityDateTime", "SystemTime", "timeStamp",
    "_time", "time", "ts", "date",
)  # fmt: skip
"""Fields that say when, most exact first; the first that can be read counts."""

ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z", re.ASCII)
AMERICAN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?: ([AP])M)?\Z", re.ASCII
)
SYSLOG = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?\Z", re.ASCII)
MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}


def when(row: Mapping[str, Any]) -> datetime | None:
    """The moment of an event; None when it says none."""
    for name in FIELDS:
        if name in row and (found := moment(row[name])) is not None:
            return found
    return None


def moment(value: Any) -> datetime | None:
    """A moment from ISO 8601, month/day/year, syslog's `Mar  1 12:00:00` (without a year: 1900), or seconds,
    milliseconds or microseconds since 1970. Without a zone it is UTC."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float):
        return _epoch(value)
    if not isinstance(value, str) or len(value) > 60:
        return None
    try:
        return _text(value.strip())
    except (ValueError, OverflowError):
        return None


def _epoch(value: float) -> datetime | None:
    size = abs(value)
    if size < 1e8:
        return None
    seconds = value / (1e6 if size > 1e14 else 1e3 if size > 1e11 else 1)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(value: str) -> datetime | None:
    found = ISO.match(value)
    if found:
        day, clock, fraction, zone = found.groups()
        clock = clock if len(clock) == 8 else clock + ":00"
        zone = "+00:00" if zone in (None, "Z", "UTC") else zone
        return datetime.fromisoformat(f"{day}T{clock}.{((fraction or '0') + '000000')[:6]}{zone}").astimezone(UTC)
    found = AMERICAN.match(value)
    if found:
        month, date, year, hour, minute, second, fraction, half = found.groups()
        hours = int(hour) % 12 + (12 if half == "P" else 0) if half else int(hour)
        micro = int(((fraction or "0") + "000000")[:6])
        return datetime(int(year), int(month), int(date), hours, int(minute), int(second or 0), micro, UTC)
    found = SYSLOG.match(value)
    if found and found[1] in MONTHS:
        name, date, year, hour, minute, second, fraction = found.groups()
        micro = int(((fraction or "0") + "000000")[:6])
        return datetime(int(year or 1900), MONTHS[name], int(date), int(hour), int(minute), int(second), micro, UTC)
    return _epoch(float(value)) if re.fullmatch(r"\d{9,16}(?:\.\d+)?", value) else None


def iso(moment: datetime | None) -> str:
    """A moment as ISO 8601 text in UTC ending in Z; empty for none."""
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
