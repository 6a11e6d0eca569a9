"""Parts of a column, values told by several, texts some sources keep as XML: the law of `test_columns`, and what is refused."""

from typing import Any

import pytest

from rulescope.engines.reference import compile_predicate
from rulescope.errors import UnsupportedError
from rulescope.model import And, Expr, Extend, Field, Filter, Match, Not, Op, Query, Scan, outline_expr
from rulescope.schemas.columns import FieldMap, Outside
from rulescope.schemas.parts import Address, Host, Kept, Part, Plain, Told, Within
from rulescope.translation import computed

TYPES = {"Account": "string", "Url": "string", "Type": "string", "Result": "string", "Text": "string"} | dict.fromkeys(
    ("Full", "Short", "Stem", "Query"), "string"
)
NAME = Part("Name", ("Account",), "name")
DOMAIN = Part("Domain", ("Account",), "domain")
STEM = Part("stem", ("Url",), "stem")
QUERY = Part("query", ("Url",), "query")
EXTENSION = Part("extension", ("Url",), "extension")
LOGONS = Told("EventID", ("Type", "Result"), "x", {"1": "On|Yes", "2": "On|No", "3": "Off|Yes", "9": ""})
PLAIN = Plain("Text", ("Text",))
LISTED = Within("a.b", ("Objects", "b"))
HOST = Host("Computer", ("Full", "Short"))
ADDRESS = Address("cs-uri", ("Stem", "Query"))


def holds(expr: Expr, field: FieldMap, row: dict[str, Any]) -> bool:
    """Whether a query that makes what `field` needs and asks `expr` chooses the row; text columns are never null."""
    made = field.computed(TYPES)
    stages = (Scan("T"), *((Extend(made),) if made else ()), Filter(expr))
    return bool(computed.run(Query(stages), [dict.fromkeys(TYPES, "") | row]))


def test_an_account_is_a_name_after_a_domain() -> None:
    row: dict[str, Any] = {}
    NAME.store("adm", TYPES, row)
    DOMAIN.store("CORP", TYPES, row)
    assert row == {"Account": r"CORP\adm"}
    other: dict[str, Any] = {}
    DOMAIN.store("CORP", TYPES, other)
    NAME.store("adm", TYPES, other)
    assert other == row
    alone: dict[str, Any] = {}
    NAME.store("SYSTEM", TYPES, alone)
    assert alone == {"Account": "SYSTEM"}


@pytest.mark.parametrize(
    ("part", "whole", "held"),
    [
        (NAME, r"CORP\adm", "adm"),
        (NAME, "adm", "adm"),
        (NAME, "-", "-"),
        (NAME, "", ""),
        (DOMAIN, r"CORP\adm", "CORP"),
        (DOMAIN, "adm", ""),
        (STEM, "http://h/a.php?x=1?y", "http://h/a.php"),
        (STEM, "/a/b", "/a/b"),
        (QUERY, "/a?x=1?y", "x=1?y"),
        (QUERY, "/a", ""),
        (EXTENSION, "http://h.example/a/b.exe?x=1", "exe"),
        (EXTENSION, "http://h.example", ""),
        (EXTENSION, "/a.b/c", ""),
        (EXTENSION, "/a.tar.gz#part", "gz"),
    ],
)
def test_a_part_is_read_by_its_pattern(part: Part, whole: str, held: str) -> None:
    column = part.columns[0]
    assert part.held(whole) == held
    assert computed.value(part.made(TYPES), {column: whole}) == held
    if held:
        row = {column: part.put(whole, held)}
        assert row == {column: whole}


LAW: list[tuple[FieldMap, Match, list[Any]]] = [
    (NAME, Match(Field("Name"), Op.EQ, ("adm", "root")), ["adm", "ADM", "xadm", None]),
    (NAME, Match(Field("Name"), Op.ENDSWITH, ("$",)), ["host$", "$host", None]),
    (NAME, Match(Field("Name"), Op.CONTAINS, ("d",)), ["adm", "xyz", None]),
    (NAME, Match(Field("Name"), Op.EMPTY), ["adm", None]),
    (DOMAIN, Match(Field("Domain"), Op.EQ, ("corp",)), ["CORP", "CORP2", None]),
    (DOMAIN, Match(Field("Domain"), Op.STARTSWITH, ("NT ",)), ["NT AUTHORITY", "CORP", None]),
    (QUERY, Match(Field("query"), Op.CONTAINS, ("cmd=",)), ["a=1&cmd=x", "a=1", None]),
    (EXTENSION, Match(Field("extension"), Op.EQ, ("exe", "dll")), ["exe", "EXE", "ex", None]),
    (HOST, Match(Field("Computer"), Op.EQ, ("dc1.corp.example", "pc2")), ["DC1.corp.example", "DC1", "pc2", None]),
    (HOST, Match(Field("Computer"), Op.EMPTY), ["DC1.corp.example", "pc2", None]),
    (ADDRESS, Match(Field("cs-uri"), Op.CONTAINS, ("a?x=",)), ["/a?x=1", "/a", "/a?b", None]),
    (ADDRESS, Match(Field("cs-uri"), Op.ENDSWITH, (".aspx",)), ["/a.aspx", "/a.aspx?b", None]),
    (LISTED, Match(Field("a.b"), Op.EQ, ("Admin", 'x"y')), ["admin", "Admins", 'x"y', 'x\\"y', None]),
    (LISTED, Match(Field("a.b"), Op.CONTAINS, ("nmap", "\\n")), ["an nmap", "a\nmap", "a\\nb", "b", None]),
    (LISTED, Match(Field("a.b"), Op.STARTSWITH, ("[x",)), ["[x]", "a[x", None]),
    (LISTED, Match(Field("a.b"), Op.ENDSWITH, ("\\",)), ["a\\", 'a\\"', 'b"', None]),
    (LOGONS, Match(Field("EventID"), Op.EQ, ("1",)), ["1", 1, "2", "3", None]),
    (LOGONS, Match(Field("EventID"), Op.EQ, (1, 2)), ["1", "2", "3", None]),
    (LOGONS, Match(Field("EventID"), Op.EQ, (1, 3, 9)), ["1", "2", "3", None]),
    (LOGONS, Match(Field("EventID"), Op.EQ, (9,)), ["1", "2", None]),
    (PLAIN, Match(Field("Text"), Op.CONTAINS, (r"\run",)), [r"C:\run me", "run", None]),
]


@pytest.mark.parametrize(("field", "match", "values"), LAW)
def test_the_mapped_test_holds_when_the_test_holds(field: FieldMap, match: Match, values: list[Any]) -> None:
    mapped = field.match(match, TYPES)
    for value in values:
        row: dict[str, Any] = {}
        field.store(value, TYPES, row)
        event = {} if value is None else {field.field: value}
        for test, there in ((match, mapped), (Not(match), Not(mapped))):
            assert holds(there, field, row) == compile_predicate(test)(event), (value, outline_expr(there))


def test_only_what_tells_values_apart_is_asked() -> None:
    def asked(*values: int) -> Expr:
        return LOGONS.match(Match(Field("EventID"), Op.EQ, values), TYPES)

    assert asked(1, 2) == Match(Field("Type"), Op.EQ, ("On",), cased=True)
    assert asked(2) == And(
        (Match(Field("Type"), Op.EQ, ("On",), cased=True), Match(Field("Result"), Op.EQ, ("No",), cased=True))
    )


@pytest.mark.parametrize(
    ("field", "match"),
    [
        (DOMAIN, Match(Field("Domain"), Op.EQ, ("-",))),
        (DOMAIN, Match(Field("Domain"), Op.EMPTY)),
        (DOMAIN, Match(Field("Domain"), Op.REGEX, (".*",), cased=True)),
        (LOGONS, Match(Field("EventID"), Op.EQ, (4,))),
        (LOGONS, Match(Field("EventID"), Op.STARTSWITH, ("1",))),
        (LISTED, Match(Field("a.b"), Op.EQ, ("true",))),
        (LISTED, Match(Field("a.b"), Op.EMPTY)),
        (Kept("Text", ("Text",)), Match(Field("Text"), Op.CONTAINS, ("x",))),
        (PLAIN, Match(Field("Text"), Op.CONTAINS, ("<Command>",))),
        (PLAIN, Match(Field("Text"), Op.CONTAINS, ("amp",))),
        (PLAIN, Match(Field("Text"), Op.ENDSWITH, ("x",))),
        (PLAIN, Match(Field("Text"), Op.REGEX, ("x",), cased=True)),
    ],
)
def test_what_the_column_cannot_answer_is_refused(field: FieldMap, match: Match) -> None:
    with pytest.raises(UnsupportedError):
        field.match(match, TYPES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (NAME, r"CORP\adm"),
        (DOMAIN, "-"),
        (STEM, "/a?b"),
        (EXTENSION, "a/b"),
        (LOGONS, "9"),
        (LOGONS, "4"),
        (PLAIN, "a & b"),
    ],
)
def test_a_value_no_row_holds_is_outside(field: FieldMap, value: str) -> None:
    with pytest.raises(Outside):
        field.store(value, TYPES, {})
