"""Operators and statements form by form: what runs gives what the language reference says, what does not is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse, write
from rulescope.model import outline

TABLES = (
    'let T = datatable(a: string, b: long, d: dynamic)["x", 1, dynamic([1, 2]), "x", 2, dynamic(null), "y", 5, dynamic({"k": 3})]; '
    'let U = datatable(a: string, c: long)["x", 10, "y", 20]; '
)
PATTERN = 'declare pattern p = (n: string)[s: string] { ("x").["y"] = { U | where a == n }; ("x").["z w"] = { print q = s }; }; '

RUN = [
    # project-by-names
    ("T | project-by-names 'b', 'a'", ["b", "a"], [(1, "x"), (2, "x"), (5, "y")]),
    ("T | project-by-names dynamic(['b', 'none']), '*' | take 0", ["b", "a", "d"], []),
    ("let n = 'b'; T | project-by-names n, 'B' | take 0", ["b"], []),
    ("T | project-by-names column_names_of(U) | take 0", ["a"], []),
    ("print n = column_names_of(U)", ["n"], [('["a","c"]',)]),
    # partition with rows of its own
    ("T | partition by a { U | where a == toscalar(a) }", ["a", "c"], [("x", 10), ("y", 20)]),
    ("T | partition by a { print v = strcat(toscalar(a), '!') }", ["v"], [("x!",), ("y!",)]),
    ("T | where false | partition by a { print v = toscalar(a) }", ["v"], []),
    ("T | partition by a (summarize n = count() | extend k = toscalar(a))", ["n", "k"], [(1, "y"), (2, "x")]),
    ("T | partition by a (as P | extend m = b - toscalar(P | summarize min(b)) | project m)", ["m"], [(0,), (0,), (1,)]),
    ("T | partition by a (top-nested 1 of b by max(b))", ["b", "aggregated_b"], [(2, 2), (5, 5)]),
    ("T | partition by a (top-hitters 1 of a)", ["a", "approximate_count_a"], [("x", 2), ("y", 1)]),
    # statements
    (PATTERN + "p('x').y", ["a", "c"], [("x", 10)]),
    (PATTERN + "p('x').['z w'] | extend n = 1", ["q", "n"], [("z w", 1)]),
    (PATTERN + "union (p('x').y | project c), (U | project c) | summarize sum(c)", ["sum_c"], [(40,)]),
    ("let V = T | where b > 1; restrict access to (V); V | count", ["Count"], [(2,)]),
    ("let V1 = T; let V2 = U; restrict access to (V*); let W = V1 | take 1; union W, V2 | count", ["Count"], [(3,)]),
    ("alias database q = cluster('c').database('d'); T | count", ["Count"], [(3,)]),
    ("declare query_parameters(n: long = 1, s: string = 'x'); T | where b > n and a == s | project b", ["b"], [(2,)]),
    # columns
    ("T | where b < 3 | mv-apply d on (take 1) | project-away b", ["a", "d"], [("x", "1"), ("x", None)]),
    ("T | summarize 1, count()", ["Column1", "count_"], [(1, 3)]),
    ("T | where false | summarize 1", ["Column1"], [(1,)]),
    ("T | summarize (m, n) = arg_max(b, a)", ["m", "n"], [(5, "y")]),
    ("T | top-nested of a by count(), top-nested 1 of b with others = -1 by sum(b) | where a == 'x'",
     ["a", "aggregated_a", "b", "aggregated_b"], None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "columns", "expected"), RUN)
def test_a_form_that_runs(text: str, columns: list[str], expected: list[tuple[Any, ...]] | None) -> None:
    query = parse(TABLES + text)
    assert outline(parse(write(query))) == outline(query)
    if expected is None:  # a level without others, which is not documented
        with pytest.raises(UnsupportedError, match="no others are"):
            Engine({}).run(query)
        return
    found = Engine({}).run(query)
    assert found.column_names == columns
    assert sorted((tuple(row.values()) for row in found.to_pylist()), key=repr) == expected


REFUSED = [
    ("T | reduce by a", "how it groups values is not documented"),
    ("T | print x = 1", "operator print after another"),
    ("T | find 'x'", "operator find after another"),
    ("T | partition by a (print x = 1)", "operator print after another"),
    ("T | partition by a (union U)", "a union with other rows inside a partition"),
    ("T | partition by a (as P | join (P) on b)", "join with the rows of a partition"),
    ("T | partition by a (as P | where b in ((P | project b)))", "a subquery over the rows of a partition"),
    ("range k from 1 to 65 step 1 | partition by k { U }", "64 are the most"),
    ("T | project-by-names strcat('a', 'b')", "more than constants"),
    ("T | project b, b", "column 'b' made twice"),
    ("T | extend x = 1, x = 2", "column 'x' made twice"),
    ("T | summarize a = count() by a", "column 'a' made twice"),
    ("T | summarize a", "'a' outside of an aggregate"),
    ("T | summarize b + 1 by a", "'b' outside of an aggregate"),
    ("T | extend (p, q) = strcat(a)", "an expression of fewer columns"),
    ("T | project-rename a = b", "project-rename to 'a', which is there"),
    ("T | where a", "a condition of type string"),
    ("T | where b and true", "a condition of type long"),
    ("union withsource = a T, U", "withsource=a, which is a column"),
    ("T | join U", "join without on"),
    ("T | take '1'", "take of a string"),
    ("T | take 1.5", "take of a real"),
    ("T | where tobool()", "tobool of 0 arguments"),
    ("T | extend strlen(a, b)", "strlen of 2 arguments"),
    ("T | evaluate bag_unpack()", "bag_unpack of 0 arguments"),
    ("range x from 1 to 3 step 0", "a step of 0"),
    ("T | scan with_step_name = s with (step s: true;)", "scan"),
    (PATTERN + "p('x').no", "pattern p with these arguments"),
    (PATTERN + "p('no').y", "pattern p with these arguments"),
    ("declare pattern p; p('x').y", "pattern p with these arguments"),
    ("let V = T; restrict access to (V); U | count", "U, which restrict access hides"),
    ("let V = T; restrict access to (V); V | where a in ((T | project a))", "T, which restrict access hides"),
    ("let V = T; restrict access to (V); search 'x'", "restrict access hides"),
    ("restrict access to (database().U); let W = T; W", "T, which restrict access hides"),
    ("declare query_parameters(n: long); T | where b > n", "query parameter n without a value"),
    ("T | where x = true", "not understood"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_form_that_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        Engine({}).run(parse(TABLES + text))
