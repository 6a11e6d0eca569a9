"""The law of witnesses: the index never leaves out a rule that an event satisfies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rulescope.engines import witness
from rulescope.engines.reference import compile_predicate
from rulescope.engines.witness import Index, Witness, witnesses
from rulescope.model import ANY, And, Expr, Field, Match, Not, Op, Or

TEXTS = st.one_of(
    st.sampled_from(
        ["powershell.exe", "PowerShell", "-enc", "cmd.exe /c", "whoami", "ümlaut.exe", "4688", "a*b", "İx"]
    ),
    st.text("abAB.\\ é*?", max_size=6),
)
FIELDS = st.sampled_from([Field("Image"), Field("CommandLine"), Field("a.b"), ANY])
OPS = st.sampled_from(
    [Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.TERM, Op.WILDCARD, Op.TERM_PREFIX, Op.EXISTS, Op.EMPTY, Op.GT]
)
MATCHES = st.builds(
    lambda field, op, values, every, cased: Match(
        field, op, () if op in (Op.EXISTS, Op.EMPTY) else tuple(values), every, cased
    ),
    FIELDS,
    OPS,
    st.lists(st.one_of(TEXTS, st.integers(0, 5000), st.none()), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
PREDICATES = st.recursive(
    MATCHES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda terms: And(tuple(terms))),
        st.lists(inner, max_size=3).map(lambda terms: Or(tuple(terms))),
        inner.map(Not),
    ),
    max_leaves=8,
)
VALUES = st.one_of(TEXTS, st.integers(0, 5000), st.booleans(), st.none(), st.lists(TEXTS, max_size=2), st.floats(0, 9))
EVENTS = st.fixed_dictionaries(
    {}, optional={"Image": VALUES, "CommandLine": VALUES, "a": st.dictionaries(st.just("b"), VALUES), "x": VALUES}
)


@given(st.lists(PREDICATES, min_size=1, max_size=6), st.lists(EVENTS, min_size=1, max_size=4))
def test_no_rule_that_holds_is_left_out(predicates: list[Expr], events: list[dict[str, object]]) -> None:
    index = Index(dict(enumerate(predicates)))
    for event in events:
        held = {number for number, predicate in enumerate(predicates) if compile_predicate(predicate)(event)}
        assert held <= set(index.candidates(event))


def test_many_parts_answer_as_few_do() -> None:
    rules: dict[int, Expr | None] = {
        number: Match(Field("CommandLine"), Op.CONTAINS, (f"part{number:04d}x",)) for number in range(500)
    }
    index = Index(rules)
    assert index.candidates({"CommandLine": "a PART0042x b part0499X"}) == [42, 499]
    long = "no such thing " * 20
    for number in range(witness.PAYS // len(long) + 2):
        assert index.candidates({"CommandLine": f"{long}{number}"}) == []
    assert index.candidates({"CommandLine": "a PART0042x b"}) == [42]


def test_the_rarest_child_of_an_and_is_chosen() -> None:
    shell = Match(Field("Image"), Op.ENDSWITH, ("\\cmd.exe",))
    rare = Match(Field("CommandLine"), Op.CONTAINS, ("invoke-unusualthing",))
    assert witnesses(And((shell, rare, Not(shell)))) == {Witness("CommandLine", "invoke-unusualthing", False)}


def test_nothing_is_known_of_a_not() -> None:
    assert witnesses(Not(Match(Field("Image"), Op.EQ, ("a",)))) is None
    assert witnesses(Or((Match(Field("Image"), Op.EQ, ("abc",)), Match(Field("n"), Op.GT, (4,))))) is None
