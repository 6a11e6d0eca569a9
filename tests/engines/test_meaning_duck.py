"""The table of meaning on DuckDB. Text in tables is empty where it is missing, as in Kusto, so some cases differ by design."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engines.meaning import CASES, EVENTS, TEXT, WHOLE, fields
from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.model import Expr

EMPTY_TEXT = {
    "eq empty string: not missing, not null", "contains nothing: every present value", "wildcard of anything: every present value",
    "regex on an empty string", "compare fields", "compare a field with itself: false when missing", "compare starts with",
    "compare ne: both present",
}  # fmt: skip
"""Cases in which a missing text is not an empty one."""

TABLE = [
    pytest.param(expr, expected, id=name)
    for name, expr, expected in CASES
    if fields(expr) <= set(TEXT) | set(WHOLE) and name not in EMPTY_TEXT
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    columns = {name: pa.array([event.get(name) for event in EVENTS], pa.string()) for name in TEXT}
    columns |= {name: pa.array([event.get(name) for event in EVENTS], pa.int64()) for name in WHOLE}
    return Engine({"T": pa.table(columns)})


@pytest.mark.parametrize(("expr", "expected"), TABLE)
def test_duckdb(engine: Engine, expr: Expr, expected: tuple[int, ...]) -> None:
    try:
        mask = engine.select((expr,), "T")[0].to_pylist()
    except UnsupportedError as error:
        assert "exists" in error.construct
        return
    assert tuple(number for number, held in enumerate(mask) if held) == expected
