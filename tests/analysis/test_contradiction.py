"""What is said to be impossible is: no event of a small world satisfies it, whatever the nesting of and, or and not."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from rulescope.analysis.examples import satisfiable
from rulescope.engines.reference import compile_predicate
from rulescope.model import And, Expr, Field, Match, Not, Op, Or
from rulescope.services.neighbours import implies

FIELDS = ("a", "b", "c")
TEXTS = ("x", "y", "xy", "yx")
WORLD = [
    {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}
    for values in product((None, *TEXTS), repeat=len(FIELDS))
]


def matches() -> st.SearchStrategy[Expr]:
    return st.builds(
        lambda name, op, values, every: Match(Field(name), op, values, every and len(values) > 1),
        st.sampled_from(FIELDS),
        st.sampled_from((Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH)),
        st.lists(st.sampled_from(("x", "y", "xy")), min_size=1, max_size=2, unique=True).map(tuple),
        st.booleans(),
    )


TREES = st.recursive(
    matches(),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: And(tuple(terms))),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: Or(tuple(terms))),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(TREES)
def test_what_is_called_impossible_is_satisfied_by_nothing(tree: Expr) -> None:
    if satisfiable(tree) is False:
        holds = compile_predicate(tree)
        assert not [event for event in WORLD if holds(event)]


@settings(max_examples=300)
@given(TREES, TREES)
def test_a_rule_said_to_catch_all_of_another_does(one: Expr, other: Expr) -> None:
    if implies(one, other):
        first, second = compile_predicate(one), compile_predicate(other)
        assert not [event for event in WORLD if first(event) and not second(event)]


def test_alternatives_beside_a_denied_conjunction_are_searched_each_by_its_own_kind() -> None:
    """`(p or q) and not (p and r)` holds where q does: the denied conjunction fails by either of its terms."""
    p, q, r = (Match(Field(name), Op.EQ, ("x",)) for name in FIELDS)
    assert satisfiable(And((Or((p, q)), Not(And((p, r)))))) is True
    assert satisfiable(And((Or((p, q)), Not(And((p, r, q))), r))) is True
    own = And((Or((p, q)), r))
    assert not implies(own, And((p, r)))
    assert implies(And((p, r)), own)
