"""Logs that are broken, huge or made to hurt: bounded, told, never fatal; and the corners of each text format."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rulescope import logs
from rulescope.errors import LogError
from rulescope.logs import opening
from rulescope.services.scan import LogFault, scan


def read(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of a log, and the reasons of its broken records."""
    found = list(logs.read(path))
    return [row for batch in found for row in batch.rows], [one.reason for batch in found for one in batch.broken]


def of_text(tmp_path: Path, text: str | bytes, name: str = "log") -> tuple[list[dict[str, Any]], list[str]]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


@pytest.mark.parametrize(
    "packed", [gzip.compress(b'{"a":1}\n' * 400_000, 9), gzip.compress(b'[{"a":"' + b"A" * 4_000_000, 9)]
)
def test_a_gzip_that_holds_far_more_than_a_log_can_ends(
    packed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "ANY_SIZE", 1_000_000)
    (tmp_path / "log").write_bytes(packed)
    faults: list[LogFault] = []
    list(scan(tmp_path, [], faults=faults.append))
    assert "times its size" in faults[-1].reason


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 100_000, '{"a":1}\n' + '{"a":' * 100_000 + "\n" + '{"a":2}\n']
)
def test_deeply_nested_json_breaks_alone(text: str, tmp_path: Path) -> None:
    try:
        rows, broken = of_text(tmp_path, text)
    except LogError:
        rows, broken = [], ["no log"]
    assert broken
    assert rows == ([{"a": 1}, {"a": 2}] if text.startswith('{"a":1}') else [])


def test_a_huge_line_breaks_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LONGEST_LINE", 1000)
    rows, broken = of_text(tmp_path, '{"a":1}\n{"a":"' + "x" * 5000 + '"}\n{"a":3}\n')
    assert rows == [{"a": 1}, {"a": 3}]
    assert broken


CSV = [  # text, rows
    ("a;b\n1;2\n", [{"a": "1", "b": "2"}]),
    ("a|b|c\n1|2|3\n4|5|6\n", [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6"}]),
    ('name,text\nx,"a,b ""c"""\ny,"two\r\nlines"\n', [{"name": "x", "text": 'a,b "c"'}, {"name": "y", "text": "two\nlines"}]),
    ("a,b\r\n1,\r\n,2\r\n", [{"a": "1", "b": ""}, {"a": "", "b": "2"}]),
    ("a,b,\n1,2,\n", [{"a": "1", "b": "2"}]),
    ('"first name","last, name"\nx,y\n', [{"first name": "x", "last, name": "y"}]),
    ("\ufeffa,b\n1,2\n", [{"a": "1", "b": "2"}]),
    ("a,b\n\n1,2\n\n", [{"a": "1", "b": "2"}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows"), CSV)
def test_dialects_of_csv(text: str, rows: list[dict[str, str]], tmp_path: Path) -> None:
    assert of_text(tmp_path, text, "log.csv") == (rows, [])


def test_a_row_of_csv_with_too_many_cells_breaks_alone(tmp_path: Path) -> None:
    rows, broken = of_text(tmp_path, "a,b\n1,2\n1,2,3,4\n5,6\n")
    assert [row["a"] for row in rows] == ["1", "5"]
    assert broken == ["4 cells, the header has 2"]


ZEEK = """\
#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\thttp
#fields\tts\turi\ttags\tn
#types\ttime\tstring\tset[string]\tcount
1.5\t/a\\x09b\\\\c\tx,y\\x2cz\t7
2.5\t\\xc3\\xa9\t(empty)\t-
3.5\ttoo few
4.5\t/d\t-\tno number
#close\t2026-11-10
#fields\tts\turi
#types\ttime\tstring
5.5\t/e
"""


def test_zeek_escapes_sets_and_headers_that_come_again(tmp_path: Path) -> None:
    rows, broken = of_text(tmp_path, ZEEK)
    assert rows == [
        {"ts": 1.5, "uri": "/a\tb\\c", "tags": ["x", "y,z"], "n": 7},
        {"ts": 2.5, "uri": "é", "tags": []},
        {"ts": 5.5, "uri": "/e"},
    ]
    assert len(broken) == 2


CEF = [  # extension, fields
    (r"msg=a\=b\\c\nd src=192.0.2.1", {"msg": "a=b\\c\nd", "src": "192.0.2.1"}),
    (r"cs1=one two  three cs1Label=Words act=", {"cs1": "one two  three", "cs1Label": "Words", "act": ""}),
    (r"request=http://h/?a\=1&b\=2 dst=192.0.2.2", {"request": "http://h/?a=1&b=2", "dst": "192.0.2.2"}),
    (r"filePath=C:\\new\\x.exe", {"filePath": r"C:\new\x.exe"}),
]


@pytest.mark.parametrize(("extension", "fields"), CEF)
def test_escapes_of_cef(extension: str, fields: dict[str, str], tmp_path: Path) -> None:
    (row,), broken = of_text(tmp_path, f"CEF:0|V\\|w|P\\\\q|1|id|name|5|{extension}\n")
    assert not broken
    assert (row["DeviceVendor"], row["DeviceProduct"]) == ("V|w", "P\\q")
    assert {name: row.get(name) for name in fields} == fields


def test_w3c_fields_may_change_inside_a_file(tmp_path: Path) -> None:
    text = (
        "#Fields: date time cs-method cs-uri-stem\n2026-11-10 09:00:00 GET /a\n#Software: x\n#Date: y\n"
        "#Fields: time date sc-status cs-uri-stem\n09:00:01 2026-11-10 404 /b\n404 /c\n"
    )
    rows, broken = of_text(tmp_path, text)
    assert [(row["TimeGenerated"], row["cs-uri-stem"], row.get("sc-status")) for row in rows] == [
        ("2026-11-10T09:00:00Z", "/a", None), ("2026-11-10T09:00:01Z", "/b", 404),
    ]  # fmt: skip
    assert broken == ["2 cells, #Fields names 4"]


@pytest.mark.parametrize(
    "text", [b"PAR1 nothing", b"ElfFile\x00nothing", b"\x1f\x8bnothing", b"\x00" * 5000, b"\xff\xfe"]
)
def test_files_that_only_look_like_logs_are_told(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(text)
    (tmp_path / "good.ndjson").write_text(json.dumps({"a": 1}))
    faults: list[LogFault] = []
    list(scan(tmp_path, [], faults=faults.append))
    assert [(Path(fault.log).name, fault.number) for fault in faults] == [("bad", 0)]


def test_xml_of_events_expands_no_entities(tmp_path: Path) -> None:
    bomb = '<Event><!DOCTYPE x [<!ENTITY a "aaaa">]><System><EventID>&a;</EventID></System></Event>'
    (row,), _ = of_text(tmp_path, json.dumps({"Message": bomb}) + "\n")
    assert row == {"Message": bomb}


def test_keys_that_come_twice_or_are_odd_are_kept(tmp_path: Path) -> None:
    rows, broken = of_text(tmp_path, '{"a": 1, "a": 2, "": 3, "b.c": null}\n{"a": NaN, "b": 1e999}\n')
    assert rows[0] == {"a": 2, "": 3, "b.c": None}
    assert len(rows) + len(broken) == 2
