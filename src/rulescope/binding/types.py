"""Types of expressions: how literals, operators and functions of the table give their result's type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .. import model as m
from .functions import Function, lookup
from .graphs import FUNCTIONS, property_type
from .rows import RowType, Scope, type_name

NUMBERS = ("int", "long", "real", "decimal")  # narrow to wide
UNKNOWN = "unknown"

# What `left operator right` gives, beyond numbers with numbers. Source: the operators' pages of the Kusto documentation
# (datetime-timespan arithmetic). "n" is any number.
ARITHMETIC = {
    ("-", "datetime", "datetime"): "timespan",
    ("-", "datetime", "timespan"): "datetime",
    ("-", "timespan", "datetime"): "datetime",
    ("-", "timespan", "timespan"): "timespan",
    ("+", "datetime", "timespan"): "datetime",
    ("+", "timespan", "datetime"): "datetime",
    ("+", "timespan", "timespan"): "timespan",
    ("+", "datetime", "datetime"): "datetime",
    ("*", "timespan", "n"): "timespan",
    ("*", "n", "timespan"): "timespan",
    ("/", "timespan", "n"): "timespan",
    ("/", "timespan", "timespan"): "real",
    ("/", "datetime", "timespan"): "real",
    ("%", "timespan", "timespan"): "timespan",
    ("%", "datetime", "timespan"): "timespan",
}

# A dynamic side is read as what the other side calls for.
WITH_DYNAMIC = {
    ("-", "dynamic", "datetime"): "timespan",
    ("-", "datetime", "dynamic"): "timespan",
    ("-", "dynamic", "timespan"): "timespan",
    ("-", "timespan", "dynamic"): "timespan",
    ("+", "dynamic", "timespan"): "timespan",
    ("+", "timespan", "dynamic"): "timespan",
    ("+", "dynamic", "datetime"): "datetime",
    ("+", "datetime", "dynamic"): "datetime",
}


def type_of(expr: m.Expr, row: RowType, scope: Scope) -> str:
    """The Kusto type of `expr` over `row`; "unknown" when the row is open there, or the expression makes no sense."""
    return _BY_KIND[type(expr)](expr, row, scope)


def _field(expr: m.Field, row: RowType, scope: Scope) -> str:
    found = row.types.get(expr.name)
    return scope.scalars.get(expr.name, UNKNOWN) if found is None else found


def _literal(expr: m.Literal, row: RowType, scope: Scope) -> str:
    return expr.type


def _index(expr: m.Index, row: RowType, scope: Scope) -> str:
    if scope.elements and (found := property_type(expr, scope)) is not None:
        return found
    base: m.Expr = expr.base
    while isinstance(base, m.Index):  # a path, however long, is dynamic when its root is
        base = base.base
    return "dynamic" if type_of(base, row, scope) == "dynamic" else UNKNOWN


def _bool(expr: m.Expr, row: RowType, scope: Scope) -> str:
    return "bool"


def _unknown(expr: m.Expr, row: RowType, scope: Scope) -> str:
    return UNKNOWN


def _named(expr: m.Named, row: RowType, scope: Scope) -> str:
    return type_of(expr.value, row, scope)


def _toscalar(expr: m.ToScalar, row: RowType, scope: Scope) -> str:
    from .query import query_row

    made = query_row(expr.query, scope.quiet)
    return next(iter(made.types.values()), UNKNOWN)


def _call(expr: m.Call, row: RowType, scope: Scope) -> str:
    name, args = expr.name, expr.args
    if scope.elements and name in FUNCTIONS:
        return FUNCTIONS[name]
    if name == "negate" and len(args) == 1:
        return _negated(type_of(args[0], row, scope))
    if name in OPERATORS and len(args) == 2:
        return _chain(expr, row, scope)
    if name == "toscalar" and args:
        return type_of(args[0], row, scope)
    function = lookup(name)
    if function is None:
        return "bool" if name.lstrip("!") in PREDICATES else UNKNOWN
    return result_type(function, args, row, scope)


OPERATORS = frozenset("+-*/%")


def _chain(expr: m.Call, row: RowType, scope: Scope) -> str:
    """The type of `a + b + c + ..`, which nests to the left, without recursion along it."""
    links = [expr]
    while isinstance(left := links[-1].args[0], m.Call) and left.name in OPERATORS and len(left.args) == 2:
        links.append(left)
    made = type_of(left, row, scope)
    for link in reversed(links):
        made = arithmetic(link.name, made, type_of(link.args[1], row, scope))
    return made


PREDICATES = frozenset((
    "in", "in~", "has", "has_cs", "has_any", "has_all", "contains", "contains_cs", "startswith", "startswith_cs",
    "endswith", "endswith_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs", "matches_regex", "matches regex",
    "between",
))  # fmt: skip


def result_type(function: Function, args: tuple[m.Expr, ...], row: RowType, scope: Scope) -> str:
    """The type a call gives; of a function with several result columns, that of the first."""
    rule = function.result
    if function.parts:
        return function.parts[0][1]
    word, _, rest = rule.partition("(")
    given = RULES.get(word)
    return rule if given is None else given(args, rest.rstrip(")"), row, scope)


def arithmetic(operator: str, left: str, right: str) -> str:
    """The type of `left operator right`, by the types of its sides."""
    if UNKNOWN in (left, right):
        return "real" if operator == "/" and right == "timespan" else UNKNOWN
    if left in NUMBERS and right in NUMBERS:
        return widest((left, right))
    if left == right == "dynamic":
        return "dynamic"
    if "dynamic" in (left, right):
        other = right if left == "dynamic" else left
        return _integer_as_long(other) if other in NUMBERS else WITH_DYNAMIC.get((operator, left, right), UNKNOWN)
    if "bool" in (left, right) and ({left, right} & set(NUMBERS)):
        return "long"
    key = operator, "n" if left in NUMBERS else left, "n" if right in NUMBERS else right
    return ARITHMETIC.get(key, UNKNOWN)


def widest(types: Iterable[str]) -> str:
    """The number type that holds all of these; an int counts as a long."""
    return _integer_as_long(max(types, key=NUMBERS.index))


def _integer_as_long(type: str) -> str:
    return "long" if type == "int" else type


def _negated(type: str) -> str:
    return _integer_as_long(type) if type in (*NUMBERS, "timespan", "dynamic") else UNKNOWN


def common(types: Iterable[str]) -> str:
    """One type for values of several: equal ones as they are, numbers the widest, else dynamic."""
    kinds = set(types)
    if UNKNOWN in kinds or not kinds:
        return UNKNOWN
    if len(kinds) == 1:
        return kinds.pop()
    return widest(kinds) if kinds <= set(NUMBERS) else "dynamic"


# ---------------------------------------------------------------- rules of the column `result`

Args = tuple[m.Expr, ...]


def _argument(number: int) -> Callable[[Args, str, RowType, Scope], str]:
    def rule(args: Args, options: str, row: RowType, scope: Scope) -> str:
        return type_of(args[number], row, scope) if number < len(args) else UNKNOWN

    return rule


def _promoted(args: Args, options: str, row: RowType, scope: Scope) -> str:
    return _integer_as_long(type_of(args[0], row, scope)) if args else UNKNOWN


def _average(args: Args, options: str, row: RowType, scope: Scope) -> str:
    given = type_of(args[0], row, scope) if args else UNKNOWN
    return "real" if given in ("int", "long", "bool", "dynamic") else given


def _quantile(args: Args, options: str, row: RowType, scope: Scope) -> str:
    given = type_of(args[0], row, scope) if args else UNKNOWN
    return {"int": "long", "decimal": "real"}.get(given, given)


def _rounded(args: Args, options: str, row: RowType, scope: Scope) -> str:
    """`bin` and `floor`: points and spans of time stay what they are, numbers become the widest."""
    given = [type_of(arg, row, scope) for arg in args]
    if not given or UNKNOWN in given:
        return given[0] if given and given[0] in ("datetime", "timespan") else UNKNOWN
    if given[0] in ("datetime", "timespan"):
        return given[0]
    if given[0] == "dynamic" and len(given) > 1:
        return _integer_as_long(given[1]) if given[1] in NUMBERS else UNKNOWN
    return widest(given) if all(type in NUMBERS for type in given) else UNKNOWN


def _branches(args: Args, options: str, row: RowType, scope: Scope) -> str:
    """`iff`: the common type of both values; a dynamic one gives way to the other's type."""
    return _giving_way([type_of(arg, row, scope) for arg in args[1:3]])


def _case(args: Args, options: str, row: RowType, scope: Scope) -> str:
    return _giving_way([type_of(arg, row, scope) for arg in (*args[1::2], *args[-1:])])


def _greatest(args: Args, options: str, row: RowType, scope: Scope) -> str:
    return _giving_way([type_of(arg, row, scope) for arg in args])


def _coalesced(args: Args, options: str, row: RowType, scope: Scope) -> str:
    return common(type_of(arg, row, scope) for arg in args)


def _giving_way(types: list[str]) -> str:
    return common([type for type in types if type != "dynamic"] or types)


def _typeof(args: Args, options: str, row: RowType, scope: Scope) -> str:
    """The type a `typeof(..)` argument names; options: its number, and the type when it is missing."""
    number, _, default = options.partition(",")
    place = int(number) - 1
    return typeof(args[place]) if place < len(args) else default


def typeof(expr: m.Expr) -> str:
    """The type a `typeof(x)` literal names."""
    return type_name(str(expr.value)) if isinstance(expr, m.Literal) else UNKNOWN


def _column(args: Args, options: str, row: RowType, scope: Scope) -> str:
    """`column_ifexists("name", default)`: the column's type where there is one, else the default's."""
    if len(args) < 2:
        return UNKNOWN
    name = args[0].value if isinstance(args[0], m.Literal) else None
    if name in row.types:
        return row.types[str(name)]
    return type_of(args[1], row, scope)


def _dynamic(args: Args, options: str, row: RowType, scope: Scope) -> str:
    return "dynamic"


RULES: dict[str, Callable[[Args, str, RowType, Scope], str]] = {
    "arg1": _argument(0),
    "arg2": _argument(1),
    "each": _argument(0),
    "promoted": _promoted,
    "avg": _average,
    "quantile": _quantile,
    "widest": _rounded,
    "branches": _branches,
    "case": _case,
    "common": _greatest,
    "coalesce": _coalesced,
    "typeof": _typeof,
    "column": _column,
    "sorted": _dynamic,
}

_BY_KIND: dict[type, Callable[..., str]] = {
    m.Field: _field, m.Literal: _literal, m.Index: _index, m.Call: _call, m.Named: _named, m.Star: _unknown,
    m.Match: _bool, m.Compare: _bool, m.Within: _bool, m.ToScalar: _toscalar, m.And: _bool, m.Or: _bool, m.Not: _bool,
    m.OpaqueExpr: _unknown,
}  # fmt: skip
