"""Every engine gives the table of meaning's answers; here the reference evaluator, the judge."""

from __future__ import annotations

import pytest

from engines.meaning import CASES, EVENTS, MIXED, MIXED_CASES
from rulescope.engines.reference import compile_predicate, holds
from rulescope.model import Expr, normal_expr

TABLE = [pytest.param(EVENTS, expr, expected, id=name) for name, expr, expected in CASES] + [
    pytest.param(MIXED, expr, expected, id=name) for name, expr, expected in MIXED_CASES
]


@pytest.mark.parametrize(("events", "expr", "expected"), TABLE)
def test_reference(events: tuple[dict[str, object], ...], expr: Expr, expected: tuple[int, ...]) -> None:
    assert tuple(number for number, event in enumerate(events) if holds(expr, event)) == expected


@pytest.mark.parametrize(("events", "expr", "expected"), TABLE)
def test_normal_form_means_the_same(
    events: tuple[dict[str, object], ...], expr: Expr, expected: tuple[int, ...]
) -> None:
    test = compile_predicate(normal_expr(expr))
    assert tuple(number for number, event in enumerate(events) if test(event)) == expected


def test_names_are_unique() -> None:
    names = [case[0] for case in CASES + MIXED_CASES]
    assert len(names) == len(set(names))
