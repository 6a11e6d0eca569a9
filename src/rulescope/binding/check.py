"""What a stage's expressions name, checked against its input: unknown columns and functions, near misses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import lru_cache

from .. import model as m
from ..model.walk import children
from ..text import Span
from . import graphs
from .fit import ARITHMETIC_SIDES, check_arithmetic, check_fit
from .fit_arguments import check_arguments, check_condition
from .functions import lookup, names
from .rows import EMPTY_ROW, RowType, Scope
from .types import PREDICATES

CLOSED = (m.Query, m.TypedName, m.Property, m.ParsePart)  # nothing in these is evaluated over the stage's input


def checked(stage: m.Step, row: RowType, scope: Scope) -> RowType:
    """`row` as the stage sees it: an open row gets the columns the stage names. Reports what it finds to the scope."""
    match stage:
        case m.Join() | m.Union() | m.Search() | m.Find() | m.Nested() | m.MakeGraph() | m.GraphMatch() | m.Batch():
            return row  # several inputs: checked where they are known
        case m.Select(patterns):
            return _with_names(row, [p for p in patterns if "*" not in p], stage, scope)
        case m.Facet(by):
            return _with_names(row, by, stage, scope)
        case m.Evaluate() if (function := lookup(stage.plugin, "plugin")) is None or "table" in function.parameters:
            if function is None:
                _unknown_plugin(stage, scope)
            return row
        case m.ScanRows():
            extra = {column.name: column.type for column in stage.declared}
            extra |= {step.name: "dynamic" for step in stage.steps}
            check_expr(stage, RowType.of({**row.types, **extra}, row.open), scope)
            return row
    if isinstance(stage, m.Filter):
        check_condition(m.And((stage.predicate,)), row, scope)
    return check_expr(stage, row, scope)


def _with_names(row: RowType, wanted: Collection[str], stage: m.Step, scope: Scope) -> RowType:
    missing = [name for name in wanted if name not in row.types]
    if missing and row.open and getattr(stage, "keyword", "") == "project-reorder":
        return RowType.of({**row.types, **dict.fromkeys(missing, "unknown")}, True)
    if not row.open:
        for name in missing:
            unknown_column(name, stage.span, row, scope)
    return row


def check_expr(node: m.Node, row: RowType, scope: Scope) -> RowType:
    """Check every expression in `node` that is evaluated over `row`; gives the row with the columns found out by use."""
    found: dict[str, str] = {}
    looked: set[int] = set()  # inner calls of arithmetic already seen with the outer one
    stack: list[m.Node] = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, m.Field):
            name = top.name
            if name in row.types or name in scope.scalars or name[:1] in ("*", "$"):
                continue
            if row.open:
                found.setdefault(name, "unknown")
            else:
                unknown_column(name, top.span, row, scope)
            continue
        if scope.findings is not None and isinstance(top, m.Match | m.Compare | m.Within | m.Call):
            if isinstance(top, m.Call) and top.name in ARITHMETIC_SIDES and len(top.args) == 2:
                if id(top) not in looked:
                    looked.update(map(id, check_arithmetic(top, row, scope)))
            else:
                check_fit(top, row, scope)
        if isinstance(top, m.And | m.Or | m.Not) and scope.findings is not None:
            check_condition(top, row, scope)
        if scope.elements and isinstance(top, m.Call | m.Index) and _check_graph(top, scope):
            continue
        if isinstance(top, m.Call) and scope.findings is not None:
            _check_call(top, scope)
            check_arguments(top, row, scope)
        elif isinstance(top, m.Within | m.ToScalar) and scope.findings is not None:
            from .query import query_row

            query_row(top.query, scope)
        stack.extend(reversed([child for child in children(top) if not isinstance(child, CLOSED)]))
    return RowType.of({**row.types, **found}, True) if found else row


def _check_graph(node: m.Call | m.Index, scope: Scope) -> bool:
    """Check a property of a part of a graph pattern, or a function over a row of edges; False: it is neither."""
    if isinstance(node, m.Index):
        element = scope.elements.get(node.base.name) if isinstance(node.base, m.Field) else None
        key = node.key.value if isinstance(node.key, m.Literal) else None
        if element is None or not isinstance(key, str):
            return False
        if key not in element.row and not element.row.open:
            unknown_column(key, node.span, element.row, scope)
        return True
    if (row := graphs.over(node, scope)) is not None:
        check_expr(node.args[1], RowType.of({**dict.fromkeys(scope.elements, "dynamic"), **row.types}, row.open), scope)
        return True
    return False


def _check_call(call: m.Call, scope: Scope) -> None:
    if scope.elements and call.name in graphs.FUNCTIONS:
        return
    function = lookup(call.name)
    if function is None:
        if call.name.lstrip("!") not in PREDICATES and call.name != "toscalar":
            near = near_miss(call.name, names())
            report(scope, "unknown-function", call.name, "error", call.span, f"no function {call.name}", near)
        return
    if function.kind == "operator":
        return
    given, most = len(call.args), function.most
    aggregate = lookup(call.name, "aggregate")
    if not (function.least <= given and (most is None or given <= most)) and (aggregate in (None, function)):
        wanted = _count(function.least, most)
        message = f"{call.name} takes {wanted}, not {given}"
        report(scope, "wrong-argument-count", f"{call.name}/{given}", "error", call.span, message)
    if function.deprecated:
        message = f"{call.name} is deprecated, use {function.replacement}"
        report(scope, "deprecated-function", call.name, "note", call.span, message, function.replacement)


def _count(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more arguments"
    return f"{least} argument{'s' if least != 1 else ''}" if least == most else f"{least} to {most} arguments"


def _unknown_plugin(stage: m.Evaluate, scope: Scope) -> None:
    near = near_miss(stage.plugin, names("plugin"))
    report(scope, "unknown-function", stage.plugin, "error", stage.span, f"no plugin {stage.plugin}", near)


def unknown_column(name: str, span: Span | None, row: RowType, scope: Scope) -> None:
    if scope.findings is not None:
        near = near_miss(name, row.types)
        report(scope, "unknown-column", name, "warning", span, f"no column {name} here", near)


def unknown_table(name: str, span: Span | None, scope: Scope) -> None:
    if scope.findings is not None:
        near = near_miss(name, (*scope.lets, *scope.tables))
        report(scope, "unknown-table", name, "warning", span, f"no table {name}", near)


def report(
    scope: Scope, id: str, subject: str, severity: str, span: Span | None, message: str, suggestion: str = ""
) -> None:
    """Add a finding to those of the scope, when anybody listens."""
    if scope.findings is not None:
        if suggestion and id.startswith("unknown"):
            message = f"{message}; did you mean {suggestion}?"
        scope.findings.add(subject, m.Diagnostic(id, message, severity, None, span, suggestion))


def near_miss(name: str, known: Collection[str]) -> str:
    """The known name most like `name`: the same but for case, else a close one; "" when none is."""
    return _near_miss(name, tuple(known))


@lru_cache(maxsize=4_000)
def _near_miss(name: str, known: tuple[str, ...]) -> str:
    folded = name.casefold()
    for candidate in known:
        if candidate.casefold() == folded:
            return candidate
    close = get_close_matches(name, _plausible(name, known), 1, 0.83)
    if not close or close[0].removesuffix("_CL") == name.removesuffix("_CL"):
        return ""  # a table of its own beside the one of that name
    return close[0]


def _plausible(name: str, known: Collection[str]) -> Iterator[str]:
    return (candidate for candidate in known if abs(len(candidate) - len(name)) <= 1 + len(name) // 4)


def duplicates(columns: tuple[m.Column, ...], scope: Scope) -> None:
    """Report a name the author gives to two columns of one stage."""
    if scope.findings is None:
        return
    seen: set[str] = set()
    for column in columns:
        given = column.names or ((column.value.name,) if isinstance(column.value, m.Field) else ())
        for name in given:
            if name in seen:
                report(scope, "duplicate-column", name, "error", column.span, f"column {name} is made twice")
            seen.add(name)


def check_join(stage: m.Join, left: RowType, right: RowType, scope: Scope) -> tuple[RowType, RowType]:
    """Both sides of a join with the columns its keys name; conditions that are no key may name either side."""
    for key in stage.on:
        left = check_expr(key.left, left, scope)
        right = check_expr(key.right, right, scope)
    if stage.residue and not (left.open or right.open):
        both = RowType.of({**right.types, **left.types})
        for expr in stage.residue:
            check_expr(expr, both, scope)
    return left, right


def check_source(stage: m.Step, scope: Scope) -> None:
    """Check the expressions of a stage that has no input (print, range)."""
    if scope.findings is not None and isinstance(stage, m.Print | m.Range | m.Inline):
        check_expr(stage, EMPTY_ROW, scope)
