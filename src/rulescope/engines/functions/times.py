"""Points in time and spans, in ticks of 100 ns: reading text, parts, differences, formats, time zones."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ...errors import RunError
from ..sql.values import DAY_ONE, datetime_ticks, ticks_of, timespan_ticks
from . import Scalar

UNITS = {
    "week": 7 * 864_000_000_000, "day": 864_000_000_000, "hour": 36_000_000_000, "minute": 600_000_000, "second": 10_000_000,
    "millisecond": 10_000, "microsecond": 10,
}  # fmt: skip
MONTHS = {"year": 12, "quarter": 3, "month": 1}
PARTS: dict[str, Callable[[datetime, int], int]] = {
    "year": lambda m, t: m.year, "quarter": lambda m, t: (m.month + 2) // 3, "month": lambda m, t: m.month,
    "week_of_year": lambda m, t: m.isocalendar().week, "day": lambda m, t: m.day,
    "dayofyear": lambda m, t: m.timetuple().tm_yday, "hour": lambda m, t: m.hour, "minute": lambda m, t: m.minute, "second": lambda m, t: m.second,
    "millisecond": lambda m, t: m.microsecond // 1000, "microsecond": lambda m, t: m.microsecond,
    "nanosecond": lambda m, t: t % 10_000_000 * 100,
}  # fmt: skip


def moment(ticks: int) -> datetime:
    return DAY_ONE + timedelta(microseconds=ticks // 10)


def datetime_add(part: str, amount: int, ticks: int) -> int | None:
    part = part.lower()
    if part in UNITS:
        return ticks + amount * UNITS[part]
    if part not in MONTHS:
        raise RunError(f"datetime_add: unknown period {part!r}")
    at = moment(ticks)
    months = at.year * 12 + at.month - 1 + amount * MONTHS[part]
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return None
    day = min(at.day, monthrange(year, month + 1)[1])
    return ticks_of(datetime(year, month + 1, day)) + ticks % 864_000_000_000


def datetime_diff(part: str, left: int, right: int) -> int:
    part = part.lower()
    if part == "nanosecond":
        return (left - right) * 100
    if part in UNITS:
        shift = 864_000_000_000 if part == "week" else 0
        return (left + shift) // UNITS[part] - (right + shift) // UNITS[part]
    if part not in MONTHS:
        raise RunError(f"datetime_diff: unknown period {part!r}")
    a, b = moment(left), moment(right)
    return (a.year * 12 + a.month - 1) // MONTHS[part] - (b.year * 12 + b.month - 1) // MONTHS[part]


def datetime_part(part: str, ticks: int) -> int:
    found = PARTS.get(part.lower())
    if found is None:
        raise RunError(f"datetime_part: unknown part {part!r}")
    return found(moment(ticks), ticks)


def make_datetime(year: int, month: int, day: int, hour: int, minute: int, second: float) -> int | None:
    try:
        return ticks_of(datetime(year, month, day, hour, minute, int(second))) + round(
            (second - int(second)) * 10_000_000
        )
    except (ValueError, OverflowError):
        return None


def make_timespan(days: int, hours: int, minutes: int, seconds: float) -> int | None:
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        return None
    return days * UNITS["day"] + hours * UNITS["hour"] + minutes * UNITS["minute"] + round(seconds * 10_000_000)


def zone(ticks: int, name: str, to_local: bool) -> int:
    try:
        where = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise RunError(f"unknown time zone {name!r}") from None
    if to_local:
        local = moment(ticks).replace(tzinfo=UTC).astimezone(where).replace(tzinfo=None)
        return ticks_of(local) + ticks % 10
    return ticks_of(moment(ticks).replace(tzinfo=where, fold=1)) + ticks % 10


def runs(form: str) -> list[str]:
    """A format taken apart into runs of one letter and single other characters."""
    out: list[str] = []
    for c in form:
        if out and c.isalpha() and out[-1][0] == c:
            out[-1] += c
        else:
            out.append(c)
    return out


def format_datetime(ticks: int, form: str) -> str:
    """Source: https://learn.microsoft.com/kusto/query/format-datetime-function"""
    at, fraction = moment(ticks), f"{ticks % 10_000_000:07}"
    fields = {
        "d": str(at.day), "dd": f"{at.day:02}", "h": str(at.hour % 12 or 12), "hh": f"{at.hour % 12 or 12:02}", "H": str(at.hour),
        "HH": f"{at.hour:02}", "m": str(at.minute), "mm": f"{at.minute:02}", "M": str(at.month), "MM": f"{at.month:02}",
        "s": str(at.second), "ss": f"{at.second:02}", "y": str(at.year % 100), "yy": f"{at.year % 100:02}", "yyyy": f"{at.year:04}",
        "tt": "AM" if at.hour < 12 else "PM",
    }  # fmt: skip
    return _formatted(form, fields, fraction, "format_datetime")


def format_timespan(ticks: int, form: str) -> str:
    """Source: https://learn.microsoft.com/kusto/query/format-timespan-function"""
    size = abs(ticks)
    days, rest = divmod(size, UNITS["day"])
    hours, minutes, seconds = rest // UNITS["hour"], rest // UNITS["minute"] % 60, rest // UNITS["second"] % 60
    fields = {"h": str(hours), "hh": f"{hours:02}", "H": str(hours), "HH": f"{hours:02}", "m": str(minutes), "mm": f"{minutes:02}", "s": str(seconds), "ss": f"{seconds:02}"}  # fmt: skip
    fields |= {"d" * width: str(days).rjust(width, "0") for width in range(1, 9)}
    return _formatted(form, fields, f"{size % 10_000_000:07}", "format_timespan")


def _formatted(form: str, fields: dict[str, str], fraction: str, what: str) -> str:
    out: list[str] = []
    for run in runs(form):
        if run in fields:
            out.append(fields[run])
        elif run[0] == "f" and len(run) <= 7:
            out.append(fraction[: len(run)])
        elif run[0] == "F" and len(run) <= 7:
            out.append(fraction[: len(run)].rstrip("0"))
        elif run[0].isalpha():
            raise RunError(f"{what}: unknown format {run!r}")
        else:
            out.append(run)
    return "".join(out)


def sessions(rows: list[str], longest: int, between: int) -> list[int | None]:
    """Starts of the sessions rows belong to; a `!` before a row's ticks starts one."""
    out: list[int | None] = []
    start = last = None
    for row in rows:
        restart, text = row.startswith("!"), row.lstrip("!")
        if not text:
            out.append(None)
            continue
        at = int(text)
        if restart or start is None or last is None or at - start > longest or at - last > between:
            start = at
        last = at
        out.append(start)
    return out


FUNCTIONS = [
    Scalar("todatetime", "s>l", datetime_ticks),
    Scalar("totimespan", "s>l", timespan_ticks),
    Scalar("datetime_add", "sll>l", datetime_add),
    Scalar("datetime_diff", "sll>l", datetime_diff),
    Scalar("datetime_part", "sl>l", datetime_part),
    Scalar("make_datetime", "lllllr>l", make_datetime),
    Scalar("make_timespan", "lllr>l", make_timespan),
    Scalar("zone", "lsb>l", zone),
    Scalar("format_datetime", "ls>s", format_datetime),
    Scalar("format_timespan", "ls>s", format_timespan),
    Scalar("sessions", "Sll>L", sessions),
]
