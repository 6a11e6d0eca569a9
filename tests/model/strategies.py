"""Random predicates and events for laws about meaning."""

from __future__ import annotations

from hypothesis import strategies as st

from rulescope.model import And, Expr, Field, Match, Not, Op, Or

FIELDS = st.sampled_from(["Image", "CommandLine", "EventID", "User"]).map(Field)
WORDS = st.sampled_from(["", "a", "A", "ab", "cmd.exe", r"\cmd.exe", "1", "12", "x-y", "ä", "*", "?"])
NUMBERS = st.sampled_from([0, 1, 12, 4688, -1])
TEXT_OPS = st.sampled_from([Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.TERM, Op.WILDCARD])


@st.composite
def matches(draw: st.DrawFn) -> Expr:
    subject = draw(FIELDS)
    kind = draw(st.sampled_from(["text", "number", "presence"]))
    if kind == "presence":
        return Match(subject, draw(st.sampled_from([Op.EXISTS, Op.EMPTY])))
    if kind == "number":
        return Match(subject, draw(st.sampled_from([Op.EQ, Op.LT, Op.GE])), (draw(NUMBERS),))
    values = tuple(draw(st.lists(WORDS, max_size=3)))
    return Match(subject, draw(TEXT_OPS), values, every=draw(st.booleans()), cased=draw(st.booleans()))


PREDICATES: st.SearchStrategy[Expr] = st.recursive(
    matches(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda terms: And(tuple(terms))),
        st.lists(inner, max_size=4).map(lambda terms: Or(tuple(terms))),
        inner.map(Not),
    ),
    max_leaves=12,
)

VALUES = st.one_of(WORDS, NUMBERS, st.none(), st.booleans(), st.lists(WORDS, max_size=2))
EVENTS = st.dictionaries(st.sampled_from(["Image", "CommandLine", "EventID", "User", "Other"]), VALUES)
