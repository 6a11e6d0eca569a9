"""Tokens of Kusto and the values of literals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulescope.languages.kusto import syntax as ast
from rulescope.languages.kusto.parser import parse_text
from rulescope.languages.kusto.parser_literals import date, string, ticks
from rulescope.languages.kusto.tokens import END, Tokens

KINDS = [  # text, kinds of its tokens
    ("a project-away b", ["#name", "project-away", "#name"]),
    ("a project -away b", ["#name", "project", "-", "#name", "#name"]),
    ("myproject-away", ["#name", "-", "#name"]),
    ("mv-expand mvexpand make-series top-nested", ["mv-expand", "mvexpand", "make-series", "top-nested"]),
    ("graph-shortest-paths granny-asc", ["graph-shortest-paths", "granny-asc"]),
    ("x !contains_cs 'a'", ["#name", "!contains_cs", "#string"]),
    ("x !in~ ('a')", ["#name", "!in~", "(", "#string", ")"]),
    ("x in~('a')", ["#name", "in~", "(", "#string", ")"]),
    ("x !=y !~z", ["#name", "!=", "#name", "!~", "#name"]),
    ("matches regex", ["matches regex"]),
    ("matches  regex", ["#name", "regex"]),
    ("AND And and", ["#name", "#name", "and"]),
    ("1..5 1.. 5 1.5", ["#long", "..", "#long", "#long", "..", "#long", "#real"]),
    ("1. 1e5 2.5e-3 0x1F 1e", ["#real", "#real", "#real", "#long", "#name"]),
    ("1d 1.5h 10ms 3ticks 2days 7dd", ["#timespan"] * 5 + ["#name"]),
    ("1a _b $left", ["#name"] * 3),
    ("datetime(2020-01-01) datetime (x)", ["#datetime", "datetime", "(", "#name", ")"]),
    ("long(1) bool(true) guid(x) uuid(x)", ["#long", "#bool", "#guid", "uuid", "(", "#name", ")"]),
    ("true True TRUE tRUE", ["#bool", "#bool", "#bool", "#name"]),
    ("h'a' H\"b\" @'c' h@\"d\" h", ["#string"] * 4 + ["#name"]),
    ("```a\nb``` ~~~c\nd~~~", ["#string", "#string"]),
    ("'abc", ["#open-string"]),
    ("'a\nb'", ["#open-string", "#name", "#open-string"]),
    (r"'\d'", ["#open-string"]),
    ("datetime(2020\n)", ["#open-literal", ")"]),
    ("a // b | c\n| d", ["#name", "|", "#name"]),
    ("a\u00a0b\u200bc\ufeffd", ["#name"] * 4),
    ("é", ["#bad"]),
    ("=> =~ == = <> <= <", ["=>", "=~", "==", "=", "<>", "<=", "<"]),
    ("a-b--c", ["#name", "-", "#name", "-", "-", "#name"]),
    ("12345678-1234-1234-1234-123456789abc", ["#raw-guid"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "kinds"), KINDS)
def test_kinds(text: str, kinds: list[str]) -> None:
    found = Tokens(text).kinds
    assert found[: found.index(END)] == kinds


@given(st.text(alphabet="aT1.\"'`~@h\\\n/ |()[]{}=!-<>x0é\u00a0", max_size=60))
def test_every_character_is_in_one_token_or_its_trivia(text: str) -> None:
    tokens = Tokens(text)
    assert "".join(a + b for a, b in zip(tokens.trivia, tokens.texts, strict=True)) == text
    assert all(
        text[start:end] == token for start, end, token in zip(tokens.starts, tokens.ends, tokens.texts, strict=True)
    )


STRINGS = [
    (r"'a\tb\\c\'d'", "a\tb\\c'd"),
    (r'"\u0041\x42\103\U00000044"', "ABCD"),
    (r"@'C:\x''y'", r"C:\x'y"),
    ('@"a""b"', 'a"b'),
    ('h"x"', "x"),
    ("H@'x\\'", "x\\"),
    ("```a\n`b```", "a\n`b"),
    ("~~~a\\n~~~", "a\\n"),
]


@pytest.mark.parametrize(("text", "value"), STRINGS)
def test_strings(text: str, value: str) -> None:
    assert string(text) == value


TIMESPANS = [
    ("1d", 864_000_000_000),
    ("1.5h", 54_000_000_000),
    ("30m", 18_000_000_000),
    ("10ms", 100_000),
    ("1microsecond", 10),
    ("2ticks", 2),
    ("100nanoseconds", 1),
    ("00:05:00", 3_000_000_000),
    ("1.02:03:04.5", 937_845_000_000),
    ("-0:00:01", -10_000_000),
    ("3", 2_592_000_000_000),
    ("soon", None),
]


@pytest.mark.parametrize(("text", "value"), TIMESPANS)
def test_timespans(text: str, value: int | None) -> None:
    assert ticks(text) == value


DATES = [
    ("2020-01-31", "2020-01-31T00:00:00Z"),
    ("2020-01-31 10:20", "2020-01-31T10:20:00Z"),
    ("2020-01-31T10:20:30.1234567Z", "2020-01-31T10:20:30.1234567Z"),
    ("2020-01-31T10:20:30+02:00", "2020-01-31T08:20:30Z"),
    ("2020", "2020-01-01T00:00:00Z"),
    ("1/31/2020", "2020-01-31T00:00:00Z"),
    ("2020-13-01", None),
    ("yesterday", None),
]


@pytest.mark.parametrize(("text", "value"), DATES)
def test_dates(text: str, value: str | None) -> None:
    assert date(text) == value


LITERALS = [
    ("1", ("long", 1)),
    ("0xff", ("long", 255)),
    ("long(null)", ("long", None)),
    ("int(5)", ("int", 5)),
    ("1.5", ("real", 1.5)),
    ("double(1e3)", ("real", 1000.0)),
    ("decimal(1.10)", ("decimal", "1.10")),
    ("True", ("bool", True)),
    ("bool(0)", ("bool", False)),
    ("guid(74BE27DE-1E4E-49D9-B579-FE0B331D3642)", ("guid", "74be27de-1e4e-49d9-b579-fe0b331d3642")),
    ("time(1h)", ("timespan", 36_000_000_000)),
    ("datetime(null)", ("datetime", None)),
    ("'a' \"b\"", ("string", "ab")),
    ("""dynamic({"a": [1, -2.5, null, true, 'x']})""", ("dynamic", '{"a":[1,-2.5,null,true,"x"]}')),
    ("dynamic([datetime(2020), 1d])", ("dynamic", '["2020-01-01T00:00:00.0000000Z","1.00:00:00"]')),
    ("dynamic(null)", ("dynamic", None)),
]


@pytest.mark.parametrize(("text", "expected"), LITERALS)
def test_values(text: str, expected: tuple[str, object]) -> None:
    script = parse_text(f"print {text}")
    assert script.faults == ()
    statement = script.statements[0]
    assert isinstance(statement, ast.QueryStatement) and isinstance(statement.query, ast.Pipe)
    operator = statement.query.operators[0]
    assert isinstance(operator, ast.Print)
    found = operator.items[0]
    assert isinstance(found, ast.Literal)
    assert (found.type, found.value) == expected
    assert found.valid
