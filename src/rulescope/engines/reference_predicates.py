"""Predicates over events in plain Python, exactly as `model.tree` says what they mean.

An event is a mapping of field names to values: text, numbers, booleans, None, and lists and mappings of these. A field
name is looked up as it stands; when there is none, `a.b` is the path into nested mappings (and into each element of a
list on the way). `Field("*")` is every value of the event, at any depth.

How values compare, once for all operators:
- Missing and null are the same. A field with a list has each of its elements as a value; nulls in it are no values.
- Text of a value: text as it is; true and false; numbers as digits, without `.0` when they are whole; other things JSON.
- eq: two numbers by value, anything else by text, so 4688 equals "4688". A null value never equals.
- contains, startswith, endswith, term, wildcard, regex: by text. cidr: text that is an IP address in the network.
- lt le gt ge: numbers, and text that is a decimal number, by value with a number; text with text by code point.
- Case is ignored by lower-casing both sides (`str.lower`) unless `cased`.
- term: the value occurs, and where it begins or ends with a letter or digit, no letter or digit stands beside it.
- exists and empty look at the field as a whole: an empty list exists and is not empty.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import UnsupportedError
from ..model import (
    And,
    Call,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Match,
    Not,
    Op,
    OpaqueExpr,
    Or,
    Scalar,
)
from ..regex import compiled
from .reference_values import as_time, call

Event = Mapping[str, Any]
Predicate = Callable[[Event], bool]
Test = Callable[[Any], bool]
Values = Callable[[Event], Any]

NAME = "the reference evaluator"


def holds(expr: Expr, event: Event) -> bool:
    """Whether `expr` is true of `event`. Raises UnsupportedError on subqueries and functions not known here."""
    return compile_predicate(expr)(event)


def compile_predicate(expr: Expr) -> Predicate:
    """`expr` as a function of an event, quick enough to ask a million times. Raises UnsupportedError as `holds`."""
    match expr:
        case And(terms):
            return _all(tuple(compile_predicate(term) for term in terms))
        case Or(terms):
            return _any(tuple(compile_predicate(term) for term in terms))
        case Not(term):
            inner = compile_predicate(term)
            return lambda event: not inner(event)
        case Match():
            return _match(expr)
        case Compare():
            return _compare(expr)
        case Literal(value):
            return lambda event: value is True
        case Field() | Index() | Call():
            read = compile_value(expr)
            return lambda event: any(value is True for value in elements(read(event)))
    raise UnsupportedError(NAME, _construct(expr), getattr(expr, "span", None))


def compile_value(expr: Expr) -> Values:
    """`expr` as a function of an event that gives its value, None when there is none. Raises UnsupportedError."""
    match expr:
        case Field("*"):
            return lambda event: list(everything(event))
        case Field(name):
            return lambda event: look_up(event, name)
        case Literal(value, "dynamic"):
            loaded = None if value is None else json.loads(str(value))
            return lambda event: loaded
        case Literal(value, "datetime"):
            moment = as_time(value)
            return lambda event: moment
        case Literal(value):
            return lambda event: value
        case Index(base, key):
            return _index(compile_value(base), compile_value(key))
        case Call(name, args):
            parts = tuple(compile_value(arg) for arg in args)
            function = call(name, len(parts))
            if function is None:
                raise UnsupportedError(NAME, f"function {name}", expr.span)
            return lambda event: function(*(part(event) for part in parts))
        case And() | Or() | Not() | Match() | Compare():
            return compile_predicate(expr)
    raise UnsupportedError(NAME, _construct(expr), getattr(expr, "span", None))


# ---------------------------------------------------------------- events


def look_up(event: Event, name: str) -> Any:
    """The value of field `name`, None when missing; a path through a list gives the list of what its elements have."""
    if name in event:
        return event[name]
    return _path(event, name) if "." in name else None


def _path(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        at = name.find(".")
        while at >= 0:
            head = name[:at]
            if head in value:
                found = _path(value[head], name[at + 1 :])
                if found is not None:
                    return found
            at = name.find(".", at + 1)
        return None
    if isinstance(value, list | tuple):
        below = [found for item in value if (found := _path(item, name)) is not None]
        return below or None
    return None


def everything(value: Any) -> Iterator[Any]:
    """Every value inside `value` that is neither null nor made of others, in order."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from everything(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from everything(item)
    elif value is not None:
        yield value


def elements(value: Any) -> Iterator[Any]:
    """What a match looks at: the value, or each value of a list; nothing for null."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from elements(item)
    elif value is not None:
        yield value


def text_of(value: Any) -> str:
    """A value as text: true/false, whole numbers without a fraction, mappings as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)


DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")


def number_of(value: Any) -> int | float | None:
    """A number, or text that is one in decimal digits; None for anything else, true and false among it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return None if isinstance(value, float) and math.isnan(value) else value
    if isinstance(value, str) and DECIMAL.match(value):
        return float(value) if "." in value else int(value)
    return None


# ---------------------------------------------------------------- matches


def _match(match: Match) -> Predicate:
    read = compile_value(match.subject)
    if match.op is Op.EXISTS:
        return lambda event: read(event) is not None
    if match.op is Op.EMPTY:
        return lambda event: (value := read(event)) is None or value == ""
    if not match.values:
        every = match.every
        return lambda event: every
    if match.every and len(match.values) > 1:
        tests = tuple(_test(match.op, (value,), match.cased) for value in match.values)

        def every_value(event: Event) -> bool:
            found = list(elements(read(event)))
            return all(any(map(test, found)) for test in tests)

        return every_value
    test = _test(match.op, match.values, match.cased)

    def any_value(event: Event) -> bool:
        value = read(event)
        if value is None:
            return False
        if isinstance(value, list | tuple):
            return any(map(test, elements(value)))
        return test(value)

    return any_value


def _test(op: Op, values: tuple[Scalar, ...], cased: bool) -> Test:
    """Whether one value of the event matches any of `values`."""
    values = tuple(value for value in values if value is not None)
    match op:
        case Op.EQ:
            return _equal(values, cased)
        case Op.LT | Op.LE | Op.GT | Op.GE:
            return _any_of(tuple(_ordered(op, value) for value in values))
        case Op.CIDR:
            return _any_of(tuple(_network(str(value)) for value in values))
        case Op.REGEX:
            patterns = tuple(compiled(str(value), cased) for value in values)
            return lambda value: any(pattern.search(text_of(value)) is not None for pattern in patterns)
        case Op.WILDCARD:
            return _folded(tuple(_wildcard(_fold(text_of(value), cased)) for value in values), cased)
        case Op.TERM | Op.TERM_PREFIX | Op.TERM_SUFFIX:
            left, right = op is not Op.TERM_SUFFIX, op is not Op.TERM_PREFIX
            return _folded(tuple(_term(_fold(text_of(value), cased), left, right) for value in values), cased)
        case Op.CONTAINS | Op.STARTSWITH | Op.ENDSWITH:
            return _folded((_affix(op, tuple(_fold(text_of(value), cased) for value in values)),), cased)
    raise UnsupportedError(NAME, f"match by {op}")


def _fold(text: str, cased: bool) -> str:
    return text if cased else text.lower()


def _folded(tests: tuple[Callable[[str], bool], ...], cased: bool) -> Test:
    if len(tests) == 1:
        only = tests[0]
        return (lambda value: only(text_of(value))) if cased else (lambda value: only(text_of(value).lower()))

    def test(value: Any) -> bool:
        text = text_of(value) if cased else text_of(value).lower()
        return any(one(text) for one in tests)

    return test


def _affix(op: Op, parts: tuple[str, ...]) -> Callable[[str], bool]:
    if op is Op.STARTSWITH:
        return lambda text: text.startswith(parts)
    if op is Op.ENDSWITH:
        return lambda text: text.endswith(parts)
    if len(parts) == 1:
        (only,) = parts
        return lambda text: only in text

    def contains(text: str) -> bool:
        for part in parts:  # noqa: SIM110 - a generator would take three times as long
            if part in text:
                return True
        return False

    return contains


def _equal(values: tuple[Scalar, ...], cased: bool) -> Test:
    texts = frozenset(_fold(text_of(value), cased) for value in values)
    numbers = frozenset(value for value in values if isinstance(value, int | float) and not isinstance(value, bool))

    def test(value: Any) -> bool:
        if isinstance(value, int | float) and not isinstance(value, bool) and value in numbers:
            return True
        return _fold(text_of(value), cased) in texts

    return test


def _ordered(op: Op, bound: Scalar) -> Test:
    limit = bound if isinstance(bound, int | float) and not isinstance(bound, bool) else None

    def test(value: Any) -> bool:
        if limit is None:
            if not isinstance(value, str) or not isinstance(bound, str):
                number, other = number_of(value), number_of(bound)
                return number is not None and other is not None and in_order(op, number, other)
            return in_order(op, value, bound)
        number = number_of(value)
        return number is not None and in_order(op, number, limit)

    return test


def in_order(op: Op, left: Any, right: Any) -> bool:
    """`left op right` for two values of one kind."""
    match op:
        case Op.LT:
            return bool(left < right)
        case Op.LE:
            return bool(left <= right)
        case Op.GT:
            return bool(left > right)
    return bool(left >= right)


def _network(text: str) -> Test:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return lambda value: False

    def test(value: Any) -> bool:
        try:
            address = ipaddress.ip_address(text_of(value).strip())
        except ValueError:
            return False
        return address.version == network.version and address in network

    return test


def wildcard_parts(pattern: str) -> tuple[str | None, ...]:
    """The pieces of a wildcard pattern: text, "" for `?`, None for `*`; escapes undone."""
    parts: list[str | None] = []
    text: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern) and pattern[at + 1] in "*?\\":
            text.append(pattern[at + 1])
            at += 2
            continue
        if character in "*?":
            if text:
                parts.append("".join(text))
                text = []
            parts.append(None if character == "*" else "")
        else:
            text.append(character)
        at += 1
    if text:
        parts.append("".join(text))
    return tuple(parts)


def _wildcard(pattern: str) -> Callable[[str], bool]:
    regex = "".join(
        "(?s:.*)" if part is None else re.escape(part) if part else "(?s:.)" for part in wildcard_parts(pattern)
    )
    matcher = re.compile(regex) if regex.count(".*") <= 2 else compiled(_re2_text(pattern))
    return lambda text: matcher.fullmatch(text) is not None


def _re2_text(pattern: str) -> str:
    escape = re.compile(r"[^A-Za-z0-9_\s\x80-\U0010ffff]")
    return "(?s)" + "".join(
        ".*" if part is None else escape.sub(lambda found: "\\" + found.group(), part) if part else "."
        for part in wildcard_parts(pattern)
    )


def _term(part: str, left: bool, right: bool) -> Callable[[str], bool]:
    left = left and part[:1].isalnum()
    right = right and part[-1:].isalnum()

    def test(text: str) -> bool:
        at = text.find(part)
        while at >= 0:
            end = at + len(part)
            if not (left and text[at - 1 : at].isalnum()) and not (right and text[end : end + 1].isalnum()):
                return True
            at = text.find(part, at + 1)
        return False

    return test


# ---------------------------------------------------------------- comparisons of expressions


def _compare(compare: Compare) -> Predicate:
    left, right = compile_value(compare.left), compile_value(compare.right)
    op, cased = compare.op, compare.cased

    def test(event: Event) -> bool:
        first, second = left(event), right(event)
        if op is Op.NE:
            return first is not None and second is not None and not _some(Op.EQ, first, second, cased)
        return _some(op, first, second, cased)

    return test


def _some(op: Op, left: Any, right: Any, cased: bool) -> bool:
    return any(_one(op, one, other, cased) for one in elements(left) for other in elements(right))


def _one(op: Op, left: Any, right: Any, cased: bool) -> bool:
    if hasattr(left, "isoformat") or hasattr(right, "isoformat"):
        left, right = as_time(left), as_time(right)
        if left is None or right is None:
            return False
        return bool(left == right) if op is Op.EQ else in_order(op, left, right)
    if isinstance(right, Mapping):
        right = text_of(right)
    return _test(op, (right,), cased)(left)


def _index(base: Values, key: Values) -> Values:
    def read(event: Event) -> Any:
        value, at = base(event), key(event)
        if isinstance(value, str) and value[:1] in "{[":
            return None
        if isinstance(value, Mapping):
            return value.get(at)
        if isinstance(value, list | tuple) and isinstance(at, int) and -len(value) <= at < len(value):
            return value[at]
        return None

    return read


def _all(tests: tuple[Predicate, ...]) -> Predicate:
    if len(tests) == 1:
        return tests[0]

    def test(event: Event) -> bool:
        for one in tests:  # noqa: SIM110 - twice as quick as all() of a generator
            if not one(event):
                return False
        return True

    return test


def _any(tests: tuple[Predicate, ...]) -> Predicate:
    if len(tests) == 1:
        return tests[0]

    def test(event: Event) -> bool:
        for one in tests:  # noqa: SIM110 - twice as quick as any() of a generator
            if one(event):
                return True
        return False

    return test


def _any_of(tests: tuple[Test, ...]) -> Test:
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _construct(expr: Expr) -> str:
    return expr.keyword if isinstance(expr, OpaqueExpr) else f"expression {type(expr).__name__}"
