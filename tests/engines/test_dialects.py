"""The SQL of queries is SQL that sqlglot reads; what it writes again gives the same rows, and Spark's words exist for it."""

from __future__ import annotations

import pyarrow as pa
import pytest
import sqlglot

from rulescope.engines.duck import Engine
from rulescope.engines.sql.dialects import written
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse

ROWS = pa.table(
    {
        "Host": ["a", "a", "b", "c"],
        "Line": ["net user /add", "whoami", "bitsadmin /transfer x http://h/1", "it's 100%"],
        "Count": [1, 2, 3, 4],
        "At": ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"],
    }
)
QUERIES = [
    'T | where Line has "transfer" or Line !contains "x" | count',
    'T | extend Url = extract(@"(https?://\\S+)", 1, Line) | project Host, Url',
    "T | summarize Hosts = make_set(Host), n = count() by bin(At, 1d) | sort by n desc",
    "T | join kind=leftouter (T | summarize m = max(Count) by Host) on Host | project Host, Line, m",
    "T | extend d = parse_json('{\"a\": [1, 2]}') | mv-expand x = d.a to typeof(long) | project Host, x",
    "T | make-series n = count() default = 0 on At from datetime(2024-01-01) to datetime(2024-01-04) step 1d by Host",
    "T | serialize r = row_number(), p = prev(Host) | where Host != p",
    "T | sort by At asc | scan declare (s: long = 0) with (step one: true => s = s + Count;)",
    "T | top-nested 2 of Host by n = sum(Count)",
    "union withsource = t T, (T | where Count > 2)",
    'search in (T) "whoami"',
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine({"T": ROWS}, schemas={"T": {"Host": "string", "Line": "string", "Count": "long", "At": "datetime"}})


@pytest.mark.parametrize("text", QUERIES)
def test_sqlglot_reads_and_writes_it(engine: Engine, text: str) -> None:
    query = parse(text)
    again = engine.explain_sql(query, dialect="duckdb")
    assert again.count("\n") > 2
    with engine._running() as connection:
        first, second = (connection.execute(sql).fetchall() for sql in (engine.explain_sql(query), again))
    assert sorted(map(str, first)) == sorted(map(str, second))
    assert sqlglot.parse_one(engine.explain_sql(query, dialect="spark"), dialect="spark")


def test_unknown_dialect(engine: Engine) -> None:
    with pytest.raises(UnsupportedError):
        engine.explain_sql(parse("T"), dialect="nosuch")
    with pytest.raises(UnsupportedError):
        written("SELECT FROM WHERE (", "spark")
