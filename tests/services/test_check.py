"""Checking rules: every kind of finding has a place, files of every kind are read, schemas of a folder win."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rulescope.errors import SchemaError
from rulescope.model import RuleFile
from rulescope.services.check import CHECKS, check, check_file, check_text, shipped, with_folder

TABLES = {"Logons": {"TimeGenerated": "datetime", "Account": "string", "Total": "long"}}

TABLE = [  # a query, and (id, severity, column) of its findings
    ("Logons | where Account == 'a'", []),
    ("Logons | where Acount == 'a'", [("unknown-column", "warning", 16)]),
    ("Logins | take 1", [("unknown-table", "warning", 1)]),
    ("Firewall_CL | take 1", [("unknown-table", "note", 1)]),
    ("Firewall_CL | where anything == 1", [("unknown-table", "note", 1)]),
    ("Logons | where code_d == 1", []),
    ("Logons | extend a = nosuch(Account)", [("unknown-function", "error", 21)]),
    ("Logons | extend a = strlen()", [("wrong-argument-count", "error", 21)]),
    ("Logons | summarize makeset(Account)", [("deprecated-function", "note", 20)]),
    ("Logons | project Account, Account", [("duplicate-column", "error", 27)]),
    ("Logons | where false", [("never", "error", 10)]),
    ("Logons | where Total > 5 | where Total < 3", [("contradiction", "error", 34)]),
    ("Logons | where Account in (dynamic([]))", [("empty-list", "warning", 16)]),
    ("Logons | where Account !in (dynamic([]))", [("empty-list", "note", 16)]),
    ("Logons | where Account = 'a'", [("assignment", "error", 16)]),
    ("Logons | where", [("syntax", "error", 15)]),
    ("Logons | wher Total > 1", [("syntax", "error", 10)]),
    ("let W = _GetWatchlist('vip'); Logons | where Account in (W)", []),
    ("let f = () { Logons }; f | count", []),
    ("let f = (n: long) { Logons | where Total > n }; f(3) | count", []),
    ("Logons | where InitiatingProcessFolderPath has 'a'", [("unknown-column", "warning", 16)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_findings_of_a_text(text: str, expected: list[tuple[str, str, int]]) -> None:
    found = check_text(text, "q.kql", TABLES)
    assert [(f.id, f.severity, f.place.column if f.place else 0) for f in found] == expected
    assert all(f.id in CHECKS for f in found)


def test_a_finding_about_a_name_says_of_which_day_the_schemas_are() -> None:
    [found] = check_text("Logons | where Acount == 'a'", "", TABLES)
    assert re.fullmatch(r"no column Acount here; did you mean Account\? \(schemas of \d{4}-\d\d-\d\d\)", found.message)
    assert found.suggestion == "Account"


def test_places_are_those_of_the_file() -> None:
    text = "id: 1\nname: Logons\nquery: |\n  SigninLogs\n  | where IPAddres == 'x'\nkind: Scheduled\nseverity: Low\n"
    checked = check_file(RuleFile("", "a.yaml", text.encode()), shipped())
    assert checked.rules == 1
    [found] = [f for f in checked.findings if f.id == "unknown-column"]
    assert found.place is not None
    assert (found.place.line, found.place.column) == (5, 11)


def test_a_file_that_is_no_rule_is_a_finding_only_when_named(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("title: shopping\n")
    assert [f.id for c in check(tmp_path) for f in c.findings] == []
    assert [f.id for c in check(tmp_path / "notes.yaml") for f in c.findings] == ["not-a-rule"]


def test_tables_of_a_folder_win(tmp_path: Path) -> None:
    (tmp_path / "Firewall_CL.tsv").write_text("# ours\nTimeGenerated\tdatetime\nHost\tstring\n")
    (tmp_path / "more.json").write_text(json.dumps({"SigninLogs": {"Only": "string"}}))
    tables = with_folder(tmp_path)
    assert tables["SigninLogs"] == {"Only": "string"}
    assert [f.id for f in check_text("Firewall_CL | where Hst == 'a'", "", tables)] == ["unknown-column"]
    assert "DeviceEvents" in tables


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "{"), ("a.json", "[]"), ("a.json", '{"T": []}'), ("T.tsv", "Host\ttext\n")]
)
def test_a_folder_with_a_broken_schema(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SchemaError, match=name):
        with_folder(tmp_path)


def test_every_check_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
    assert [id for id in CHECKS if f"### {id}\n" not in page] == []
