"""Places and carets."""

from __future__ import annotations

import pytest

from rulescope.errors import Fault, FormatError, QuerySyntaxError
from rulescope.text import Place, Span, caret, place_at
from rulescope.yamltext import document


def test_offsets_become_lines_and_columns_from_one() -> None:
    assert [str(place_at("ab\ncd", offset, "q.kql")) for offset in (0, 2, 3, 9)] == [
        "q.kql:1:1",
        "q.kql:1:3",
        "q.kql:2:1",
        "q.kql:2:3",
    ]


def test_the_caret_stands_under_the_span() -> None:
    assert caret("a\nwhere x +\nb", Span(10, 11)) == "where x +\n        ^"


def test_a_long_line_is_cut_around_the_span() -> None:
    shown, marks = caret("x" * 500 + "!" + "y" * 500, Span(500, 501), width=40).splitlines()
    assert len(shown) == 40 and shown[marks.index("^")] == "!"


def test_a_syntax_error_reports_every_fault() -> None:
    text = "T | where\nU | take"
    faults = (
        Fault("expected an expression, found end of line", Place("", 1, 10), Span(9, 9)),
        Fault("expected a number", Place("", 2, 9), Span(18, 18)),
    )
    error = QuerySyntaxError(faults, text)
    assert str(error) == "1:10: expected an expression, found end of line"
    assert error.report().count("^") == 2


def test_broken_yaml_says_where() -> None:
    with pytest.raises(FormatError) as caught:
        document("a: 1\nb: [1, 2\n", path="rule.yml", line=3)
    assert str(caught.value.place).startswith("rule.yml:")


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{i}: [{', '.join(['*a'] * 10)}]\n" for i in range(20))
    with pytest.raises(FormatError, match="aliases"):
        document(bomb)
