"""What a query looks for and what it leaves out, wherever it is tested."""

from __future__ import annotations

import pytest

from rulescope import model as m
from rulescope.analysis import exclusions, indicators, placed
from rulescope.languages import kusto
from rulescope.model import Op


def found(text: str) -> list[str]:
    return [
        f"{'not ' if i.negated else ''}{i.field} {i.op} {i.value}" for i in indicators(kusto.parse(text))
    ]  # fmt: skip


TABLE = [
    ('T | where A =~ "x" and B has_any ("y", "z")', ["A eq x", "B term y", "B term z"]),
    ('T | where not(A =~ "x" or B !has "y")', ["not A eq x", "B term y"]),
    ('T | where tolower(A) == "x" and tostring(B) == "1"', ["A eq x", "B eq 1"]),
    ('T | where column_ifexists("A", "none") =~ "x"', ["A eq x"]),
    ('T | where parse_json(Extra).Settings.Mode == "x"', ["Extra.Settings.Mode eq x"]),
    ('T | extend N = tolower(FileName) | where N == "x"', ["FileName eq x"]),
    ('T | extend D = parse_json(Extra) | extend N = tostring(D.Name) | where N == "x"', ["Extra.Name eq x"]),
    ('T | project-rename N = FileName | where N == "x"', ["FileName eq x"]),
    ('T | extend N = strcat(A, B) | where N == "x"', ["N eq x"]),
    ('let list = dynamic(["x", "y"]); T | where A in~ (list)', ["A eq x", "A eq y"]),
    ('let U = T | extend N = Name; U | where N == "x"', ["Name eq x"]),
    ('T | join (U | where B == "x") on Id | where A == "y"', ["B eq x", "A eq y"]),
    ('union (T | where A == "x"), (U | where A != "y")', ["A eq x", "not A eq y"]),
    ('T | where Id in ((U | where B has "x" | project Id))', ["B term x"]),
    ('T | extend K = iff(A has "x", 1, 0) | summarize countif(B startswith "y")', ["A term x", "B startswith y"]),
    ('T | where ipv4_is_in_range(Ip, "10.0.0.0/8") and not(ipv4_is_in_range(Ip, "10.1.0.0/16"))',
     ["Ip cidr 10.0.0.0/8", "not Ip cidr 10.1.0.0/16"]),
    ("T | where TimeGenerated > ago(1d) and Timestamp between (datetime(2024-01-01) .. datetime(2024-02-01))", []),
    ("T | summarize Total = count() by A | where Total > 10", []),
    ("T | summarize count(), Users = make_set(User) by A | where count_ >= 3 and Users has \"x\"", ["User term x"]),
    ("T | where isnotempty(A) and isnotnull(B)", []),
    ('T | where A == tolower("XYZ")', ["A eq xyz"]),
    ("T | mv-expand P = Properties | where P.name == \"x\"", ["Properties.name eq x"]),
    ('T | where Size > 100 and Port == 445', ["Size gt 100", "Port eq 445"]),
    ('T | where case(A == "x", false, B == "y", true, false)', ["not A eq x", "B eq y"]),
    ('T | where iff(A == "x", false, true)', ["not A eq x"]),
    ('T | extend K = case(A == "x", "one", "other")', ["A eq x"]),
    ('let L = U | where B == "y"; T | where A == "x"', ["A eq x"]),
    ('let L = U | where B == "y"; let M = L | take 1; T | join M on Id', ["B eq y"]),
    ('let L = U | where B == "y"; T | evaluate ipv4_lookup(L, Ip, Net)', ["B eq y"]),
    ('let L = U | join (V | where C == "z") on Id; T | where A == "x"', ["A eq x"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_indicators(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_exclusions_are_what_stands_under_a_negation() -> None:
    query = kusto.parse('T | where A has "x" | where not(B startswith "y" and not(C == "z")) | where D !in ("p", "q")')
    assert [(i.field, i.value) for i in exclusions(query)] == [("B", "y"), ("D", "p"), ("D", "q")]


def test_stages_are_numbered_lets_first_and_parts_after_their_stage() -> None:
    query = kusto.parse("let L = T | take 1; U | join (V | where x == 1) on Id | where y == 2")
    assert [(p.number, p.stage.keyword, p.branch, p.depth) for p in placed(query)] == [
        (0, "source", "let L", 1),
        (1, "take", "let L", 1),
        (2, "source", "", 0),
        (3, "join", "", 0),
        (4, "source", "join", 1),
        (5, "where", "join", 1),
        (6, "where", "", 0),
    ]
    assert [i.stage for i in indicators(query)] == [5, 6]


def test_it_does_not_matter_who_wrote_the_query() -> None:
    query = m.Query(
        (m.Scan("", logsource="category=proxy"), m.Filter(m.Not(m.Match(m.Field("cs-host"), Op.ENDSWITH, (".com",)))))
    )
    assert [(i.field, i.op, i.value, i.negated) for i in indicators(query)] == [
        ("cs-host", Op.ENDSWITH, ".com", True)
    ]  # fmt: skip
