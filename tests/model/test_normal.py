"""The normal form: one form per meaning, and the meaning stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from model.strategies import EVENTS, PREDICATES
from rulescope.engines import reference
from rulescope.model import (
    FALSE,
    TRUE,
    And,
    Expr,
    Field,
    Filter,
    Match,
    Not,
    Op,
    Or,
    Query,
    Scan,
    normal,
    normal_expr,
    outline,
    outline_expr,
)  # fmt: skip

HOST = Field("Host")


def ends(*values: str, cased: bool = False) -> Match:
    return Match(HOST, Op.ENDSWITH, values, cased=cased)


TABLE = [  # two ways to say the same
    (And((And((ends(".a"), ends(".b"))), ends(".c"))), And((ends(".a"), ends(".b"), ends(".c")))),
    (Or((ends(".a"), ends(".b"))), ends(".a", ".b")),
    (Or((ends(".a"), Or((ends(".A"), ends(".b"))))), ends(".a", ".b")),
    (Not(Not(ends(".a"))), ends(".a")),
    (And((ends(".a"), ends(".a"))), ends(".a")),
    (And((ends(".a"), TRUE)), ends(".a")),
    (And((ends(".a"), FALSE)), FALSE),
    (Or((ends(".a"), TRUE)), TRUE),
    (ends(".COM"), ends(".com")),
    (ends("1", cased=True), ends("1")),
    (Match(HOST, Op.EQ, ()), FALSE),
    (Match(HOST, Op.CONTAINS, ("a",), every=True), Match(HOST, Op.CONTAINS, ("a",))),
]


@pytest.mark.parametrize(("one", "other"), TABLE)
def test_two_ways_to_say_the_same_have_one_form(one: Expr, other: Expr) -> None:
    assert outline_expr(normal_expr(one)) == outline_expr(normal_expr(other))


def test_case_stays_apart_where_it_matters() -> None:
    assert outline_expr(normal_expr(ends(".Com", cased=True))) != outline_expr(normal_expr(ends(".com", cased=True)))


def test_stages_keep_their_number_and_order() -> None:
    query = Query((Scan("T"), Filter(ends(".a")), Filter(ends(".b"))))
    assert [type(stage).__name__ for stage in normal(query).stages] == ["Scan", "Filter", "Filter"]


@given(PREDICATES)
@settings(max_examples=300)
def test_normalising_twice_is_normalising_once(predicate: Expr) -> None:
    once = normal_expr(predicate)
    assert outline_expr(normal_expr(once)) == outline_expr(once)


@given(PREDICATES, EVENTS)
@settings(max_examples=500)
def test_the_normal_form_means_the_same(predicate: Expr, event: dict[str, Any]) -> None:
    assert reference.holds(normal_expr(predicate), event) == reference.holds(predicate, event)


def test_five_thousand_branches_and_deep_nesting_are_fine() -> None:
    chain: Expr = ends("0")
    for number in range(1, 150):
        chain = Not(And((chain, ends(str(number)))))
    wide = Or((chain, *(ends(str(number)) for number in range(5_000))))
    assert len(outline(normal(Query((Scan("T"), Filter(wide)))))) > 5_000
