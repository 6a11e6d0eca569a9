"""Queries of several results: each is given by its name, and none is lost where one is expected."""

from __future__ import annotations

from typing import Any

import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse, write
from rulescope.model import outline

TABLES = (
    'let T = datatable(a: string, b: long)["x", 1, "x", 2, "y", 5]; let U = datatable(a: string, c: long)["x", 10]; '
)

SEVERAL: list[tuple[str, list[tuple[str, list[tuple[Any, ...]]]]]] = [
    ("T | fork (where b > 1 | as Big) n = (count) (take 0)", [("Big", [("x", 2), ("y", 5)]), ("n", [(3,)]), ("", [])]),
    ("T | facet by a", [("a", [("x", 2), ("y", 1)])]),
    ("T | facet by a, b with (where b > 2)", [("", [("y", 5)]), ("a", [("x", 2), ("y", 1)]), ("b", [(1, 1), (2, 1), (5, 1)])]),
    ("T | count; U", [("", [(3,)]), ("", [("x", 10)])]),
    ("T | as Q; Q | count; union Q, U | count", [("Q", [("x", 1), ("x", 2), ("y", 5)]), ("", [(3,)]), ("", [(4,)])]),
    ("T | count; let k = 1; let V = T; V | top k by b", [("", [(3,)]), ("", [("y", 5)])]),
    ("T | count; let T = U; T | project a", [("", [(3,)]), ("", [("x",)])]),
    ("T | fork (count) (where b < 0 | count); U | count", [("", [(3,)]), ("", [(0,)]), ("", [(1,)])]),
    ("T | extend b = a | make-graph a --> b with_node_id=n | graph-to-table nodes as N, edges as E",
     [("N", [("x",), ("y",)]), ("E", [("x", "x"), ("x", "x"), ("y", "y")])]),
    ("T | extend b = a | make-graph a --> b with_node_id=n | graph-to-table nodes as N, edges as E; N | count; E | count",
     [("", [(2,)]), ("", [(3,)])]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SEVERAL)
def test_every_result_is_given(text: str, expected: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    query = parse(TABLES + text)
    found = Engine({}).results(query)
    assert [(name, sorted(tuple(row.values()) for row in table.to_pylist())) for name, table in found] == expected
    for style in ("long", "short"):
        assert outline(parse(write(query, style))) == outline(query)


@pytest.mark.parametrize("text", [text for text, found in SEVERAL if len(found) > 1 and "as Q" not in text])
def test_one_result_is_never_taken_for_all(text: str) -> None:
    with pytest.raises(UnsupportedError, match="results"):
        Engine({}).run(parse(TABLES + text))


def test_rows_named_for_a_later_statement_are_a_result_too() -> None:
    query = parse(TABLES + "T | where b > 1 | as Q; Q | count")
    found = Engine({}).results(query)
    assert [(name, table.num_rows) for name, table in found] == [("Q", 2), ("", 1)]
    assert Engine({}).run(query).to_pylist() == [{"Count": 2}]  # what a rule goes on with
    assert outline(parse(write(query))) == outline(query)


def test_a_query_of_one_result_has_it() -> None:
    ((name, table),) = Engine({}).results(parse(TABLES + "T | where b > 1 | count"))
    assert (name, table.to_pylist()) == ("", [{"Count": 2}])


REFUSED = [
    ("T | fork (count) (take 1) | take 1", "operators after fork"),
    ("union (T | fork (count) (take 1)), U", "fork here"),
    ("T | facet by nothing", "unknown column 'nothing'"),
    ("T | partition by a (fork (count) (take 1))", "fork here"),
    ("T | extend b = a | make-graph a --> b | graph-to-table nodes, edges", "without names"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_has_no_place_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        Engine({}).results(parse(TABLES + text))
