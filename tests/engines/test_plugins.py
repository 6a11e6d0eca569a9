"""Plugins over the activity of ids, percentiles that roll, sketches in common, and look-ups of shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse

USERS = """let Users = datatable(user: dynamic, At: datetime)[
  dynamic([0, 2, 3, 4]), datetime(2019-11-01), dynamic([0, 1, 3, 4, 5]), datetime(2019-11-02), dynamic([0, 2, 4, 5]), datetime(2019-11-03),
  dynamic([0, 1, 2, 3]), datetime(2019-11-04), dynamic([0, 1, 2, 3, 4]), datetime(2019-11-05)] | mv-expand user to typeof(long);
"""
HOURS = "range i from 0 to 95 step 1 | project At = datetime(2018-01-01) + 1h * i, v = i + 1, Odd = i % 2 == 0\n"
SHAPES = """let P = datatable(where_: string, shape: dynamic)['box', dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]})];
let L = datatable(road: string, shape: dynamic)['line', dynamic({'type': 'LineString', 'coordinates': [[0, 0], [1, 0]]})];
let T = datatable(what: string, x: real, y: real)['in', 0.5, 0.5, 'near', 0.5, -0.001, 'far', 5.0, 5.0];
"""


def day(number: int, month: int = 11, year: int = 2019) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


TABLE: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    (
        "who came back since the window before",
        USERS + "Users | evaluate activity_metrics(user, At, datetime(2019-11-02), datetime(2019-11-04), 1d)",
        [(day(2), 5, 5, None, None), (day(3), 4, 1, 0.6, 0.4), (day(4), 4, 2, 0.5, 0.5)],
    ),
    (
        "weeks of the calendar",
        USERS + "Users | evaluate activity_metrics(user, At, datetime(2019-11-01), datetime(2019-11-05), 'week')",
        [(day(27, 10), 6, 6, None, None), (day(3), 6, 0, 1.0, 0.0)],
    ),
    (
        "a matrix of cohorts",
        USERS + "Users | evaluate new_activity_metrics(user, At, datetime(2019-11-01), datetime(2019-11-06), 1d) | where from_At < datetime(2019-11-03) and to_At > datetime(2019-11-03)",
        [
            (day(1), day(4), 1, 3, 1, 0.75, 0.25), (day(1), day(5), 1, 4, 0, 1.0, 0.0), (day(1), day(6), 0, 0, 4, 0.0, 1.0),
            (day(2), day(4), 0, 1, 1, 0.5, 0.5), (day(2), day(5), 0, 1, 1, 0.5, 0.5), (day(2), day(6), 0, 0, 2, 0.0, 1.0),
        ],
    ),
    (
        "one cohort, without those known before",
        USERS + "let Old = Users | where user == 3; Users | evaluate new_activity_metrics(user, At, datetime(2019-11-01), datetime(2019-11-02), 1d, datetime(2019-11-01), Old)",
        [(day(1), day(1), 3, 3, 0, 1.0, 0.0), (day(1), day(2), 2, 2, 1, 2 / 3, 1 / 3)],
    ),
    (
        "ids of a day beside those of three",
        USERS + "Users | evaluate activity_engagement(user, At, datetime(2019-11-01), datetime(2019-11-03), 1d, 3d)",
        [(day(1), 4, 4, 1.0), (day(2), 5, 6, 5 / 6), (day(3), 4, 6, 4 / 6)],
    ),
    (
        "ids that come often",
        """datatable(U: string, At: datetime)['b', datetime(2018-06-29), 'b', datetime(2018-06-30), 'a', datetime(2018-07-02),
        'b', datetime(2018-07-04), 'b', datetime(2018-07-08), 'a', datetime(2018-07-10), 'a', datetime(2018-07-14), 'a', datetime(2018-07-17),
        'a', datetime(2018-07-20), 'b', datetime(2018-07-24)]
        | evaluate active_users_count(U, At, datetime(2018-07-01), datetime(2018-07-31), 8d, 1d, 3, 7d)""",
        [(day(1, 7, 2018), 1), (day(15, 7, 2018), 1)],
    ),
    (
        "a median that rolls",
        HOURS + "| evaluate rolling_percentile(v, 50, At, 1d, 3)",
        [(day(1, 1, 2018), 12), (day(2, 1, 2018), 24), (day(3, 1, 2018), 36), (day(4, 1, 2018), 60)],
    ),
    (
        "a median that rolls, by a dimension",
        HOURS + "| where i < 48 | evaluate rolling_percentile(v, 50, At, 1d, 2, Odd)".replace("i <", "v <="),
        [(day(1, 1, 2018), False, 12), (day(2, 1, 2018), False, 24), (day(1, 1, 2018), True, 11), (day(2, 1, 2018), True, 23)],
    ),
    (
        "what sketches have in common",
        "range x from 1 to 100 step 1 | summarize a = hll(iff(x % 2 == 0, x, 0)), b = hll(iff(x % 3 == 0, x, 0)) | evaluate dcount_intersect(a, b) | project s0 - 1, s1 - 1",
        [(50, 16)],
    ),
    (
        "bins whose size and place set statements say",
        "set query_bin_auto_size=1h;\nset query_bin_auto_at=datetime(2019-11-01 00:05);\nrange t from datetime(2019-11-01 00:05) to datetime(2019-11-01 02:00) step 1m | summarize count() by bin_auto(t)",
        [(datetime(2019, 11, 1, 0, 5, tzinfo=UTC), 60), (datetime(2019, 11, 1, 1, 5, tzinfo=UTC), 56)],
    ),
    (
        "a pivot's cells without rows",
        "datatable(g: string, p: string, v: real)['a', 'x', 1.5, 'b', 'y', 2.5] | evaluate pivot(p, sum(v))",
        [("a", 1.5, 0.0), ("b", 0.0, 2.5)],
    ),
    (
        "a pivot's cells without a greatest",
        "datatable(g: string, p: string, v: real)['a', 'x', 1.5, 'b', 'y', 2.5] | evaluate pivot(p, max(v))",
        [("a", 1.5, None), ("b", None, 2.5)],
    ),
    (
        "the size of rows",
        "range x from 1 to 10 step 1 | extend Text = '1234567890' | summarize sum(estimate_data_size(*))",
        [(180,)],
    ),
    ("points in shapes", SHAPES + "T | evaluate geo_polygon_lookup(P, x, y, shape) | project what, where_", [("in", "box")]),
    (
        "points in shapes, and the rest",
        SHAPES + "T | evaluate geo_polygon_lookup(P, x, y, shape, return_unmatched = true) | project what, where_",
        [("in", "box"), ("near", ""), ("far", "")],
    ),
    (
        "points near shapes",
        SHAPES + "T | evaluate geo_polygon_lookup(P, x, y, shape, radius = 200) | project what, where_",
        [("in", "box"), ("near", "box")],
    ),
    ("points near lines", SHAPES + "T | evaluate geo_line_lookup(L, x, y, shape, 200) | project what, road", [("near", "line")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_plugin(text: str, expected: list[tuple[Any, ...]]) -> None:
    if "geo_" in text:
        pytest.importorskip("s2geometry", reason="the functions of shapes need rulescope[geo]")
    found = [tuple(row.values()) for row in Engine({}).run(parse(text)).to_pylist()]
    assert sorted(plain(found), key=str) == sorted(plain(expected), key=str)


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with numbers rounded to nine digits, and None for what is no number."""
    return [
        tuple((None if cell != cell else round(cell, 9)) if isinstance(cell, float) else cell for cell in row)
        for row in rows
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("activity_metrics(user, At, datetime(2019-11-01), datetime(2019-11-09), 1d)", "windows without ids"),
        ("activity_metrics(user, At, 1d)", "without start and end"),
        ("new_activity_metrics(user, At, datetime(2019-11-01), datetime(2019-11-05), 1d)", "without new ids"),
        ("activity_engagement(user, At, datetime(2019-11-02), datetime(2019-11-03), 1d, 3d)", "before its start"),
        (
            "active_users_count(user, At, datetime(2019-11-01), datetime(2019-11-05), 3d, 1d, 3, 1d)",
            "look-back reaches",
        ),
        ("pivot(user, avg(user), At)", "a cell without rows"),
        ("rolling_percentile(user, 50, At, 1h, 2)", "bins without rows"),
        ("session_count(user, At, datetime(2019-11-01), datetime(2019-11-05), 1d, 1d)", "plugin session_count"),
    ],
)
def test_what_a_page_leaves_open_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        Engine({}).run(parse(f"{USERS}Users | evaluate {text}"))
