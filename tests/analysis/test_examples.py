"""Example events: judged, deterministic, covering; what cannot match is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulescope.analysis.contradiction import branches
from rulescope.analysis.examples import Example, examples, satisfiable
from rulescope.analysis.witness import MISSING, Want, regex_witnesses, values_for
from rulescope.engines.reference import holds
from rulescope.model import And, Compare, Expr, Field, Match, Not, Op, Or
from rulescope.regex import compiled


def m(field: str, op: Op, *values: object, every: bool = False, cased: bool = False) -> Match:
    return Match(Field(field), op, tuple(values), every, cased)  # type: ignore[arg-type]


PROXY = And((m("agent", Op.STARTSWITH, "Fetch/"), Not(m("host", Op.ENDSWITH, ".example", ".test"))))


def test_matches_and_misses_of_a_plain_rule() -> None:
    found = examples(PROXY)
    shown = {(repr(one.event), one.matches) for one in found}
    assert ("{'agent': 'Fetch/'}", True) in {
        (repr({k: v for k, v in e.event.items() if k == "agent"}), e.matches) for e in found
    }
    assert any(one.matches and "host" not in one.event for one in found), "a missing host matches the negated list"
    assert any(one.matches and one.event.get("host", "") is None for one in found)
    for end in (".example", ".test"):
        assert any(not one.matches and str(one.event.get("host", "")).endswith(end) for one in found), end
    assert any(not one.matches and one.event.get("agent") == "xFetch/" for one in found)
    assert any(one.matches and one.event.get("agent") == "fETCH/" for one in found)
    assert len(shown) == len(found) <= 64
    assert examples(PROXY) == found


RULES: list[Expr] = [
    m("f", Op.EQ, 4688),
    m("f", Op.EQ, "A", "b", "c\\d"),
    m("f", Op.CONTAINS, "one", "two", every=True),
    m("f", Op.WILDCARD, "*\\spool\\?x*.d\\*"),
    m("f", Op.TERM, "net.exe"),
    m("f", Op.REGEX, "(?i)^[a-f]{3}\\d+\\s(x|yz)$", cased=True),
    m("f", Op.CIDR, "10.1.0.0/16", "fe80::/10"),
    m("f", Op.EXISTS),
    m("f", Op.EMPTY),
    Not(m("f", Op.EXISTS)),
    And((m("f", Op.GT, 5), m("f", Op.LT, 7))),
    And((m("f", Op.STARTSWITH, "C:\\"), m("f", Op.ENDSWITH, "\\x.exe"), Not(m("f", Op.CONTAINS, "\\windows\\")))),
    And((m("f", Op.STARTSWITH, "ab"), m("f", Op.ENDSWITH, "bc"), Not(m("f", Op.CONTAINS, "bb")))),
    And((m("f", Op.REGEX, "[0-9]{4}", cased=True), m("f", Op.CONTAINS, "id="), Not(m("f", Op.ENDSWITH, "0")))),
    m("*", Op.CONTAINS, "sudo", "COMMAND=", every=True),
    Compare(Field("a"), Op.EQ, Field("b"), False),
    And((m("a", Op.STARTSWITH, "x"), Not(Compare(Field("a"), Op.EQ, Field("b"), False)))),
    Or((And((m("a", Op.EQ, 1), m("b", Op.EQ, 2))), m("c", Op.EQ, "x"))),
    And((m("f", Op.EQ, "x"), Not(m("f", Op.EQ, "X", cased=True)))),
]


@pytest.mark.parametrize("expr", RULES, ids=[str(number) for number in range(len(RULES))])
def test_both_sides_are_found(expr: Expr) -> None:
    found = examples(expr)
    assert {one.matches for one in found} == {True, False}
    assert all(holds(expr, one.event) == one.matches for one in found)
    assert satisfiable(expr) is True


IMPOSSIBLE: list[Expr] = [
    And((m("f", Op.EQ, "a"), m("f", Op.EQ, "b"))),
    And((m("f", Op.EQ, "RunIt"), m("f", Op.REGEX, "^\\{", cased=True))),
    And((m("f", Op.CONTAINS, "abc"), Not(m("f", Op.CONTAINS, "B")))),
    And((m("f", Op.STARTSWITH, "ab"), m("f", Op.STARTSWITH, "ax", "b"))),
    And((m("f", Op.ENDSWITH, ".exe"), Or((m("f", Op.ENDSWITH, ".dll"), Not(m("f", Op.EXISTS)))))),
    And((m("f", Op.GT, 5), m("f", Op.LE, 5))),
    And((m("f", Op.EQ, 4688), Not(m("f", Op.EQ, "4688")))),
    And((m("f", Op.EQ, "x"), Not(m("f", Op.EQ, "X")))),
    And((m("f", Op.CONTAINS, "x"), m("f", Op.EMPTY))),
    Or(()),
]


@pytest.mark.parametrize("expr", IMPOSSIBLE, ids=[str(number) for number in range(len(IMPOSSIBLE))])
def test_impossible(expr: Expr) -> None:
    assert satisfiable(expr) is False
    assert not any(one.matches for one in examples(expr))


def test_long_lists_stay_quick_and_bounded() -> None:
    many = m("f", Op.ENDSWITH, *(f"\\tool{number}.exe" for number in range(2_000)))
    found = examples(And((many, Not(m("g", Op.CONTAINS, *(f"safe{number}" for number in range(1_000)))))))
    assert 16 < len(found) <= 64
    assert sum(one.matches for one in found) >= 10


def test_lists_on_demand() -> None:
    found = examples(m("f", Op.EQ, "x"), arrays=True)
    assert Example({"f": ["other", "x"]}, True, "f: one of a list") in found
    assert Example({"f": []}, False, "f: an empty list") in found


PATTERNS = [
    "abc", "a.c", "^a+b*c?$", "[^a-z]{3}", "(x|yz){2}", "\\d{1,3}\\.\\d+", "(?i)powershell(\\.exe)?", "\\\\pipe\\\\[a-z0-9_]+$",
    "[A-Za-z0-9+/]{40}", "(?:%[a-z]+%)+", "\\bnet\\s+user\\b", "[\\w\\-]+@x", "(?s)a.b", "", "\\s-e(nc)?\\s",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_regex_witnesses(pattern: str) -> None:
    found = regex_witnesses(pattern)
    assert found
    assert all(compiled(pattern).search(text) is not None for text in found)


def test_no_witness_beyond_re2() -> None:
    assert regex_witnesses("(?!a)b") == ()
    assert regex_witnesses("(") == ()


TEXTS = st.text(alphabet="aAb\\*?.1 ", max_size=4)
FIELDS = st.sampled_from(["f", "g"])
TEXT_OPS = st.sampled_from([Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.WILDCARD, Op.TERM])
MATCHES = st.one_of(
    st.builds(
        lambda field, op, values, every, cased: m(field, op, *values, every=every, cased=cased),
        FIELDS, TEXT_OPS, st.lists(TEXTS, min_size=1, max_size=3), st.booleans(), st.booleans(),
    ),
    st.builds(lambda field, op: m(field, op), FIELDS, st.sampled_from([Op.EXISTS, Op.EMPTY])),
    st.builds(lambda field, op, n: m(field, op, n), FIELDS, st.sampled_from([Op.EQ, Op.LT, Op.GE]), st.integers(0, 3)),
)  # fmt: skip
EXPRS = st.recursive(
    MATCHES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda terms: And(tuple(terms)), st.lists(inner, max_size=3)),
        st.builds(lambda terms: Or(tuple(terms)), st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)
VALUES = st.one_of(st.none(), TEXTS, st.integers(0, 3), st.booleans())
EVENTS = st.dictionaries(FIELDS, VALUES, max_size=2)


@settings(max_examples=150)
@given(EXPRS, EVENTS)
def test_what_is_proven_impossible_never_holds(expr: Expr, event: dict[str, object]) -> None:
    if satisfiable(expr) is False:
        assert not holds(expr, event)


@settings(max_examples=100)
@given(EXPRS)
def test_examples_are_judged(expr: Expr) -> None:
    found = examples(expr, limit=24)
    assert len(found) <= 24
    assert all(holds(expr, one.event) == one.matches for one in found)


@settings(max_examples=100)
@given(st.lists(MATCHES, min_size=1, max_size=3), st.booleans())
def test_witnesses_satisfy(matches: list[Match], truth: bool) -> None:
    wants = [Want(match, truth) for match in matches if match.subject == matches[0].subject]
    for value in values_for(wants):
        event = {} if value is MISSING else {wants[0].term.subject.name: value}  # type: ignore[union-attr]
        assert all(holds(want.expr, event) for want in wants)
        break


def test_a_search_given_up_is_no_proof() -> None:
    hard = And(tuple(Or((m(f"f{n}", Op.EQ, "a"), m(f"f{n}", Op.EQ, "b"))) for n in range(30)))
    search = branches(And((hard, m("z", Op.REGEX, "(?!x)", cased=True))))
    assert len(list(search)) == search.open
    assert search.cut
