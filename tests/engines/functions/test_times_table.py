"""Functions of times: values from their definitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rulescope.errors import UnsupportedError

from .answers import answer


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


T = "datetime(2024-02-29 13:45:59.123)"
TABLE: list[tuple[str, Any]] = [
    (f"startofday({T})", at(2024, 2, 29)),
    (f"startofday({T}, -1)", at(2024, 2, 28)),
    (f"endofday({T})", at(2024, 2, 29, 23, 59, 59, 999999)),
    (f"startofweek({T})", at(2024, 2, 25)),
    (f"startofmonth({T}, 1)", at(2024, 3, 1)),
    (f"endofmonth({T})", at(2024, 2, 29, 23, 59, 59, 999999)),
    (f"startofyear({T})", at(2024, 1, 1)),
    (f"endofyear({T}, 1)", at(2025, 12, 31, 23, 59, 59, 999999)),
    (f"dayofmonth({T})", 29),
    (f"dayofyear({T})", 60),
    (f"dayofweek({T})", timedelta(days=4)),
    (f"hourofday({T})", 13),
    (f"getmonth({T})", 2),
    (f"monthofyear({T})", 2),
    (f"getyear({T})", 2024),
    (f"week_of_year({T})", 9),
    (f"datetime_part('quarter', {T})", 1),
    (f"datepart('minute', {T})", 45),
    ("datetime_add('month', 1, datetime(2024-01-31))", at(2024, 2, 29)),
    (f"datetime_add('year', -1, {T})", at(2023, 2, 28, 13, 45, 59, 123000)),
    ("datetime_diff('day', datetime(2024-03-01), datetime(2024-02-28 23:59))", 2),
    ("datetime_diff('hour', datetime(2024-01-01 00:59), datetime(2024-01-01 01:00))", -1),
    ("datetime_diff('month', datetime(2024-03-01), datetime(2024-02-29))", 1),
    (f"format_datetime({T}, 'yyyy-MM-dd [HH:mm:ss]')", "2024-02-29 [13:45:59]"),
    (f"format_datetime({T}, 'dd/MM/yy hh tt')", "29/02/24 01 PM"),
    ("format_timespan(time(1.02:03:04), 'dd.hh:mm:ss')", "01.02:03:04"),
    ("make_datetime(2024, 2, 30)", None),
    ("make_datetime(2024, 2, 28, 1, 2)", at(2024, 2, 28, 1, 2)),
    ("make_timespan(1, 2, 3)", timedelta(hours=1, minutes=2, seconds=3)),
    ("datetime_utc_to_local(datetime(2024-07-01 12:00), 'Europe/Berlin')", at(2024, 7, 1, 14)),
    ("datetime_utc_to_local(datetime(2024-01-01 12:00), 'Europe/Berlin')", at(2024, 1, 1, 13)),
    ("datetime_local_to_utc(datetime(2024-07-01 12:00), 'America/New_York')", at(2024, 7, 1, 16)),
    ("unixtime_seconds_todatetime(0)", at(1970, 1, 1)),
    ("unixtime_seconds_todatetime(1546300800000)", None),  # beyond the year 9999
    ("unixtime_seconds_todatetime(1e18)", None),
    ("todatetime(-1)", None),
    ("todatetime(9223372036854775807)", None),
    ("totimespan('10675200.00:00:00')", None),
    ("datetime(null) + 1d", None),
    ("datetime(9999-12-31) + 23h", at(9999, 12, 31, 23)),
    ("unixtime_microseconds_todatetime(9223372036854775807)", None),
    ("unixtime_milliseconds_todatetime(1500)", at(1970, 1, 1, 0, 0, 1, 500000)),
    ("unixtime_microseconds_todatetime(1)", at(1970, 1, 1, 0, 0, 0, 1)),
    ("unixtime_nanoseconds_todatetime(1000)", at(1970, 1, 1, 0, 0, 0, 1)),
    ("startofday(datetime(null))", None),
    ("hourofday(datetime(null))", None),
    ("format_datetime(datetime(null), 'yyyy')", ""),
    ("format_timespan(timespan(null), 'hh')", ""),
    ("datetime_diff('day', datetime(null), datetime(2024-01-01))", None),
    ("bin(datetime(2024-02-29 13:45), 1h)", at(2024, 2, 29, 13)),
    ("bin(-1h, 1d)", timedelta(days=-1)),
    ("bin_at(datetime(2024-02-29 13:45), 1d, datetime(2024-01-01 12:00))", at(2024, 2, 29, 12)),
    ("totimespan('2h')", timedelta(hours=2)),
    ("todatetime('2024-02-30')", None),
    ("todatetime('')", None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_times(expression: str, expected: Any) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "datetime(9999-12-31) + 1d",
        "datetime(0001-01-01) - 1h",
        "1d + datetime(9999-12-31)",
        "startofweek(datetime(0001-01-01))",
    ],
)
def test_a_moment_out_of_range_ends_the_run(expression: str) -> None:
    with pytest.raises(UnsupportedError, match="before the year 1 or after 9999"):
        answer(expression)
