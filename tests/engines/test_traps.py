"""Pitfalls of Kusto's meaning: `traps/*.txt` hold queries, each with the rows that the language reference says it gives.

A block is a query, then perhaps `=# names of its columns`, then a line `=> cell | cell` a row, or `=none` without rows;
an empty line ends it. Cells are written as `shown` writes them; rows stand in any order unless the query orders them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import RulescopeError
from rulescope.languages.kusto import parse

FOLDER = Path(__file__).parent / "traps"
ORDERS = re.compile(r"\b(sort by|order by|top \d)")


def shown(value: Any) -> str:
    """A cell as text that tells null, empty text and the types apart."""
    if value is None:
        return "null"
    if value == "":
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds") + "0"
    if isinstance(value, timedelta):
        return span(value)
    return repr(value) if isinstance(value, float) else str(value).replace("\n", "\\n")


def span(value: timedelta) -> str:
    whole, micros = divmod(abs(value // timedelta(microseconds=1)), 1_000_000)
    days, rest = divmod(whole, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    fraction = f".{micros:06}0" if micros else ""
    return ("-" if value < timedelta() else "") + (f"{days}." if days else "") + clock + fraction


def blocks() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.txt")):
        for number, block in enumerate(file.read_text(encoding="utf-8").rstrip().split("\n\n"), 1):
            yield pytest.param(block, id=f"{file.stem}-{number}")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine({}, timeout=30.0)


@pytest.mark.parametrize("block", list(blocks()))
def test_trap(engine: Engine, block: str) -> None:
    lines = block.split("\n")
    query = "\n".join(line for line in lines if not line.startswith(("=>", "=#", "=none")))
    rows = [line.removeprefix("=> ").split(" | ") for line in lines if line.startswith("=> ")]
    names = [line.removeprefix("=# ").split(" | ") for line in lines if line.startswith("=# ")]
    table = engine.run(parse(query))
    found = [
        [shown(table.column(place)[row].as_py()) for place in range(table.num_columns)] for row in range(table.num_rows)
    ]
    if not ORDERS.search(query):
        found.sort()
        rows.sort()
    assert found == rows
    assert not names or table.column_names == names[0]


def test_enough_traps_are_known() -> None:
    assert sum(1 for _ in blocks()) >= 300


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("print replace_regex('abc', 'b', @'\\1')", "group"),
        ("print s = 'a=1' | parse-kv s as (a: long) with (kv_delimiter='=')", "delimiter"),
        ("datatable(n: long)[] | make-series kind=nonempty c = count() on n step 1", "nonempty"),
    ],
)
def test_said_instead_of_guessed(engine: Engine, query: str, what: str) -> None:
    with pytest.raises(RulescopeError, match=what):
        engine.run(parse(query))
