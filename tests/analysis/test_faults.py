"""Faults of a rule's logic are found by their kind, and sound rules have none."""

from __future__ import annotations

import pytest

from rulescope import model as m
from rulescope.analysis import faults
from rulescope.analysis.faults import FAULTS
from rulescope.languages import kusto
from rulescope.model import Op


def ids(text: str) -> list[str]:
    return [finding.id for finding in faults(kusto.parse(text))]


ENDS = " or ".join(f'DestHost endswith "{digit}"' for digit in "123456789")
STARTS = " or ".join(f'Name startswith "{letter}"' for letter in "abcdefghijklmnopqrstuvwy")
TABLE = [
    (f"T | where {ENDS}", ["class-gap", "names-and-addresses"]),
    (f'T | where {ENDS} or DestHost endswith "0"', ["names-and-addresses"]),
    (f"T | where {STARTS}", ["class-gap"]),
    ('T | where Host endswith ".com" or Host endswith ".net"', []),
    ('T | where A == "x" and A == "y"', ["contradiction"]),
    ('T | where A startswith "x" and A startswith "y"', ["contradiction"]),
    ('T | where A startswith "x" and A =~ "yx"', ["contradiction"]),
    ('T | where A startswith "x" and A endswith "y"', []),
    ("T | where A > 5 and A < 3", ["contradiction"]),
    ('T | where A == "x" and A != "x"', ["contradiction"]),
    ('T | where A == "x" and A matches regex "[0-9]"', ["contradiction"]),
    (r'T | where RegistryKey startswith @"HKLM\\SOFTWARE"', ["doubled-backslash"]),
    (r'T | where RegistryKey startswith "HKLM\\SOFTWARE"', []),
    (r'T | where TargetObject startswith @"HKLM\SYSTEM\MountedDevices\\DosDevices"', []),
    (r'T | where FolderPath startswith @"\\host\share"', []),
    ('T | where A == "x1" and A matches regex "[0-9]"', []),
    ('T | where A contains "x" and A matches regex "[0-9]"', []),
    ('T | where A == "x" or A == "y"', []),
    ("T | where A in (dynamic([]))", ["empty-list"]),
    ('T | where A contains "*x*" and B startswith "y*"', ["literal-wildcard", "literal-wildcard"]),
    ('T | where A != "- **URLs**"', []),
    ('T | where SearchFilter contains "objectclass=*"', []),
    ('T | where tolower(A) == "Abc"', ["never-in-that-case"]),
    ('T | where tolower(A) == "abc"', []),
    ('T | where ProcessCommandLine == "whoami"', ["case-sensitive"]),
    ('T | where A == "x" | where A == "y"', ["contradiction"]),
    ('T | where A == "x" | extend A = B | where A == "y"', []),
    ("T | where A !in (dynamic([]))", ["empty-list"]),
    ('T | where A == "1=1/*"', []),
    ('T | extend n = tolower(FileName) | where n == "psexec"', []),
    ('T | extend FileName = tolower(FileName) | where FileName == "psexec"', []),
    ('T | where ActionType == "LogonSuccess"', []),
    ('T | where FileName =~ "psexec.exe"', ["renamed-binary"]),
    ('T | where FileName =~ "psexec.exe" or ProcessVersionInfoOriginalFileName =~ "psexec.c"', []),
    ('T | where FileName !~ "psexec.exe"', []),
    ("T | where false", ["never"]),
    ("T | where 1 == 1", ["constant-condition"]),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_faults(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


def test_a_list_of_another_language_has_the_same_gap() -> None:
    values = tuple("123456789")
    query = m.Query(
        (m.Scan("", logsource="category=proxy"), m.Filter(m.Match(m.Field("cs-host"), Op.ENDSWITH, values)))
    )
    [gap, names] = faults(query)
    assert (gap.id, names.id) == ("class-gap", "names-and-addresses")
    assert "hosts ending in 0 escape" in gap.message


def test_an_asterisk_is_no_fault_where_the_language_has_wildcards() -> None:
    query = m.Query((m.Scan("T"), m.Filter(m.Match(m.Field("A"), Op.EQ, ("*x",)))), language="sigma")
    assert faults(query) == ()


def test_every_finding_has_a_meaning() -> None:
    used = {finding for _, expected in TABLE for finding in expected}
    assert used == set(FAULTS)


WILDCARDS = [  # what is written, and what to write
    ('A == "*x*"', 'use contains "x"'),
    ('A == "x*"', 'use startswith "x"'),
    ('A == "*x"', 'use endswith "x"'),
    ('A startswith "x*"', 'use startswith "x"'),
    ('A startswith "*x"', 'use contains "x"'),
    ('A endswith "*x"', 'use endswith "x"'),
    ('A contains "*x"', 'use contains "x"'),
    ('A has "x*"', 'use hasprefix "x"'),
    (r'A contains @"*\net.exe"', r'use contains @"\net.exe"'),
    ('A contains "*net* use*"', 'use matches regex "(?i)net.* use"'),
]


@pytest.mark.parametrize(("condition", "expected"), WILDCARDS)
def test_what_to_write_for_a_wildcard(condition: str, expected: str) -> None:
    query = kusto.parse(f"T | where {condition}")
    found = [finding.suggestion for finding in faults(query)]
    assert found == [expected]
