"""One form per meaning: what two texts that mean the same normalise to. Never changes the number or order of stages.

Expressions only: And and Or are flattened, a term in one of their own kind dissolves, repeated terms go; Not of Not goes;
a Match's values lose repeats and, when case is ignored, are lower case; an Or of Matches that differ only in their values
is one Match; a Not over an empty And or Or is the other constant.
"""

from __future__ import annotations

from .node import Node, replace
from .outline import outline_expr
from .tree import And, Expr, Match, Not, Op, Or, Query, Scalar
from .walk import rewrite

FOLDED = frozenset(Op) - {Op.REGEX, Op.CIDR, Op.LT, Op.LE, Op.GT, Op.GE, Op.EXISTS, Op.EMPTY}


def normal(query: Query) -> Query:
    """`query` in normal form; applying it twice changes nothing more."""
    result: Query = rewrite(query, _normal_node)
    return result


def normal_expr(expr: Expr) -> Expr:
    """`expr` in normal form."""
    result: Expr = rewrite(expr, _normal_node)
    return result


def _normal_node(node: Node) -> Node:
    match node:
        case And(terms):
            return _joined(And, terms, node)
        case Or(terms):
            return _joined(Or, _merged(terms), node)
        case Not(Not(inner)):
            return inner
        case Not(And(()) | Or(()) as constant):
            return Or(()) if isinstance(constant, And) else And(())
        case Match():
            return _normal_match(node)
    return node


def _joined(kind: type[And] | type[Or], terms: tuple[Expr, ...], node: And | Or) -> Expr:
    flat: list[Expr] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    if kind is Or:
        flat = list(_merged(tuple(flat)))
    absorbing = Or if kind is And else And
    if any(isinstance(term, absorbing) and not term.terms for term in flat):
        return absorbing(())
    seen: dict[str, Expr] = {}
    for term in flat:
        seen.setdefault(outline_expr(term), term)
    unique = tuple(seen.values())
    if len(unique) == 1:
        return unique[0]
    return node if unique == node.terms else kind(unique, node.span)


def _merged(terms: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Terms of an Or with Matches that differ only in their values made one, at the place of the first."""
    groups: dict[object, list[Expr]] = {}
    for number, term in enumerate(terms):
        key: object = number
        if isinstance(term, Match) and term.values and (not term.every or len(term.values) == 1):
            key = (outline_expr(term.subject), term.op, term.cased)
        groups.setdefault(key, []).append(term)
    return tuple(group[0] if len(group) == 1 else _one_match(group) for group in groups.values())


def _one_match(group: list[Expr]) -> Expr:
    matches = [term for term in group if isinstance(term, Match)]
    values = tuple(value for match in matches for value in match.values)
    return _normal_match(replace(matches[0], values=values, every=False))


def _normal_match(match: Match) -> Expr:
    if not match.values and match.op not in (Op.EXISTS, Op.EMPTY):
        return And(()) if match.every else Or(())
    fold = match.op in FOLDED and not match.cased
    values: dict[tuple[type, Scalar], None] = {}
    for value in match.values:
        if fold and isinstance(value, str):
            value = value.lower()
        values.setdefault((type(value), value), None)
    unique = tuple(value for _, value in values)
    every = match.every and len(unique) > 1
    cased = match.cased and _has_case(match)
    if unique == match.values and every == match.every and cased == match.cased:
        return match
    return replace(match, values=unique, every=every, cased=cased)


def _has_case(match: Match) -> bool:
    """Whether case can matter at all: not for numbers, addresses, presence and order."""
    if match.op in (Op.CIDR, Op.EXISTS, Op.EMPTY, Op.LT, Op.LE, Op.GT, Op.GE):
        return False
    return any(
        isinstance(value, str) and (match.op is Op.REGEX or value.lower() != value.upper()) for value in match.values
    )
