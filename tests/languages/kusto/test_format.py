"""`rulescope fmt`: layout as a golden, and its laws over real queries."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kusto_shape import tree
from rulescope.errors import QuerySyntaxError
from rulescope.languages.kusto.format import format_text
from rulescope.languages.kusto.parser import parse_text
from rulescope.languages.kusto.tokens import END, Tokens

GOLDEN = Path(__file__).parent / "golden-syntax"

TABLE = [  # text, as it is laid out
    ("T|where a==1|take  5", "T\n| where a == 1\n| take 5\n"),
    ("T | where f (a) and -b > - 1", "T\n| where f(a) and -b > -1\n"),
    ("T | join kind = inner (U|project a) on a", "T\n| join kind=inner (U | project a) on a\n"),
    ("T | join (U|where b|project a) on a", "T\n| join (\n    U\n    | where b\n    | project a\n) on a\n"),
    ("let a=1;let b=2;\n\nT", "let a = 1;\nlet b = 2;\n\nT\n"),
    ("let x=T|take 1;x", "let x = T\n    | take 1;\nx\n"),
    ("T // why\n// then\n| take 1 // end", "T  // why\n// then\n| take 1  // end\n"),
    ("print a['b'].c , x . y,['n n']=1", "print a['b'].c, x.y, ['n n'] = 1\n"),
    ("datatable(a:long)[-1,2]", "datatable(a: long)[-1, 2]\n"),
    ("T | extend x=bag_pack('a',1), y=dynamic( {'k':[1 , 2]} )", None),
    ("", ""),
    ("// only this", "// only this\n"),
    ("T | where a has // c\n 'b'", "T\n| where a has  // c\n    'b'\n"),
    ("T | project-away D*, *e | where {p} == 1", "T\n| project-away D*, *e\n| where {p} == 1\n"),
    ("T\r\n| take 1\r\n", "T\n| take 1\n"),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_layout(text: str, expected: str | None) -> None:
    found = format_text(text)
    assert found == (expected if expected is not None else found)
    assert format_text(found) == found


@pytest.mark.parametrize("name", ["rule", "operators"])
def test_golden(name: str, update_golden: bool) -> None:
    text = (GOLDEN / f"{name}.kql").read_text(encoding="utf-8")
    found = format_text(text)
    golden = GOLDEN / f"{name}.formatted.kql"
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")
    keeps_everything(text)


def test_a_broken_text_is_not_touched() -> None:
    with pytest.raises(QuerySyntaxError, match="expected an operator"):
        format_text("T | frobnicate")


def words(text: str) -> list[str]:
    tokens = Tokens(text)
    return tokens.texts[: tokens.kinds.index(END)]


def comments(text: str) -> list[str]:
    return [found.rstrip() for trivia in Tokens(text).trivia for found in re.findall(r"//[^\r\n\u2028\u2029]*", trivia)]


def keeps_everything(text: str) -> None:
    found = format_text(text)
    assert words(found) == words(text)
    assert comments(found) == comments(text)
    assert tree(found) == tree(text)
    assert format_text(found) == found


PIECES = st.sampled_from(
    ["| where a == 1 and b has 'x'", "| extend c = f(a, g(b, 'text'), -1), d = a[0].k", "// note\n", "  // end\n", "\n\n",
     "| join kind=leftouter (U | where z in ('a', 'b') | project k) on k", "| summarize n = count(), max(t) by h, bin(t, 1h)",
     "| where x in (" + ", ".join(f"'value {n}'" for n in range(30)) + ")", "| mv-apply x on (take 1 | extend y = 2)",
     "| extend v = iff(a > 1, case(b == 2, 'a long text here', c == 3, 'another long text here', 'and more'), tostring(d))"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8))
def test_formatting_keeps_tokens_comments_and_the_tree(pieces: list[str]) -> None:
    keeps_everything("let v = T | take 1;\nT " + " ".join(pieces))


@pytest.mark.corpus
def test_formatting_real_queries_changes_only_their_layout(kusto_cases: Path) -> None:
    with gzip.open(kusto_cases / "rules.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows[::3]:
        if not parse_text(row["query"]).faults:
            keeps_everything(row["query"])
