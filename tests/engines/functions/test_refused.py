"""Functions refused by name, with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rulescope.engines.functions.refused import PARTLY, REFUSED, why_not
from rulescope.engines.sql.functions import BUILT
from rulescope.engines.sql.plan import WINDOWED
from rulescope.engines.sql.plugins import PLUGINS
from rulescope.engines.sql.scalars import FUNCTIONS, SAME
from rulescope.engines.sql.several import SEVERAL
from rulescope.errors import UnsupportedError

from .answers import answer

PAGE = Path(__file__).parents[3] / "docs" / "functions.md"


@pytest.mark.parametrize("call", ["current_principal()", "hash_many('a', 'b')", "cursor_after('')", "row_id()"])
def test_a_refused_function_says_why(call: str) -> None:
    name = call.partition("(")[0]
    with pytest.raises(UnsupportedError, match=name) as error:
        answer(call)
    assert REFUSED[name] in str(error.value)


def test_no_function_is_both_run_and_refused() -> None:
    assert not set(REFUSED) & (set(FUNCTIONS) | set(BUILT) | set(SAME))
    assert set(PARTLY) <= set(FUNCTIONS) | set(BUILT) | set(SAME)
    assert why_not("strlen") is None


@pytest.mark.corpus
def test_every_function_and_plugin_of_the_service_is_run_or_refused(kusto_cases: Path) -> None:
    known = json.loads((kusto_cases / "builtins.json").read_text("utf-8"))
    run = {*FUNCTIONS, *BUILT, *SEVERAL, *WINDOWED, "database", "table"}
    assert [name for name in known["functions"] if name not in REFUSED and SAME.get(name, name) not in run] == []
    page = PAGE.read_text("utf-8")
    assert [name for name in (*known["plugins"], *PLUGINS) if f"`{name}`" not in page] == []


def test_the_page_lists_what_is_refused_and_why() -> None:
    page = PAGE.read_text("utf-8")
    assert [name for name in (*REFUSED, *PARTLY) if f"`{name}`" not in page] == []
    assert all(reason in page for reason in (*REFUSED.values(), *PARTLY.values()))
