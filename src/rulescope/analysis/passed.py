"""Which conditions the rows of a result have passed: not those of entries that are only looked up, or must be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from .. import model as m

OUTER = frozenset({"leftouter", "fullouter", "leftanti", "anti", "leftantisemi"})
"""Joins whose right side chooses no rows by what it asks."""
RIGHT = frozenset({"rightanti", "rightantisemi", "rightouter"})
"""Joins that give the rows of their right side, whatever the left one asks."""


def passes(query: m.Query, fits: Callable[[m.Step], bool], lets: Mapping[str, m.Query] | None = None) -> bool:
    """Whether every row of the result has passed a stage that `fits`, whichever way it came."""
    known = {**(lets or {}), **{let.name: let.query for let in query.lets}}
    state = False
    for number, stage in enumerate(query.stages):
        match stage:
            case m.Scan(table) if table in known:
                state |= passes(known[table], fits, {name: each for name, each in known.items() if name != table})
            case m.Nested(inner):
                state |= passes(inner, fits, known)
            case m.Union(queries):
                every = all(passes(inner, fits, known) for inner in queries)
                state = every and (state or number == 0)
            case m.Join(right, kind=kind) if kind in RIGHT:
                state = passes(right, fits, known)
            case m.Join(right, kind=kind) if kind not in OUTER:
                state |= passes(right, fits, known)
            case m.Join(right, kind="fullouter"):
                state = state and passes(right, fits, known)
            case m.Correlate(kind, rules):
                found = [passes(rule.query, fits, known) for rule in rules]
                state |= any(found) if kind.startswith("temporal") else bool(found) and all(found)
            case m.Filter(predicate):
                state |= fits(stage) or any(passes(each.query, fits, known) for each in _within(predicate))
            case m.Search() | m.Find():
                state |= fits(stage)
            case _:
                pass
    return state


def asked(query: m.Query, lets: Mapping[str, m.Query] | None = None) -> Iterator[m.Step]:
    """The stages with conditions that some rows of the result have passed."""
    known = {**(lets or {}), **{let.name: let.query for let in query.lets}}
    for stage in query.stages:
        match stage:
            case m.Scan(table) if table in known:
                yield from asked(known[table], {name: each for name, each in known.items() if name != table})
            case m.Join(right, kind=kind):
                if kind not in OUTER:
                    yield from asked(right, known)
            case m.Filter(predicate):
                yield stage
                for each in _within(predicate):
                    yield from asked(each.query, known)
            case m.Search() | m.Find():
                yield stage
            case m.Nested(inner) | m.Apply(query=inner) | m.Partition(query=inner):
                yield from asked(inner, known)
            case m.Union(queries):
                for inner in queries:
                    yield from asked(inner, known)
            case m.Correlate(_, rules):
                for rule in rules:
                    yield from asked(rule.query, known)
            case _:
                pass


def _within(expr: m.Expr) -> Iterator[m.Within]:
    """The lists that values must stand in."""
    match expr:
        case m.And(terms):
            for term in terms:
                yield from _within(term)
        case m.Within():
            yield expr
