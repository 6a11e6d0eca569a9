"""What docs/kusto.md says is understood is what the code understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from rulescope import model as m
from rulescope.languages import kusto
from rulescope.languages.kusto import syntax
from rulescope.languages.kusto.comparisons import LISTS, OPERATORS, Comparison
from rulescope.languages.kusto.lower_stage import _HANDLERS

PAGE = Path(__file__).parents[3] / "docs" / "kusto.md"


def meaning(row: Comparison) -> str:
    words = [str(row.op), "all of the values" if row.every else "", "with case" if row.cased else ""]
    text = ", ".join(word for word in words if word)
    return f"not ({text})" if row.negated else text


def comparisons() -> str:
    rows = [f"| `{word}` | {meaning(row)} |" for word, row in sorted({**OPERATORS, **LISTS}.items())]
    return "\n".join(["| Kusto | model |", "|---|---|", *rows])


def stages() -> str:
    rows = []
    for node in sorted(get_args(syntax.Operator), key=lambda node: str(node.__name__)):
        if node is syntax.Unknown:
            continue
        handler = _HANDLERS.get(node)
        made = str(handler.__annotations__["return"]) if handler else ""
        partly = "in part" if "None" in made else "yes"
        rows.append(f"| {node.__name__} | {partly if handler else 'no'} |")
    return "\n".join(["| operator | understood |", "|---|---|", *rows])


def test_the_tables_of_the_page_are_the_code_s(update_golden: bool) -> None:
    page = PAGE.read_text()
    for name, table in (("comparisons", comparisons()), ("stages", stages())):
        page = re.sub(
            rf"<!-- {name} -->.*<!-- /{name} -->",
            lambda _, name=name, table=table: f"<!-- {name} -->\n{table}\n<!-- /{name} -->",  # type: ignore[misc]
            page,
            flags=re.DOTALL,
        )
    if update_golden:
        PAGE.write_text(page)
    assert PAGE.read_text() == page


def test_the_meanings_of_the_page_hold() -> None:
    for left, right in (
        ("not(x < 5)", "x >= 5"),
        ("x !between (1 .. 5)", "x < 1 or x > 5"),
        ("not(f(x))", "f(x) == false"),
        ('not(x < 5 and y has "t")', 'x >= 5 or y !has "t"'),
        ("x between (t .. 1d)", "x >= t and x <= t + 1d"),
    ):
        one, other = (m.outline(m.normal(kusto.parse(f"T | where {text}"))) for text in (left, right))
        assert one == other
