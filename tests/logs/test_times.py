"""When an event was, from the forms logs use."""

from __future__ import annotations

import pytest

from rulescope.logs.times import iso, moment, when

FORMS = [
    ("2026-11-10T09:00:00.1234567Z", "2026-11-10T09:00:00.123456Z"),
    ("2026-11-10 09:00:00", "2026-11-10T09:00:00Z"),
    ("2026-11-10T09:00:00+02:00", "2026-11-10T07:00:00Z"),
    ("3/1/2026, 1:02:03.004 PM", "2026-03-01T13:02:03.004000Z"),
    ("12/31/2025 12:00:00 AM", "2025-12-31T00:00:00Z"),
    ("Mar  1 12:00:00", "1900-03-01T12:00:00Z"),
    (1600000000.5, "2020-09-13T12:26:40.500000Z"),
    (1600000000500, "2020-09-13T12:26:40.500000Z"),
    ("1600000000", "2020-09-13T12:26:40Z"),
    ("yesterday", ""),
    ("2026-13-40T00:00:00Z", ""),
    (True, ""),
    (7, ""),
]


@pytest.mark.parametrize(("said", "expected"), FORMS)
def test_moments(said: object, expected: str) -> None:
    assert iso(moment(said)) == expected


def test_the_first_field_that_can_be_read_counts() -> None:
    assert iso(when({"TimeGenerated": "unknown", "UtcTime": "2026-11-10 09:00:00.000"})) == "2026-11-10T09:00:00Z"
