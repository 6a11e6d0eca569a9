"""Queries that try to get out of their tables, or to run for ever."""

from __future__ import annotations

import contextlib
import time

import pyarrow as pa
import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import RulescopeError, RunError, UnsupportedError
from rulescope.languages.kusto import parse
from rulescope.model import (
    Call,
    Column,
    Compare,
    Expr,
    Extend,
    External,
    Field,
    Filter,
    Index,
    Literal,
    Match,
    Not,
    Op,
    Parse,
    ParsePart,
    Print,
    Project,
    Query,
    Scan,
    TypedName,
)  # fmt: skip

INJECTIONS = [
    "'; DROP TABLE k_table0; --", "' OR 1=1 --", "a'b", '"', "\\'", "$1", "{0}", "%s", "k_table0", "'||getenv('HOME')||'", "x\x00y", "{*}", "\x01",
]  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine({"T": pa.table({"s": INJECTIONS, "weird' \"name": INJECTIONS})}, timeout=5.0, memory_limit="500MB")


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_stays_text(engine: Engine, text: str) -> None:
    equal = Filter(Match(Field("s"), Op.EQ, (text,), cased=True))
    assert engine.run(Query((Scan("T"), equal))).column("s").to_pylist() == [text]
    contained = Filter(Match(Field("s"), Op.CONTAINS, (text,)))
    assert text in engine.run(Query((Scan("T"), contained))).column("s").to_pylist()
    printed = Print((Column(("a",), Literal(text)), Column(("b",), Call("strcat", (Literal(text), Literal("!"))))))
    assert engine.run(Query((printed,))).to_pylist() == [{"a": text, "b": text + "!"}]


@pytest.mark.parametrize("text", INJECTIONS)
def test_names_stay_names(engine: Engine, text: str) -> None:
    made = engine.run(Query((Scan("T"), Project((Column((text,), Field("weird' \"name")),)))))
    assert made.column_names == [text]
    bag = Query((Print((Column(("v",), Index(Literal('{"a":1}', "dynamic"), Literal(text))),)),))
    assert engine.run(bag).to_pylist() == [{"v": None}]
    Query(
        (
            Scan("T"),
            Extend((Column((text,), Literal(text)),)),
            Parse(Field("s"), (ParsePart(text=text), ParsePart(name=text))),
        )
    )


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "k_table0", "duckdb_settings()", "read_text('/etc/passwd')", "INJECTIONS", "table", "t1"]
)
def test_only_the_given_tables_are_seen(engine: Engine, name: str) -> None:
    with pytest.raises(UnsupportedError, match="unknown table"):
        engine.run(Query((Scan(name),)))


@pytest.mark.parametrize(
    "name", ["getenv", "read_text", "current_setting", "kx_has", "k_ts", "system", "pragma_version", "glob"]
)
def test_only_kusto_functions_are_called(engine: Engine, name: str) -> None:
    with pytest.raises(UnsupportedError, match="function"):
        engine.run(Query((Print((Column(("a",), Call(name, (Literal("/etc/passwd"),))),)),)))


def test_files_and_addresses_are_not_read(engine: Engine) -> None:
    with pytest.raises(UnsupportedError, match="externaldata"):
        engine.run(Query((External((TypedName("a", "string"),), ("/etc/passwd",)),)))


LONG = [
    "range x from 1 to 1000000000000 step 1 | summarize sum(x % 7)",
    "range x from 1 to 1000000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 1000000 step 1 | extend k = 1) on k | count",
]


@pytest.mark.parametrize("text", LONG)
def test_time_is_limited(text: str) -> None:
    engine = Engine({}, timeout=0.5, memory_limit="500MB")
    started = time.monotonic()
    with pytest.raises(RunError):
        engine.run(parse(text))
    assert time.monotonic() - started < 5
    assert engine.run(parse("print a = 1")).num_rows == 1


def test_memory_is_limited() -> None:
    engine = Engine({}, memory_limit="100MB", timeout=20.0)
    with pytest.raises(RunError):
        engine.run(parse("range x from 1 to 100000000 step 1 | summarize make_list(strcat('some longer text ', x))"))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(?=a)b", "(a)\\1", "(", "a{1,1000}{1,1000}"])
def test_patterns_run_in_linear_time_or_not_at_all(engine: Engine, pattern: str) -> None:
    query = Query((Print((Column(("a",), Match(Literal("a" * 5000 + "!"), Op.REGEX, (pattern,), cased=True)),)),))
    started = time.monotonic()
    with contextlib.suppress(RulescopeError):
        engine.run(query)
    assert time.monotonic() - started < 2


def test_deep_nesting_is_refused_not_fatal(engine: Engine) -> None:
    deep: Expr = Match(Field("s"), Op.EQ, ("a",))
    for _ in range(20_000):
        deep = Not(deep)
    with pytest.raises(RulescopeError):
        engine.run(Query((Scan("T"), Filter(deep))))
    sums: Expr = Literal(1, "long")
    for _ in range(800):
        sums = Call("+", (sums, Literal(1, "long")))
    with contextlib.suppress(UnsupportedError):
        assert engine.run(Query((Print((Column(("a",), sums),)),))).to_pylist() == [{"a": 801}]


def test_wide_conditions_run(engine: Engine) -> None:
    from rulescope.model import Or

    wide = Or(tuple(Compare(Field("s"), Op.EQ, Literal(f"v{number}")) for number in range(5000)))
    assert engine.run(Query((Scan("T"), Filter(wide)))).num_rows == 0
