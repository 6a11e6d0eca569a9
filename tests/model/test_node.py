"""Model values: frozen, their own JSON form, walkable and rewritable."""

from __future__ import annotations

import msgspec
import pytest

from rulescope.model import (
    And,
    Field,
    Filter,
    Join,
    JoinKey,
    Literal,
    Match,
    Not,
    Op,
    Opaque,
    Query,
    Scan,
    expressions,
    opaques,
    outline,
    queries,
    replace,
    rewrite,
    understood,
    walk,
)  # fmt: skip

QUERY = Query(
    (
        Scan("imWebSession"),
        Filter(And((Match(Field("Url"), Op.CONTAINS, ("a",)), Not(Match(Field("Host"), Op.EQ, ("b",)))))),
        Join(Query((Scan("Other"),)), (JoinKey(Field("Host"), Field("Host")),)),
    )
)


def test_a_query_is_its_own_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(QUERY), type=Query) == QUERY


def test_nodes_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        QUERY.stages = ()  # type: ignore[misc]


def test_walk_visits_parents_first_in_reading_order() -> None:
    assert [node.name for node in walk(QUERY) if isinstance(node, Field)] == ["Url", "Host", "Host", "Host"]
    assert [q.stages[0].table for q in queries(QUERY) if isinstance(q.stages[0], Scan)] == ["imWebSession", "Other"]


def test_rewrite_changes_and_shares() -> None:
    changed = rewrite(QUERY, lambda node: Field("Url2") if node == Field("Url") else node)
    assert {field.name for field in expressions(changed, Field)} == {"Url2", "Host"}
    assert changed.stages[2] is QUERY.stages[2]
    assert rewrite(QUERY, lambda node: node) is QUERY


def test_an_opaque_anywhere_makes_the_query_not_understood() -> None:
    assert understood(QUERY)
    inner = Query((Scan("Other"), Opaque("frobnicate", "| frobnicate x")))
    broken = replace(QUERY, stages=(*QUERY.stages[:2], Join(inner, ())))
    assert not understood(broken)
    assert [found.keyword for found in opaques(broken)] == ["frobnicate"]


def test_the_outline_shows_each_stage_and_nests_queries() -> None:
    assert outline(QUERY).splitlines() == [
        'Scan table="imWebSession" keyword="source"',
        'Filter predicate=all(Url contains ["a"], not(Host eq ["b"])) keyword="where"',
        'Join right=<1> on=(JoinKey[left=Host right=Host]) kind="innerunique" keyword="join"',
        "  -",
        '  Scan table="Other" keyword="source"',
    ]


def test_literals_of_different_type_have_different_outlines() -> None:
    one = Query((Scan("T"), Filter(Literal("1"))))
    assert outline(one) != outline(Query((Scan("T"), Filter(Literal(1, "long")))))
