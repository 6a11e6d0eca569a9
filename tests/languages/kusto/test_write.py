"""What is written reads back the same, and is Kusto a person would write."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulescope import model as m
from rulescope.errors import UnsupportedError
from rulescope.languages import kusto
from rulescope.languages.kusto.write_expr import literal, name, string
from rulescope.model import Op

CASES = sorted((Path(__file__).parent / "golden").glob("*.rule"))


def meaning(query: m.Query) -> str:
    return m.outline(m.normal(query))


@pytest.mark.parametrize("style", ["long", "short"])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_is_written_reads_back(case: Path, style: str) -> None:
    query = kusto.parse(case.read_text())
    written = kusto.write(query, style)
    assert meaning(kusto.parse(written)) == meaning(query)
    assert ("\n" in written) == (style == "long") or style == "long"


HOST = m.Field("HttpHost")
WRITTEN = [  # a condition, and its text
    (m.Match(HOST, Op.EQ, ("a", "b")), 'HttpHost in~ ("a", "b")'),
    (m.Match(HOST, Op.EQ, ("a",), cased=True), 'HttpHost == "a"'),
    (m.Match(HOST, Op.EQ, ("10.0.0.1",)), 'HttpHost == "10.0.0.1"'),
    (m.Match(HOST, Op.EQ, (4688,)), "HttpHost == 4688"),
    (m.Not(m.Match(HOST, Op.EQ, ("a",))), 'HttpHost !~ "a"'),
    (m.Not(m.Match(HOST, Op.EQ, ("a", "b"))), 'HttpHost !in~ ("a", "b")'),
    (m.Match(HOST, Op.ENDSWITH, (".com", ".net")), 'HttpHost endswith ".com" or HttpHost endswith ".net"'),
    (m.Not(m.Match(HOST, Op.CONTAINS, ("x",))), 'HttpHost !contains "x"'),
    (m.Match(HOST, Op.TERM, ("x", "y")), 'HttpHost has_any ("x", "y")'),
    (m.Match(HOST, Op.TERM, ("x", "y"), every=True), 'HttpHost has_all ("x", "y")'),
    (m.Match(HOST, Op.CONTAINS, (r"C:\x",)), r'HttpHost contains @"C:\x"'),
    (m.Match(HOST, Op.REGEX, (r"^\d",), cased=True), r'HttpHost matches regex @"^\d"'),
    (m.Match(HOST, Op.EMPTY), "isempty(HttpHost)"),
    (m.Not(m.Match(HOST, Op.EMPTY)), "isnotempty(HttpHost)"),
    (m.Match(m.Field("odd name"), Op.EQ, ("a",)), "['odd name'] =~ \"a\""),
    (m.And((m.Match(HOST, Op.GE, (1,)), m.Match(HOST, Op.LE, (5,)))), "HttpHost between (1 .. 5)"),
    (m.Not(m.Or((m.Match(HOST, Op.EQ, ("a",)), m.Match(m.Field("x"), Op.TERM, ("b",))))),
     'not(HttpHost =~ "a" or x has "b")'),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "expected"), WRITTEN)
def test_a_condition_is_written(condition: m.Expr, expected: str) -> None:
    query = m.Query((m.Scan("T"), m.Filter(condition)))
    assert kusto.write(query, "short") == f"T | where {expected}"
    assert meaning(kusto.parse(kusto.write(query))) == meaning(query)


def test_the_short_style_of_a_list_without_list_form() -> None:
    browser = m.Match(m.Field("HttpUserAgent"), Op.STARTSWITH, ("Microsoft BITS/",))
    query = m.Query(
        (m.Scan("imWebSession"), m.Filter(m.And((browser, m.Not(m.Match(HOST, Op.ENDSWITH, (".com", ".net")))))))
    )
    assert kusto.write(query, "short") == (
        'imWebSession | where HttpUserAgent startswith "Microsoft BITS/" and '
        'not(HttpHost endswith ".com" or HttpHost endswith ".net")'
    )


EXPRESSIBLE = [  # what another language says, and how Kusto says it
    (m.Match(HOST, Op.WILDCARD, ("a*",)), 'HttpHost startswith "a"'),
    (m.Match(HOST, Op.WILDCARD, ("*a",)), 'HttpHost endswith "a"'),
    (m.Match(HOST, Op.WILDCARD, ("*a*",)), 'HttpHost contains "a"'),
    (m.Match(HOST, Op.WILDCARD, (r"a\*",)), 'HttpHost =~ "a*"'),
    (m.Match(HOST, Op.WILDCARD, ("ab*cd",)), 'HttpHost startswith "ab" and HttpHost endswith "cd"'),
    (m.Match(HOST, Op.WILDCARD, ("ab*bc",)), 'HttpHost matches regex "(?is)^ab.*bc$"'),
    (m.Match(HOST, Op.WILDCARD, ("a?.c*",), cased=True), r'HttpHost matches regex @"(?s)^a.\.c"'),
    (m.Match(HOST, Op.WILDCARD, ("*a*", "*b*")), 'HttpHost contains "a" or HttpHost contains "b"'),
    (m.Match(HOST, Op.WILDCARD, ("*",)), "isnotempty(HttpHost)"),
    (m.Match(HOST, Op.CIDR, ("10.0.0.0/8",)), 'ipv4_is_in_range(HttpHost, "10.0.0.0/8")'),
    (m.Match(HOST, Op.CIDR, ("10.0.0.0/8", "fe80::/10")),
     'ipv4_is_in_range(HttpHost, "10.0.0.0/8") or ipv6_is_in_range(HttpHost, "fe80::/10")'),
    (m.Not(m.Match(HOST, Op.CIDR, ("10.0.0.0/8", "172.16.0.0/12"))),
     'ipv4_is_in_any_range(HttpHost, "10.0.0.0/8", "172.16.0.0/12") != true'),
    (m.Match(HOST, Op.CONTAINS, ("x", "y"), every=True), 'HttpHost contains "x" and HttpHost contains "y"'),
    (m.Match(HOST, Op.EXISTS), "isnotempty(HttpHost)"),
    (m.Match(HOST, Op.REGEX, ("^a.b",)), 'HttpHost matches regex "(?i)^a.b"'),
    (m.Not(m.Match(HOST, Op.LT, (5,))), "HttpHost >= 5 or isnull(HttpHost)"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "expected"), EXPRESSIBLE)
def test_what_kusto_says_otherwise(condition: m.Expr, expected: str) -> None:
    query = kusto.expressible(m.Query((m.Scan("T"), m.Filter(condition))))
    assert kusto.write(query, "short") == f"T | where {expected}"
    assert meaning(kusto.parse(kusto.write(query))) == meaning(query)


@pytest.mark.parametrize(
    "condition",
    [m.Match(HOST, Op.WILDCARD, ("a*",)), m.Match(HOST, Op.CIDR, ("10.0.0.0/8",)), m.Not(m.Match(HOST, Op.LT, (5,)))],
)
def test_what_kusto_cannot_say_is_refused(condition: m.Expr) -> None:
    with pytest.raises(UnsupportedError):
        kusto.write(m.Query((m.Scan("T"), m.Filter(condition))))


def test_opaque_is_refused() -> None:
    with pytest.raises(UnsupportedError):
        kusto.write(m.Query((m.Scan("T"), m.Opaque("make-graph", "make-graph a --> b"))))


@settings(max_examples=150)
@given(st.text(max_size=20))
def test_any_text_is_a_literal_that_reads_back(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    stage = kusto.parse(f"T | where a == {string(text)}").stages[1]
    assert isinstance(stage, m.Filter)
    assert stage.predicate == m.Match(m.Field("a"), Op.EQ, (text,), cased=True) or (
        isinstance(stage.predicate, m.Match) and stage.predicate.values == (text,)
    )


@settings(max_examples=80)
@given(st.text(min_size=1, max_size=12))
def test_any_name_reads_back(text: str) -> None:
    text = "".join(char for char in text.encode("utf-8", "ignore").decode() if char.isprintable()) or "x"
    stage = kusto.parse(f"T | project {name(text)}").stages[1]
    assert isinstance(stage, m.Project)
    found = stage.columns[0].value
    assert isinstance(found, m.Field) and found.name == text


@settings(max_examples=150)
@given(
    st.one_of(
        st.integers(-(2**62), 2**62).map(lambda value: m.Literal(value, "long")),
        st.floats(allow_nan=False).map(lambda value: m.Literal(value, "real")),
        st.integers(-(10**17), 10**17).map(lambda value: m.Literal(value, "timespan")),
        st.booleans().map(lambda value: m.Literal(value, "bool")),
    )
)
def test_any_literal_reads_back(value: m.Literal) -> None:
    stage = kusto.parse(f"print x = {literal(value)}").stages[0]
    assert isinstance(stage, m.Print)
    assert m.outline_expr(stage.columns[0].value) == m.outline_expr(value)


@pytest.mark.corpus
def test_real_queries_read_back(kusto_cases: Path) -> None:
    with gzip.open(kusto_cases / "rules.jsonl.gz", "rt") as lines:
        texts = [case["query"] for case in map(json.loads, lines) if case["accepted"]]
    understood = [query for query in map(kusto.parse, texts) if m.understood(query)]
    assert len(understood) >= 0.98 * len(texts)
    for query in understood:
        for style in ("long", "short"):
            assert meaning(kusto.parse(kusto.write(query, style))) == meaning(query)
