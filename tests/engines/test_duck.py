"""What Kusto queries mean on DuckDB: small tables in, rows out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import RunError, UnsupportedError
from rulescope.languages.kusto import parse
from rulescope.model import Field, Match, Not, Op

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
EVENTS = pa.table(
    {
        "Time": pa.array([dt.datetime(2026, 3, 1, hour) for hour in (1, 2, 3, 4)], pa.timestamp("us")),
        "Host": pa.array(["alpha", "beta", None, "Alpha"]),
        "Line": pa.array(["cmd.exe /c whoami", "xcmd.exe", "powershell -enc AA", "CMD.EXE"]),
        "Pid": pa.array([4, None, 7, 4], pa.int64()),
        "Extra": pa.array(['{"user":"ann","n":1}', "", '{"user":"bob","list":[1,2]}', "not json"]),
    }
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine({"Events": EVENTS, "tiny": pa.table({"ip": ["1"], "IP": ["2"]})}, now=NOW)


def rows(engine: Engine, text: str) -> list[tuple[Any, ...]]:
    found = engine.run(parse(text))
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True)) if found.num_columns else []


COUNTS = [  # a condition, how many of the four events it holds for
    ('Line has "cmd.exe"', 2),
    ('Line has_cs "cmd.exe"', 1),
    ('Line contains "cmd.exe"', 3),
    ('Line !has "cmd.exe"', 2),
    ('Line hasprefix "power"', 1),
    ('Line hassuffix "shell"', 1),
    ('Line startswith "CMD"', 2),
    ('Line endswith_cs "EXE"', 1),
    (r'Line matches regex @"^cmd\.exe"', 1),
    ('Line has_any ("whoami", "enc")', 2),
    ('Line has_all ("cmd.exe", "whoami")', 1),
    ('Host == "alpha"', 1),
    ('Host =~ "ALPHA"', 2),
    ('Host != "alpha"', 3),
    ('Host in~ ("ALPHA", "beta")', 3),
    ("isempty(Host)", 1),
    ("isnotempty(Host)", 3),
    ("isnull(Host)", 0),
    ("isnull(Pid)", 1),
    ("Pid == 4", 2),
    ("Pid != 4", 2),
    ("Pid !in (4)", 2),
    ("Pid > 4", 1),
    ("Time > ago(9h)", 1),
    ("Time between (datetime(2026-03-01 02:00) .. 1h)", 2),
    ('tostring(parse_json(Extra).user) == "ann"', 1),
    ('parse_json(Extra).user == "bob"', 1),
    ("parse_json(Extra).n == 1", 1),
    ("array_length(parse_json(Extra).list) == 2", 1),
    ('Line contains "%"', 0),
    ('* has "alpha"', 2),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "count"), COUNTS)
def test_conditions(engine: Engine, condition: str, count: int) -> None:
    assert rows(engine, f"Events | where {condition} | count") == [(count,)]


VALUES = [  # an expression, its value
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 % 0", None),
    ("-10 % 3", 2),
    ("bin(-7, 2)", -8),
    ("1 / 0", None),
    ("1d / 1h", 24.0),
    ("tostring(1d + 90m)", "1.01:30:00"),
    ("tostring(-1s)", "-00:00:01"),
    ("tostring(1.0)", "1.0"),
    ("tostring(true)", "True"),
    ("tostring(dynamic(true))", "true"),
    ("tostring(datetime(2026-01-02 03:04:05.1234567))", "2026-01-02T03:04:05.1234567Z"),
    ('todatetime("2026-01-02T03:04:05.1234567Z") - datetime(2026-01-02 03:04:05)', dt.timedelta(microseconds=123456)),
    ('tolong("0x1F")', 31),
    ('toint("x")', None),
    ('strcat("a", 1, "b")', "a1b"),
    ('substring("hello", -2)', "lo"),
    ('tostring(split("a,b", ","))', '["a","b"]'),
    ('tostring(dynamic({"a":{"b":[1,2]}}).a.b[-1])', "2"),
    ('dynamic({"A":1}).a', None),
    ('iff(1 > 2, "yes", "no")', "no"),
    ('case(1 > 2, "a", 2 > 1, "b", "c")', "b"),
    ('coalesce("", "x")', "x"),
    ("endofday(datetime(2026-02-03)) > datetime(2026-02-03 23:59:59.999999)", True),
    ("startofweek(datetime(2026-02-04)) == datetime(2026-02-01)", True),
    ('hash_sha256("a")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ('ipv4_is_in_range("10.1.2.3", "10.0.0.0/8")', True),
    ('tostring(parse_command_line("a.exe \\"b c\\" d", "windows"))', '["a.exe","b c","d"]'),
    ('extract(@"(\\d+)-(\\d+)", 2, "x 12-34")', "34"),
    ("array_length(range(1, 10, 3))", 4),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_values(engine: Engine, expression: str, value: object) -> None:
    assert rows(engine, f"print v = {expression}") == [(value,)]


STAGES = [  # a query, its rows
    ("tiny | project ip, IP", [("1", "2")]),
    ("Events | summarize count() by Host | sort by Host asc", [("", 1), ("Alpha", 1), ("alpha", 1), ("beta", 1)]),
    ("Events | where Pid > 100 | summarize count(), max(Pid), make_set(Host)", [(0, None, "[]")]),
    ("Events | where Pid > 100 | summarize count() by Host", []),
    ("Events | summarize arg_max(Time, Host, Pid) | project Host, Pid", [("Alpha", 4)]),
    ("Events | sort by Pid asc | project Pid", [(None,), (4,), (4,), (7,)]),
    ("Events | sort by Pid desc | project Pid", [(7,), (4,), (4,), (None,)]),
    ("datatable(k:int, v:string)[1,'a', 1,'b', 2,'c'] | join (datatable(k:int, w:string)[1,'x']) on k", [(1, "a", 1, "x")]),
    ("datatable(k:int)[1, 2] | join kind=leftouter (datatable(k:int, w:string)[1,'x']) on k | project w", [("x",), ("",)]),
    ("datatable(k:int)[1, 2] | join kind=leftanti (datatable(k:int)[1]) on k", [(2,)]),
    ("datatable(k:int)[1, 2] | lookup (datatable(k:int, w:long)[1, 9]) on k", [(1, 9), (2, None)]),
    ("print a = dynamic([1, 2]), b = dynamic(['x']) | mv-expand a to typeof(long), b to typeof(string)", [(1, "x"), (2, "")]),
    ("datatable(k:int, a:dynamic)[1, dynamic([3, 1])] | mv-apply x = a to typeof(long) on (summarize s = sum(x))", [(1, "[3,1]", 4)]),
    ("range x from 1 to 4 step 1 | sort by x asc | extend p = prev(x), s = row_cumsum(x) | project p, s", [(None, 1), (1, 3), (2, 6), (3, 10)]),
    ("print s = 'user=bob port=80' | parse s with 'user=' u ' port=' p:long | project u, p", [("bob", 80)]),
    ("range x from 1 to 3 step 1 | scan declare (c:long = 0) with (step s: true => c = x + s.c;)", [(1, 1), (2, 3), (3, 6)]),
    ("union (print a = 1), (print a = 'x') | project a_long, a_string", [(1, ""), (None, "x")]),
    ("datatable(d:dynamic)[dynamic({'n':'x','v':1})] | evaluate bag_unpack(d)", [("x", 1)]),
    ("range x from 1 to 3 step 1 | top 2 by x", [(3,), (2,)]),
    ("datatable(t:datetime, v:long)[datetime(2026-01-01), 1, datetime(2026-01-03), 2] | make-series s = sum(v) on t from datetime(2026-01-01) to datetime(2026-01-04) step 1d | project s", [("[1,0,2]",)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STAGES)
def test_stages(engine: Engine, text: str, expected: list[tuple[object, ...]]) -> None:
    found = rows(engine, text)
    assert found == expected or (" sort " not in text and sorted(found, key=repr) == sorted(expected, key=repr))


def test_columns_carry_their_kusto_type(engine: Engine) -> None:
    schema = engine.run(parse("Events | extend d = parse_json(Extra), span = 1h | project Time, Pid, d, span")).schema
    assert [field.metadata[b"kusto"] for field in schema] == [b"datetime", b"long", b"dynamic", b"timespan"]


def test_declared_columns_that_are_missing_are_null() -> None:
    engine = Engine({"T": pa.table({"n": ["5"]})}, schemas={"T": {"n": "long", "s": "string", "d": "dynamic"}})
    assert rows(engine, "T | project n, s, isnull(d)") == [(5, "", True)]


def test_many_predicates_in_one_pass(engine: Engine) -> None:
    masks = engine.select((Match(Field("Host"), Op.EQ, ("alpha",)), Not(Match(Field("Pid"), Op.EQ, (4,)))), "Events")
    assert [mask.to_pylist() for mask in masks] == [[True, False, False, True], [False, True, True, False]]


REFUSED = [
    ("Missing | count", "Missing"),
    ("Events | evaluate autocluster()", "autocluster"),
    ("Events | evaluate basket()", "basket"),
    ("Events | evaluate sequence_detect(Time, 1m, 1h, a = Line == 1, b = Line == 2)", "sequence_detect"),
    ("externaldata(a:string)['https://example.invalid/a.csv']", "externaldata"),
    ("_GetWatchlist('vip')", "watchlist"),
    ("Events | invoke FileProfile(Line)", "FileProfile"),
    ("Events | where Nope == 1", "Nope"),
]


@pytest.mark.parametrize(("text", "name"), REFUSED)
def test_what_is_not_run_is_refused_by_name(engine: Engine, text: str, name: str) -> None:
    with pytest.raises(UnsupportedError, match=name):
        engine.run(parse(text))


def test_the_outside_world_comes_by_configuration() -> None:
    table = pa.table({"a": ["x", "y"]})
    engine = Engine(
        {'_GetWatchlist("vip")': table},
        externals={"https://example.invalid/a.csv": table},
        functions={"Saved": parse("print a = 'saved'")},
    )
    assert rows(engine, "_GetWatchlist('vip') | count") == [(2,)]
    assert rows(engine, "externaldata(a:string)['https://example.invalid/a.csv'] | count") == [(2,)]
    assert rows(engine, "Saved()") == [("saved",)]


def test_too_many_rows_are_refused() -> None:
    engine = Engine({}, max_rows=1000)
    with pytest.raises(RunError, match="1,000 rows"):
        engine.run(parse("range x from 1 to 2000000 step 1"))
