"""Rules that no event can satisfy, and those that only look like it."""

from __future__ import annotations

import pytest

from rulescope import languages
from rulescope.analysis.impossible import impossible

FACTS = {"FileName": frozenset({"name"}), "SHA1": frozenset({"lower"}), "DeviceName": frozenset({"host"})}

TABLE = [
    (r'T | where FileName endswith @"\cmd.exe"', True),
    (r'T | where FileName endswith @"\cmd.exe" or FileName =~ "cmd.exe"', False),
    (r'T | where not(FileName endswith @"\cmd.exe")', False),
    (r'T | where FolderPath endswith @"\cmd.exe"', False),
    ('T | where SHA1 == "ABC"', True),
    ('T | where SHA1 =~ "ABC"', False),
    ('T | where DeviceName has "http://x"', False),
    ('T | where A == "x" and A == "y"', True),
    ('T | where A endswith "x" and A endswith "y"', True),
    ('T | where A contains "x" and A contains "y"', False),
    ("T | where A in (dynamic([]))", True),
    ("T | where false", True),
    ("T | where false | count", True),
    ("T | count | where Count > 1", False),
    ('union T, (U | where A == "x" and A == "y")', False),
    ('T | join kind=inner (U | where A == "x" and A == "y") on K', True),
    ('T | join kind=leftouter (U | where A == "x" and A == "y") on K', False),
    ("T | where hour < 5 and hour > 8", True),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_impossible(text: str, expected: bool) -> None:
    assert impossible(languages.parse(text, "kusto"), FACTS) is expected
