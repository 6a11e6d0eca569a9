"""Whether any event at all can satisfy a query: proven by its conditions and by what its columns can hold, never guessed."""

from __future__ import annotations

from .. import model as m
from ..errors import UnsupportedError
from ..model import Op
from .examples import satisfiable
from .shapes import PATHS, Facts

LARGE = 400
"""Nodes of a predicate; larger ones are judged by their constants only."""


def impossible(query: m.Query, facts: Facts) -> bool:
    """True when a condition every result row must pass is proven never to hold. `facts` tells what columns can hold.

    Looks at the main pipeline, at every part of a union when all are impossible, and at inner joins. Fields are taken to
    hold single values.
    """
    for stage in query.stages:
        match stage:
            case m.Filter(predicate):
                if _never(predicate, facts):
                    return True
            case m.Nested(inner):
                if impossible(inner, facts):
                    return True
            case m.Join(right, kind="inner" | "innerunique" | "leftsemi" | "rightsemi"):
                if impossible(right, facts):
                    return True
            case m.Aggregate(by=()) | m.Count() | m.Union() | m.Correlate():
                return False  # these give rows even of nothing, or have other rows beside these
    return False


def _never(predicate: m.Expr, facts: Facts) -> bool:
    narrowed = m.normal_expr(m.rewrite(predicate, lambda node: _false_if_never(node, facts)))
    if narrowed == m.FALSE:
        return True
    if sum(1 for _ in m.walk(narrowed)) > LARGE:
        return False
    try:
        return satisfiable(narrowed) is False
    except UnsupportedError:
        return False


def _false_if_never(node: m.Node, facts: Facts) -> m.Node:
    """FALSE for a test whose column can hold none of its values."""
    match node:
        case m.Match(m.Field(name), op, values, _, cased) if values and name in facts:
            known = facts[name]
            texts = [value for value in values if isinstance(value, str)]
            if len(texts) == len(values) and all(_cannot_hold(known, op, cased, text) for text in texts):
                return m.FALSE
    return node


def _cannot_hold(known: frozenset[str], op: Op, cased: bool, text: str) -> bool:
    return (
        ("name" in known and op in PATHS and ("\\" in text or "/" in text))
        or ("host" in known and op in PATHS and "/" in text)
        or ("lower" in known and cased and op is not Op.REGEX and text != text.lower())
    )
