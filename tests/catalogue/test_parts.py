"""Sets of rules as bits, the search language, edit distance, and what one predicate is across languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulescope.catalogue import Predicate, canonical
from rulescope.catalogue.asking import All, Any, FieldTest, Without, Words, ask
from rulescope.catalogue.bits import Order, bits_of, numbers_of, packed, unpacked
from rulescope.catalogue.suggesting import distance
from rulescope.model import Indicator, Op

NUMBERS = st.sets(st.integers(min_value=1, max_value=3000))


@given(NUMBERS)
def test_a_set_comes_back_as_it_was(numbers: set[int]) -> None:
    assert list(numbers_of(unpacked(packed(bits_of(numbers))))) == sorted(numbers)


@given(NUMBERS, st.integers(min_value=0, max_value=50), st.integers(min_value=1, max_value=50), st.booleans())
def test_a_page_is_a_slice_of_the_whole_order(numbers: set[int], start: int, size: int, few: bool) -> None:
    order = Order(sorted(range(1, 3001), key=lambda number: (number * 7919) % 3001))
    expected = [number for number in order.numbers if number in numbers][start : start + size]
    bits = bits_of(numbers)
    import rulescope.catalogue.bits as module

    before, module.FEW = module.FEW, 4000 if few else -1
    try:
        assert order.page(bits, start, size) == expected
    finally:
        module.FEW = before


ASKED = [
    ("a b", All((Words("a"), Words("b")))),
    ("a AND b", All((Words("a"), Words("b")))),
    ("a OR b c", Any((Words("a"), All((Words("b"), Words("c")))))),
    ("-a", Without(Words("a"))),
    ("NOT (a OR b)", Without(Any((Words("a"), Words("b"))))),
    ('"a b"', Words("a b", phrase=True)),
    ("ab*", Words("ab", prefix=True)),
    ('title:"a b"', FieldTest("title", "a b")),
    ("severity:>=high", FieldTest("severity", "high", ">=")),
    ("process.name:x.exe", FieldTest("process.name", "x.exe")),
    ("a-b", Words("a-b")),
    ("", All(())),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ASKED)
def test_what_is_asked(text: str, expected: object) -> None:
    assert ask(text) == expected


@given(st.text())
def test_any_text_can_be_asked(text: str) -> None:
    ask(text)


DISTANCES = [
    ("transfer", "trasnfer", 1),
    ("mimikatz", "mimikatzz", 1),
    ("abc", "abc", 0),
    ("abcdef", "uvwxyz", 3),
    ("kitten", "sitting", 3),
]


@pytest.mark.parametrize(("one", "other", "edits"), DISTANCES)
def test_distance(one: str, other: str, edits: int) -> None:
    assert distance(one, other, 2) == edits


SIGMA = ("category=process_creation product=windows",)
DEVICE = ("DeviceProcessEvents",)
SAME = [  # indicators of one meaning, and the predicate all are
    (
        [
            (Indicator("CommandLine", Op.CONTAINS, "/Transfer"), SIGMA),
            (Indicator("ProcessCommandLine", Op.CONTAINS, "/transfer"), DEVICE),
            (Indicator("process.command_line", Op.WILDCARD, "*/transfer*"), ()),
            (Indicator("InitiatingProcessCommandLine", Op.CONTAINS, "/transfer"), ("DeviceNetworkEvents",)),
        ],
        Predicate("process.command_line", "contains", "/transfer"),
    ),
    (
        [
            (Indicator("Image", Op.ENDSWITH, "\\A.exe"), SIGMA),
            (Indicator("FileName", Op.EQ, "a.exe", cased=True), DEVICE),
            (Indicator("process.name", Op.EQ, "a.exe"), ()),
            (Indicator("Image", Op.WILDCARD, "*\\\\a.exe"), SIGMA),
        ],
        Predicate("process.name", "eq", "a.exe"),
    ),
    ([(Indicator("FileName", Op.EQ, "a.exe"), ("DeviceFileEvents",))], Predicate("file.name", "eq", "a.exe")),
    ([(Indicator("FileName", Op.EQ, "a.exe"), (*DEVICE, "DeviceFileEvents"))], Predicate("filename", "eq", "a.exe")),
    ([(Indicator("Image", Op.ENDSWITH, "\\dir\\a.exe"), SIGMA)], Predicate("process.executable", "endswith", "\\dir\\a.exe")),
    ([(Indicator("CommandLine", Op.REGEX, "A+"), SIGMA)], Predicate("process.command_line", "regex", "A+")),
    ([(Indicator("EventID", Op.EQ, 4688), ("SecurityEvent",)), (Indicator("EventID", Op.EQ, "4688"), ("Event",))], Predicate("event.code", "eq", "4688")),
]  # fmt: skip


@pytest.mark.parametrize(("indicators", "expected"), SAME)
def test_one_predicate_across_languages(
    indicators: list[tuple[Indicator, tuple[str, ...]]], expected: Predicate
) -> None:
    assert {canonical(each, scopes) for each, scopes in indicators} == {expected}
