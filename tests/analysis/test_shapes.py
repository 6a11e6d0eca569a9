"""Tests a column cannot pass and shapes that cost too much are found by their kind, and only then."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rulescope.analysis.shapes import SHAPES, shapes
from rulescope.languages import kusto

FACTS = {
    "Files": {
        "FileName": frozenset({"name"}),
        "SHA1": frozenset({"lower"}),
        "Host": frozenset({"host"}),
    }
}


def facts(table: str) -> Mapping[str, frozenset[str]]:
    return FACTS.get(table, {})


TABLE = [  # a query, and the ids of its findings
    (r'Files | where FileName endswith @"\a.exe"', ["path-in-name"]),
    (r'Files | where FolderPath endswith @"\a.exe"', []),
    (r'Files | where FileName matches regex @"\\a"', []),
    (r'Other | where FileName endswith @"\a.exe"', []),
    (r'Files | extend FileName = strcat(Folder, FileName) | where FileName endswith @"\a.exe"', []),
    (r'Files | project FileName = FolderPath | where FileName endswith @"\a.exe"', []),
    (r'Files | parse Raw with * "file=" FileName | where FileName endswith @"\a.exe"', []),
    (r'Files | project Name = FileName | where Name endswith @"\a.exe"', ["path-in-name"]),
    ('Files | where SHA1 == "ABC"', ["case-never-stored"]),
    ('Files | where SHA1 =~ "ABC"', []),
    ('Files | where SHA1 matches regex "^[A-F]+"', []),
    ('Files | where Host == "https://a.test"', ["url-in-host"]),
    ('Files | extend n = tolower(User) | where n == "Admin"', ["never-in-that-case"]),
    ('Files | extend n = toupper(User) | where n in ("ADMIN")', []),
    ('Files | extend n = tolower(User) | where n =~ "Admin"', []),
    ('Files | where n == "Admin" | extend n = tolower(n)', []),
    ('Files | extend n = tolower(User) | extend n = User | where n == "Admin"', []),
    ('Files | summarize count() by n = tolower(User) | where n == "Admin"', ["never-in-that-case"]),
    ('Files | extend n = tolower(User) | join (Other | where x > 1) on n | where n == "Admin"', []),
    ('search "a"', ["search-everything"]),
    ('Files | search "a"', []),
    ('search in (Files) "a"', []),
    ("union * | count", ["search-everything"]),
    ('Files | where * has "a"', ["any-column"]),
    ("Files | join kind=inner Other on Id", ["unfiltered-join"]),
    ("Files | join kind=inner (Other | where A == 1) on Id", []),
    ("let Small = Other | where A == 1; Files | join Small on Id", []),
    ('Files | where State = "on"', ["assignment"]),
    ('Files | where A matches regex "abc"', ["regex-for-text"]),
    ('Files | where A matches regex "a.c"', []),
    ('Files | where A matches regex ".*a.c"', ["regex-padding"]),
    ('Files | where A matches regex "^a.*c$"', []),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_shapes(text: str, expected: list[str]) -> None:
    assert [found.id for found in shapes(kusto.parse(text), facts)] == expected
    assert set(expected) <= {*SHAPES, "never-in-that-case"}


SUGGESTIONS = [
    (r'Files | where FileName endswith @"\a.exe"', "test the folder column, or the name 'a.exe'"),
    ('Files | where State = "on"', 'write State == "on"'),
    ('Files | where A matches regex "abc"', "use contains_cs, or has_cs for a whole word"),
    ('Files | where A matches regex "(?i)a b"', "use contains"),
]


@pytest.mark.parametrize(("text", "expected"), SUGGESTIONS)
def test_what_to_do_instead(text: str, expected: str) -> None:
    [found] = shapes(kusto.parse(text), facts)
    assert found.suggestion == expected


def test_a_value_among_others_that_fit_is_a_warning() -> None:
    [found] = shapes(kusto.parse('Files | where SHA1 in ("ABC", "abd")'), facts)
    assert found.severity == "warning"
