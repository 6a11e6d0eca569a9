"""Kusto texts and the model they mean: one golden outline a case, and the rules of meaning one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulescope.errors import QuerySyntaxError
from rulescope.languages import kusto
from rulescope.model import Filter, opaques, outline, outline_expr, understood

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(GOLDEN.glob("*.rule"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_golden(case: Path, update_golden: bool) -> None:
    query = kusto.parse(case.read_text())
    said = outline(query) + "\n"
    expected = case.with_suffix(".outline")
    if update_golden:
        expected.write_text(said)
    assert said == expected.read_text()
    assert understood(query)


MEANINGS = [  # a condition, and its outline
    ('a == "x"', 'a eq cased ["x"]'),
    ('"x" == a', 'a eq cased ["x"]'),
    ("5 < a", "a gt cased [5]"),
    ('a !has "x"', 'not(a term ["x"])'),
    ('a in~ ("x", "y")', 'a eq ["x", "y"]'),
    ('a in (dynamic(["x", "y"]), "z")', 'a eq cased ["x", "y", "z"]'),
    ("a in (dynamic([]))", "a eq cased []"),
    ('a has_all ("x", "y")', 'a term every ["x", "y"]'),
    ("a has 4688", "(a term 4688)"),
    ("not(a < 5)", "a ge cased [5]"),
    ("not(a == 5)", "not(a eq cased [5])"),
    ("not(f(a))", "f(a) eq [false]"),
    ("not(isnull(a))", "not(isnull(a))"),
    ('not(a < 5 and b has "x")', 'any(a ge cased [5], not(b term ["x"]))'),
    ('not(a has "x" and b has "y")', 'not(all(a term ["x"], b term ["y"]))'),
    ("not(a == b)", "(a ne cased b)"),
    ("a != b", "(a ne cased b)"),
    ("a != datetime(2024-01-01)", "not((a eq cased datetime(2024-01-01T00:00:00Z)))"),
    ("not(flag)", "flag eq [false]"),
    ("true", "all()"),
    ("not(true)", "any()"),
    ("isempty(a)", "a empty []"),
    ("notempty(a)", "not(a empty [])"),
    ("a !between (1 .. 5)", "any(a lt cased [1], a gt cased [5])"),
    ("iif(a, b, c) == 1", "iff(a, b, c) eq cased [1]"),
    ("a == -5", "a eq cased [-5]"),
    ('not(not(f(a)) and b has "t")', 'any(f(a), not(b term ["t"]))'),
    ('not(f(a) == false and b has "t")', 'not(all(f(a) eq cased [false], b term ["t"]))'),
    ("not(not(not(f(a)) or a < 5))", "any(f(a) eq [false], a lt cased [5])"),
    ("at > datetime(01-31-2022)", "(at gt cased datetime(2022-01-31T00:00:00Z))"),
    ("at > datetime(2021-01-01\u202f10:10:17)", "(at gt cased datetime(2021-01-01T10:10:17Z))"),
    ('a in (dynamic(["x", null]))', 'in(a, dynamic(["x",null]))'),
    ("a.b[0] == 1", 'a["b"][0] eq cased [1]'),
]


@pytest.mark.parametrize(("text", "expected"), MEANINGS)
def test_a_condition_means(text: str, expected: str) -> None:
    stage = kusto.parse(f"T | where {text}").stages[1]
    assert isinstance(stage, Filter)
    assert outline_expr(stage.predicate) == expected


def test_a_column_hides_a_variable_of_its_name_when_the_tables_are_known() -> None:
    text = 'let User = "x"; T | where Account == User'
    assert 'eq cased ["x"]' in outline(kusto.parse(text))
    known = kusto.parse(text, tables={"T": {"User": "string", "Account": "string"}})
    assert "(Account eq cased User)" in outline(known)


def test_parameters_keep_the_words_of_the_author() -> None:
    query = kusto.parse("let limit = 2 * 1h;\nlet names = dynamic(['a']);\nT | where Age > limit and Name in (names)")
    assert [(p.name, p.text, p.type) for p in query.parameters] == [
        ("limit", "2 * 1h", ""),
        ("names", "dynamic(['a'])", "dynamic"),
    ]


def test_every_stage_knows_its_words() -> None:
    text = "T\n| where a == 1\n| summarize count() by b"
    spans = [stage.span for stage in kusto.parse(text).stages]
    assert [text[span.start : span.end] for span in spans if span] == ["T", "where a == 1", "summarize count() by b"]


def test_faults_are_raised_with_their_place() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        kusto.parse("T\n| where a ==", "rule.yaml", 10)
    assert str(caught.value.errors[0].place).startswith("rule.yaml:11:")


def test_an_unknown_operator_keeps_the_other_stages() -> None:
    query, faults = kusto.read("T | where a == 1 | frobnicate b | take 5")
    assert len(faults) == 1
    assert [type(stage).__name__ for stage in query.stages] == ["Scan", "Filter", "Opaque", "Limit"]
    assert [opaque.keyword for opaque in opaques(query)] == ["frobnicate"]


def test_other_statements_stand_after_the_query() -> None:
    query, _ = kusto.read('declare pattern p = (a: string) { ("x") = { T }; };\nT | take 5; U | take 1')
    assert [type(stage).__name__ for stage in query.stages] == ["Scan", "Limit", "Batch"]
    assert [type(stage).__name__ for stage in query.stages[-1].queries[0].stages] == ["Scan", "Limit"]


@pytest.mark.parametrize("text", ["", "|", "T | where", "let x = ", "T | where (", "T | where a == 'x", ")", "T || U"])
def test_reading_never_raises(text: str) -> None:
    query, _ = kusto.read(text)
    outline(query)


def test_functions_that_call_each_other_end() -> None:
    lets = "".join(f"let f{n} = (x: long) {{ f{n - 1}(x) + f{n - 1}(x) }};\n" for n in range(1, 30))
    query = kusto.parse(f"let f0 = (x: long) {{ x }};\n{lets}print y = f29(1)")
    assert any(opaques(query))


def test_long_chains_do_not_recurse() -> None:
    text = "T | where " + " or ".join(f'a == "{n}"' for n in range(5000))
    assert "4999" in outline(kusto.parse(text))


@pytest.mark.parametrize("text", ["where flag = true", "where n = 1", "where a > 1 | where flag = true"])
def test_a_condition_with_one_equals_sign_is_not_understood(text: str) -> None:
    assert not understood(kusto.parse(f"T | {text}"))
