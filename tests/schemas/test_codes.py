"""Codes, constants and lists: what they write, what they hold, and what they refuse."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.model import FALSE, TRUE, Extend, Field, Filter, Match, Op, Query, Scan, outline_expr
from rulescope.schemas.columns import FieldMap, Outside
from rulescope.schemas.mappings import field_map

LOOKUPS = {"logon": {"2": "Interactive", "10": "RemoteInteractive"}, "risk": {"none": "0", "atrisk": "4"}}
TYPES = {
    "LogonType": "string",
    "RiskState": "int",
    "To": "dynamic",
    "Raw": "dynamic",
    "RemoteIP": "string",
    "Logon": "long",
    "More": "string",
}


def kind(row: str) -> FieldMap:
    return field_map("f", row, LOOKUPS)


def test(op: Op, *values: Any, every: bool = False, cased: bool = False) -> Match:
    return Match(Field("f"), op, values, every, cased)


test.__test__ = False  # type: ignore[attr-defined]

WRITTEN = [
    ("code:logon LogonType", test(Op.EQ, 10, "2"), 'LogonType eq ["RemoteInteractive", "Interactive"]'),
    ("code:risk RiskState", test(Op.EQ, "atRisk"), "RiskState eq cased [4]"),
    ("dash RemoteIP", test(Op.EQ, "-"), 'any(RemoteIP empty [], RemoteIP eq ["-"])'),
    ("dash RemoteIP", test(Op.EQ, "192.0.2.1"), 'RemoteIP eq ["192.0.2.1"]'),
    ("guid More Id", test(Op.EQ, "{AB-C}"), 'f eq ["AB-C"]'),
    ("hex Logon", test(Op.EQ, "0x3E7"), "Logon eq cased [999]"),
    ("list To", test(Op.CONTAINS, "x@y"), 'tostring(To) contains ["x@y"]'),
    ("bags Raw Parameters", test(Op.CONTAINS, "ForwardTo"), 'tostring(Raw["Parameters"]) contains ["ForwardTo"]'),
]


@pytest.mark.parametrize(("row", "match", "expected"), WRITTEN)
def test_what_is_written(row: str, match: Match, expected: str) -> None:
    assert outline_expr(kind(row).match(match, TYPES)) == expected


REFUSED = [
    ("code:logon LogonType", test(Op.EQ, 10, 9)),
    ("code:logon LogonType", test(Op.REGEX, "^1")),
    ("always Exchange", test(Op.CONTAINS, "Ex")),
    ("never a%20list", test(Op.EQ, "x")),
    ("list To", test(Op.EQ, 'a"b')),
    ("list To", test(Op.REGEX, "^a")),
    ("list To", test(Op.EXISTS)),
    ("bags Raw Parameters", test(Op.EQ, "x")),
    ("guid More Id", test(Op.EQ, "AB-C")),
    ("dash RemoteIP", test(Op.REGEX, "^-$")),
    ("hex Logon", test(Op.EQ, "999")),
    ("hex Logon", test(Op.STARTSWITH, "0x3")),
]


@pytest.mark.parametrize(("row", "match"), REFUSED)
def test_what_is_refused(row: str, match: Match) -> None:
    with pytest.raises(UnsupportedError):
        kind(row).match(match, TYPES)


def test_a_constant_is_true_or_false_at_once() -> None:
    provider = kind("always Service%20Control%20Manager")
    assert provider.match(test(Op.EQ, "service control manager"), TYPES) == TRUE
    assert provider.match(test(Op.EQ, "other"), TYPES) == FALSE
    assert provider.match(test(Op.EQ, "service control manager", cased=True), TYPES) == FALSE
    assert provider.match(test(Op.EXISTS), TYPES) == TRUE


HELD = [
    ("code:risk RiskState", "atRisk", {"RiskState": 4}),
    ("dash RemoteIP", "-", {"RemoteIP": None}),
    ("guid More Id", "{AB-C}", {"More": '{"Id": "AB-C"}'}),
    ("mask More Access", "0x1410", {"More": '{"Access": 5136}'}),
    ("list To", "a", {"To": ["a"]}),
    ("bags Raw Parameters", "a", {"Raw": {"Parameters": ["a"]}}),
    ("always x", "x", {}),
    ("hex Logon", "0x3e7", {"Logon": 999}),
]


@pytest.mark.parametrize(("row", "value", "expected"), HELD)
def test_what_is_held(row: str, value: str, expected: dict[str, Any]) -> None:
    made: dict[str, Any] = {}
    kind(row).store(value, TYPES, made)
    assert made == expected


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("code:logon LogonType", "9"),
        ("dash RemoteIP", ""),
        ("guid More Id", "AB"),
        ("always x", "y"),
        ("never why", "y"),
    ],
)
def test_what_no_event_has(row: str, value: str) -> None:
    with pytest.raises(Outside):
        kind(row).store(value, TYPES, {})


ROWS = [  # JSON of a list column
    '["ann@a.example","boss@b.example"]',
    '["boss@b.example.evil"]',
    '["not-boss@b.example"]',
    '["\\"boss@b.example\\" <x@y.example>"]',
    '["x,\\"boss@b.example","[\\"boss@b.example"]',
    '["BOSS@B.EXAMPLE"]',
    "[]",
    "",
]
ANY = [  # a test of an element, numbers of the rows with an element it holds for
    (test(Op.EQ, "boss@b.example"), [0, 5]),
    (test(Op.EQ, "boss@b.example", cased=True), [0]),
    (test(Op.CONTAINS, "boss@b.example"), [0, 1, 2, 3, 4, 5]),
    (test(Op.STARTSWITH, "boss@"), [0, 1, 5]),
    (test(Op.ENDSWITH, "boss@b.example"), [0, 2, 4, 5]),
    (test(Op.EQ, "ann@a.example", "boss@b.example.evil"), [0, 1]),
    (test(Op.CONTAINS, "ann", "boss", every=True), [0]),
]


@pytest.mark.parametrize(("match", "expected"), ANY)
def test_any_element_of_a_list_may_match(match: Match, expected: list[int]) -> None:
    table = pa.table({"n": pa.array(range(len(ROWS))), "To": pa.array(ROWS)})
    engine = Engine({"T": table}, schemas={"T": {"n": "long", "To": "dynamic"}})
    found = engine.run(Query((Scan("T"), Filter(kind("list To").match(match, TYPES))), language="kusto"))
    assert found.column("n").to_pylist() == expected


PATHS = [(r"C:\Windows", "x.exe"), (r"C:\Windows\x.exe", "x.exe"), (r"C:\x.exe", "y.dll"), ("", "x.exe")]
ASKED = [  # a test of the whole path, numbers of the rows it holds for, with or without the name in the folder
    (test(Op.ENDSWITH, r"\x.exe"), [0, 1, 3]),
    (test(Op.ENDSWITH, r"\x.exe", ".dll"), [0, 1, 2, 3]),
    (test(Op.EQ, r"c:\windows\X.EXE"), [0, 1]),
    (test(Op.STARTSWITH, "C:\\Windows\\"), [0, 1]),
    (test(Op.CONTAINS, r"\x.exe\y"), [2]),
    (test(Op.CONTAINS, r"x.exe\x.exe"), []),
]


@pytest.mark.parametrize(("match", "expected"), ASKED)
def test_a_folder_stands_with_or_without_the_name(match: Match, expected: list[int]) -> None:
    folders, names = zip(*PATHS, strict=True)
    table = pa.table({"n": pa.array(range(len(PATHS))), "Folder": pa.array(folders), "Name": pa.array(names)})
    path = kind("path Folder Name")
    query = Query((Scan("T"), Extend(path.computed({})), Filter(path.match(match, {}))), language="kusto")
    found = Engine({"T": table}, schemas={"T": {"n": "long", "Folder": "string", "Name": "string"}}).run(query)
    assert found.column("n").to_pylist() == expected
