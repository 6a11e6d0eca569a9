"""Plugins that look rows up in a small table: networks an address is in, polygons and lines a point is in or near."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...binding.combine import beside
from ...model import Evaluate, Expr, Field, Literal, Named, Query, Scan, ToScalar
from ..functions.refused import why_not
from .frame import Frame
from .plan import row_of
from .predicates import comparable
from .values import Value, convert, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def ip_lookup(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Rows with the columns of the networks their address is in."""
    args = [arg for arg in stage.args if not isinstance(arg, Named)]
    if len(args) < 3:
        raise unsupported(f"{stage.plugin} with these arguments")
    table, source, network, *extra = args
    unmatched: Expr | None = _named(stage, "return_unmatched")
    if extra and isinstance(extra[-1], Literal) and extra[-1].type == "bool":
        unmatched = extra.pop()
    if any(not isinstance(key, Field) for key in extra):
        raise unsupported(f"{stage.plugin} with keys that are no columns")
    right = _table(plan, stage, table)
    if not isinstance(network, Field):
        raise unsupported(f"{stage.plugin} with these arguments")
    address = convert(plan.expressions(frame).value(source), "string")
    at = plan.fresh()
    left = plan.cte(f"SELECT *, {address.sql} AS {at} FROM {frame.cte}")
    test = "kx_ipv4_in_range" if stage.plugin == "ipv4_lookup" else "kx_ipv6_in_range"
    condition = f"{test}({at}, {right.column(network.name).id})"
    for key in extra:
        assert isinstance(key, Field)
        a, b = comparable(frame.column(key.name).value, right.column(key.name).value)
        condition += f" AND {a.sql} = {b.sql}"
    return _looked_up(plan, frame, left, right, condition, unmatched)


def geo_lookup(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Rows with the columns of the polygons they are in, or of the polygons or lines they are at most a radius away from.

    Source: https://learn.microsoft.com/kusto/query/geo-polygon-lookup-plugin, geo-line-lookup-plugin
    """
    name, args = stage.plugin, [arg for arg in stage.args if not isinstance(arg, Named)]
    lines = name == "geo_line_lookup"
    if len(args) < 4:
        raise unsupported(f"{name} with these arguments")
    radius: Expr | None = _named(stage, "radius")
    unmatched: Expr | None = _named(stage, "return_unmatched")
    for arg in args[4:]:
        if isinstance(arg, Literal) and arg.type == "bool":
            unmatched = arg
        elif radius is None:
            radius = arg
    if lines and radius is None:
        raise unsupported(f"{name} without a radius")
    function = (
        "geo_distance_point_to_line" if lines else "geo_distance_point_to_polygon" if radius else "geo_point_in_polygon"
    )
    reason = why_not(function)
    if reason:
        raise unsupported(f"plugin {name}: it {reason}")
    right = _table(plan, stage, args[0])
    at = plan.expressions(frame)
    longitude, latitude = (convert(at.value(arg), "real") for arg in args[1:3])
    if not isinstance(args[3], Field):
        raise unsupported(f"{name} of shapes that are no column")
    shape = right.column(args[3].name)
    x, y = plan.fresh(), plan.fresh()
    left = plan.cte(f"SELECT *, {longitude.sql} AS {x}, {latitude.sql} AS {y} FROM {frame.cte}")
    called = {"geo_distance_point_to_line": "distance_to_line", "geo_distance_point_to_polygon": "distance_to_polygon"}
    condition = (
        f"kx_geo_{called.get(function, 'point_in_polygon')}({x}, {y}, {convert(shape.value, 'dynamic').sql}::VARCHAR)"
    )
    if radius is not None:
        condition += f" <= {plan.constant(frame, radius, 'real', f'radius of {name}').sql}"
    return _looked_up(plan, frame, left, right, condition, unmatched)


def _named(stage: Evaluate, name: str) -> Expr | None:
    return next((arg.value for arg in stage.args if isinstance(arg, Named) and arg.name == name), None)


def _table(plan: Plan, stage: Evaluate, table: Expr) -> Frame:
    if not isinstance(table, ToScalar | Field):
        raise unsupported(f"{stage.plugin} with these arguments")
    return plan.copied(plan.query(table.query if isinstance(table, ToScalar) else Query((Scan(table.name),))))


def _looked_up(plan: Plan, frame: Frame, left: str, right: Frame, condition: str, unmatched: Expr | None) -> Frame:
    """The rows of `left` beside those of `right` they match; those that match none too, when that is asked for."""
    if unmatched is not None and not (isinstance(unmatched, Literal) and isinstance(unmatched.value, bool)):
        raise unsupported("return_unmatched that is no constant")
    outer = isinstance(unmatched, Literal) and unmatched.value is True
    names = beside(row_of(frame), row_of(right)).names[len(frame.columns) :]
    made = [(c.value, plan.column(name, c.type)) for c, name in zip(right.columns, names, strict=True)]
    items = [*(c.id for c in frame.columns), *frame.hidden]
    items += [f"{_text(value)} AS {column.id}" for value, column in made]
    cte = plan.cte(f"SELECT {', '.join(items)} FROM {left} {'LEFT ' if outer else ''}JOIN {right.cte} ON {condition}")
    return replace(frame, cte=cte, columns=(*frame.columns, *(column for _, column in made)))


def _text(value: Value) -> str:
    return f"coalesce({value.sql}, '')" if value.type == "string" else value.sql
