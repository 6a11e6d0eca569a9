"""Kinds of field: a test of the field holds exactly when the mapped test holds of the stored columns."""

from typing import Any

import pytest

from rulescope.engines.reference import compile_predicate, holds
from rulescope.errors import UnsupportedError
from rulescope.model import And, Expr, Field, Match, Not, Op, outline_expr
from rulescope.schemas.columns import Details, FieldMap, Hashes, Joined, Lookup, Name, Outside, Registry

TYPES = {"Port": "int", "Size": "long", "Flag": "bool", "Level": "string"}
PLAIN = FieldMap("F", ("Level",))
NUMBER = FieldMap("F", ("Port",))
BOOL = FieldMap("F", ("Flag",))
LEVELS = Lookup("F", ("Level",), "levels", {"high": "High", "s-1-16-12288": "High", "low": "Low"})
NAMES = Name("F", ("Parent",), "\\")
HASHES = Hashes("F", ("MD5=MD5", "SHA256=SHA256"))
DATA = Details("F", ("Data", "Kind"))
MD5 = "0123456789abcdef0123456789abcdef"

LAW: list[tuple[FieldMap, Match, list[Any]]] = [
    (PLAIN, Match(Field("F"), Op.EQ, ("High",)), ["high", "HIGH", "low", None]),
    (PLAIN, Match(Field("F"), Op.EQ, (4688,)), ["4688", 4688, "46880", None]),
    (PLAIN, Match(Field("F"), Op.CONTAINS, ("a*b",)), ["xa*bx", "aab"]),
    (NUMBER, Match(Field("F"), Op.EQ, ("443", "8443")), [443, "8443", 80, None]),
    (NUMBER, Match(Field("F"), Op.GT, (1024,)), [1024, 1025, None]),
    (BOOL, Match(Field("F"), Op.EQ, ("true",)), ["true", True, "false", None]),
    (LEVELS, Match(Field("F"), Op.EQ, ("HIGH",)), ["High", "Low", None]),
    (LEVELS, Match(Field("F"), Op.CONTAINS, ("hi",)), ["High", "Low"]),
    (NAMES, Match(Field("F"), Op.ENDSWITH, (r"\cmd.exe", r"\pwsh.exe")), [r"C:\a\cmd.exe", r"C:\a\xcmd.exe", None]),
    (NAMES, Match(Field("F"), Op.ENDSWITH, ("cmd.exe",)), [r"C:\a\cmd.exe", r"C:\a\xcmd.exe", r"C:\cmd.exe.txt"]),
    (HASHES, Match(Field("F"), Op.CONTAINS, (f"MD5={MD5}",)), [f"MD5={MD5}", f"MD5={MD5[::-1]}", None]),
    (DATA, Match(Field("F"), Op.EQ, ("DWORD (0x00000001)",)), ["DWORD (0x00000001)", "DWORD (0x00000002)", "1", None]),
    (DATA, Match(Field("F"), Op.EQ, ("Binary Data",)), ["Binary Data", "DWORD (0x00000001)", "text", None]),
    (DATA, Match(Field("F"), Op.STARTSWITH, ("DWORD",)), ["Binary Data", "DWORD (0x00000001)", "text", None]),
    (DATA, Match(Field("F"), Op.CONTAINS, (" -e ",)), ["x -e y", "DWORD (0x00000001)", None]),
    (DATA, Match(Field("F"), Op.STARTSWITH, ("4",)), ["4.exe", "DWORD (0x00000004)", None]),
    (DATA, Match(Field("F"), Op.CONTAINS, (r"\Temp\x",)), [r"C:\Temp\x.exe", "DWORD (0x00000001)"]),
]


@pytest.mark.parametrize(("row", "match", "values"), LAW)
def test_the_mapped_test_holds_when_the_test_holds(row: FieldMap, match: Match, values: list[Any]) -> None:
    mapped = row.match(match, TYPES)
    for value in values:
        stored: dict[str, Any] = {}
        row.store(value, TYPES, stored)
        for test, there in ((match, mapped), (Not(match), Not(mapped))):
            assert holds(there, stored) == holds(test, {} if value is None else {"F": value}), (
                value,
                outline_expr(there),
            )


REGISTRY = Registry("F", ("Key", "Value"), r"HKEY_LOCAL_MACHINE\Classes")
PATHS = [
    (r"HKLM\SOFTWARE\Run\evil", r"HKEY_LOCAL_MACHINE\SOFTWARE\Run", "evil"),
    (r"HKU\S-1-5-18\Run\x", r"HKEY_USERS\S-1-5-18\Run", "x"),
    (r"HKCR\exefile\shell\y", r"HKEY_LOCAL_MACHINE\Classes\exefile\shell", "y"),
]


@pytest.mark.parametrize(("path", "key", "value"), PATHS)
def test_a_registry_path_is_stored_as_key_and_value(path: str, key: str, value: str) -> None:
    row: dict[str, Any] = {}
    REGISTRY.store(path, {}, row)
    assert row == {"Key": key, "Value": value}


@pytest.mark.parametrize(
    ("op", "text", "expected"),
    [
        (Op.STARTSWITH, "HKLM\\SOFTWARE\\", "HKEY_LOCAL_MACHINE\\SOFTWARE\\"),
        (Op.CONTAINS, r"hklm\System", r"HKEY_LOCAL_MACHINE\System"),
        (Op.CONTAINS, r"\CurrentVersion\Run", r"\CurrentVersion\Run"),
        (Op.WILDCARD, r"HKCR\\*\\shell", r"HKEY_LOCAL_MACHINE\\Classes\\*\\shell"),
    ],
)
def test_hive_names_are_written_in_full(op: Op, text: str, expected: str) -> None:
    assert REGISTRY.match(Match(Field("F"), op, (text,)), {}) == Match(Field("F"), op, (expected,))


@pytest.mark.parametrize(
    ("row", "match"),
    [
        (REGISTRY, Match(Field("F"), Op.CONTAINS, (r"LM\SOFTWARE",))),
        (REGISTRY, Match(Field("F"), Op.REGEX, ("HKLM.*",), cased=True)),
        (NAMES, Match(Field("F"), Op.CONTAINS, (r"\Temp\x",))),
        (NAMES, Match(Field("F"), Op.STARTSWITH, ("C:",))),
        (HASHES, Match(Field("F"), Op.CONTAINS, (f"IMPHASH={MD5}",))),
        (HASHES, Match(Field("F"), Op.CONTAINS, (MD5,))),
        (DATA, Match(Field("F"), Op.CONTAINS, ("DWORD",))),
        (DATA, Match(Field("F"), Op.CONTAINS, ("0x00000001",))),
        (NUMBER, Match(Field("F"), Op.GT, ("many",))),
        (LEVELS, Match(Field("F"), Op.REGEX, ("H.*",), cased=True)),
    ],
)
def test_what_the_columns_cannot_answer_is_refused(row: FieldMap, match: Match) -> None:
    with pytest.raises(UnsupportedError):
        row.match(match, TYPES)


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (NUMBER, "http"),
        (BOOL, "perhaps"),
        (LEVELS, "Untrusted"),
        (NAMES, "cmd.exe"),
        (HASHES, "MD5=abc"),
        (REGISTRY, r"SOFTWARE\x"),
        (Joined("F", ("Domain", "Name")), "SYSTEM"),
    ],
)
def test_a_value_no_event_has_is_outside(row: FieldMap, value: str) -> None:
    with pytest.raises(Outside):
        row.store(value, TYPES, {})
    likely = row.likely(value)
    if likely != value:
        row.store(likely, TYPES, {})


def test_a_number_kept_as_text_is_found_in_both_forms() -> None:
    both = Details("F", ("Data", "Kind"), "both")
    test: Expr = both.match(Match(Field("F"), Op.EQ, ("DWORD (0x0000000a)",)), {})
    asks = compile_predicate(test)
    assert asks({"Data": "DWORD (0x0000000a)"})
    assert asks({"Data": "10", "Kind": "Reg_DWord"})
    assert not asks({"Data": "10", "Kind": "Reg_Sz"})


def test_hash_algorithms_stay_apart() -> None:
    every = Match(Field("F"), Op.CONTAINS, (f"MD5={MD5}", f"SHA256={MD5 * 2}"), every=True)
    assert isinstance(HASHES.match(every, {}), And)
