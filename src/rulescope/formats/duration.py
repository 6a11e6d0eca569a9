"""How long: ISO 8601 durations (`PT1H`), Kusto timespans (`1h`, `1.00:00:00`) and Elastic ages (`now-9m`), as seconds."""

from __future__ import annotations

import re

UNITS = {
    "d": 86400, "day": 86400, "days": 86400, "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "m": 60, "min": 60,
    "minute": 60, "minutes": 60, "s": 1, "sec": 1, "second": 1, "seconds": 1, "w": 604800, "week": 604800, "weeks": 604800,
}  # fmt: skip
ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
SIMPLE = re.compile(r"(?:now-)?(\d+)\s*([a-z]+)", re.IGNORECASE)
CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2}))?")


def seconds(text: str) -> int | None:
    """Seconds in `text`, or None when it is no duration. Months and years are none: they have no fixed length."""
    text = text.strip()
    if match := SIMPLE.fullmatch(text):
        unit = UNITS.get(match[2].lower())
        return None if unit is None else int(match[1]) * unit
    if re.fullmatch(r"(?:\d+[dhms])+", text):  # `1h10m`
        return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))
    if (match := ISO.fullmatch(text)) and len(text) > 2:
        weeks, days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        return ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + rest
    if match := CLOCK.fullmatch(text):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        return (days * 24 + hours) * 3600 + minutes * 60 + rest
    return None
