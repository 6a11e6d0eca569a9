"""Columns a stage computes, named and typed: explicit names, automatic ones, functions that make several columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from .. import model as m
from .functions import Function, lookup
from .graphs import FUNCTIONS, stripped, within
from .naming import Names, each_names, quantile_name, result_name
from .rows import EMPTY_ROW, NamedColumn, RowType, Scope
from .types import type_of

Made = tuple[NamedColumn, ...]
QUANTILES = {"percentiles": "percentile", "percentilesw": "percentilew"}


def named_columns(stage: m.Step, before: RowType | None, scope: Scope) -> Made:
    """The columns a stage computes (not those it only passes on), in output order; () for a stage that computes none."""
    making = _MAKING.get(type(stage))
    return making(stage, before or EMPTY_ROW, scope) if making else ()


def extended(columns: tuple[m.Column, ...], row: RowType, scope: Scope) -> Made:
    """Columns of an `extend`: automatic names replace columns of the same name, but `ColumnN` is always new."""
    names = Names(row.types, ())
    made: list[NamedColumn] = []
    seen: set[str] = set()
    given = {name for column in columns for name in column.names}
    for column in columns:
        for number, part in enumerate(parts(column.value, row, scope)):
            explicit = column.names[number] if number < len(column.names) else ""
            name = explicit or part.name or names.column()
            if name not in seen and (explicit or name not in given):
                seen.add(name)
                made.append(NamedColumn(name, part.type, part.value))
    return tuple(made)


def projected(columns: tuple[m.Column, ...], row: RowType, scope: Scope, names: Names | None = None) -> Made:
    """Columns of a `project`, of `by`, of `distinct`: every name unique; a name the author gives twice counts once."""
    names = names or Names(row.types)
    made: list[NamedColumn] = []
    for column in columns:
        made.extend(_placed(column, parts(column.value, row, scope), names))
    return tuple(made)


def _placed(column: m.Column, found: Made, names: Names) -> Iterator[NamedColumn]:
    for number, part in enumerate(found):
        explicit = column.names[number] if number < len(column.names) else ""
        if not explicit and isinstance(column.value, m.Field):
            explicit = column.value.name
        name = names.declare(explicit) if explicit else names.unique(part.name) if part.name else names.column()
        if name is not None:
            yield NamedColumn(name, part.type, part.value)


def aggregated(aggregates: tuple[m.Column, ...], by: tuple[m.Column, ...], row: RowType, scope: Scope) -> Made:
    """Columns of a `summarize`: `by` first, then the aggregates."""
    names = Names(row.types)
    grouped = projected(by, row, scope, names)
    taken = [column.value.name for column in by if isinstance(column.value, m.Field)]
    made: list[NamedColumn] = []
    for column in aggregates:
        made.extend(_placed(column, parts(column.value, row, scope, "aggregate", taken), names))
    return (*grouped, *made)


def parts(expr: m.Expr, row: RowType, scope: Scope, kind: str = "", grouped: Collection[str] = ()) -> Made:
    """What one expression makes: one column, or those of a function with several, with the names they suggest."""
    if isinstance(expr, m.Call):
        if scope.elements and expr.name in FUNCTIONS:
            return (NamedColumn("", FUNCTIONS[expr.name], expr),)
        function = (lookup(expr.name, kind) if kind else None) or lookup(expr.name)
        if function is not None:
            if function.naming.startswith("each"):
                return _each(function, expr, row, scope, grouped)
            if function.parts:
                stem = f"{function.naming}_{result_name(expr.args[0], row) if expr.args else ''}"
                return tuple(
                    NamedColumn(f"{stem}_{name}", type, m.Index(expr, m.Literal(name))) for name, type in function.parts
                )
            if function.result == "sorted":
                return _sorted(expr, row)
            if expr.name in QUANTILES:
                return _quantiles(function, expr, row, scope)
    elif isinstance(expr, m.Star):
        return tuple(NamedColumn(name, type, m.Field(name)) for name, type in row.types.items())
    told = stripped(expr, scope) if scope.elements and isinstance(expr, m.Call) else expr
    return (NamedColumn(result_name(told, row, kind), type_of(expr, row, scope), expr),)


def _each(function: Function, expr: m.Call, row: RowType, scope: Scope, grouped: Collection[str]) -> Made:
    args = [arg.value if isinstance(arg, m.Named) else arg for arg in expr.args]
    keyed = function.name.startswith("arg")
    gone = {*grouped, *(arg.name for arg in args if isinstance(arg, m.Field))}
    items: list[m.Expr] = []
    for arg in expr.args:
        if isinstance(arg, m.Star):
            items.extend(m.Field(name) for name in row.types if name not in gone)
        else:
            items.append(arg)
    made: list[NamedColumn] = []
    for name, item in zip(each_names(function, tuple(items), row), items, strict=True):
        of = item.value if isinstance(item, m.Named) else item
        name = item.name if isinstance(item, m.Named) else name
        value = m.Call(expr.name, (items[0], of) if keyed else (of,), expr.span)
        made.append(NamedColumn(name, type_of(of, row, scope), value))
    return tuple(made)


def _sorted(expr: m.Call, row: RowType) -> Made:
    arrays = [arg for arg in expr.args if isinstance(arg, m.Field | m.Index | m.Call) or _is_array(arg)]
    arrays = arrays or list(expr.args[:1])
    made: list[NamedColumn] = []
    for number, arg in enumerate(arrays):
        name = result_name(arg, row)
        value = m.Index(expr, m.Literal(number, "long")) if len(arrays) > 1 else expr
        made.append(NamedColumn(f"{name}_sorted", "dynamic", value))
    return tuple(made)


def _is_array(expr: m.Expr) -> bool:
    return isinstance(expr, m.Literal) and expr.type == "dynamic"


def _quantiles(function: Function, expr: m.Call, row: RowType, scope: Scope) -> Made:
    lead = 2 if expr.name == "percentilesw" else 1
    of, percents = expr.args[:lead], expr.args[lead:]
    if not of:
        return ()
    name, type = result_name(of[0], row), type_of(expr, row, scope)
    single = QUANTILES[expr.name]
    return tuple(
        NamedColumn(quantile_name(name, percent), type, m.Call(single, (*of, percent), expr.span))
        for percent in percents
    )


# ---------------------------------------------------------------- by stage


def _print(stage: m.Print, row: RowType, scope: Scope) -> Made:
    made: dict[str, NamedColumn] = {}
    number = 0
    for column in stage.columns:
        for index, part in enumerate(parts(column.value, row, scope)):
            name = column.names[index] if index < len(column.names) else f"print_{number}"
            number += 1
            made.setdefault(name, NamedColumn(name, part.type, part.value))
    return tuple(made.values())


def _extend(stage: m.Extend | m.Serialize, row: RowType, scope: Scope) -> Made:
    return extended(stage.columns, row, scope)


def _project(stage: m.Project | m.Distinct, row: RowType, scope: Scope) -> Made:
    return projected(stage.columns, row, scope)


def _rename(stage: m.Rename, row: RowType, scope: Scope) -> Made:
    return tuple(NamedColumn(column.name, type_of(column.value, row, scope), column.value) for column in stage.columns)


def _aggregate(stage: m.Aggregate, row: RowType, scope: Scope) -> Made:
    return aggregated(stage.aggregates, stage.by, row, scope)


def _make_series(stage: m.MakeSeries, row: RowType, scope: Scope) -> Made:
    """`by` columns, then every aggregate and the axis as arrays."""
    keys = len(projected(stage.by, row, scope))
    made = aggregated((*stage.aggregates, stage.axis), stage.by, row, scope)
    return (*made[:keys], *(column._replace(type="dynamic") for column in made[keys:]))


def _top_nested(stage: m.TopNested, row: RowType, scope: Scope) -> Made:
    names = Names(row.types)
    made: list[NamedColumn] = []
    for level in stage.levels:
        suggested = level.of.name or result_name(level.of.value, row)
        name = names.unique(suggested) if suggested else names.column()
        made.append(NamedColumn(name, type_of(level.of.value, row, scope), level.of.value))
        by = parts(level.by.value, row, scope, "aggregate")[0]
        name = names.unique(level.by.name or f"aggregated_{suggested}")
        made.append(NamedColumn(name, by.type, by.value))
    return tuple(made)


def _sample_distinct(stage: m.SampleDistinct, row: RowType, scope: Scope) -> Made:
    return projected((stage.of,), row, scope)


def _top_hitters(stage: m.TopHitters, row: RowType, scope: Scope) -> Made:
    of = projected((stage.of,), row, scope)
    if stage.by is None:
        return (*of, NamedColumn(f"approximate_count_{of[0].name}", "long", m.Call("count")))
    name = f"approximate_sum_{result_name(stage.by, row)}"
    return (*of, NamedColumn(name, type_of(m.Call("sum", (stage.by,)), row, scope), m.Call("sum", (stage.by,))))


def _graph_match(stage: m.GraphMatch, row: RowType, scope: Scope) -> Made:
    return projected(stage.columns, *within(stage, row, scope))


def expanded(stage: m.Expand | m.Apply, row: RowType, scope: Scope) -> Made:
    """The columns an `mv-expand` or `mv-apply` takes apart, with the types of their elements; its index column last."""
    names = Names(row.types)
    made: list[NamedColumn] = []
    for number, column in enumerate(stage.columns):
        part = parts(column.value, row, scope)[0]
        name = column.name or part.name or names.column()
        type = stage.types[number] if number < len(stage.types) and stage.types[number] else part.type
        made.append(NamedColumn(name, type, part.value))
    if stage.index:
        made.append(NamedColumn(stage.index, "long", m.Call("row_number")))
    return tuple(made)


_MAKING: dict[type, Callable[..., Made]] = {
    m.Print: _print, m.Extend: _extend, m.Serialize: _extend, m.Project: _project, m.Distinct: _project,
    m.Rename: _rename, m.Aggregate: _aggregate, m.MakeSeries: _make_series, m.TopNested: _top_nested,
    m.SampleDistinct: _sample_distinct, m.TopHitters: _top_hitters, m.Expand: expanded, m.Apply: expanded,
    m.GraphMatch: _graph_match,
}  # fmt: skip
