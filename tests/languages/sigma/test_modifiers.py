"""Each modifier and form of a detection: what it lowers to, by outline, and which values it takes, by the reference."""

from __future__ import annotations

from typing import Any

import pytest

from rulescope.engines.reference import holds
from rulescope.errors import QuerySyntaxError
from rulescope.languages.sigma import parse
from rulescope.model import Expr, Filter, OpaqueExpr, Scan, expressions, outline_expr

HEAD = "logsource:\n    category: test\ndetection:\n"


def predicate(detection: str, condition: str = "sel", **kwargs: Any) -> Expr:
    lines = "\n".join("    " + line for line in detection.strip("\n").split("\n"))
    query = parse(f"{HEAD}{lines}\n    condition: {condition}\n", **kwargs)
    scan, filtered = query.stages
    assert isinstance(scan, Scan) and scan.logsource == "category=test"
    assert isinstance(filtered, Filter)
    return filtered.predicate


ITEMS = [  # item, outline, a value it takes, a value it does not
    ("f: abc", 'f eq ["abc"]', "ABC", "abcd"),
    ("f: 'abc*'", 'f startswith ["abc"]', "ABCd", "xabc"),
    ("f: '*abc'", 'f endswith ["abc"]', "xabc", "abcx"),
    ("f: '*abc*'", 'f contains ["abc"]', "xabcx", "ab"),
    ("f: 'a*c'", 'f wildcard ["a*c"]', "abbc", "abbcd"),
    ("f: 'a?c'", 'f wildcard ["a?c"]', "abc", "ac"),
    ("f: '*'", "f exists []", "anything", None),
    ("f: '?*'", 'f wildcard ["?*"]', "x", ""),
    ("f: 'C:\\Windows\\*'", 'f eq ["C:\\\\Windows*"]', "c:\\windows*", "c:\\windows\\x"),
    ("f: 'C:\\Windows\\\\*'", 'f startswith ["C:\\\\Windows\\\\"]', "c:\\windows\\x", "c:\\windowsx"),
    ("f: '*\\cmd.exe'", 'f endswith ["\\\\cmd.exe"]', "C:\\cmd.exe", "cmd.exe"),
    ("f: 'a\\\\b'", 'f eq ["a\\\\b"]', "A\\b", "a\\\\b"),
    ("f: '\\\\\\\\srv\\share'", 'f eq ["\\\\\\\\srv\\\\share"]', "\\\\srv\\share", "\\srv\\share"),
    ("f: 'what\\?'", 'f eq ["what?"]', "what?", "whatx"),
    ("f: 'a\\*b*c'", 'f wildcard ["a\\\\*b*c"]', "a*bxc", "axbxc"),
    ("f|contains: abc", 'f contains ["abc"]', "xABCx", "ab"),
    ("f|startswith: abc", 'f startswith ["abc"]', "abcx", "xabc"),
    ("f|endswith: abc", 'f endswith ["abc"]', "xabc", "abcx"),
    ("f|contains: 'a*c'", 'f wildcard ["*a*c*"]', "xabbcx", "ca"),
    ("f|Contains: abc", 'f contains ["abc"]', "xABCx", "ab"),
    ("f|contains: 468", 'f contains ["468"]', 4688, 46),
    ("f: [a, 'b*', c]", 'any(f eq ["a", "c"], f startswith ["b"])', "bx", "ax"),
    ("f|contains|all: [a, b]", 'f contains every ["a", "b"]', "bxa", "a"),
    ("f|all: ['*a', 'b*']", 'all(f endswith ["a"], f startswith ["b"])', "ba", "ab"),
    ("f: 4688", "f eq [4688]", "4688", "46880"),
    ("f: 4.5", "f eq [4.5]", "4.5", "4"),
    ("f: true", "f eq [true]", "True", 1),
    ("f: ''", 'f eq [""]', "", None),
    ("f: null", "not(f exists [])", None, ""),
    ("f:", "not(f exists [])", None, "x"),
    ("f: []", "not(f exists [])", None, "x"),
    ("f|exists: true", "f exists []", "", None),
    ("f|exists: false", "not(f exists [])", None, "x"),
    ("f|cased: aBc", 'f eq cased ["aBc"]', "aBc", "abc"),
    ("f|contains|cased: aBc", 'f contains cased ["aBc"]', "xaBc", "xabc"),
    ("f|neq: abc", 'not(f eq ["abc"])', "x", "ABC"),
    ("f|contains|neq: [a, b]", 'not(f contains ["a", "b"])', "x", "xb"),
    ("f|re: 'a.c'", 'f regex cased ["a.c"]', "xabcx", "aBC"),
    ("f|re|i: 'a.c'", 'f regex cased ["(?i)a.c"]', "ABC", "ac"),
    ("f|re|i|m|s: '^a.c$'", 'f regex cased ["(?ims)^a.c$"]', "x\nA\nC", "abcd"),
    ("f|re: 'C:\\\\[a-z]+\\*'", 'f regex cased ["C:\\\\\\\\[a-z]+\\\\*"]', "C:\\ab*", "C:ab"),
    ("f|lt: 5", "f lt [5]", "4", 5),
    ("f|lte: 5", "f le [5]", 5, 6),
    ("f|gt: 5", "f gt [5]", 5.5, 5),
    ("f|gte: 5", "f ge [5]", "5", "x"),
    ("f|cidr: 10.0.0.0/8", 'f cidr ["10.0.0.0/8"]', "10.9.9.9", "11.0.0.0"),
    ("f|cidr: ['fe80::/10', 10.0.0.0/8]", 'f cidr ["fe80::/10", "10.0.0.0/8"]', "fe80::1", "::1"),
    ("f|base64: foo", 'f eq ["Zm9v"]', "Zm9v", "foo"),
    ("f|base64offset|contains: foo", 'f contains ["Zm9v", "Zvb", "mb2"]', "xxZvbxx", "foo"),
    ("f|wide|base64: ab", 'f eq ["YQBiAA=="]', "YQBiAA==", "YWI="),
    ("f|utf16le|base64: ab", 'f eq ["YQBiAA=="]', "YQBiAA==", "YWI="),
    ("f|utf16be|base64: ab", 'f eq ["AGEAYg=="]', "AGEAYg==", "YWI="),
    ("f|utf16|base64: ab", 'f eq ["//5hAGIA"]', "//5hAGIA", "YWI="),
    ("f|windash|contains: ' -x '", 'f contains [" -x ", " /x ", " –x ", " —x ", " ―x "]', "a /x b", "a +x b"),
    ("f|hour: 13", 'datetime_part("hour", f) eq [13]', "2024-01-01T13:59:00Z", "2024-01-01T14:00:00Z"),
    ("f|hour|gte: 20", 'datetime_part("hour", f) ge [20]', "2024-01-01T20:00:00Z", "2024-01-01T19:59:59Z"),
    ("f|minute: 5", 'datetime_part("minute", f) eq [5]', "2024-01-01T13:05:00Z", "2024-01-01T05:50:00Z"),
    ("f|day: 29", 'datetime_part("day", f) eq [29]', "2024-02-29", "2024-02-28"),
    ("f|week: 1", 'datetime_part("week_of_year", f) eq [1]', "2024-01-03", "2024-01-08"),
    ("f|month: 12", 'datetime_part("month", f) eq [12]', "2024-12-01", "2024-01-12"),
    ("f|year: 2024", 'datetime_part("year", f) eq [2024]', "2024-12-01", "2023-12-31"),
    ("f|expand: 'x-%who%'", 'f eq ["x-ann", "x-bob"]', "X-bob", "x-%who%"),
    ("f|expand|contains: '%who%'", 'f contains ["ann", "bob"]', "hannah", "x"),
    ("f: '%who%'", 'f eq ["%who%"]', "%WHO%", "ann"),
    ("f: 2024-01-31", 'f eq ["2024-01-31"]', "2024-01-31", "2024-01-30"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "expected", "taken", "left"), ITEMS, ids=[item[0] for item in ITEMS])
def test_item(item: str, expected: str, taken: Any, left: Any) -> None:
    expr = predicate(f"sel:\n    {item}", placeholders={"who": ["ann", "bob"]})
    assert outline_expr(expr).replace(" cased=False", "") == expected
    assert holds(expr, {} if taken is None else {"f": taken})
    assert not holds(expr, {} if left is None else {"f": left})


def test_regex_beyond_re2_is_kept_for_engines_to_refuse() -> None:
    assert outline_expr(predicate("sel:\n    f|re: '(?!x)y'")) == 'f regex cased ["(?!x)y"]'


def test_every_case_of_windash_under_all() -> None:
    expr = predicate("sel:\n    f|windash|contains|all: ['-a ', ' -b']")
    assert holds(expr, {"f": "/a x -b"})
    assert not holds(expr, {"f": "/a x -a -c"})


WRITTEN = [  # what YAML would make another value of
    ("f|endswith: 1.10", 'f endswith ["1.10"]'),
    ("f|startswith: [10.0, 0x1F, 010, 1_000, -5, 7]", 'f startswith ["10.0", "0x1F", "010", "1_000", "-5", "7"]'),
    ("f|contains:\n    - 5.0\n    - 1.10", 'f contains ["5.0", "1.10"]'),
    ("f: 10:20:30", 'f eq ["10:20:30"]'),
    ("f: 10:11:22:33:44:55", 'f eq ["10:11:22:33:44:55"]'),
    ("f: 2024-01-31 10:00:00", 'f eq ["2024-01-31 10:00:00"]'),
    ("f: [2024-01-31, '2024-02-01T10:00:00Z', 2024-02-02T10:00:00Z]", 'f eq ["2024-01-31", "2024-02-01T10:00:00Z", "2024-02-02T10:00:00Z"]'),
    ("f: 9007199254740993", "f eq [9007199254740993]"),
    ("f|gt: 9007199254740993", "f gt [9007199254740993]"),
    ("'|all': [1.10, 10:20:30]", '* contains every ["1.10", "10:20:30"]'),
    (r"f|expand: '\%plain%who%'", 'f eq ["%plainann", "%plainbob"]'),
    (r"f|expand: '100\%'", 'f eq ["100%"]'),
    (r"f|expand: 'C:\Users\%who%'", r'f eq ["C:\\Users\\ann", "C:\\Users\\bob"]'),
]  # fmt: skip


@pytest.mark.parametrize(("item", "expected"), WRITTEN, ids=[item[0] for item in WRITTEN])
def test_values_are_those_the_author_wrote(item: str, expected: str) -> None:
    expr = predicate(f"sel:\n    {item}", placeholders={"who": ["ann", "bob"]})
    assert outline_expr(expr) == expected


FIELDREF = [
    ("f|fieldref: g", {"f": "Ann", "g": "ann"}, {"f": "ann"}),
    ("f|fieldref|startswith: g", {"f": "annex", "g": "ANN"}, {"f": "xann", "g": "ann"}),
    ("f|fieldref|endswith: g", {"f": "joann", "g": "ann"}, {"f": "annx", "g": "ann"}),
    ("f|fieldref|contains: g", {"f": "xannx", "g": "ann"}, {"f": "x", "g": "ann"}),
    ("f|fieldref|neq: g", {"f": "x", "g": "ann"}, {"f": "ann", "g": "ANN"}),
]


@pytest.mark.parametrize(("item", "yes", "no"), FIELDREF)
def test_fieldref(item: str, yes: dict[str, str], no: dict[str, str]) -> None:
    expr = predicate(f"sel:\n    {item}")
    assert holds(expr, yes)
    assert not holds(expr, no)


KEYWORDS = [
    ("sel:\n    - evil\n    - 'w*m'", [{"a": "an EVIL thing"}, {"b": {"c": "worm"}}], [{"a": "wm-ok-not"[3:]}, {}]),
    ("sel:\n    '|all':\n        - one\n        - two", [{"a": "one", "b": "two"}, {"a": "two one"}], [{"a": "one"}]),
    ("sel: 4104", [{"id": 4104}, {"id": "x41045"}], [{"id": 410}]),
    ("sel:\n    '|re': 'e[vw]il'", [{"a": "ewil"}], [{"a": "EVIL"}]),
    ("sel:\n    - f: x\n      g: y\n    - h: z", [{"f": "x", "g": "y"}, {"h": "z"}], [{"f": "x"}, {"g": "y"}]),
    ("sel:\n    - word\n    - f: x", [{"a": "a word"}, {"f": "x"}], [{"g": "x"}]),
]  # fmt: skip


@pytest.mark.parametrize(("detection", "yes", "no"), KEYWORDS)
def test_keywords_and_lists(detection: str, yes: list[dict[str, Any]], no: list[dict[str, Any]]) -> None:
    expr = predicate(detection)
    assert [holds(expr, event) for event in yes] == [True] * len(yes)
    assert [holds(expr, event) for event in no] == [False] * len(no)


def test_placeholder_without_values_is_not_understood() -> None:
    expr = predicate("sel:\n    f|expand: 'x%who%'")
    assert [(found.keyword, found.text) for found in expressions(expr, OpaqueExpr)] == [("placeholder", "%who%")]


FAULTS = [
    ("sel:\n    f|nothing: x", "f|nothing: Unknown modifier", 5),
    ("sel:\n    a: b\n    f|cidr: nowhere", "Invalid CIDR", 6),
    ("sel:\n    f|re: '['", "Regular expression '[' is invalid", 5),
    ("sel:\n    f:\n        g: 1", "expected text, a number, true, false or null, found a mapping", 5),
    ("sel:\n    f|re: null", "expected a regular expression, found None", 5),
    ("sel: {}", "an empty mapping detects nothing", 4),
    ("sel:\n    - null", "null is nothing to look for", 4),
    ("sel:\n    f|lt: x", "incompatible", 5),
    ("sel:\n    f: x\n    g: y\n    f: z", "'f' stands twice, and only the last would count", 7),
    ("sel:\n    on: x", "expected the name of a field, found True: put it in quotes", 4),
    ("sel: " + "[" * 30 + "x" + "]" * 30, "lists within lists, deeper than 20", 4),
]


@pytest.mark.parametrize(("detection", "message", "line"), FAULTS)
def test_faults_have_places(detection: str, message: str, line: int) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        predicate(detection, path="rule.yml")
    (fault,) = raised.value.errors
    assert message in fault.message
    assert (fault.place.path, fault.place.line) == ("rule.yml", line)


def test_a_note_named_correlation_does_not_make_a_rule_one() -> None:
    query = parse("correlation: look at the logons as well\n" + HEAD + "    sel: {f: x}\n    condition: sel\n")
    assert isinstance(query.stages[1], Filter)


def test_a_key_may_stand_again_elsewhere() -> None:
    assert outline_expr(predicate("sel:\n    - f: x\n    - f: y")) == 'any(f eq ["x"], f eq ["y"])'
    assert outline_expr(predicate("base: &b {f: x}\nsel:\n    <<: *b\n    f: y")) == 'f eq ["y"]'


def test_all_faults_are_told() -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        predicate("sel:\n    f|what: x\n    g|cidr: y\nother:\n    h|gt: z", "sel and other")
    assert [fault.place.line for fault in raised.value.errors] == [5, 6, 8]
