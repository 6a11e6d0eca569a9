"""Queries that grow: each ends soon, by a limit that has a name, and the engine answers the next one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import RulescopeError, RunError
from rulescope.languages.kusto import parse

DOUBLED = "".join(f"let t{number} = union t{number - 1}, t{number - 1}, t{number - 1};" for number in range(1, 18))

GROWING = [
    ("many stages", "print x = 1 " + "| extend x = x + 1 " * 3000, "more than 800 steps"),
    ("many stages of several steps", "print x = 1 " + "| mv-expand y = dynamic([1]) " * 790, "more than 800 steps"),
    (
        "a table that doubles",
        f"let t0 = range x from 1 to 9 step 1; {DOUBLED} t17 | count",
        "more than 4 seconds|memory",
    ),
    (
        "points of a series",
        "print t = 1 | make-series c = count() on t from 0 to 100000000 step 1",
        "1048576 points|seconds",
    ),
    ("arrays of arrays", "print repeat(repeat(repeat(1, 1000000), 1000000), 1000)", "too long|seconds"),
    ("a polynomial", "print series_fit_poly(range(1, 20000), range(1, 20000), 1000).rsquare", "memory|seconds"),
    ("a list", "range x from 1 to 100000000 step 1 | summarize make_list(x)", "memory|seconds"),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine({}, timeout=4.0, memory_limit="256MB")


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in GROWING], ids=[row[0] for row in GROWING])
def test_ended(engine: Engine, text: str, said: str) -> None:
    with pytest.raises(RulescopeError, match=said):
        engine.run(parse(text))
    assert engine.run(parse("print a = 1")).to_pylist() == [{"a": 1}]


def test_a_table_read_many_times_is_still_right() -> None:
    doubled = "".join(f"let t{number} = union t{number - 1}, t{number - 1};" for number in range(1, 12))
    found = Engine({}).run(parse(f"let t0 = print x = 1; {doubled} t11 | summarize n = count(), s = sum(x)"))
    assert found.to_pylist() == [{"n": 2048, "s": 2048}]


def test_thousands_of_terms() -> None:
    rows = pa.table({"s": [f"GET http://evil{number}.example.com/x" for number in range(3000)]})
    terms = ", ".join(f'"evil{number}.example.com"' for number in range(0, 4000, 2))
    found = Engine({"T": rows}).run(parse(f"T | where s has_any ({terms}) and s !has 'evil7' | count"))
    assert found.to_pylist() == [{"Count": 1500}]


def test_a_computed_column_that_many_tests_read_is_made_once() -> None:
    terms = " or ".join(f"c contains 'term {number}x'" for number in range(150))
    bags = ['{"c": "' + f"term {number}" + "x" * 2000 + '"}' for number in range(149, 2249)]
    small = Engine({"T": pa.table({"d": bags})}, schemas={"T": {"d": "dynamic"}}, memory_limit="256MB", timeout=60.0)
    found = small.run(parse(f"T | extend c = tostring(d.c) | where {terms} | count"))
    assert found.column(0).to_pylist() == [1]


def test_memory_that_ends_while_rows_are_fetched_is_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ends:
        def to_arrow_reader(self, size: int) -> list[pa.RecordBatch]:
            raise OSError("Out of Memory Error: failed to allocate\nmore words")

    class Connection:
        def sql(self, text: str) -> Ends:
            return Ends()

        def interrupt(self) -> None: ...

    engine = Engine({"T": pa.table({"a": [1]})})
    monkeypatch.setattr(engine, "_connection", Connection())
    with pytest.raises(RunError, match="more memory than allowed"):
        engine.run(parse("T"))
