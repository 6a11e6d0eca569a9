"""Top-nested that keeps the rest: labels, aggregates over what left the top, and levels without label."""

from __future__ import annotations

import pytest

from rulescope.engines.duck import Engine
from rulescope.languages.kusto import parse

SOURCE = (
    "datatable(s: string, r: string, e: string, n: long)['a','p','x',10, 'a','p','y',4, 'a','q','x',7, 'a','t','x',1, "
    "'b','p','z',8, 'b','q','z',5, 'b','q','w',1, 'b','t','v',2, 'b','p','v',1, 'c','p','x',3, 'd','q','y',2, 'a','q','z',2] | "
)

TABLE = [
    ("one level", "top-nested 1 of s with others = 'rest' by sum(n)", [("a", 24), ("rest", 22)]),
    ("the least first", "top-nested 1 of s with others = 'rest' by avg(n) asc", [("d", 2.0), ("rest", 4.0)]),
    ("a label that is a value too", "top-nested 1 of s with others = 'a' by sum(n)", [("a", 24), ("a", 22)]),
    ("a number", "top-nested 1 of n with others = -1 by sum(n)", [(10, 10), (-1, 36)]),
    ("a label by expression", "top-nested 1 of s with others = strcat('o', 'p') by sum(n) + count()", [("a", 29), ("op", 29)]),
    (
        "the rest of a level is the rest below",
        "top-nested 1 of s with others = 'rest' by sum(n), top-nested 1 of r with others = 'less' by max(n)",
        [("a", 24, "p", 10), ("a", 24, "less", 7), ("rest", 22, "less", 8)],
    ),
    (
        "a level without label between two with",
        "top-nested 2 of s with others = 'rest' by sum(n), top-nested 2 of r by sum(n), top-nested 1 of e with others = 'more' by sum(n)",
        [
            ("a", 24, "p", 14, "x", 10), ("a", 24, "q", 9, "x", 7), ("b", 17, "p", 9, "z", 8), ("b", 17, "q", 6, "z", 5),
            ("a", 24, "p", 14, "more", 4), ("a", 24, "q", 9, "more", 2), ("b", 17, "p", 9, "more", 1), ("b", 17, "q", 6, "more", 1),
            ("a", 24, "", None, "more", 1), ("b", 17, "", None, "more", 2), ("rest", 5, "", None, "more", 5),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_top_nested_with_others(text: str, expected: list[tuple[object, ...]]) -> None:
    assert [tuple(row.values()) for row in Engine({}).run(parse(SOURCE + text)).to_pylist()] == expected


def test_equals_keep_their_rows() -> None:
    """Of equals any may be taken, but its rows stay together on the levels below."""
    text = "range x from 1 to 400 step 1 | extend g = x % 40 | top-nested 3 of g with others = -1 by count(), top-nested 2 of x with others = -1 by count()"
    rows = [tuple(row.values()) for row in Engine({}).run(parse(text)).to_pylist()]
    assert sorted((row[1], row[3]) for row in rows) == [(10, 1)] * 6 + [(10, 8)] * 3 + [(370, 370)]
    plain = text.replace(" with others = -1", "")
    rows = [tuple(row.values()) for row in Engine({}).run(parse(plain)).to_pylist()]
    assert [(row[1], row[3]) for row in rows] == [(10, 1)] * 6
