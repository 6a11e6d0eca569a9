"""When scheduled rules run: never missing a run that could give a row, few others."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulescope import languages
from rulescope.logs.times import iso
from rulescope.model import Alert, Rule, Schedule
from rulescope.services.scan import scan
from rulescope.services.scan_moments import choosing, moments

END = datetime(2026, 11, 20, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86400.0

CHOICES = [  # query; the first stages kept as text, back seconds of a look-back of a day, clocked, alone; None: all rows matter
    ("T | where A == 1 | summarize count() by B", "T | where A == 1", DAY, False, True),
    ("T | where A == 1 | summarize count()", None, 0, False, False),
    ("T | where A == 1 | count", None, 0, False, False),
    ("T | where TimeGenerated > ago(1h) and A == 1", "T | where A == 1", 3600, True, True),
    ("let t = 1d; T | where TimeGenerated >= ago(t) | where A == 1", "T | where A == 1", DAY, False, True),
    ("T | where TimeGenerated between (ago(14d) .. now()) | project A", "T | project A", DAY, False, True),
    ("T | extend TimeGenerated = B | where TimeGenerated > ago(14d)", "T | extend TimeGenerated = B", DAY, True, True),
    ("T | extend Age = now() - B | where Age > 1h", "T", DAY, True, True),
    ("T | where A in ((U | project A)) and B == 2", "T | where B == 2", DAY, False, False),
    ("let L = T | where A == 1; L | join kind=leftanti (U | where B == 2) on A", "T | where A == 1", DAY, False, False),
    ("let L = T | where A == 1; L | join kind=rightouter (U) on A", None, 0, False, False),
    ("let T = T | where A == 1; T | where B == 2", "T | where A == 1 | where B == 2", DAY, False, True),
    ("T | union U | where A == 1", None, 0, False, False),
    ("union T* | where A == 1", None, 0, False, False),
    ("T | serialize | where prev(A) == 1", "T", DAY, False, True),
    ("T | make-series count() on TimeGenerated step 1h", None, 0, False, False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "first", "back", "clocked", "alone"), CHOICES)
def test_the_first_stages_of_a_query_say_what_it_can_choose(
    text: str, first: str | None, back: float, clocked: bool, alone: bool
) -> None:
    found = choosing(
        languages.parse(text, "kusto"), DAY, lambda name: frozenset({"TimeGenerated"} if name == "T" else ())
    )
    if first is None:
        assert found is None
        return
    assert found is not None
    kept = languages.LANGUAGES["kusto"].write(found.query, "short")
    mark = "rulescope_origin = rulescope_origin"
    assert kept.replace(f", {mark}", "").removesuffix(f" | project {mark}") == first
    assert (found.lookback, found.clocked, found.alone) == (back, clocked, alone)


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=8),
    st.integers(1, 30),
    st.integers(1, 90),
    st.integers(-50, 450),
)
def test_runs_are_those_that_see_a_row(rows: list[int], frequency: int, lookback: int, end: int) -> None:
    times = np.array([each * 1_000_000 for each in rows], np.int64)
    found = moments(EPOCH + timedelta(seconds=end), Schedule(frequency, lookback), times)
    every = [end + number * frequency for number in range(-1000, 1000)]
    expected = [at for at in every if any(at - lookback < row <= at for row in rows)]
    assert [round((moment - EPOCH).total_seconds()) for moment in found.moments] == expected[-1000:]
    assert found.wanted == len(expected)
    fewer = moments(EPOCH + timedelta(seconds=end), Schedule(frequency, lookback), times, changing=times)
    views = [tuple(sorted(row for row in rows if at - lookback < row <= at)) for at in expected]
    changed = [
        at for number, at in enumerate(expected)
        if not number or expected[number - 1] != at - frequency or views[number - 1] != views[number]
    ]  # fmt: skip
    assert {round((moment - EPOCH).total_seconds()) for moment in fewer.moments} >= set(changed)


QUERIES = [
    "DeviceNetworkEvents | summarize Hits = count() by DeviceName | where Hits >= 3",
    "DeviceNetworkEvents | where RemotePort == 80 and Timestamp > ago(5m) | summarize Hits = count() by DeviceName",
    """let other = DeviceNetworkEvents | where RemotePort == 443;
    DeviceNetworkEvents | where RemotePort == 80 | join kind=leftanti other on DeviceName | distinct DeviceName""",
    "DeviceNetworkEvents | summarize Hits = count()",
]


@pytest.mark.parametrize("query", QUERIES)
def test_alerts_are_those_of_every_run(query: str, tmp_path: Path) -> None:
    begin = datetime(2026, 11, 10, 9, tzinfo=UTC)
    rows: list[dict[str, Any]] = [
        {"Timestamp": iso(begin + timedelta(minutes=minute)), "ActionType": "ConnectionSuccess", "DeviceName": device,
         "RemoteIP": "192.0.2.1", "RemotePort": port, "InitiatingProcessFileName": "a.exe"}
        for minute, device, port in [(0, "a", 80), (14, "a", 443), (15, "a", 80), (16, "a", 80), (90, "b", 80), (94, "b", 443),
                                     (200, "c", 80), (201, "c", 80), (202, "c", 80), (209, "c", 443)]
    ]  # fmt: skip
    log = tmp_path / "DeviceNetworkEvents.ndjson"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    rule = Rule("k", "k", "kusto", query, schedule=Schedule(600, 1200))
    last = begin + timedelta(minutes=209, microseconds=1)
    expected = set()
    for number in range(24):
        now = iso(last - timedelta(seconds=600 * number))
        expected |= {str(one.event) for one in scan(log, rule, now=now) if isinstance(one, Alert)}
    assert {str(one.event) for one in scan(log, rule) if isinstance(one, Alert)} == expected - {"{'Hits': 0}"}
