"""What does not fit is said, with a near miss; what may fit is not."""

from __future__ import annotations

import pytest

from rulescope import model as m
from rulescope.binding import bind
from rulescope.text import Span

TABLES = {"SigninLogs": {"UserPrincipalName": "string", "IPAddress": "string", "Time": "datetime"}}
SIGNINS = m.Scan("SigninLogs")


def found(*stages: m.Step) -> list[tuple[str, str]]:
    return [(d.id, d.suggestion) for d in bind(m.Query(stages), TABLES).diagnostics]


def test_unknown_table() -> None:
    assert found(m.Scan("SigninLog")) == [("unknown-table", "SigninLogs")]


def test_unknown_column_with_its_place() -> None:
    span = Span(20, 30)
    query = m.Query((SIGNINS, m.Filter(m.Match(m.Field("IpAddress", span), m.Op.EQ, ("1",)))))
    (diagnostic,) = bind(query, TABLES).diagnostics
    assert (diagnostic.id, diagnostic.span, diagnostic.suggestion) == ("unknown-column", span, "IPAddress")
    assert diagnostic.message == "no column IpAddress here; did you mean IPAddress?"


def test_a_name_is_said_once() -> None:
    twice = m.Filter(m.Match(m.Field("nope"), m.Op.EQ, ("1",)))
    assert found(SIGNINS, twice, twice) == [("unknown-column", "")]


def test_nothing_is_unknown_in_an_open_row() -> None:
    assert found(m.Scan("Other", ("workspace:x",)), m.Filter(m.Match(m.Field("y"), m.Op.EQ, ("1",)))) == []


CALLS = [
    (m.Call("tostrin", (m.Field("Time"),)), ("unknown-function", "tostring")),
    (m.Call("ToString", (m.Field("Time"),)), ("unknown-function", "tostring")),
    (m.Call("substring", (m.Field("IPAddress"),)), ("wrong-argument-count", "")),
    (m.Call("parsejson", (m.Field("IPAddress"),)), ("deprecated-function", "parse_json")),
]


@pytest.mark.parametrize(("call", "expected"), CALLS)
def test_calls(call: m.Call, expected: tuple[str, str]) -> None:
    assert found(SIGNINS, m.Extend((m.Column(("x",), call),))) == [expected]


def test_unknown_plugin() -> None:
    assert found(SIGNINS, m.Evaluate("bag_unpak", (m.Field("x"),))) == [("unknown-function", "bag_unpack")]


def test_a_column_made_twice() -> None:
    one = m.Column(("x",), m.Literal(1, "long"))
    assert found(SIGNINS, m.Project((one, one))) == [("duplicate-column", "")]


def test_joins_check_each_side_against_its_own_columns() -> None:
    right = m.Query((SIGNINS, m.Project((m.Column(("User",), m.Field("UserPrincipalName")),))))
    good = m.Join(right, (m.JoinKey(m.Field("UserPrincipalName"), m.Field("User")),))
    bad = m.Join(right, (m.JoinKey(m.Field("User"), m.Field("User")),))
    assert found(SIGNINS, good) == []
    assert found(SIGNINS, bad) == [("unknown-column", "")]


def test_subqueries_are_checked() -> None:
    inner = m.Query((SIGNINS, m.Project((m.Column((), m.Field("nope")),))))
    assert found(SIGNINS, m.Filter(m.Within(m.Field("IPAddress"), m.Op.EQ, inner))) == [("unknown-column", "")]


def test_tables_of_a_fuzzy_union_may_be_missing() -> None:
    assert found(SIGNINS, m.Union((m.Query((m.Scan("Missing"),)),), isfuzzy=True)) == []
