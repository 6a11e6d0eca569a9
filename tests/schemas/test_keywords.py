"""Keywords anywhere in an event: found in values, never in what stands around them; what cannot be asked is refused."""

import json
from typing import Any

import pytest

from rulescope.errors import UnsupportedError
from rulescope.model import ANY, Expr, Extend, Filter, Match, Op, Query, Scan
from rulescope.schemas import keywords
from rulescope.translation import computed

TYPES = {"EventData": "dynamic", "Provider": "string", "Message": "string", "Data": "string"}
JSON = ("json EventData", "Provider")
XML = ("Message", "xml Data")
LOG = ("System",)


def keyword(specs: tuple[str, ...], *values: str) -> Expr:
    return keywords.asked(specs, Match(ANY, Op.CONTAINS, values), TYPES, LOG)


def found(specs: tuple[str, ...], test: Expr, row: dict[str, Any]) -> bool:
    filled = {"Provider": "", "Message": "", "Data": "", "EventData": None} | row
    stages = (Scan("T"), Extend((keywords.whole(specs, TYPES),)), Filter(test))
    return bool(computed.run(Query(stages), [filled]))


@pytest.mark.parametrize(
    "text", ["mimikatz", "nmap", r"\rev.dll", '-Role "Import"', "C:\\inetpub", "a/b", "[x](y)*+?", "ü"]
)
@pytest.mark.parametrize("around", ["{}", "x{}x", "\\{}", '"{}', "\n{}", "\\\\{}\\"])
def test_a_text_in_a_value_is_found(text: str, around: str) -> None:
    value = around.format(text)
    assert found(JSON, keyword(JSON, text), {"EventData": {"P": value}})
    assert found(JSON, keyword(JSON, text.upper()), {"EventData": {"P": "q", "R": value}})
    assert found(JSON, keyword(JSON, text), {"Provider": text}) is ('"' not in text and "\\" not in text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nmap", "\nmap"),  # written \nmap
        ("table", "a\table"),
        (r"\rev.dll", "\\\rev.dll"),
        ('"', "\\"),
        ("red,blue", ["red", "blue"]),
        ("absent", "present"),
    ],
)
def test_a_text_that_is_in_no_value_is_not_found(text: str, value: Any) -> None:
    bag = {"P": value}
    written = json.dumps(bag, separators=(",", ":"))
    assert not found(JSON, keyword(JSON, text), {"EventData": bag}), written


def test_a_text_of_xml_is_found_as_it_is_written() -> None:
    row = {"Data": '<DataItem><EventData><Data Name="p">a &amp; b &lt;script&gt;</Data></EventData></DataItem>'}
    assert found(XML, keyword(XML, "a & b"), row)
    assert found(XML, keyword(XML, "<script"), row)
    assert found(XML, keyword(XML, "script"), row)
    assert not found(XML, keyword(XML, "a &amp; b"), row)
    assert found(XML, keyword(XML, "a & b"), {"Message": "says a & b"})


@pytest.mark.parametrize(
    ("specs", "text"),
    [
        (JSON, "ServiceNam"),  # a part of a name that events of that log have
        (JSON, '":"'[1:2]),
        (JSON, "{ "),
        (XML, "amp"),
        (XML, "t;"),
        (XML, "Data Name="),
        (XML, "EventData"),
    ],
)
def test_a_text_that_may_stand_around_values_is_refused(specs: tuple[str, ...], text: str) -> None:
    with pytest.raises(UnsupportedError):
        keyword(specs, text)


def test_patterns_are_not_asked_of_all_fields_at_once() -> None:
    with pytest.raises(UnsupportedError):
        keywords.asked(JSON, Match(ANY, Op.WILDCARD, ("a*b",)), TYPES, LOG)


def test_a_text_without_a_field_goes_where_keywords_are_looked_for() -> None:
    row: dict[str, Any] = {}
    keywords.put(JSON, "one", TYPES, row)
    keywords.put(JSON, "two", TYPES, row)
    assert row == {"EventData": {"Data": "one\ntwo"}}
    plain: dict[str, Any] = {}
    for text in ("one", "two", "three"):
        keywords.put(("Message", "Provider"), text, TYPES, plain)
    assert plain == {"Message": "one\nthree", "Provider": "two"}
