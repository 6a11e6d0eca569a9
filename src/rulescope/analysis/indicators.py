"""Indicators: the values a rule looks for, per field, wherever they are tested; exclusions: those it leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from .. import model as m
from ..model import Indicator, Op
from ..model.walk import children, walk
from ..text import Span
from .places import Names, Placed, live
from .subjects import folded, spoken, subject
from .windows import is_threshold, is_time

# Functions that test a field: name -> (what they test, cased). The field is the first argument, values the others.
TESTS = {
    "in": (Op.EQ, True),
    "in~": (Op.EQ, False),
    "has_any": (Op.TERM, False),
    "has_all": (Op.TERM, False),
    "has_any_index": (Op.TERM, False),
    "has_ipv4": (Op.TERM, True),
    "has_any_ipv4": (Op.TERM, True),
    "has_ipv4_prefix": (Op.TERM_PREFIX, True),
    "has_any_ipv4_prefix": (Op.TERM_PREFIX, True),
    "ipv4_is_in_range": (Op.CIDR, False),
    "ipv4_is_in_any_range": (Op.CIDR, False),
    "ipv6_is_in_range": (Op.CIDR, False),
    "ipv6_is_in_any_range": (Op.CIDR, False),
    "ipv4_is_match": (Op.CIDR, False),
    "ipv6_is_match": (Op.CIDR, False),
    "set_has_element": (Op.EQ, True),
}


@dataclass(frozen=True, slots=True)
class Tested:
    """A test of a field somewhere in a stage. `negated`: it stands under an odd number of Nots."""

    subject: m.Expr
    op: Op
    values: tuple[m.Scalar, ...]
    every: bool
    cased: bool
    negated: bool
    span: Span | None
    expr: m.Expr


def indicators(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[Indicator, ...]:
    """One per value tested, in reading order. Time windows, thresholds and presence tests are not indicators."""
    found: list[Indicator] = []
    together = 0
    for place in live(query, stages):
        for test in tests(place):
            known = subject(test.subject, place.names.aliases)
            if known is None and not _of_an_entry(test.subject):
                continue
            field = known or spoken(test.subject)
            cased = test.cased and not folded(test.subject, place.names.folded)
            number = together if test.every else 0
            together += test.every
            found.extend(
                Indicator(field, test.op, value, test.negated, cased, test.every, place.number, test.span, number)
                for value in test.values
            )
    return tuple(dict.fromkeys(found))


def _of_an_entry(expr: m.Expr) -> bool:
    """Whether a value is computed from an entry: not a constant or switch of the query's own, nor what another query gives."""
    nodes = list(walk(expr))
    return any(isinstance(node, m.Field) for node in nodes) and not any(isinstance(node, m.Query) for node in nodes)


def exclusions(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[Indicator, ...]:
    """The indicators that stand under a negation: what the rule leaves out on purpose."""
    return tuple(found for found in indicators(query, stages) if found.negated)


def tests(place: Placed) -> tuple[Tested, ...]:
    """The tests in a stage's own expressions, subqueries left to their own stages."""
    if "tests" not in place.kept:
        counts = isinstance(place.stage, m.Correlate)  # what it asks of its own count is a threshold
        place.kept["tests"] = () if counts else tuple(tested(place.stage, place.names))
    return place.kept["tests"]


def tested(stage: m.Node, names: Names) -> Iterator[Tested]:
    """The same for any node, without remembering."""
    stack: list[tuple[m.Node, bool]] = [(child, False) for child in reversed(list(children(stage)))]
    while stack:
        node, negated = stack.pop()
        match node:
            case m.Query() | m.Field() | m.Literal():
                continue
            case m.Not(term):
                stack.append((term, not negated))
            case m.Match(inner, Op.EQ, (bool() as wanted,)) if isinstance(inner, m.Match | m.Call | m.And | m.Or):
                if isinstance(inner, m.Call) and inner.name not in TESTS and inner.name not in ("iff", "case"):
                    stack.extend((child, negated) for child in reversed(inner.args))
                    if not _boolean(inner):
                        yield Tested(inner, Op.EQ, (wanted,), False, False, negated, node.span, node)
                    continue
                stack.append((inner, negated if wanted else not negated))
            case m.Match(inner, op, values, every, cased, span):
                if op not in (Op.EMPTY, Op.EXISTS) and not is_time(node, names) and not is_threshold(node, names):
                    yield Tested(inner, op, values, every, cased, negated, span, node)
                if isinstance(inner, m.Call):
                    stack.append((inner, negated))
            case m.Compare(left, op, right, cased, span):
                value = constant(right)
                if value is not None and not is_time(node, names) and not is_threshold(node, names):
                    flip = op is Op.NE
                    yield Tested(left, Op.EQ if flip else op, (value,), False, cased, negated ^ flip, span, node)
                stack.extend(((right, negated), (left, negated)))
            case m.Call("case" | "iff") if (decided := plain(node)) is not node:
                stack.append((decided, negated))
            case m.Call(name, args, span) if name in TESTS and args:
                op, cased = TESTS[name]
                values = tuple(value for arg in args[1:] for value in constants(arg))
                yield Tested(args[0], op, values, name == "has_all", cased, negated, span, node)
                stack.append((args[0], negated))
            case _:
                stack.extend((child, negated) for child in reversed(list(children(node))))


def plain(expr: m.Expr) -> m.Expr:
    """`case(a, false, b, true, false)` as the condition it is: not a, and b. Anything else as it stands."""
    match expr:
        case m.Call("case" | "iff", (*pairs, m.Literal(bool() as last))) if pairs and len(pairs) % 2 == 0:
            found: m.Expr = m.Literal(last, "bool")
            for condition, answer in reversed(list(zip(pairs[::2], pairs[1::2], strict=True))):
                if not (isinstance(answer, m.Literal) and isinstance(answer.value, bool)):
                    return expr
                if isinstance(found, m.Literal):
                    same = found.value is answer.value
                    found = found if same else condition if answer.value else m.Not(condition)
                elif answer.value:
                    found = m.Or((condition, found))
                else:
                    found = m.And((m.Not(condition), found))
            return found
    return expr


def _boolean(call: m.Call) -> bool:
    """Functions whose truth is said by their name alone: nothing more to look for."""
    return call.name.startswith(("is", "ipv4_is", "ipv6_is"))


def constants(expr: m.Expr) -> list[m.Scalar]:
    """The constants an argument gives: one, those of a list, none when it is computed."""
    value = constant(expr)
    if value is not None:
        return [value]
    match expr:
        case m.Literal(str() as text, "dynamic"):
            try:
                array = json.loads(text)
            except ValueError:
                return []
            return [item for item in array if isinstance(item, str | int | float)] if isinstance(array, list) else []
        case m.Call("pack_array" | "array_concat", args):
            return [value for arg in args for value in constants(arg)]
    return []


def constant(expr: m.Expr) -> m.Scalar:
    """The value of a constant expression: a literal, or text functions of literals; None when there is none."""
    match expr:
        case m.Literal(value, "string" | "long" | "int" | "real" | "bool" | "guid" | "decimal"):
            return value
        case m.Call("tolower", (inner,)):
            value = constant(inner)
            return value.lower() if isinstance(value, str) else None
        case m.Call("toupper", (inner,)):
            value = constant(inner)
            return value.upper() if isinstance(value, str) else None
        case m.Call("tostring", (inner,)):
            value = constant(inner)
            return str(value) if value is not None else None
        case m.Call("strcat", args) if args:
            parts = [constant(arg) for arg in args]
            return "".join(map(str, parts)) if None not in parts else None
    return None
