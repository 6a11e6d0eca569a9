"""Typed pieces of SQL: literals, conversions between Kusto types, quoting. All text of a query enters SQL through `quote`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from ...errors import UnsupportedError
from ...model import Literal
from ..types import SQL_TYPES

ENGINE = "duckdb"
MISSING = object()


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of an expression and its Kusto type; `constant` is its value when the query states it."""

    sql: str
    type: str
    constant: Any = field(default=MISSING, compare=False)

    @property
    def known(self) -> bool:
        return self.constant is not MISSING


def unsupported(construct: str) -> UnsupportedError:
    """The refusal of a construct by name."""
    return UnsupportedError(ENGINE, construct)


def quote(text: str) -> str:
    """`text` as a SQL string literal."""
    if "\x00" in text:
        return "chr(0)".join(f" || {quote(part)} || " if part else " || " for part in text.split("\x00")).strip(" |")
    return "'" + text.replace("'", "''") + "'"


def json_text(value: Any) -> str:
    """`value` as compact JSON, as Kusto prints dynamic values."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def null(kind: str) -> Value:
    """The null of a type; of string the empty string."""
    if kind == "string":
        return Value("''", "string", "")
    return Value(f"NULL::{SQL_TYPES[kind]}", kind, None)


def literal(node: Literal) -> Value:
    """A constant of the query."""
    kind, value = node.type, node.value
    if kind not in SQL_TYPES:
        raise unsupported(f"literal of type {kind}")
    if value is None:
        return null(kind)
    made: Value = LITERALS[kind](value)
    return made


def string(text: str) -> Value:
    return Value(quote(text), "string", text)


def long(number: int, kind: str = "long") -> Value:
    if not -(2**63) <= number < 2**63:
        raise unsupported(f"number {number} beyond 64 bits")
    sql = f"{number}::{SQL_TYPES[kind]}" if number > -(2**63) else f"(-9223372036854775807 - 1)::{SQL_TYPES[kind]}"
    return Value(f"({sql})" if number < 0 else sql, kind, number)


def real(number: float) -> Value:
    number = float(number)
    sql = f"{number!r}::DOUBLE" if math.isfinite(number) else f"'{number}'::DOUBLE"
    return Value(f"({sql})" if number < 0 else sql, "real", number)


def boolean(value: Any) -> Value:
    return Value("TRUE" if value else "FALSE", "bool", bool(value))


def instant(ticks: int) -> Value:
    return Value(f"{ticks}::BIGINT", "datetime", ticks)


def span(ticks: int) -> Value:
    return Value(f"({ticks}::BIGINT)", "timespan", ticks)


def dynamic(text: str) -> Value:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if value is None:
        return null("dynamic")
    return Value(f"{quote(json_text(value))}::JSON", "dynamic", value)


def _datetime_literal(value: Any) -> Value:
    ticks = datetime_ticks(str(value))
    if ticks is None:
        raise unsupported(f"datetime literal {value!r}")
    return instant(ticks)


def _decimal(value: Any) -> Value:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise unsupported(f"decimal literal {value!r}") from None
    if abs(number) >= 10**20 or number != round(number, 18):
        raise unsupported(f"decimal literal {value} beyond 20 digits before and 18 behind the point")
    return Value(f"({number:f}::DECIMAL(38,18))", "decimal", number)


LITERALS: dict[str, Callable[[Any], Value]] = {
    "string": string,
    "long": long,
    "int": lambda value: long(value, "int"),
    "real": real,
    "bool": boolean,
    "datetime": _datetime_literal,
    "timespan": lambda value: span(int(value)),
    "decimal": _decimal,
    "guid": lambda value: Value(quote(str(value).lower()), "guid", str(value).lower()),
    "dynamic": dynamic,
}

ISO = re.compile(
    r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}:?\d{2})?$"
)
DAY_ONE = datetime(1, 1, 1)
FORMATS = (
    "%m-%d-%Y",
    "%m-%d-%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S", "%a, %d %b %y %H:%M:%S", "%d %b %y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %b %y %H:%M", "%d %b %Y %H:%M",
    "%a %b %d %H:%M:%S %Y", "%A, %d-%b-%y %H:%M:%S", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y%m%d", "%Y-%m-%d %I:%M:%S %p",
    "%Y%m%dT%H%M%S", "%b %d %Y %H:%M:%S", "%d/%b/%Y:%H:%M:%S",
)  # fmt: skip


def ticks_of(moment: datetime) -> int:
    """Ticks since 0001-01-01 of a datetime; one without a zone is UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    delta = moment - DAY_ONE
    return (delta.days * 86_400 + delta.seconds) * 10_000_000 + delta.microseconds * 10


def datetime_ticks(text: str) -> int | None:
    """Ticks of a point in time as Kusto reads it from text, or None.

    Source: https://learn.microsoft.com/kusto/query/scalar-data-types/datetime (ISO 8601, RFC 822, RFC 850, sortable forms)
    """
    text = text.strip()
    found = ISO.match(text)
    if not found:
        return _other_format(text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        whole_day = hour == "24" and int(minute) == 0 and int(second or 0) == 0
        base = datetime(
            int(year), int(month), int(day or 1), 0 if whole_day else int(hour or 0), int(minute or 0), int(second or 0)
        )
        ticks = ticks_of(base) + int((fraction or "0").ljust(7, "0")[:7]) + (864_000_000_000 if whole_day else 0)
    except ValueError:
        return None
    return ticks - _zone_ticks(zone)


def _zone_ticks(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:-2]) * 60 + int(digits[-2:])
    return (1 if zone[0] == "+" else -1) * minutes * 600_000_000


def _other_format(text: str) -> int | None:
    text = re.sub(r"\s*(GMT|UTC|Z|\+0000)$", "", re.sub(r"\s+", " ", text))
    fraction = re.search(r":\d\d(\.\d{1,9})", text)
    extra = 0
    if fraction:
        extra = int(fraction[1][1:].ljust(7, "0")[:7])
        text = text.replace(fraction[1], "", 1)
    zone = re.search(r" ([+-]\d{2}:?\d{2})$", text)
    if zone:
        text = text[: zone.start()]
    for form in FORMATS:
        try:
            return ticks_of(datetime.strptime(text, form)) + extra - _zone_ticks(zone[1] if zone else None)
        except ValueError:
            continue
    return None


UNITS = {
    "d": 864_000_000_000, "day": 864_000_000_000, "days": 864_000_000_000, "h": 36_000_000_000, "hr": 36_000_000_000,
    "hrs": 36_000_000_000, "hour": 36_000_000_000, "hours": 36_000_000_000, "m": 600_000_000, "min": 600_000_000,
    "minute": 600_000_000, "minutes": 600_000_000, "s": 10_000_000, "sec": 10_000_000, "second": 10_000_000, "seconds": 10_000_000,
    "ms": 10_000, "milli": 10_000, "millis": 10_000, "millisec": 10_000, "millisecond": 10_000, "milliseconds": 10_000,
    "micro": 10, "micros": 10, "microsec": 10, "microsecond": 10, "microseconds": 10, "tick": 1, "ticks": 1,
}  # fmt: skip
CLOCK = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?$")


def timespan_ticks(text: str) -> int | None:
    """Ticks of a timespan as Kusto reads it from text (`1.02:03:04`, `2d`, `3` for days), or None."""
    text = text.strip()
    found = CLOCK.match(text)
    if found:
        sign, days, hours, minutes, seconds, fraction = found.groups()
        if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
            return None
        whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds or 0)
        ticks = whole * 10_000_000 + int((fraction or "0").ljust(7, "0")[:7])
        return _in_range(-ticks if sign else ticks)
    found = re.match(r"(-?\d+(?:\.\d+)?)\s*([a-z]*)$", text, re.IGNORECASE)
    if not found or (found[2] and found[2].lower() not in UNITS):
        return None
    return _in_range(int(Decimal(found[1]) * UNITS[found[2].lower() or "d"]))


def _in_range(ticks: int) -> int | None:
    return ticks if -(2**63) <= ticks < 2**63 else None


def timespan_text(ticks: int) -> str:
    """A timespan as Kusto prints it: `[-][d.]hh:mm:ss[.fffffff]`."""
    sign, ticks = ("-" if ticks < 0 else ""), abs(ticks)
    days, rest = divmod(ticks, 864_000_000_000)
    seconds, fraction = divmod(rest, 10_000_000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{sign}{f'{days}.' if days else ''}{clock}{f'.{fraction:07}' if fraction else ''}"


def datetime_text(ticks: int) -> str:
    """A point in time as Kusto prints it, with seven decimals and Z."""
    moment = DAY_ONE + timedelta(microseconds=ticks // 10)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ticks % 10_000_000:07}Z".rjust(28, "0")


# ---------------------------------------------------------------- conversions

NUMERIC = ("int", "long", "real", "decimal")

CONVERSIONS = {  # (from, to): SQL; what is missing here is refused
    ("string", "long"): "k_tolong({0})",
    ("string", "int"): "try_cast(k_tolong({0}) AS INTEGER)",
    ("string", "real"): "k_toreal({0})",
    ("string", "bool"): "k_tobool({0})",
    ("string", "datetime"): "k_todatetime({0})",
    ("string", "timespan"): "kx_totimespan({0})",
    ("string", "decimal"): "try_cast({0} AS DECIMAL(38,18))",
    ("string", "guid"): "kx_toguid({0})",
    ("string", "dynamic"): "k_parse_json({0})",
    ("long", "string"): "coalesce({0}::VARCHAR, '')",
    ("int", "string"): "coalesce({0}::VARCHAR, '')",
    ("real", "string"): "k_real_text({0})",
    ("bool", "string"): "CASE WHEN {0} THEN 'True' WHEN NOT {0} THEN 'False' ELSE '' END",
    ("datetime", "string"): "k_datetime_text({0})",
    ("timespan", "string"): "k_timespan_text({0})",
    (
        "decimal",
        "string",
    ): "coalesce(CASE WHEN contains({0}::VARCHAR, '.') THEN rtrim(rtrim({0}::VARCHAR, '0'), '.') ELSE {0}::VARCHAR END, '')",
    ("guid", "string"): "coalesce({0}, '')",
    ("dynamic", "string"): "coalesce(json_extract_string({0}, '$'), '')",
    ("int", "long"): "{0}::BIGINT",
    ("int", "real"): "{0}::DOUBLE",
    ("long", "real"): "{0}::DOUBLE",
    ("long", "int"): "try_cast({0} AS INTEGER)",
    ("real", "long"): "try_cast(trunc({0}) AS BIGINT)",
    ("real", "int"): "try_cast(trunc({0}) AS INTEGER)",
    ("int", "decimal"): "{0}::DECIMAL(38,18)",
    ("long", "decimal"): "{0}::DECIMAL(38,18)",
    ("real", "decimal"): "try_cast({0} AS DECIMAL(38,18))",
    ("decimal", "real"): "{0}::DOUBLE",
    ("decimal", "long"): "try_cast(trunc({0}) AS BIGINT)",
    ("decimal", "int"): "try_cast(trunc({0}) AS INTEGER)",
    ("int", "bool"): "({0} <> 0)",
    ("long", "bool"): "({0} <> 0)",
    ("real", "bool"): "({0} <> 0)",
    ("bool", "int"): "{0}::INTEGER",
    ("bool", "long"): "{0}::BIGINT",
    ("bool", "real"): "{0}::INTEGER::DOUBLE",
    ("datetime", "long"): "{0}",
    ("long", "datetime"): "k_time({0})",
    ("int", "datetime"): "k_time({0}::BIGINT)",
    ("timespan", "long"): "{0}",
    ("timespan", "real"): "{0}::DOUBLE",
    ("datetime", "real"): "{0}::DOUBLE",
    ("long", "timespan"): "{0}",
    ("int", "timespan"): "{0}::BIGINT",
    ("real", "timespan"): "try_cast(trunc({0}) AS BIGINT)",
    ("real", "datetime"): "k_time(try_cast(trunc({0}) AS BIGINT))",
    ("dynamic", "long"): "k_tolong(json_extract_string({0}, '$'))",
    ("dynamic", "int"): "try_cast(k_tolong(json_extract_string({0}, '$')) AS INTEGER)",
    ("dynamic", "real"): "k_toreal(json_extract_string({0}, '$'))",
    ("dynamic", "bool"): "k_tobool(json_extract_string({0}, '$'))",
    ("dynamic", "datetime"): "k_todatetime(json_extract_string({0}, '$'))",
    ("dynamic", "timespan"): "kx_totimespan(json_extract_string({0}, '$'))",
    ("dynamic", "decimal"): "try_cast(json_extract_string({0}, '$') AS DECIMAL(38,18))",
    ("dynamic", "guid"): "kx_toguid(json_extract_string({0}, '$'))",
    ("long", "dynamic"): "to_json({0})",
    ("int", "dynamic"): "to_json({0})",
    ("real", "dynamic"): "k_real_json({0})",
    ("bool", "dynamic"): "to_json({0})",
    ("datetime", "dynamic"): "to_json(nullif(k_datetime_text({0}), ''))",
    ("timespan", "dynamic"): "to_json(nullif(k_timespan_text({0}), ''))",
    ("decimal", "dynamic"): "to_json({0}::DOUBLE)",
    ("guid", "dynamic"): "to_json({0})",
}


def convert(value: Value, kind: str) -> Value:
    """`value` as another type, as the `to<type>` function does it; null (or empty) where it cannot be."""
    if value.type == kind:
        return value
    if value.constant is None:
        return null(kind)
    if value.known and value.type in ("int", "long") and kind in ("int", "long", "real"):
        if kind == "int" and not -(2**31) <= value.constant < 2**31:
            return null(kind)
        return long(value.constant, kind) if kind != "real" else real(value.constant)
    if value.known and value.type == "string" and kind == "datetime":
        ticks = datetime_ticks(value.constant)
        return null(kind) if ticks is None else instant(ticks)
    template = CONVERSIONS.get((value.type, kind))
    if template is None:
        raise unsupported(f"{value.type} as {kind}")
    return Value(template.format(value.sql), kind)


def to_json(value: Value) -> Value:
    """`value` as an element of an array or bag: text is a string there, not parsed."""
    if value.type == "string":
        return Value(f"to_json({value.sql})", "dynamic")
    return convert(value, "dynamic")


def common_type(kinds: Sequence[str], what: str) -> str:
    """The type that values of all these types widen to."""
    wanted = list(dict.fromkeys(kinds))
    if len(wanted) == 1:
        return wanted[0]
    if all(kind in NUMERIC for kind in wanted):
        return max(wanted, key=NUMERIC.index)
    if "dynamic" in wanted:
        return "dynamic"
    raise unsupported(f"{what} of {' and '.join(wanted)}")


def number(value: Value, what: str) -> Value:
    """`value` as something to calculate with: numbers, times and spans as they are, dynamic as real."""
    if value.type in ("bool",):
        return convert(value, "long")
    if value.type == "dynamic":
        return convert(value, "real")
    if value.type in ("string", "guid"):
        raise unsupported(f"{what} of a {value.type}")
    return value
