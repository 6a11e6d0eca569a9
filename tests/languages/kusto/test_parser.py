"""Kusto text to its syntax tree: shapes as goldens, precedence and recovery as tables, real queries as corpus."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from kusto_shape import shape, tree
from rulescope.errors import QuerySyntaxError
from rulescope.languages.kusto import syntax as ast
from rulescope.languages.kusto.parser import parse_text

GOLDEN = Path(__file__).parent / "golden-syntax"


def report(text: str) -> str:
    return QuerySyntaxError(parse_text(text, "rule.kql").faults, text).report() + "\n"


def same(path: Path, found: str, update: bool) -> None:
    if update:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["rule", "operators"])
def test_tree(name: str, update_golden: bool) -> None:
    text = (GOLDEN / f"{name}.kql").read_text(encoding="utf-8")
    assert parse_text(text).faults == ()
    same(GOLDEN / f"{name}.tree", tree(text), update_golden)


def test_every_fault_of_a_text_is_reported_with_its_place(update_golden: bool) -> None:
    text = (GOLDEN / "errors.kql").read_text(encoding="utf-8")
    same(GOLDEN / "errors.txt", report(text), update_golden)


PRECEDENCE = [  # expression, its shape
    ("a or b and c", "OrChain(terms=[a, AndChain(terms=[b, c])])"),
    ("a and b and c", "AndChain(terms=[a, b, c])"),
    ("a == b < c", "(a == (b < c))"),
    ("a + b * c", "(a + (b * c))"),
    ("a - b - c", "((a - b) - c)"),
    ("a * b has c", "(a * (b has c))"),
    ("a has b + c", "((a has b) + c)"),
    ("-a.b[0]", "Unary(op='-', operand=Element(base=Path(base=a, member=b), index=long:0))"),
    ("a == b and c in (1, 2)", "AndChain(terms=[(a == b), InList(op='in', left=c, items=[long:1, long:2])])"),
    ("not(a) == b", "(Call(name=not, args=[a]) == b)"),
    ("* has 'x'", "(Star() has string:'x')"),
    ("a !between (1 .. 2)", "Between(left=a, low=long:1, high=long:2, negated=True)"),
]


@pytest.mark.parametrize(("expression", "expected"), PRECEDENCE)
def test_precedence(expression: str, expected: str) -> None:
    script = parse_text(f"T | where {expression}")
    assert script.faults == ()
    statement = script.statements[0]
    assert isinstance(statement, ast.QueryStatement) and isinstance(statement.query, ast.Pipe)
    where = statement.query.operators[0]
    assert isinstance(where, ast.Where)
    assert shape(where.predicate) == expected


REJECTED = [  # query, message of its first fault
    ("T | where a < b < c", "1:17: expected '|', found '<'"),
    ("T | where a == ", "1:16: expected an expression, found the end of the query"),
    ("T | where time > 1", "1:11: expected an expression, found 'time'; a name that is a keyword is written ['time']"),
    ("T | where a in 'x'", "1:16: expected '(', found 'x'; values stand in parentheses: (\"a\", \"b\")"),
    ("T | project-awayx", "1:5: expected an operator, found 'project-awayx'; did you mean project-away?"),
    ("T | wher a", "1:5: expected an operator, found 'wher'; did you mean where?"),
    ("T | take 5 | ", "1:14: expected an operator, found the end of the query"),
    ("let f = (a: strng) { T }; f(1)", "1:13: expected a type, found 'strng'"),
    ("T | where a == 'b", "1:16: expected an expression, found a string that is not closed on its line"),
    ("T | where é", "1:11: expected an expression, found the character 'é'"),
    (".show tables", "1:1: expected a query, not a management command, found '.show'"),
    ("find where a == 1 project pack(*), a", "1:34: expected ';' or '|', found ','"),
    ("find where a == 1 project a, pack_all()", "1:38: expected '|', found '('"),
    ("T | lookup U", "1:13: expected 'on', found the end of the query"),
    ("datatable(a: long)[b]", "1:20: expected a literal or ']', found 'b'"),
    ("T | where " + "(" * 101, "1:111: expected at most 100 nested brackets, found '('"),
]


@pytest.mark.parametrize(("query", "message"), REJECTED)
def test_rejected(query: str, message: str) -> None:
    assert str(parse_text(query).faults[0]) == message


def test_an_unknown_operator_keeps_the_other_stages() -> None:
    script = parse_text("T | where a == 1 | frobnicate x, (y | z) by w | project-guess q | take 2")
    statement = script.statements[0]
    assert isinstance(statement, ast.QueryStatement) and isinstance(statement.query, ast.Pipe)
    kinds = [type(operator).__name__ for operator in statement.query.operators]
    assert kinds == ["Where", "Unknown", "Unknown", "Take"]
    unknown = statement.query.operators[1]
    assert isinstance(unknown, ast.Unknown)
    assert (unknown.keyword, unknown.text) == ("frobnicate", "frobnicate x, (y | z) by w")
    assert script.kinds[0] == "operator"


def test_places_count_from_the_line_the_query_begins_on() -> None:
    script = parse_text("T\n| where", "rule.yaml", 10)
    assert str(script.faults[0]) == "rule.yaml:11:8: expected an expression, found the end of the query"


def test_nodes_know_their_own_words() -> None:
    script = parse_text("T | extend x = f(a . b)  // c\n| take 1")
    statement = script.statements[0]
    assert isinstance(statement, ast.QueryStatement) and isinstance(statement.query, ast.Pipe)
    words = [script.text[operator.start : operator.end] for operator in statement.query.operators]
    assert words == ["extend x = f(a . b)", "take 1"]


def test_an_empty_text_is_an_empty_script() -> None:
    assert parse_text("") == ast.Script("", ())
    assert parse_text(" // nothing\n").statements == ()


@pytest.mark.corpus
def test_agrees_with_microsoft_on_real_queries(kusto_cases: Path) -> None:
    with gzip.open(kusto_cases / "rules.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    wrong = [row["id"] for row in rows if (not parse_text(row["query"]).faults) != row["accepted"]]
    assert wrong == []


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["docs_cases", "traps", "engine_cases"])
def test_takes_every_documented_query(kusto_cases: Path, name: str) -> None:
    with gzip.open(kusto_cases / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        queries = [json.loads(line)["query"] for line in lines]
    assert [query for query in queries if parse_text(query).faults] == []


@pytest.mark.corpus
def test_takes_the_queries_of_real_rule_files(data_root: Path) -> None:
    taken = faulty = 0
    for path in sorted((data_root / "corpora" / "sentinel").rglob("*.yaml"))[::8]:
        match = re.search(
            r"(?m)^query: *\|[-+0-9]*\r?\n((?:[ \t]+.*\r?\n|\r?\n)+)", path.read_text(encoding="utf-8-sig")
        )
        if match:
            taken += 1
            faulty += bool(parse_text(match[1]).faults)
    assert taken > 50
    assert faulty <= taken * 0.02  # some files of the corpus are broken or templates
