"""Charts: which column is what, and that each kind is drawn."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from rulescope.errors import UnsupportedError
from rulescope.model import Property, Render
from rulescope.outputs import chart

HOURS = [dt.datetime(2026, 11, 10, hour, tzinfo=dt.UTC) for hour in (8, 9, 10)]
LOGONS = pa.table({"TimeGenerated": HOURS, "Host": ["a", "b", "a"], "Failures": [3, 5, 8]})


def test_a_timechart_takes_time_number_and_text_by_type() -> None:
    found = chart.layout(LOGONS.select(["Host", "Failures", "TimeGenerated"]), Render("timechart"))
    assert (found.x, found.values, found.series, found.temporal) == ("TimeGenerated", ("Failures",), ("Host",), True)


def test_properties_choose_columns() -> None:
    table = pa.table({"a": ["x"], "b": [1], "c": [2]})
    found = chart.layout(table, Render("barchart", (Property("xcolumn", "a"), Property("ycolumns", "c"))))
    assert (found.x, found.values) == ("a", ("c",))


@pytest.mark.parametrize("kind", sorted(chart.MARKS))
def test_every_kind_is_drawn_as_svg(kind: str) -> None:
    pytest.importorskip("vl_convert")
    assert chart.svg(LOGONS, Render(kind, (Property("title", "Failed <logons>"),))).startswith("<svg")


def test_a_png_is_a_png() -> None:
    pytest.importorskip("vl_convert")
    assert chart.png(LOGONS, Render("columnchart")).startswith(b"\x89PNG")


def test_the_terminal_chart_has_a_bar_per_point_in_proportion() -> None:
    lines = chart.terminal(LOGONS.select(["Host", "Failures"]).slice(1), Render("barchart"), width=84).splitlines()
    assert [line.count("█") for line in lines] == [25, 40]


def test_a_chart_without_numbers_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="without a number"):
        chart.svg(pa.table({"a": ["x"]}), Render("barchart"))
