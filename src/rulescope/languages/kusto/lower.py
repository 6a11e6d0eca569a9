"""Kusto syntax to the model: statements, sources and pipelines. Lets are resolved, functions put in place, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping

from ... import model as m
from . import syntax as s
from .lower_columns import certain, grow
from .lower_expr import argument, entered, gives_rows, lower_expr, tabular
from .lower_parts import opaque_stage, properties, typed
from .lower_restrict import Restriction, restriction, unseen
from .lower_scope import (
    DEEPEST_CALL,
    MOST_INLINED,
    Constant,
    Context,
    Function,
    Pattern,
    Rows,
    Table,
    bare,
    span,
)
from .lower_stage import lower_stage

Columns = Mapping[str, Mapping[str, str]]

MAKES_ROWS = (s.Print, s.Range, s.Find, s.Union, s.Search, s.Evaluate, s.Unknown, s.MacroExpand, s.Graph)


def lower(script: s.Script, tables: Columns | None = None) -> m.Query:
    """The query a script means. `tables` (table -> column -> type), when given, tells columns from variables."""
    ctx = Context(script.text, _query, _body, tables or {})
    lets: list[m.Let] = []
    parameters: list[m.Parameter] = []
    stages: list[m.Step] = []
    others: list[m.Step] = []
    more: list[m.Query] = []
    later: list[m.Let] = []
    rules: Restriction | None = None
    for statement in script.statements:
        match statement:
            case s.Let():
                found = later if stages or rules is not None else lets
                _let(ctx, statement, found, parameters)
                if rules is not None:
                    rules.defined(statement.name.name)
            case s.QueryStatement(node):
                query = _query(ctx, node)
                if rules is not None and (name := unseen(m.replace(query, lets=(*later, *query.lets)), rules)):
                    others.append(opaque_stage(ctx, statement, f"{name}, which restrict access hides"))
                    continue
                if (
                    stages and not more and _reads(query, named := stages[-1])
                ):  # `T | as Q; Q | count`: Q is named for it
                    first = m.Query(tuple(stages[:-1]), language="kusto")
                    lets += [m.Let(named.name, first, True, named.span, result=True), *later, *query.lets]  # type: ignore[union-attr]
                    later, stages = [], list(query.stages)
                elif stages:
                    more.append(m.replace(query, lets=(*later, *query.lets)))
                else:
                    lets.extend((*later, *query.lets))
                    later = []
                    stages.extend(query.stages)
            case s.DeclarePattern(name):
                ctx.scope[name.name] = Pattern(statement, dict(ctx.scope))
            case s.Restrict():
                rules = restriction(statement, ctx.scope)
                if rules is None:
                    others.append(opaque_stage(ctx, statement))
            case s.Alias(name, value):
                parameters.append(m.Parameter(f"alias database {name.name}", ctx.words(value), "", span(statement)))
            case s.DeclareParameters():
                _declare(ctx, statement, parameters)
            case s.SetOption(name, value):
                text = ctx.words(value) if value is not None else ""
                parameters.append(m.Parameter(f"set {name.name}", text, "", span(statement)))
                if value is not None and name.name.startswith("query_bin_auto_"):
                    ctx.scope[f"set {name.name}"] = Constant(lower_expr(ctx, value))
            case s.Error():
                others.append(opaque_stage(ctx, statement, "error"))
            case _:
                others.append(opaque_stage(ctx, statement))
    if not stages:  # a text of lets only
        lets.extend(later)
    batch = (m.Batch(tuple(more)),) if more else ()
    return m.Query((*stages, *batch, *others), tuple(lets), tuple(parameters), "kusto")


def _reads(query: m.Query, named: m.Step) -> bool:
    return isinstance(named, m.As) and any(scan.table == named.name for scan in m.expressions(query, m.Scan))


# ---------------------------------------------------------------- let


def _let(ctx: Context, let: s.Let, lets: list[m.Let], parameters: list[m.Parameter]) -> None:
    name, value = let.name.name, bare(let.value)
    if isinstance(value, s.Function):
        function = Function(name, value, ctx.scope, gives_rows(ctx.scope, value))
        if value.view and not value.parameters and function.tabular:
            body = _function_body(ctx, function, ctx)
            lets.append(m.Let(name, body, span=span(let), view=True))
            ctx.scope[name] = Table(name, frozenset(certain(body, ctx.known)))
        else:
            ctx.scope[name] = function
    elif tabular(ctx.scope, value):
        query = _query(ctx, value)
        lets.append(m.Let(name, query, isinstance(value, s.Materialize), span(let)))
        ctx.scope[name] = Table(name, frozenset(certain(query, ctx.known)))
    else:
        expr = lower_expr(ctx, value)
        ctx.scope[name] = Constant(expr)
        kind = expr.type if isinstance(expr, m.Literal) else ""
        parameters.append(m.Parameter(name, ctx.words(let.value), kind, span(let)))


def _declare(ctx: Context, node: s.DeclareParameters, parameters: list[m.Parameter]) -> None:
    for parameter in node.parameters:
        name = parameter.name.name
        value: m.Expr = m.OpaqueExpr(f"query parameter {name} without a value", name, span(parameter))
        if parameter.default is not None:
            value = lower_expr(ctx, parameter.default)
        ctx.scope[name] = Constant(value)
        text = ctx.words(parameter.default) if parameter.default is not None else ""
        parameters.append(m.Parameter(name, text, parameter.type, span(parameter)))


# ---------------------------------------------------------------- functions


def _function_body(ctx: Context, function: Function, inner: Context) -> m.Query:
    """The body of a tabular function as a query."""
    return _statements(ctx, function.node.body, inner)


def _statements(ctx: Context, body: tuple[s.Statement, ...], inner: Context) -> m.Query:
    """A body as a query; its own lets are the query's."""
    inner = Context(
        ctx.text, ctx.query, ctx.body, ctx.tables, dict(inner.scope), depth=inner.depth, inlined=inner.inlined,
        negations=ctx.negations,
    )  # fmt: skip
    lets: list[m.Let] = []
    stages: list[m.Step] = []
    parameters: list[m.Parameter] = []
    for statement in body:
        match statement:
            case s.Let():
                _let(inner, statement, lets, parameters)
            case s.QueryStatement(node) if not stages:
                query = _query(inner, node)
                lets.extend(query.lets)
                stages.extend(query.stages)
            case _:
                stages.append(opaque_stage(inner, statement))
    ctx.inlined = inner.inlined
    return m.Query(tuple(stages), tuple(lets), language="kusto")


def _called(ctx: Context, function: Function, args: tuple[s.Expr, ...], node: s.Node, rows: m.Query | None) -> m.Step:
    """A tabular function's body at its call."""
    if ctx.depth >= DEEPEST_CALL or ctx.inlined >= MOST_INLINED:
        return opaque_stage(ctx, node, function.name)
    inner = entered(ctx, function, args, rows)
    if inner is None:
        return opaque_stage(ctx, node, function.name)
    return m.Nested(_function_body(ctx, function, inner), function.name, span=span(node))


def _patterned(ctx: Context, pattern: Pattern, call: s.Call, path: str | None, node: s.Node) -> m.Step:
    """The body of the one case of a declared pattern that a call, with the name after its `.`, stands for."""
    declared = pattern.node
    if ctx.depth >= DEEPEST_CALL or ctx.inlined >= MOST_INLINED:
        return opaque_stage(ctx, node, declared.name.name)
    given = [lower_expr(ctx, arg) for arg in call.args]
    inner = Context(ctx.text, ctx.query, ctx.body, ctx.tables, dict(pattern.scope), depth=ctx.depth + 1)
    inner.inlined, inner.negations = ctx.inlined + 1, ctx.negations
    fitting = [
        case
        for case in declared.cases
        if [_text(lower_expr(ctx, arg)) for arg in case.args] == [_text(arg) for arg in given]
        and (None if case.path is None else case.path.value) == path
    ]
    if len(fitting) != 1 or None in map(_text, given) or len(given) != len(declared.parameters):
        return opaque_stage(ctx, node, f"pattern {declared.name.name} with these arguments")
    for parameter, value in zip(declared.parameters, given, strict=True):
        inner.scope[parameter.name.name] = Constant(value)
    if declared.path is not None and path is not None:
        inner.scope[declared.path.name.name] = Constant(m.Literal(path))
    return m.Nested(_statements(ctx, fitting[0].body, inner), declared.name.name, span=span(node))


def _text(expr: m.Expr) -> str | None:
    """The text of a constant, which the arguments of patterns are."""
    return expr.value if isinstance(expr, m.Literal) and isinstance(expr.value, str) else None


# ---------------------------------------------------------------- pipelines


def _query(ctx: Context, node: s.Expr) -> m.Query:
    return _pipeline(ctx, node, False)


def _body(ctx: Context, node: s.Expr) -> m.Query:
    """A query over the rows at hand: mv-apply, partition, fork, facet."""
    return _pipeline(ctx, node, True)


def _pipeline(ctx: Context, node: s.Expr, body: bool) -> m.Query:
    node = _unwrapped(node)
    kept, searching = ctx.columns, ctx.searching
    ctx.columns = set(kept) if body else set()
    ctx.searching = ""
    try:
        if not isinstance(node, s.Pipe):
            return m.Query(tuple(_source(ctx, node, alone=True)), language="kusto")
        stages: list[m.Step] = []
        if node.source is not None:
            stages = _source(ctx, node.source, alone=not node.operators)
        elif body or (node.operators and not isinstance(node.operators[0], MAKES_ROWS)):
            stages = [m.Scan("")]
        for stage in stages:
            grow(ctx.columns, stage, ctx.known)
        for operator in node.operators:
            _append(ctx, operator, stages)
        return m.Query(tuple(stages), language="kusto")
    finally:
        ctx.columns, ctx.searching = kept, searching


def _unwrapped(node: s.Expr) -> s.Expr:
    """The tabular expression inside what does not change its rows."""
    while True:
        if isinstance(node, s.Parens):
            node = node.inner
        elif isinstance(node, s.Materialize | s.ToTable):
            node = node.query
        elif isinstance(node, s.Pipe) and not node.operators and node.source is not None:
            node = node.source
        else:
            return node


def _append(ctx: Context, operator: s.Operator, stages: list[m.Step]) -> None:
    if isinstance(operator, s.Invoke) and isinstance(operator.call, s.Call):
        function = ctx.scope.get(operator.call.name.name)
        if isinstance(function, Function):
            rows = m.Query(tuple(stages), language="kusto")
            stage = _called(ctx, function, operator.call.args, operator, rows)
            if isinstance(stage, m.Nested) and not stage.query.lets and _continues(stage.query.stages, stages):
                stages[:] = stage.query.stages
            elif isinstance(stage, m.Nested):
                stages[:] = [stage]
            else:
                stages.append(stage)
            ctx.columns = certain(m.Query(tuple(stages), language="kusto"), ctx.known)
            return
    stage = lower_stage(ctx, operator)
    stages.append(stage)
    if ctx.scope:
        grow(ctx.columns, stage, ctx.known)
    for table in stage.outputs if isinstance(stage, m.GraphToTable) else ():
        if table.name:
            ctx.scope[table.name] = Table(table.name)
    if isinstance(stage, m.As):
        ctx.scope[stage.name] = Table(stage.name, frozenset(ctx.columns))


def _continues(longer: tuple[m.Step, ...], stages: list[m.Step]) -> bool:
    return len(longer) >= len(stages) and all(a is b for a, b in zip(longer, stages, strict=False))


# ---------------------------------------------------------------- sources


def _source(ctx: Context, node: s.Expr, alone: bool) -> list[m.Step]:
    """The stages that make the rows of `node`; `alone`: no operator follows, so a query in parentheses is just itself."""
    inner = _unwrapped(node)
    match inner:
        case s.Name(name):
            bound = ctx.scope.get(name)
            if isinstance(bound, Rows):
                return list(bound.query.stages)
            if isinstance(bound, Function):
                return [_called(ctx, bound, (), inner, None)]
            if isinstance(bound, Constant):
                return [opaque_stage(ctx, inner, "scalar")]
            return [m.Scan(name, span=span(inner))]
        case s.Call():
            return [_table_call(ctx, inner, ())]
        case s.Path(s.Call(s.Name(name)) as call, s.Name(member)) if isinstance(found := ctx.scope.get(name), Pattern):
            return [_patterned(ctx, found, call, member, inner)]
        case s.Element(s.Call(s.Name(name)) as call, s.Literal("string", str() as path)) if isinstance(
            found := ctx.scope.get(name), Pattern
        ):
            return [_patterned(ctx, found, call, path, inner)]
        case s.Path():
            return [_scoped(ctx, inner)]
        case s.Pipe():
            query = _pipeline(ctx, inner, False)
            return list(query.stages) if alone else [m.Nested(query, span=span(node))]
        case s.DataTable(columns, cells):
            return [m.Inline(typed(columns), tuple(lower_expr(ctx, cell) for cell in cells), span=span(inner))]
        case s.ExternalData(columns, locations, options):
            return [_external(ctx, inner, columns, locations, options)]
    return [opaque_stage(ctx, inner)]


def _table_call(ctx: Context, node: s.Call, scope: tuple[str, ...]) -> m.Step:
    name = node.name.name
    if not scope and isinstance(function := ctx.scope.get(name), Function):
        return _called(ctx, function, node.args, node, None)
    if not scope and isinstance(pattern := ctx.scope.get(name), Pattern):
        return _patterned(ctx, pattern, node, None, node)
    return m.TableCall(name, tuple(argument(ctx, arg) for arg in node.args), scope, span=span(node))


def _scoped(ctx: Context, node: s.Path) -> m.Step:
    """`cluster("a").database("b").T`, `workspace("w").T`."""
    parts: list[str] = []
    base = node.base
    while True:
        match base:
            case s.Path(inner, member):
                part = _scope_part(ctx, member)
                base = inner
            case s.Name() | s.Call():
                part = _scope_part(ctx, base)
                base = s.Star()
            case s.Star():
                break
            case _:
                part = ""
        if not part:
            return opaque_stage(ctx, node)
        parts.append(part)
    scope = tuple(reversed(parts))
    if isinstance(node.member, s.Name):
        return m.Scan(node.member.name, scope, span=span(node))
    return m.replace(_table_call(ctx, node.member, scope), span=span(node))


def _scope_part(ctx: Context, node: s.Name | s.Call) -> str:
    """`database("b")` as `database:b`; a bare name as itself; "" when its argument is not a constant."""
    if isinstance(node, s.Name):
        return node.name
    if len(node.args) == 1:
        value = lower_expr(ctx, node.args[0])
        if isinstance(value, m.Literal) and isinstance(value.value, str):
            return f"{node.name.name}:{value.value}"
    return ""


def _external(
    ctx: Context, node: s.ExternalData, columns: tuple[s.TypedColumn, ...], locations: tuple[s.Expr, ...],
    options: tuple[s.Option, ...],
) -> m.Step:  # fmt: skip
    addresses: list[str] = []
    for location in locations:
        value = lower_expr(ctx, location)
        if not isinstance(value, m.Literal) or not isinstance(value.value, str):
            return opaque_stage(ctx, node)
        addresses.append(value.value)
    return m.External(typed(columns), tuple(addresses), properties(ctx, options), span=span(node))
