"""What queries give: plugins over time, aggregates of weights and pairs, sorted arrays, decimals, null in values, find, ASIM parsers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from rulescope.engines.duck import Engine
from rulescope.engines.stored import asim_parser
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse

VISITS = """let V = datatable(Who: string, At: datetime, Site: string)[
    'ann', datetime(2024-03-01), 'x', 'bob', datetime(2024-03-01), 'y', 'ann', datetime(2024-03-02), 'x',
    'cyd', datetime(2024-03-04), 'y', 'cyd', datetime(2024-03-04), 'y'];
"""
WEB = {
    "TimeGenerated": "datetime",
    "Url": "string",
    "SrcIpAddr": "string",
    "DstIpAddr": "string",
    "EventResult": "string",
}


def day(number: int) -> datetime:
    return datetime(2024, 3, number, tzinfo=UTC)


TABLE: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    (
        "windows that slide",
        VISITS + "V | evaluate sliding_window_counts(Who, At, datetime(2024-03-01), datetime(2024-03-05), 2d, 1d)",
        [(day(1), 2, 2), (day(2), 3, 2), (day(3), 1, 1), (day(4), 2, 1), (day(5), 2, 1)],
    ),
    (
        "windows that slide, by a dimension",
        VISITS + "V | evaluate sliding_window_counts(Who, At, datetime(2024-03-01), datetime(2024-03-02), 1d, 1d, Site)",
        [(day(1), "x", 1, 1), (day(1), "y", 1, 1), (day(2), "x", 1, 1)],
    ),
    (
        "ids seen first",
        VISITS + "V | evaluate activity_counts_metrics(Who, At, datetime(2024-03-01), datetime(2024-03-05), 1d)",
        [(day(1), 2, 2, 2, 2), (day(2), 1, 1, 0, 2), (day(4), 2, 1, 1, 3)],
    ),
    ("rows near", "range x from 1 to 9 step 1 | sort by x asc | evaluate rows_near(x == 5, 1)", [(4,), (5,), (6,)]),
    ("rows near, more after", "range x from 1 to 9 step 1 | sort by x asc | evaluate rows_near(x == 8, 0, 5)", [(8,), (9,)]),
    (
        "weighted percentiles",
        "datatable(v: long, w: long)[1, 5, 2, 1, 3, 4] | summarize a = percentilew(v, w, 50), b = percentilew(v, w, 60), c = percentilesw_array(v, w, 0, 100)",
        [(1, 2, "[1,3]")],
    ),
    ("percentiles as an array", "range x from 1 to 100 step 1 | summarize p = percentiles_array(x, dynamic([5, 50]))", [("[5,50]",)]),
    (
        "covariance of a sample and of the whole",
        "datatable(x: real, y: real)[1, 2, 2, 4, 3, 6] | summarize s = covariance(x, y), p = round(covariancep(x, y), 6), i = covarianceif(x, y, x < 3)",
        [(2.0, 1.333333, 1.0)],
    ),
    ("arrays sorted by rank of type", "print a = array_sort_asc(dynamic(['b', 2, null, true, 'a', 1]))", [('[1,2,"a","b",true,null]',)]),
    ("nulls first when asked", "print a = array_sort_desc(dynamic([1, null, 3]), false)", [("[null,3,1]",)]),
    (
        "arrays sorted by another",
        "print a = dynamic([3, 1]), b = dynamic(['x', 'y']), c = dynamic([1]) | project x = array_sort_asc(a, b, c)[1], y = isnull(array_sort_asc(a, b, c)[2])",
        [('["y","x"]', True)],
    ),
    ("decimals", "print d = decimal(1.5) * decimal(2.25), q = decimal(1) / 8, r = decimal(-7) % 3", [(Decimal("3.375"), Decimal("0.125"), Decimal(2))]),
    ("null in values", "print a = int(null) > 1, b = int(null) == 1, c = int(null) != 1, d = not(bool(null))", [(None, False, True, None)]),
    ("whole numbers calculate as long", "datatable(i: int)[2147483647] | project a = gettype(i * i), b = gettype(-i), c = i + i", [("long", "long", 4294967294)]),
    ("groups beyond the ninth", "print x = extract('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)', 11, 'abcdefghijk')", [("k",)]),
    ("find shows what all tables share", "find in (One, Two) where x > 1", [("One", 2, {"s": "b"}), ("Two", 3, {"q": "b"})]),
    ("project-smart is what find does by itself", "find in (One, Two) where x > 1 project-smart", [("One", 2, {"s": "b"}), ("Two", 3, {"q": "b"})]),
    ("find of chosen columns", "find withsource = T in (One, Two) where x > 1 project x, q", [("One", 2, ""), ("Two", 3, "b")]),
    ("views are searched", "let Few = view () { range y from 1 to 3 step 1 }; search in (Few) y == 2", [("Few", 2)]),
    ("a parser filters", "_Im_WebSession(url_has_any = dynamic(['b'])) | project Url", [("http://b/",)]),
    ("a parser's time", "_Im_WebSession(starttime = datetime(2024-03-02), eventresult = '*') | project Url", [("http://b/",)]),
    ("a parser's addresses", "_Im_WebSession(ipaddr_has_any_prefix = dynamic(['10.']), pack = false) | project Url", [("http://a/",)]),
    ("a season of a given length", "print s = series_seasonal(dynamic([1, 5, 3, 5, 2, 8]), 2)", [("[2.0,5.0,2.0,5.0,2.0,5.0]",)]),
    ("a transform and back", "print s = dynamic([1, 2, 4]) | extend (r, i) = series_fft(s) | extend (b, c) = series_ifft(r, i) | project b", [("[1.0,2.0,4.0]",)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Engine:
    web = pa.table(
        {
            "TimeGenerated": ["2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"],
            "Url": ["http://a/", "http://b/"],
            "SrcIpAddr": ["1.2.3.4", "5.6.7.8"],
            "DstIpAddr": ["10.0.0.1", ""],
            "EventResult": ["Success", "Failure"],
        }
    )
    one = pa.table({"x": pa.array([1, 2], pa.int64()), "s": ["a", "b"]})
    two = pa.table({"x": pa.array([3], pa.int64()), "q": ["b"]})
    return Engine(
        {"One": one, "Two": two, "_Im_WebSession": web},
        schemas={"_Im_WebSession": WEB},
        functions={"_Im_WebSession": asim_parser("_Im_WebSession", WEB)},
    )


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_answers(engine: Engine, text: str, expected: list[tuple[Any, ...]]) -> None:
    found = [tuple(row.values()) for row in engine.run(parse(text)).to_pylist()]
    read = [tuple(json.loads(cell) if str(cell).startswith("{") else cell for cell in row) for row in found]
    assert sorted(read, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("_Im_WebSession(nosuch = 1)", "parameter nosuch"),
        ("_Im_WebSession(pack = true)", "parameter pack"),
        ("print s = series_decompose(dynamic([1, 2, 3, 4, 5, 6, 7, 8]))", "series_decompose"),
        ("range x from 1 to 3 step 1 | evaluate autocluster()", "plugin autocluster"),
        ("range x from 1 to 3 step 1 | top-nested 3 of x with others = 0 by count()", "where no others are"),
        ("range x from 1 to 3 step 1 | where x > 9 | top-nested 3 of x with others = 0 by count()", "no others are"),
        ("range x from 1 to 3 step 1 | top-nested of x with others = 0 by count()", "others where a level takes all"),
        (
            "range x from 1 to 3 step 1 | top-nested 1 of x with others = 'o' by count()",
            "of long with others of string",
        ),
        (
            "range x from 1 to 3 step 1 | top-nested 1 of x with others = 0 by count(), top-nested 1 of x by count()",
            "others above a level without",
        ),
    ],
)
def test_refused_by_name(engine: Engine, text: str, construct: str) -> None:
    with pytest.raises(UnsupportedError, match=construct):
        engine.run(parse(text))


def test_parquet_with_names_that_differ_in_case(tmp_path: Any) -> None:
    from pyarrow import parquet

    parquet.write_table(pa.table([[1], [2]], names=["a", "A"]), tmp_path / "one.parquet")
    assert Engine({"T": tmp_path}).run(parse("T")).to_pylist() == [{"a": 1, "A": 2}]


def test_only_the_configured_parquet_is_read(tmp_path: Any) -> None:
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1, 2]}), tmp_path / "one.parquet")
    parquet.write_table(pa.table({"a": [3]}), tmp_path / "other.parquet")
    engine = Engine({"T": tmp_path / "one.parquet"})
    assert engine.run(parse("T | summarize sum(a)")).to_pylist() == [{"sum_a": 3}]
    with pytest.raises(Exception, match=r"(?i)permission|disabled"):
        engine._connection.execute(f"SELECT * FROM read_parquet('{tmp_path}/other.parquet')").fetchall()
