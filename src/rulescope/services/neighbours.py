"""Neighbours of a rule: what another rule catches of it and beyond it, proven; what they look for in common.

A relation is claimed only where the conditions on events are all there is to both rules: no counting, no joins, the same
tables or log source. "A catches all B does" then means: no event of single values satisfies B and not A. That is proven by
search (`analysis.examples.satisfiable`); where the search finds an event instead, it is shown, and where it gives up,
nothing is claimed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..analysis.contradiction import branches
from ..analysis.examples import event_for, satisfiable
from ..catalogue import Card, Catalogue
from ..engines.reference import compile_predicate
from ..errors import UnsupportedError
from ..model import (
    And,
    Expr,
    Extend,
    Field,
    Filter,
    Match,
    Not,
    Op,
    Project,
    Query,
    Rename,
    Render,
    Scan,
    Select,
    Sort,
    expressions,
    normal_expr,
    rewrite,
)
from ..model.node import Node, replace
from ..schemas import events, fields
from .pages import Neighbour

EMPTY = "(empty)"
PARTIAL = frozenset({"contains", "startswith", "endswith", "term"})
LEAST_PART = 5
"""A shorter part of a text is no thing in common."""
MOST_PROVEN = 6
MOST_VALUES = 60
MOST_SHOWN = 24
HARMLESS = (Extend, Project, Select, Rename, Sort, Render)


def neighbours(catalogue: Catalogue, key: str) -> tuple[Neighbour, ...]:
    """The rules nearest to one, equivalent ones first, then broader, narrower, and those that share rare things."""
    return catalogue.remembered("neighbours", key, lambda: _neighbours(catalogue, key))


def _neighbours(catalogue: Catalogue, key: str) -> tuple[Neighbour, ...]:
    found: dict[str, Neighbour] = {}
    for card in catalogue.same_outline(key)[:MOST_SHOWN]:
        found[card.key] = Neighbour(card, "equivalent", "both queries have the same normal form")
    own = catalogue.query(key)
    scope = conditions(own) if own else None
    if scope is not None:
        for other in catalogue.candidates(key, MOST_PROVEN * 2)[:MOST_PROVEN]:
            if other not in found and (near := _compare(catalogue, scope, other)):
                found[other] = near
    for card, all_shared in catalogue.sharing(key, limit=MOST_SHOWN):
        shared = tuple(each for each in all_shared if not (each.op in PARTIAL and len(each.value) < LEAST_PART))
        if not shared:
            continue
        words = tuple(f"{each.field} {each.op} {each.value or EMPTY}" for each in shared[:6])
        if card.key not in found:
            found[card.key] = Neighbour(
                card, "shares", f"{len(shared)} {'test' if len(shared) == 1 else 'tests'} few rules make", words
            )
        else:
            found[card.key] = replace(found[card.key], shared=words)
    for card in catalogue.family(key):
        if card.key not in found:
            found[card.key] = Neighbour(card, "near copy", "the same tests, or the same words")
        elif found[card.key].relation == "shares":
            found[card.key] = replace(found[card.key], relation="near copy")
    technique, others = catalogue.alongside(key)
    for card in others:
        if card.key not in found:
            found[card.key] = Neighbour(card, "same technique", f"{technique}, on the same kind of log")
    order = {"equivalent": 0, "near copy": 1, "broader": 2, "narrower": 3, "shares": 4, "same technique": 5}
    listed = sorted(found.values(), key=lambda each: order.get(each.relation, 9))
    return tuple(listed[:MOST_SHOWN])


def _compare(catalogue: Catalogue, own: tuple[str, Expr], other: str) -> Neighbour | None:
    query = catalogue.query(other)
    theirs = conditions(query) if query else None
    card = catalogue.card(other)
    if theirs is None or card is None or own[0] != theirs[0]:
        return None
    return related(own[1], theirs[1], card)


def related(own: Expr, other: Expr, card: Card) -> Neighbour | None:
    """How the rule of condition `other` relates to that of condition `own`; None when nothing is proven or shown."""
    try:
        catches_all = implies(own, other)
        caught = implies(other, own)
        if catches_all and caught:
            return Neighbour(card, "equivalent", "proven: no event tells them apart")
        if catches_all:
            return Neighbour(
                card, "broader", "proven: it catches every event this rule does", witness=_witness(other, own)
            )
        if caught:
            return Neighbour(
                card, "narrower", "proven: this rule catches every event it does", witness=_witness(own, other)
            )
    except (UnsupportedError, RecursionError):
        return None
    return None


def implies(one: Expr, other: Expr) -> bool:
    """Proven that every event (of single values) that satisfies `one` satisfies `other`. False: not proven."""
    return satisfiable(And((one, Not(other)))) is False and satisfiable(one) is True


def _witness(yes: Expr, no: Expr) -> dict[str, str] | None:
    """An event that satisfies `yes` and not `no`, fields as text; None when none is found."""
    wanted = And((yes, Not(no)))
    judge = compile_predicate(wanted)
    for path in branches(wanted):
        event: dict[str, Any] | None = event_for(path)
        if event is not None and judge(event):
            return {name: str(value) for name, value in event.items()}
    return None


def conditions(query: Query) -> tuple[str, Expr] | None:
    """(what a query sees, its condition on events in common field names); None when it does more than test events."""
    if query.lets or not query.stages or not isinstance(query.stages[0], Scan):
        return None
    scan = query.stages[0]
    scope = scan.logsource or scan.table
    terms: list[Expr] = []
    for stage in query.stages[1:]:
        if isinstance(stage, Filter):
            terms.append(stage.predicate)
        elif not isinstance(stage, HARMLESS) or (
            any(isinstance(later, Filter) for later in query.stages[query.stages.index(stage) :])
            and not isinstance(stage, Sort)
        ):
            return None
    if not terms:
        return None
    matches = [match for term in terms for match in expressions(term, Match)]
    if sum(len(match.values) for match in matches) > MOST_VALUES or any(match.op is Op.REGEX for match in matches):
        return None  # a search over these takes too long for a page
    return activity_of(scope), normal_expr(rewrite(And(tuple(terms)), lambda node: _common(node, scope)))


@cache
def activity_of(scope: str) -> str:
    """What happens when a table or log source of Windows machines gets a row (`Process creation`); its own name otherwise.

    A table that holds several activities keeps its own name.
    """
    parts = dict(part.partition("=")[::2] for part in scope.split(" "))
    if parts.keys() <= {"category", "product"} and parts.get("product", "windows") == "windows":
        found = [each.title for each in events.activities() if each.name == parts.get("category")]
    else:
        found = [each.title for each in events.activities() if any(table == scope for table, _ in each.defender)]
    return found[0] if len(found) == 1 else scope.lower()


def _common(node: Node, scope: str) -> Node:
    if isinstance(node, Field) and node.name != "*":
        return Field(fields.canonical(node.name, (scope,)))
    if isinstance(node, Match) and isinstance(node.subject, Field):
        return _named(node, node.subject)
    return node


def _named(match: Match, subject: Field) -> Match:
    """A test of a path that asks for the file name alone, as a test of the name: `ends with \\x.exe` as `is x.exe`."""
    name = fields.name_of(subject.name)
    plain = [
        value[1:] for value in match.values if isinstance(value, str) and value[:1] == "\\" and "\\" not in value[1:]
    ]
    if not name or match.op is not Op.ENDSWITH or len(plain) != len(match.values):
        return replace(match, span=None)
    return Match(Field(name), Op.EQ, tuple(plain), match.every and len(plain) > 1, match.cased)
