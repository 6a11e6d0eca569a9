"""Values of Kusto literals: the text of a token to the value `syntax.Literal` holds.

Source: https://learn.microsoft.com/kusto/query/scalar-data-types/
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .syntax import Literal
from .tokens import BOOL, DATETIME, DECIMAL, GUID, INT, LONG, REAL, TIMESPAN

TICKS = {  # ticks of 100 ns per unit; the names of one unit are on one line
    **dict.fromkeys(("d", "day", "days"), 864_000_000_000),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 36_000_000_000),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 600_000_000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 10_000_000),
    **dict.fromkeys(("ms", "milli", "millis", "millisec", "millisecond", "milliseconds"), 10_000),
    **dict.fromkeys(("micro", "micros", "microsec", "microsecond", "microseconds"), 10),
    **dict.fromkeys(("nano", "nanos", "nanosec", "nanosecond", "nanoseconds"), 0.01),
    **dict.fromkeys(("tick", "ticks"), 1),
}
_NULL = frozenset({"", "null"})
_TYPES = {
    LONG: "long", INT: "int", REAL: "real", DECIMAL: "decimal", BOOL: "bool", DATETIME: "datetime", TIMESPAN: "timespan",
    GUID: "guid",
}  # fmt: skip
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7][0-7]|[0-7]{1,2})|(.))")
_NUMBER_AND_UNIT = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)\s*([a-z]*)")
_CLOCK = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7})\d*)?)?")
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7})\d*)?)?)?"
    r"\s*(Z|[+-]\d{1,2}(?::?\d{2})?)?"
)
_SPACED_DATE = re.compile(r"^(\d{4})(?:\s+-\s*|\s*-\s+|\s*,\s*)(\d{1,2})(?:\s+-\s*|\s*-\s+|\s*,\s*)(\d{1,2})$")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7})\d*)?)?)?")
_GUID = re.compile(r"\{?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})\}?")


def literal(kind: str, text: str, start: int, end: int) -> Literal:
    """The Literal of a token other than a string."""
    type_ = _TYPES[kind]
    inner = text[text.index("(") + 1 : -1].strip() if text[-1] == ")" else text
    if inner in _NULL or inner == "null":
        return Literal(type_, None, start, end)
    value = _READERS[type_](inner)
    return Literal(type_, value, start, end, value is not None)


def string(text: str) -> str:
    """The string a closed string token says."""
    if text[0] in "hH":
        text = text[1:]
    if text[0] == "@":
        quote = text[1]
        return text[4:-3] if quote in "`~" else text[2:-1].replace(quote * 2, quote)
    if text[0] in "`~":
        return text[3:-3]
    inner = text[1:-1]
    return _ESCAPE.sub(_unescape, inner) if "\\" in inner else inner


def _unescape(match: re.Match[str]) -> str:
    short, long, byte, octal, char = match.groups()
    if char is not None:
        return _ESCAPES.get(char, char)
    code = int(octal, 8) if octal else int(short or long or byte, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


def _integer(text: str) -> int | None:
    try:
        sign, digits = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
        return sign * (int(digits, 16) if digits[:2] in ("0x", "0X") else int(digits))
    except ValueError:
        return None


def _real(text: str) -> float | None:
    lower = text.lower()
    if lower in ("nan", "+inf", "-inf", "inf"):
        return float(lower)
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _decimal(text: str) -> str | None:
    return text if re.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", text) else None


def _bool(text: str) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(text.lower())


def _guid(text: str) -> str | None:
    match = _GUID.fullmatch(text.strip("\"'"))
    return "-".join(match.groups()).lower() if match else None


def ticks(text: str) -> int | None:
    """Ticks of 100 ns in a timespan such as `1d`, `1.5 h`, `00:05:00`, `2.03:00:00`; a bare number is days."""
    text = text.strip("\"'")
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if match:
        unit = TICKS.get(match[2] or "d")
        return None if unit is None else _times(match[1], unit)
    clock = _CLOCK.fullmatch(text)
    if not clock:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in clock.group(2, 3, 4, 5))
    whole = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 10_000_000 + int((clock[6] or "").ljust(7, "0"))
    return -whole if clock[1] else whole


def _times(number: str, unit: float) -> int:
    if "." not in number and isinstance(unit, int):
        return int(number) * unit
    return round(float(number) * unit)


def date(text: str) -> str | None:
    """ISO text with up to 7 decimals and Z of a datetime such as `2020-01-31`, `2020-01-31 10:00`, `1/31/2020`."""
    text = _SPACED_DATE.sub(r"\1-\2-\3", text.strip("\"'"))
    match = _DATE.fullmatch(text)
    if match:
        year, month, day, hour, minute, second, fraction, zone = match.groups()
    elif slashed := _SLASHED.fullmatch(text):
        month, day, year, hour, minute, second, fraction = slashed.groups()
        zone = None
    elif re.fullmatch(r"\d{4}", text):
        year, month, day, hour, minute, second, fraction, zone = text, "1", "1", None, None, None, None, None
    else:
        return None
    try:
        when = datetime(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        ) - _offset(zone)
    except (ValueError, OverflowError):
        return None
    decimals = (fraction or "").rstrip("0")
    return when.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + (f".{decimals}Z" if decimals else "Z")


def _offset(zone: str | None) -> timedelta:
    if not zone or zone == "Z":
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    hours, minutes = ([*zone[1:].split(":"), "0"])[:2] if ":" in zone else (zone[1:3], zone[3:] or "0")
    return sign * timedelta(hours=int(hours), minutes=int(minutes))


_READERS = {
    "long": _integer,
    "int": _integer,
    "real": _real,
    "decimal": _decimal,
    "bool": _bool,
    "datetime": date,
    "timespan": ticks,
    "guid": _guid,
}
