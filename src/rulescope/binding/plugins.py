"""Rows of plugins (`evaluate`): bag_unpack, pivot, ipv4_lookup and the rest, by the table's `result` or a rule here."""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import model as m
from .combine import beside
from .functions import lookup
from .naming import result_name
from .rows import UNKNOWN_ROW, RowType, Scope
from .types import type_of, typeof


def plugin_row(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """The rows a plugin makes of `row`; open where they depend on the data, and for a plugin Kusto does not have."""
    function = lookup(stage.plugin, "plugin")
    if stage.schema:
        return _declared(stage, row, scope)
    if function is None:
        return UNKNOWN_ROW
    rule = _RULES.get(function.result)
    return rule(stage, row, scope) if rule else _listed(function.result, stage, row, scope)


def _declared(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """`: (a: string)` is all there is; `: (*, a: string)` stands after what the plugin passes on."""
    declared = {column.name: column.type for column in stage.schema}
    if not stage.open:
        return RowType.of(declared)
    passed = plugin_row(m.replace(stage, schema=()), row, scope)
    kept = {name: type for name, type in passed.types.items() if name not in declared}
    return RowType.of({**kept, **declared})


def _keep(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    return row


def _open(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    return UNKNOWN_ROW


def _unpacked(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """All columns but the bag, and the bag's keys, which are not known."""
    return RowType.of(_without(row, stage.args[:1]), open=True)


def _pivoted(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """The named columns, or all that neither the pivot nor the aggregate uses, and one per value of the pivot."""
    if len(stage.args) > 2:
        named = [arg.name for arg in stage.args[2:] if isinstance(arg, m.Field)]
        return RowType.of({name: row.type(name) for name in named}, open=True)
    return RowType.of(_without(row, stage.args), open=True)


def _without(row: RowType, args: tuple[m.Expr, ...]) -> dict[str, str]:
    gone = {field.name for arg in args for field in m.expressions(arg, m.Field)}
    return {name: type for name, type in row.types.items() if name not in gone}


def _lookup(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """The row, and the lookup table's columns."""
    return beside(row, argument_row(stage.args[0], scope)) if stage.args else UNKNOWN_ROW


def argument_row(expr: m.Expr, scope: Scope) -> RowType:
    """The rows a tabular argument names or computes."""
    if isinstance(expr, m.Field):
        return scope.table(expr.name) or UNKNOWN_ROW
    if isinstance(expr, m.ToScalar):
        from .query import query_row

        return query_row(expr.query, scope.quiet)
    return UNKNOWN_ROW


def _typeof(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """`python(typeof(*, x: long), ..)`: what the typeof says; open when it is not written as columns."""
    if stage.args and isinstance(stage.args[0], m.Literal) and typeof(stage.args[0]) != "unknown":
        return RowType.of({"Column1": typeof(stage.args[0])})
    return UNKNOWN_ROW


def _intersect(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    return RowType.of({**row.types, **{f"s{number}": "long" for number in range(len(stage.args))}}, row.open)


def _rolling(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """`rolling_percentile(value, percentile, index, bin, bins, dimensions..)`."""
    if len(stage.args) < 5:
        return UNKNOWN_ROW
    value, percent, index, _, bins, *dimensions = stage.args
    made = {result_name(arg, row): type_of(arg, row, scope) for arg in (index, *dimensions)}
    made[f"rolling_{_text(bins)}_percentile_{result_name(value, row)}_{_text(percent)}"] = type_of(value, row, scope)
    return RowType.of(made)


def _text(expr: m.Expr) -> str:
    return str(expr.value).replace(".", "_") if isinstance(expr, m.Literal) else ""


def _sequence(stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """`sequence_detect(time, step, span, a = .., b = .., dimensions..)`: dimensions, `a_time`, `b_time`, Duration."""
    if not stage.args:
        return UNKNOWN_ROW
    time = stage.args[0]
    made = {result_name(a, row): type_of(a, row, scope) for a in stage.args[3:] if not isinstance(a, m.Named)}
    for arg in stage.args[3:]:
        if isinstance(arg, m.Named):
            made[f"{arg.name}_{result_name(time, row)}"] = type_of(time, row, scope)
    return RowType.of({**made, "Duration": "timespan"})


_RULES: dict[str, Callable[[m.Evaluate, RowType, Scope], RowType]] = {
    "keep": _keep,
    "open": _open,
    "unpack": _unpacked,
    "pivot": _pivoted,
    "lookup": _lookup,
    "typeof": _typeof,
    "intersect": _intersect,
    "rolling": _rolling,
    "sequence": _sequence,
}


def _listed(result: str, stage: m.Evaluate, row: RowType, scope: Scope) -> RowType:
    """A row as the table lists it: `*` the input row, `$N` the name of argument N, `[N]` its type, `dims(N)` those from N."""
    made: dict[str, str] = {}
    for item in result.split(","):
        if item == "*":
            made.update({name: type for name, type in row.types.items() if name not in made})
        elif item.startswith("dims("):
            for arg in stage.args[int(item[5:-1]) - 1 :]:
                if isinstance(arg, m.Field) and (row.open or arg.name in row):
                    made[arg.name] = type_of(arg, row, scope)
        else:
            name, _, type = item.partition(":")
            made[_named(name, stage, row)] = _typed(type, stage, row, scope)
    return RowType.of(made, "*" in result and row.open)


def _named(name: str, stage: m.Evaluate, row: RowType) -> str:
    def argument(found: re.Match[str]) -> str:
        number = int(found[1])
        return result_name(stage.args[number - 1], row) if number <= len(stage.args) else ""

    return re.sub(r"\$(\d+)", argument, name)


def _typed(type: str, stage: m.Evaluate, row: RowType, scope: Scope) -> str:
    if not type.startswith("["):
        return type
    number = int(type[1:-1])
    return type_of(stage.args[number - 1], row, scope) if number <= len(stage.args) else "unknown"
