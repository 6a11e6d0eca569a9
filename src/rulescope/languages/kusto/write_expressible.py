"""What other languages say and Kusto says otherwise: wildcards, networks, presence, case in patterns, negated nulls."""

from __future__ import annotations

import ipaddress

from ... import model as m
from ...errors import UnsupportedError
from ...model import Op
from ...text import Span
from .comparisons import OPPOSITES
from .lower_expr import NEVER_NULL, nullable


def expressible(query: m.Query) -> m.Query:
    """`query` with every comparison in a form `write` can say, meaning kept exactly.

    - wildcard: eq, startswith, endswith, contains where they are provably equal, else an anchored regular expression;
    - cidr: `ipv4_is_in_range` and its kin (a value that is no address is in no network);
    - exists: not empty, for Kusto's tables keep no difference between a missing text and an empty one;
    - a regex that ignores case: `(?i)` in front;
    - all of several values, where there is no list form (`has_all`): one comparison each;
    - Not of what is null in Kusto for a missing value: said so that it is true for a missing value, as in the model.

    Raises UnsupportedError for an address that is none.
    """
    result: m.Query = m.rewrite(query, _said)
    return result


def _said(node: m.Node) -> m.Node:
    match node:
        case m.Match(subject, Op.WILDCARD, values, every, cased, place):
            return _all_or_any([wildcard(subject, str(value), cased) for value in values], every, place)
        case m.Match(subject, Op.CIDR, values, every, _, place):
            return _all_or_any(_networks(subject, [str(value) for value in values], every), every, place)
        case m.Match(subject, Op.EXISTS, _, _, _, place):
            return m.Not(m.Match(subject, Op.EMPTY, span=place), place)
        case m.Match(_, Op.REGEX, values, _, False):
            return _said(m.replace(node, cased=True, values=tuple(f"(?i){value}" for value in values)))
        case m.Match(_, op, values, True, cased) if len(values) > 1 and (op is not Op.TERM or cased):
            return m.And(tuple(m.replace(node, values=(value,), every=False) for value in values), node.span)
        case m.Not(term) if nullable(term):
            return _not_true(term)
    return node


def _all_or_any(terms: list[m.Expr], every: bool, place: Span | None) -> m.Expr:
    if not every:
        terms = _merged(terms)
    if len(terms) == 1:
        return terms[0]
    return m.And(tuple(terms), place) if every else m.Or(tuple(terms), place)


def _merged(terms: list[m.Expr]) -> list[m.Expr]:
    """Matches of one operator as one Match; all have the same subject."""
    found: dict[object, m.Expr] = {}
    for number, term in enumerate(terms):
        key = (term.op, term.cased) if isinstance(term, m.Match) and term.values else number
        first = found.get(key)
        if isinstance(first, m.Match) and isinstance(term, m.Match):
            found[key] = m.replace(first, values=first.values + term.values)
        else:
            found[key] = term
    return list(found.values())


# ---------------------------------------------------------------- wildcards


def wildcard(subject: m.Expr, value: str, cased: bool) -> m.Expr:
    """`subject` matches the whole of a pattern with `*` and `?`, in Kusto's operators."""
    parts = _split(value)
    texts = [part for part in parts if part not in (ANY_RUN, ANY_ONE)]
    if ANY_ONE not in parts:
        match parts:
            case [] | [str()]:
                if parts != [ANY_RUN]:
                    return m.Match(subject, Op.EQ, tuple(parts) or ("",), cased=cased)
                return m.Not(m.Match(subject, Op.EMPTY))
            case [first, last] if first != ANY_RUN and last == ANY_RUN:
                return m.Match(subject, Op.STARTSWITH, (first,), cased=cased)
            case [first, last] if first == ANY_RUN and last != ANY_RUN:
                return m.Match(subject, Op.ENDSWITH, (last,), cased=cased)
            case [first, middle, last] if first == last == ANY_RUN and middle != ANY_RUN:
                return m.Match(subject, Op.CONTAINS, (middle,), cased=cased)
            case [first, middle, last] if middle == ANY_RUN and not _overlap(first, last, cased):
                return m.And(
                    (
                        m.Match(subject, Op.STARTSWITH, (texts[0],), cased=cased),
                        m.Match(subject, Op.ENDSWITH, (texts[1],), cased=cased),
                    )
                )
    pattern = "".join(".*" if part == ANY_RUN else "." if part == ANY_ONE else _escaped(part) for part in parts)
    pattern = pattern[2:] if parts[0] == ANY_RUN else f"^{pattern}"
    pattern = pattern[:-2] if parts[-1] == ANY_RUN and pattern else f"{pattern}$"
    return m.Match(subject, Op.REGEX, (f"(?{'' if cased else 'i'}s){pattern}",), cased=True)


ANY_RUN, ANY_ONE = "\0*", "\0?"


def _split(value: str) -> list[str]:
    """The literal texts and wildcards of a pattern, in order; runs of `*` are one."""
    parts: list[str] = []
    text = ""
    at = 0
    while at < len(value):
        char = value[at]
        if char == "\\" and value[at + 1 : at + 2] in ("*", "?", "\\"):
            text += value[at + 1]
            at += 2
            continue
        if char in "*?":
            if text:
                parts.append(text)
                text = ""
            if char == "?" or not parts or parts[-1] != ANY_RUN:
                parts.append(ANY_RUN if char == "*" else ANY_ONE)
        else:
            text += char
        at += 1
    return [*parts, text] if text else parts


def _overlap(first: str, last: str, cased: bool) -> bool:
    """Whether some value shorter than both together could start with `first` and end with `last`."""
    if not cased:
        first, last = first.lower(), last.lower()
    return any(first.endswith(last[:size]) for size in range(1, min(len(first), len(last)) + 1))


def _escaped(text: str) -> str:
    return "".join("\\" + char if char in r"\.+*?()|[]{}^$" else char for char in text)


# ---------------------------------------------------------------- networks


def _networks(subject: m.Expr, values: list[str], every: bool) -> list[m.Expr]:
    four: list[m.Expr] = []
    six: list[m.Expr] = []
    for value in values:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError as error:
            raise UnsupportedError("kusto", f"the network {value!r}: {error}") from error
        (four if network.version == 4 else six).append(m.Literal(value))
    calls: list[m.Expr] = []
    if len(four) > 1 and not every:
        calls.append(m.Call("ipv4_is_in_any_range", (subject, *four)))
    else:
        calls.extend(m.Call("ipv4_is_in_range", (subject, value)) for value in four)
    if len(six) > 1 and not every:
        calls.append(m.Call("ipv6_is_in_any_range", (subject, *six)))
    else:
        calls.extend(m.Call("ipv6_is_in_range", (subject, value)) for value in six)
    return calls


# ---------------------------------------------------------------- negation of what may be null


def _not_true(expr: m.Expr) -> m.Expr:
    """True where `expr` is not true, a null included, in forms that are never null in Kusto."""
    match expr:
        case m.And(terms, place):
            return m.Or(tuple(_not_true(term) for term in terms), place)
        case m.Or(terms, place):
            return m.And(tuple(_not_true(term) for term in terms), place)
        case m.Not(term):
            return term
        case m.Match(subject, op) if op in OPPOSITES:
            return m.Or((m.replace(expr, op=OPPOSITES[op]), m.Call("isnull", (subject,))))
        case m.Compare(left, op, right) if op in OPPOSITES:
            return m.Or((m.replace(expr, op=OPPOSITES[op]), *_nulls(left, right)))
        case m.Compare(left, Op.EQ, right):
            return m.Or((m.replace(expr, op=Op.NE), m.And((*_nulls(left, right),))))
        case m.Compare(left, Op.NE, right):
            return m.Or((m.replace(expr, op=Op.EQ), m.And((*_nulls(left, right),))))
        case m.Field() | m.Index() | m.ToScalar():
            return m.Not(m.Match(expr, Op.EQ, (True,)))
        case m.Call(name) if name not in NEVER_NULL:
            return m.Not(m.Match(expr, Op.EQ, (True,)))
    return m.Not(expr)


def _nulls(*sides: m.Expr) -> tuple[m.Expr, ...]:
    return tuple(m.Call("isnull", (side,)) for side in sides if not isinstance(side, m.Literal))
