"""Functions refused by name, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulescope.engines.functions.refused import PARTLY, REFUSED, why_not
from rulescope.engines.sql.functions import BUILT
from rulescope.engines.sql.scalars import FUNCTIONS, SAME
from rulescope.errors import UnsupportedError

from .answers import answer


@pytest.mark.parametrize(
    "call", ["current_principal()", "hash_many('a', 'b')", "cursor_after('')", "row_id()"]
)
def test_a_refused_function_says_why(call: str) -> None:
    name = call.partition("(")[0]
    with pytest.raises(UnsupportedError, match=name) as error:
        answer(call)
    assert REFUSED[name] in str(error.value)


def test_no_function_is_both_run_and_refused() -> None:
    assert not set(REFUSED) & (set(FUNCTIONS) | set(BUILT) | set(SAME))
    assert set(PARTLY) <= set(FUNCTIONS)
    assert why_not("strlen") is None


def test_the_page_lists_what_is_refused_and_why() -> None:
    page = (Path(__file__).parents[3] / "docs" / "functions.md").read_text("utf-8")
    assert [name for name in (*REFUSED, *PARTLY) if f"`{name}`" not in page] == []
    assert all(reason in page for reason in (*REFUSED.values(), *PARTLY.values()))
