"""Do the arguments of a function and the terms of a condition have the types it takes? As Microsoft's analyser has it."""

from __future__ import annotations

from .. import model as m
from .fit import NUMERIC, name_of, refused, with_article
from .functions import Function, lookup
from .rows import RowType, Scope
from .types import UNKNOWN, type_of

# What an argument of a kind may be; kinds that are not here take anything. A dynamic value is converted.
TAKES = {
    "string": frozenset({"string"}),
    "datetime": frozenset({"datetime"}),
    "timespan": frozenset({"timespan"}),
    "number": NUMERIC,
    "integer": frozenset({"int", "long"}),
    "bool": frozenset({"bool"}),
}


def check_arguments(call: m.Call, row: RowType, scope: Scope) -> None:
    """Reports the first argument of another type than the function takes."""
    function = lookup(call.name)
    if function is None or function.kind not in ("scalar", "aggregate") or scope.findings is None:
        return
    if function.kind == "scalar" and lookup(call.name, "aggregate") is not None:
        return
    for wanted, arg in zip(_wanted(function, len(call.args)), call.args, strict=False):
        if isinstance(arg, m.Named | m.Star) or not wanted <= TAKES.keys():
            continue
        given = type_of(arg, row, scope)
        if given in (UNKNOWN, "dynamic") or any(given in TAKES[kind] for kind in wanted):
            continue
        message = f"{call.name} takes {' or '.join(map(with_article, sorted(wanted)))}, not {with_article(given)}"
        refused(message, f"{call.name} {name_of(arg)}", call.span, scope)
        return


def _wanted(function: Function, count: int) -> list[frozenset[str]]:
    """What each of `count` arguments may be; the last parameter repeats when it may."""
    kinds = [frozenset(parameter.rstrip("?*+").split("|")) for parameter in function.parameters]
    if kinds and function.most is None and function.parameters[-1][-1] in "*+":
        kinds += [kinds[-1]] * (count - len(kinds))
    return kinds


def check_condition(node: m.And | m.Or | m.Not, row: RowType, scope: Scope) -> None:
    """Reports a term that is no condition: `EventID == 1 and "text"`. One term alone is that of a `where`."""
    if scope.findings is None:
        return
    for term in (node.term,) if isinstance(node, m.Not) else node.terms:
        if not isinstance(term, m.Field | m.Literal | m.Call | m.Index | m.ToScalar):
            continue
        given = type_of(term, row, scope)
        if given not in ("bool", "dynamic", UNKNOWN):
            word = "where" if isinstance(node, m.And) and len(node.terms) == 1 else type(node).__name__.lower()
            refused(f"{word} takes conditions, not {with_article(given)}", f"{word} {name_of(term)}", term.span, scope)
