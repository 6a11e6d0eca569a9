"""Kusto expressions to model expressions: comparisons become Matches, negation becomes exact in two values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ... import model as m
from ...model import Op
from ...text import Span
from . import syntax as s
from .comparisons import LISTS, MIRRORED, OPERATORS, OPPOSITES, ORDER, TEXT, Comparison
from .lower_scope import DEEPEST_CALL, MOST_INLINED, Constant, Context, Function, Pattern, Rows, Table, bare, span

PLAIN = frozenset({"string", "long", "int", "real", "bool"})
LONGEST_CHAIN = 300  # of `a + b + ...` and `a.b.c...`, whose models are as deep as they are long
ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
ALIASES = {"iif": "iff", "notempty": "isnotempty", "notnull": "isnotnull"}
NEVER_NULL = frozenset(
    {"isempty", "isnotempty", "isnull", "isnotnull", "isnan", "isinf", "isfinite", "isascii", "isutf8",
     "has_any", "has_all", "in", "in~"}
)  # fmt: skip
SCOPES = frozenset({"cluster", "database", "workspace", "app", "resource", "adx", "arg", "table"})


def lower_expr(ctx: Context, node: s.Expr) -> m.Expr:
    """`node` as a model expression. What is not understood becomes an OpaqueExpr with its own words."""
    handler = _HANDLERS.get(type(node))
    return handler(ctx, node) if handler else opaque(ctx, node)


def lower_predicate(ctx: Context, node: s.Expr) -> m.Expr:
    """`node` as a condition: `true` and `false` there are the empty And and Or."""
    expr = lower_expr(ctx, node)
    if isinstance(expr, m.Literal) and expr.type == "bool" and expr.value is not None:
        return m.TRUE if expr.value else m.FALSE
    return expr


def opaque(ctx: Context, node: s.Expr, keyword: str = "") -> m.OpaqueExpr:
    return m.OpaqueExpr(keyword or type(node).__name__.lower(), ctx.words(node), span(node))


# ---------------------------------------------------------------- names, literals, paths


def _name(ctx: Context, node: s.Name) -> m.Expr:
    found = ctx.constant(node.name) if ctx.scope else None
    if found is None:
        if ctx.scope and node.name not in ctx.columns:
            bound = ctx.scope.get(node.name)
            if isinstance(bound, Function) and not bound.tabular and not bound.node.parameters:
                return _inlined(ctx, bound, s.Call(node, (), node.start, node.end))
        return m.Field(node.name, span(node))
    if isinstance(found, m.Literal):
        return m.Literal(found.value, found.type, span(node))
    return found


def _literal(ctx: Context, node: s.Literal) -> m.Expr:
    if not node.valid:
        return opaque(ctx, node, node.type)
    if ctx.searching and node.type == "string" and isinstance(node.value, str):
        return _searched(m.ANY, node.value, ctx.searching == "cased", node)
    return m.Literal(node.value, node.type, span(node))


def _searched(subject: m.Expr, text: str, cased: bool, node: s.Expr) -> m.Expr:
    """What `search "text"` and `column:"text"` look for: a term, and with `*` at its ends less than a whole one.

    Source: https://learn.microsoft.com/kusto/query/search-operator
    """
    start, end, inner = text.startswith("*"), text.endswith("*") and len(text) > 1, text.strip("*")
    if not inner:
        return m.TRUE
    if "*" in inner:
        pattern = ".*?".join(_regex_escaped(part) for part in inner.split("*"))
        pattern = ("" if start else r"\b") + pattern + ("" if end else r"\b")
        return m.Match(subject, Op.REGEX, (pattern if cased else f"(?i){pattern}",), cased=True, span=span(node))
    op = {(0, 0): Op.TERM, (0, 1): Op.TERM_PREFIX, (1, 0): Op.TERM_SUFFIX, (1, 1): Op.CONTAINS}[start, end]
    return m.Match(subject, op, (inner,), cased=cased, span=span(node))


def _regex_escaped(text: str) -> str:
    return "".join("\\" + char if char in r"\.+*?()|[]{}^$" else char for char in text)


def _path(ctx: Context, node: s.Path | s.Element) -> m.Expr:
    """`a.b["c"][0]`: a chain leans left as deep as it is long, so it is taken down in a loop."""
    spine: list[s.Path | s.Element] = []
    base: s.Expr = node
    while isinstance(base, s.Path | s.Element):
        spine.append(base)
        base = base.base
    if len(spine) > LONGEST_CHAIN:
        return opaque(ctx, node, "path")
    side = base.name if isinstance(base, s.Name) and base.name in ("$left", "$right") else ""
    result: m.Expr | None = None
    if side and ctx.sides is not None:
        name = _key(ctx, spine[-1])
        if isinstance(name, m.Literal) and isinstance(name.value, str):
            ctx.sides.add(side)
            result = m.Field(name.value, span(spine.pop()))
    if result is None:
        result = lower_expr(ctx, base)
    for step in reversed(spine):
        key = _key(ctx, step)
        if key is None:
            return opaque(ctx, node, "path")
        result = m.Index(result, key, span(step))
    return result


def _key(ctx: Context, step: s.Path | s.Element) -> m.Expr | None:
    if isinstance(step, s.Element):
        return _value(ctx, step.index)
    if isinstance(step.member, s.Call):
        return None
    return m.Literal(step.member.name, "string", span(step.member))


def _star(ctx: Context, node: s.Star) -> m.Expr:
    return m.TRUE if ctx.searching else m.Star()


def _value(ctx: Context, node: s.Expr) -> m.Expr:
    """An operand, never a predicate of its own: a string in it is a string, in `search` too."""
    if not ctx.searching:
        return lower_expr(ctx, node)
    kept, ctx.searching = ctx.searching, ""
    try:
        return lower_expr(ctx, node)
    finally:
        ctx.searching = kept


# ---------------------------------------------------------------- comparisons


def _binary(ctx: Context, node: s.Binary) -> m.Expr:
    if node.op in ARITHMETIC:
        return _arithmetic(ctx, node)
    row = OPERATORS.get(node.op)
    if row is None:
        return opaque(ctx, node, node.op)
    left, right = _operand(ctx, node.left), _value(ctx, node.right)
    if isinstance(node.left, s.Name) and isinstance(node.right, s.Name) and node.left.name == node.right.name:
        # a column and a variable of one name: the column hides the variable, on both sides
        left, right = m.Field(node.left.name, span(node.left)), m.Field(node.right.name, span(node.right))
        ctx.columns.add(node.left.name)
    if node.op == ":" and isinstance(right, m.Literal) and isinstance(right.value, str):
        return _searched(left, right.value, ctx.searching == "cased", node)
    return compared(left, row, right, node)


def _operand(ctx: Context, node: s.Expr) -> m.Expr:
    return m.ANY if isinstance(node, s.Star) else _value(ctx, node)


def _arithmetic(ctx: Context, node: s.Expr) -> m.Expr:
    """A chain `a + b + c` leans left as deep as it is long: taken down in a loop."""
    spine: list[s.Binary] = []
    while isinstance(node, s.Binary) and node.op in ARITHMETIC:
        spine.append(node)
        node = node.left
    if len(spine) > LONGEST_CHAIN:
        return opaque(ctx, spine[0], spine[0].op)
    result = _value(ctx, node)
    for step in reversed(spine):
        result = m.Call(step.op, (result, _value(ctx, step.right)), span(step))
    return result


def compared(left: m.Expr, row: Comparison, right: m.Expr, node: s.Node) -> m.Expr:
    """`left op right` as a Match when one side is a plain literal, else as a Compare."""
    op, cased, negated = row.op, row.cased, row.negated
    if _plain(left) and not _plain(right) and op in MIRRORED:
        left, right, op = right, left, MIRRORED[op]
    place = span(node)
    foreign = (op in TEXT or not cased) and isinstance(right, m.Literal) and right.type != "string"  # `x has 5`
    if isinstance(right, m.Literal) and _plain(right) and not foreign:
        match: m.Expr = m.Match(left, op, (right.value,), False, cased, place)
        return m.Not(match, place) if negated else match
    if negated and op is Op.EQ and not _never_null(right):
        return m.Compare(left, Op.NE, right, cased, place)
    compare: m.Expr = m.Compare(left, op, right, cased, place)
    return m.Not(compare, place) if negated else compare


def _plain(expr: m.Expr) -> bool:
    return isinstance(expr, m.Literal) and expr.type in PLAIN and expr.value is not None


def _never_null(expr: m.Expr) -> bool:
    """A literal that is not null: `x != it` then is exactly "not x == it", for a null x too."""
    return isinstance(expr, m.Literal) and expr.value is not None


def _between(ctx: Context, node: s.Between) -> m.Expr:
    left, low, high = _value(ctx, node.left), _value(ctx, node.low), _value(ctx, node.high)
    if _timespan(high) and not _timespan(low):
        high = m.Call("+", (low, high), high.span if isinstance(high, m.Literal) else None)
    if node.negated:
        return m.Or((compared(left, OPERATORS["<"], low, node), compared(left, OPERATORS[">"], high, node)), span(node))
    return m.And((compared(left, OPERATORS[">="], low, node), compared(left, OPERATORS["<="], high, node)), span(node))


def _timespan(expr: m.Expr) -> bool:
    if isinstance(expr, m.Call) and expr.name in ("negate", "*", "/") and expr.args:
        return any(_timespan(arg) for arg in expr.args)
    return isinstance(expr, m.Literal) and expr.type == "timespan"


# ---------------------------------------------------------------- lists


def _in_list(ctx: Context, node: s.InList) -> m.Expr:
    row = LISTS[node.op]
    subject = _operand(ctx, node.left)
    query = _subquery(ctx, node.items)
    found: m.Expr
    if query is not None:
        found = m.Within(subject, row.op, query, row.every, row.cased, span(node))
    else:
        items = tuple(_value(ctx, item) for item in node.items)
        values = _constants(items)
        if values is None:
            found = m.Call(row.name, (subject, *items), span(node))
        else:
            if row.op is Op.TERM:
                values = tuple(value if isinstance(value, str) else _text(value) for value in values)
            found = m.Match(subject, row.op, values, row.every, row.cased, span(node))
    return m.Not(found, span(node)) if row.negated else found


def _text(value: m.Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _subquery(ctx: Context, items: tuple[s.Expr, ...]) -> m.Query | None:
    if len(items) != 1:
        return None
    item = bare(items[0])
    if isinstance(item, s.Pipe | s.DataTable | s.ExternalData | s.Materialize | s.ToTable):
        return ctx.query(ctx, item)
    if isinstance(item, s.Name) and item.name not in ctx.columns:
        bound = ctx.scope.get(item.name)
        if isinstance(bound, Table | Rows) or (isinstance(bound, Function) and bound.tabular):
            return ctx.query(ctx, item)
        if bound is None and item.name in ctx.tables:
            return ctx.query(ctx, item)
    if isinstance(item, s.Call) and tabular(ctx.scope, item):
        return ctx.query(ctx, item)
    return None


def _constants(items: tuple[m.Expr, ...]) -> tuple[m.Scalar, ...] | None:
    """The plain values of a list of literals, arrays of literals opened; None when anything is computed."""
    values: list[m.Scalar] = []
    for item in items:
        if isinstance(item, m.Call) and item.name in ("pack_array", "array_concat", "set_union"):
            inner = _constants(item.args)
            if inner is None or (item.name != "pack_array" and not all(map(_array, item.args))):
                return None
            values.extend(inner)
        elif not isinstance(item, m.Literal) or item.value is None:
            return None
        elif item.type == "dynamic":
            array = _json_array(str(item.value))
            if array is None:
                return None
            values.extend(array)
        elif item.type in PLAIN:
            values.append(item.value)
        else:
            return None
    return tuple(values)


def _array(expr: m.Expr) -> bool:
    return (isinstance(expr, m.Literal) and expr.type == "dynamic") or (
        isinstance(expr, m.Call) and expr.name == "pack_array"
    )


def _json_array(text: str) -> list[m.Scalar] | None:
    try:
        array = json.loads(text)
    except ValueError:
        return None
    if not isinstance(array, list) or not all(isinstance(item, str | int | float | bool) for item in array):
        return None
    return array


# ---------------------------------------------------------------- and, or, not


def _and(ctx: Context, node: s.AndChain) -> m.Expr:
    return m.And(tuple(lower_predicate(ctx, term) for term in node.terms), span(node))


def _or(ctx: Context, node: s.OrChain) -> m.Expr:
    return m.Or(tuple(lower_predicate(ctx, term) for term in node.terms), span(node))


Negations = dict[int, tuple[m.Expr, m.Expr]]
"""Negations made so far: `f(x) == false` for `not(f(x))` is to be told from one the author wrote when negated again."""


def negated(expr: m.Expr, made: Negations) -> m.Expr:
    """Kusto's `not(expr)`, where null is not true, said with the model's two-valued Not.

    `not(x < 5)` is `x >= 5`, `not(f(x))` is `f(x) == false`: all false for a null. A group with such a part inside is
    negated term by term (De Morgan), which is exact for Kusto's three values; any other group stays whole.
    """
    if (known := made.get(id(expr))) is not None:
        return known[1]
    match expr:
        case m.And(terms, place) if nullable(expr, made):
            return m.Or(tuple(negated(term, made) for term in terms), place)
        case m.Or(terms, place) if nullable(expr, made):
            return m.And(tuple(negated(term, made) for term in terms), place)
        case m.Match(_, op) if op in OPPOSITES:
            return m.replace(expr, op=OPPOSITES[op])
        case m.Compare(_, op) if op in OPPOSITES:
            return m.replace(expr, op=OPPOSITES[op])
        case m.Compare(_, Op.EQ, right) if not _never_null(right):
            return m.replace(expr, op=Op.NE)
        case m.Compare(_, Op.NE):
            return m.replace(expr, op=Op.EQ)
        case m.Not(term):
            return term
        case m.And(()):
            return m.FALSE
        case m.Or(()):
            return m.TRUE
        case m.Field(_, place) | m.Index(_, _, place) | m.ToScalar(_, place):
            return _false(expr, place, made)
        case m.Call(name, _, place) if name not in NEVER_NULL:
            return _false(expr, place, made)
    return m.Not(expr, getattr(expr, "span", None))


def _false(expr: m.Expr, place: Span | None, made: Negations) -> m.Expr:
    """`not(expr)` of a value that may be null, which then is not true: `expr == false`."""
    found = m.Match(expr, Op.EQ, (False,), span=place)
    made[id(found)] = found, expr
    return found


def nullable(expr: m.Expr, made: Mapping[int, object] = MappingProxyType({})) -> bool:
    """Whether some part, as a truth value, may be null."""
    stack = [expr]
    while stack:
        top = stack.pop()
        if id(top) in made:
            return True
        match top:
            case m.And(terms) | m.Or(terms):
                stack.extend(terms)
            case m.Not(term):
                stack.append(term)
            case m.Match(_, op) if op in ORDER:
                return True
            case m.Compare(_, op, right) if op in ORDER or (op in (Op.EQ, Op.NE) and not _never_null(right)):
                return True
            case m.Field() | m.Index() | m.ToScalar():
                return True
            case m.Call(name) if name not in NEVER_NULL:
                return True
    return False


# ---------------------------------------------------------------- calls


def _call(ctx: Context, node: s.Call) -> m.Expr:
    name = ALIASES.get(node.name.name, node.name.name)
    if ctx.scope and isinstance(bound := ctx.scope.get(name), Function):
        return _inlined(ctx, bound, node)
    if name == "not" and len(node.args) == 1:
        inner = bare(node.args[0])
        if isinstance(inner, s.Call) and inner.name.name == "not" and len(inner.args) == 1:
            return lower_predicate(ctx, inner.args[0])
        return negated(lower_predicate(ctx, node.args[0]), ctx.negations)
    if name == "column_names_of" and len(node.args) == 1:
        return m.Call(name, (m.ToScalar(ctx.query(ctx, node.args[0]), rows=True),), span(node))
    args = tuple(argument(ctx, arg) for arg in node.args)
    if len(args) == 1 and name in ("isempty", "isnotempty"):
        empty = m.Match(args[0], Op.EMPTY, span=span(node))
        return empty if name == "isempty" else m.Not(empty, span(node))
    size = ctx.constant("set query_bin_auto_size") if name == "bin_auto" and len(args) == 1 else None
    if size is not None:
        at = ctx.constant("set query_bin_auto_at")
        return (
            m.Call("bin", (*args, size), span(node)) if at is None else m.Call("bin_at", (*args, size, at), span(node))
        )
    return m.Call(name, args, span(node))


def argument(ctx: Context, node: s.Expr) -> m.Expr:
    """An argument of a function: an expression, `name = value`, `*`, a type, or rows."""
    if isinstance(node, s.NamedExpr) and len(node.names) == 1:
        return m.Named(node.names[0].name, _value(ctx, node.value))
    if isinstance(node, s.Star):
        return m.Star()
    if _gives_rows(ctx, bare(node)):
        return m.ToScalar(ctx.query(ctx, node), span(node), rows=True)
    return _value(ctx, node)


def _gives_rows(ctx: Context, node: s.Expr) -> bool:
    match node:
        case s.Pipe() | s.DataTable() | s.ExternalData() | s.Materialize() | s.ToTable():
            return True
        case s.Name(name):
            return isinstance(ctx.scope.get(name), Rows)
        case s.Call(s.Name(name)):
            return isinstance(found := ctx.scope.get(name), Function) and found.tabular
    return False


def _inlined(ctx: Context, function: Function, node: s.Call) -> m.Expr:
    """The body of a scalar let function with its arguments in place."""
    body = function.node.body
    if function.tabular or not body or ctx.depth >= DEEPEST_CALL or ctx.inlined >= MOST_INLINED:
        return opaque(ctx, node, function.name)
    inner = entered(ctx, function, node.args)
    last = body[-1]
    if inner is None or not isinstance(last, s.QueryStatement):
        return opaque(ctx, node, function.name)
    for statement in body[:-1]:
        if not isinstance(statement, s.Let):
            return opaque(ctx, node, function.name)
        define(inner, statement)
    result = lower_expr(inner, last.query)
    ctx.inlined = inner.inlined
    return result


def define(ctx: Context, let: s.Let) -> None:
    """A let inside a scalar function: its tables stand where they are used."""
    value = bare(let.value)
    if isinstance(value, s.Function):
        ctx.scope[let.name.name] = Function(let.name.name, value, ctx.scope, gives_rows(ctx.scope, value))
    elif tabular(ctx.scope, value):
        ctx.scope[let.name.name] = Rows(ctx.query(ctx, value))
    else:
        ctx.scope[let.name.name] = Constant(lower_expr(ctx, value))


def entered(ctx: Context, function: Function, args: tuple[s.Expr, ...], rows: m.Query | None = None) -> Context | None:
    """A context for the body of `function`, its parameters bound to `args` (and its first one to `rows`, for invoke).

    None when the arguments do not fit the parameters.
    """
    parameters = list(function.node.parameters)
    bound: dict[str, Constant | Rows] = {}
    if rows is not None:
        if not parameters:
            return None
        bound[parameters.pop(0).name.name] = Rows(rows)
    named = {arg.names[0].name: arg.value for arg in args if isinstance(arg, s.NamedExpr) and arg.names}
    plain = [arg for arg in args if not isinstance(arg, s.NamedExpr)]
    if len(plain) + len(named) > len(parameters):
        return None
    for parameter in parameters:
        name = parameter.name.name
        given = named.get(name)
        if given is None and plain:
            given = plain.pop(0)
        if parameter.columns is not None:
            if given is None:
                return None
            bound[name] = Rows(ctx.query(ctx, given))
        elif given is not None:
            bound[name] = Constant(_value(ctx, given))
        elif parameter.default is not None:
            bound[name] = Constant(_value(ctx, parameter.default))
        else:
            return None
    inner = Context(ctx.text, ctx.query, ctx.body, ctx.tables, {**function.scope, **bound}, depth=ctx.depth + 1)
    inner.negations = ctx.negations
    inner.inlined = ctx.inlined + 1
    return inner


def tabular(scope: dict[str, Any], node: s.Expr) -> bool:
    """Whether a let value or argument is rows, by its form: functions we do not know are tables when named like one."""
    node = bare(node)
    match node:
        case s.Pipe() | s.DataTable() | s.ExternalData() | s.Materialize() | s.ToTable() | s.ContextualDataTable():
            return True
        case s.MacroExpand() | s.ViewCombine():
            return True
        case s.Name(name):
            bound = scope.get(name)
            if bound is None:
                return True
            return isinstance(bound, Table | Rows) or (isinstance(bound, Function) and bound.tabular)
        case s.Call(s.Name(name)):
            if isinstance(bound := scope.get(name), Function):
                return bound.tabular
            if isinstance(bound, Pattern):
                return True
            return name in SCOPES or name != name.lower() or name.startswith("_")
        case s.Path() | s.Element():
            root: s.Expr = node
            while isinstance(root, s.Path | s.Element):
                root = root.base
            if not isinstance(root, s.Call):
                return False
            return root.name.name in SCOPES or isinstance(scope.get(root.name.name), Pattern)
    return False


def gives_rows(scope: dict[str, Any], function: s.Function) -> bool:
    """Whether a function's value is rows."""
    if not function.body or not isinstance(last := function.body[-1], s.QueryStatement):
        return False
    inner: dict[str, Any] = dict(scope)
    for parameter in function.parameters:
        name = parameter.name.name
        inner[name] = Table(name) if parameter.columns is not None else Constant(m.TRUE)
    for statement in function.body[:-1]:
        if isinstance(statement, s.Let):
            value = bare(statement.value)
            name = statement.name.name
            if isinstance(value, s.Function):
                inner[name] = Function(name, value, inner, gives_rows(inner, value))
            else:
                inner[name] = Table(name) if tabular(inner, value) else Constant(m.TRUE)
    return tabular(inner, last.query)


# ---------------------------------------------------------------- the rest


def _unary(ctx: Context, node: s.Unary) -> m.Expr:
    value = _value(ctx, node.operand)
    if node.op == "+":
        return value
    if isinstance(value, m.Literal) and isinstance(value.value, int | float) and value.type != "bool":
        return m.Literal(-value.value, value.type, span(node))
    return m.Call("negate", (value,), span(node))


def _toscalar(ctx: Context, node: s.ToScalar) -> m.Expr:
    if isinstance(name := bare(node.query), s.Name) and name.name == ctx.key:
        return m.Call("toscalar", (m.Field(name.name, span(name)),), span(node))
    if not tabular(ctx.scope, node.query):
        return m.Call("toscalar", (_value(ctx, node.query),), span(node))
    return m.ToScalar(ctx.query(ctx, node.query), span(node))


def _parens(ctx: Context, node: s.Parens) -> m.Expr:
    return lower_expr(ctx, node.inner)


def _assigned(ctx: Context, node: s.NamedExpr) -> m.Expr:
    """`where x = 1`: well formed, but the documentation gives it no meaning as a condition."""
    return opaque(ctx, node, "=")


def _typeof(ctx: Context, node: s.TypeOf) -> m.Expr:
    parts = (*node.types, *(f"{column.name.name}: {column.type}" for column in node.columns))
    return m.Literal(", ".join(parts), "typeof", span(node))


_HANDLERS: dict[type, Callable[[Context, Any], m.Expr]] = {
    s.Name: _name,
    s.Literal: _literal,
    s.Path: _path,
    s.Element: _path,
    s.Star: _star,
    s.Binary: _binary,
    s.Between: _between,
    s.InList: _in_list,
    s.AndChain: _and,
    s.OrChain: _or,
    s.Call: _call,
    s.Unary: _unary,
    s.Parens: _parens,
    s.ToScalar: _toscalar,
    s.TypeOf: _typeof,
    s.NamedExpr: _assigned,
}
