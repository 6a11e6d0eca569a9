"""Do the types of what is compared fit? The rules of Microsoft's analyser, run over every pair of types and operator.

Text operators take text or dynamic values; order is between numbers, between times, between spans; arithmetic as in
`types.ARITHMETIC`. Equality and `in` take any two types, and a run converts what it can: what it can never convert
(`TimeGenerated == "abc"`) is found as well, which the analyser is silent about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .. import model as m
from ..model import Op
from ..text import Span
from .rows import Findings, RowType, Scope
from .types import NUMBERS, UNKNOWN, arithmetic, type_of

TEXT = frozenset({"string", "dynamic"})
NUMERIC = frozenset(NUMBERS)

TEXT_OPERATORS = {
    Op.CONTAINS: "contains", Op.STARTSWITH: "startswith", Op.ENDSWITH: "endswith", Op.TERM: "has",
    Op.TERM_PREFIX: "hasprefix", Op.TERM_SUFFIX: "hassuffix", Op.REGEX: "matches regex",
}  # fmt: skip
CASELESS = "comparing without case"  # =~ and in~
TERMS = frozenset({Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX})
ORDER = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">="}
LISTS = frozenset({"in~", "!in~", "has_any", "has_all"})
TEXT_CALLS = frozenset({"contains", "startswith", "endswith", "has", "hasprefix", "hassuffix", "matches regex"})

# What each side of an arithmetic operator may be. A kind is numbers ("n"), datetime, timespan or dynamic.
# Source: @kusto/language-service-next run over all pairs of types (tests/binding/test_fit.py runs it again).
_SUM = {("n", "n"), ("n", "dynamic"), ("dynamic", "n"), ("dynamic", "dynamic")} | {
    (left, right)
    for left in ("datetime", "timespan", "dynamic")
    for right in ("datetime", "timespan", "dynamic")
}  # fmt: skip
_PRODUCT = {
    ("n", "n"), ("n", "dynamic"), ("dynamic", "n"), ("dynamic", "dynamic"), ("n", "datetime"), ("n", "timespan"),
    ("datetime", "n"), ("timespan", "n"), ("timespan", "timespan"),
}  # fmt: skip
_QUOTIENT = {
    ("n", "n"), ("n", "dynamic"), ("dynamic", "n"), ("dynamic", "dynamic"), ("datetime", "n"), ("datetime", "datetime"),
    ("datetime", "timespan"), ("timespan", "n"), ("timespan", "timespan"),
}  # fmt: skip
ARITHMETIC_SIDES = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _QUOTIENT, "%": _QUOTIENT}


def check_fit(node: m.Node, row: RowType, scope: Scope) -> None:
    """Reports to the scope when `node` compares or computes with values of types that do not go together."""
    if scope.findings is None:
        return
    match node:
        case m.Match(m.Field("*")):
            return
        case m.Match(subject, op, values):
            _match(node, type_of(subject, row, scope), op, values, scope)
        case m.Compare(left, op, right):
            _compare(node, type_of(left, row, scope), op, type_of(right, row, scope), scope)
        case m.Call(name, (subject, *_)) if name in LISTS or name in TEXT_CALLS:
            kind = type_of(subject, row, scope)
            if kind not in TEXT and kind != UNKNOWN:
                refused(f"{name} takes text, not {with_article(kind)}", _said(subject, name), node.span, scope)
        case m.Within(subject, op, _, _, cased) if op in TEXT_OPERATORS or not cased:
            kind = type_of(subject, row, scope)
            if kind not in TEXT and kind != UNKNOWN:
                word = TEXT_OPERATORS.get(op, CASELESS)
                refused(f"{word} takes text, not {with_article(kind)}", _said(subject, word), node.span, scope)


def _match(node: m.Match, kind: str, op: Op, values: tuple[m.Scalar, ...], scope: Scope) -> None:
    if kind == UNKNOWN or not values:
        return
    if op in TEXT_OPERATORS or (op is Op.EQ and not node.cased):
        if kind not in TEXT and not (kind == "bool" and all(isinstance(value, bool) for value in values)):  # `not(x)`
            word = TEXT_OPERATORS.get(op, CASELESS)
            refused(f"{word} takes text, not {with_article(kind)}", _said(node.subject, word), node.span, scope)
        return
    if op in ORDER:
        for value in values:
            _ordered(node.subject, kind, ORDER[op], _kind(value), node.span, scope)
        return
    if op is Op.EQ:
        _equal(node, kind, values, scope)


def _compare(node: m.Compare, left: str, op: Op, right: str, scope: Scope) -> None:
    if UNKNOWN in (left, right):
        return
    if op in ORDER:
        _ordered(node.left, left, ORDER[op], right, node.span, scope)
    elif op in TEXT_OPERATORS or (op in (Op.EQ, Op.NE) and not node.cased):
        wrong = next((kind for kind in (left, right) if kind not in TEXT), None)
        if op in TERMS and isinstance(node.right, m.Literal) and right == "dynamic":
            wrong = "dynamic"  # a dynamic column may hold text, a list written here is none
        if wrong:
            word = TEXT_OPERATORS.get(op, CASELESS)
            refused(f"{word} takes text, not {with_article(wrong)}", _said(node.left, word), node.span, scope)
    elif op in (Op.EQ, Op.NE) and _apart(left, right):
        message = f"{name_of(node.left)} is {with_article(left)} and is never equal to {with_article(right)}"
        _report("value-misfit", message, "warning", _said(node.left, "=="), node.span, scope)


def _ordered(subject: m.Expr, left: str, word: str, right: str, span: Span | None, scope: Scope) -> None:
    if not may_order(left, right):
        message = f"{word} does not compare {with_article(left)} with {with_article(right)}"
        refused(message, _said(subject, word), span, scope)


def may_order(left: str, right: str) -> bool:
    """Whether `<` and its like are defined between two types, as Microsoft's analyser has it."""
    if left in NUMERIC or left == "dynamic":
        return right in NUMERIC or right == "dynamic" or (right == "bool" and left != "dynamic")
    if left == "bool":
        return right in NUMERIC or right == "bool"
    return left == right and left in ("datetime", "timespan")


def check_arithmetic(node: m.Call, row: RowType, scope: Scope) -> list[m.Node]:
    """Reports what does not fit in `a + b + c + ..`, which nests to the left; gives the calls looked at, `node` first."""
    links = [node]
    while isinstance(left := links[-1].args[0], m.Call) and left.name in ARITHMETIC_SIDES and len(left.args) == 2:
        links.append(left)
    if scope.findings is not None:
        made = type_of(left, row, scope)
        for link in reversed(links):
            right = type_of(link.args[1], row, scope)
            _arithmetic(link, (made, right), scope)
            made = arithmetic(link.name, made, right)
    return list(links)


def _arithmetic(node: m.Call, sides: tuple[str, str], scope: Scope) -> None:
    if UNKNOWN in sides:
        return
    left, right = ("n" if kind in NUMERIC else kind for kind in sides)
    if (left, right) not in ARITHMETIC_SIDES[node.name]:
        hint = "use strcat" if node.name == "+" and "string" in sides else ""
        message = f"{node.name} is not defined for {with_article(sides[0])} and {with_article(sides[1])}"
        _report("type-mismatch", message, "error", _said(node.args[0], node.name), node.span, scope, hint)


# ---------------------------------------------------------------- equality converts


GUID = r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?"
NUMBER = r"\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)\s*"
MAY_BE = {  # for a type, the texts that may be converted to it; what does not look like one never equals it
    **dict.fromkeys(NUMBERS, re.compile(NUMBER)),
    "bool": re.compile(r"(?i)true|false|[01]"),
    "guid": re.compile(GUID),
    "datetime": re.compile(r"(?s).*\d.*"),
    "timespan": re.compile(r"(?s).*\d.*"),
}


def _equal(node: m.Match, kind: str, values: tuple[m.Scalar, ...], scope: Scope) -> None:
    """`==` or `in` with values: text that is no value of the type, or another type altogether, never holds."""
    if scope.strict:
        wrong = [value for value in values if _class(_kind(value)) != _class(kind) and kind != "dynamic"]
        if wrong:
            message = f"{name_of(node.subject)} is {with_article(kind)} and is compared with {wrong[0]!r}"
            _report("type-mismatch", message, "error", _said(node.subject, "=="), node.span, scope)
        return
    pattern = MAY_BE.get(kind)
    if pattern is None:
        return
    misfits = [value for value in values if _misfit(value, kind, pattern)]
    if misfits and len(misfits) == len(values):
        message = f"{name_of(node.subject)} is {with_article(kind)} and is never {_listed(misfits)}"
        _report("value-misfit", message, "warning", _said(node.subject, "=="), node.span, scope)


def _misfit(value: m.Scalar, kind: str, pattern: re.Pattern[str]) -> bool:
    if isinstance(value, str):
        return bool(value) and not pattern.fullmatch(value)  # "" is how some ask for null
    return value is not None and _apart(kind, _kind(value))


def _listed(values: Iterable[m.Scalar]) -> str:
    said = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
    return ", ".join(said[:3]) + (", ..." if len(said) > 3 else "")


def _apart(left: str, right: str) -> bool:
    """Two types no value is equal in; text and dynamic may hold a value of any, and a number may count ticks."""
    return _class(left) != _class(right) and not {"string", "dynamic", "number"} & {_class(left), _class(right)}


def _class(kind: str) -> str:
    return "number" if kind in NUMERIC or kind == "bool" else kind


def _kind(value: m.Scalar) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "long"
        case float():
            return "real"
        case str():
            return "string"
    return UNKNOWN


def refused(message: str, subject: str, span: Span | None, scope: Scope) -> None:
    """Reports what no run accepts; each `subject` once."""
    _report("type-mismatch", message, "error", subject, span, scope)


def _report(
    id: str, message: str, severity: str, subject: str, span: Span | None, scope: Scope, suggestion: str = ""
) -> None:
    findings: Findings | None = scope.findings
    if findings is not None:
        findings.add(subject, m.Diagnostic(id, message, severity, None, span, suggestion))


def _said(expr: m.Expr, word: str) -> str:
    return f"{word} {name_of(expr)}"


def name_of(expr: m.Expr) -> str:
    """An expression in a few words."""
    match expr:
        case m.Field(name):
            return name
        case m.Call(name):
            return f"{name}(...)"
    return "the value"


def with_article(kind: str) -> str:
    """`a string`, `an int`."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
