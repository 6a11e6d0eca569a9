"""`summarize`: groups, the table of aggregates, and what each gives over no rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...model import Aggregate, Call, Column, Expr, Field, MakeSeries, Named, Node, Project, Query, Star
from ...model.walk import children
from .expressions import Expressions
from .frame import Col, Frame
from .sketches import SKETCH_AGGREGATES
from .values import Value, convert, number, to_json, unsupported

if TYPE_CHECKING:
    from .plan import Plan

MAX_LIST = 1_048_576

ALIAS = {
    "makeset": "make_set",
    "makelist": "make_list",
    "makebag": "make_bag",
    "argmax": "arg_max",
    "argmin": "arg_min",
    "any": "take_any",
    "anyif": "take_anyif",
    "make_dictionary": "make_bag",
    "make_list_with_nulls": "make_list_with_nulls",
    "merge_tdigest": "tdigest_merge",
}
CONDITIONAL = {
    "countif": "count", "sumif": "sum", "avgif": "avg", "minif": "min", "maxif": "max", "dcountif": "dcount", "stdevif": "stdev",
    "varianceif": "variance", "take_anyif": "take_any", "make_list_if": "make_list", "make_set_if": "make_set", "make_bag_if": "make_bag",
    "count_distinctif": "count_distinct", "percentileif": "percentile", "variancepif": "variancep",
    "covarianceif": "covariance", "covariancepif": "covariancep", "hll_if": "hll",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """Where an aggregate stands: its arguments' expressions, the filter of its `if` form, the order of the rows."""

    at: Expressions
    where: str
    order: str

    def filter(self, *conditions: str) -> str:
        found = [condition for condition in (self.where, *conditions) if condition]
        return f" FILTER (WHERE {' AND '.join(found)})" if found else ""


def summarize(plan: Plan, stage: Aggregate, frame: Frame) -> Frame:
    """Groups first, then the aggregates; without aggregates the distinct groups."""
    frame, groups, made = computed(plan, frame, stage, len(stage.by))
    columns = [plan.column(name, value.type) for name, value in made]
    items = [*frame.groups, *(column.id for column in groups)]
    keys = ", ".join(items)
    items += [f"{value.sql} AS {column.id}" for (_, value), column in zip(made, columns, strict=True)]
    having = "" if keys else " HAVING TRUE"  # one row, of constants too
    sql = f"SELECT {', '.join(items) or '1 AS k_none'} FROM {frame.cte}{f' GROUP BY {keys}' if keys else having}"
    return replace(frame, cte=plan.cte(sql), columns=(*groups, *columns), order=(), tables=())


def computed(
    plan: Plan, frame: Frame, stage: Aggregate | MakeSeries, by: int
) -> tuple[Frame, list[Col], list[tuple[str, Value]]]:
    """A frame that has the groups as columns, these columns, and the aggregates over it."""
    named = plan.named(stage, frame)
    wide, changed = plan.windows(frame, Project(tuple(Column((name,), expr) for name, expr in named)))
    assert isinstance(changed, Project)
    at = plan.expressions(wide)
    keys = [(column.name, at.value(column.value)) for column in changed.columns[:by]]
    groups = [plan.column(name, value.type) for name, value in keys]
    if groups:
        made = [(value, column) for (_, value), column in zip(keys, groups, strict=True)]
        wide = replace(wide, cte=plan.cte(plan.select(wide, [*plan.kept(wide), *made])))
    rows = packed_rows(plan, wide, [column.value for column in changed.columns[by:]])
    return (
        wide,
        groups,
        [
            (column.name, rows.get(column.value) or aggregate_value(plan, wide, column.value))
            for column in changed.columns[by:]
        ],
    )


def packed_rows(plan: Plan, frame: Frame, exprs: list[Expr]) -> dict[Expr, Value]:
    """The parts of `arg_max(x, a, b)` and `take_any(a, b)`, each out of one whole row: all parts of a call share its SQL."""
    at = plan.expressions(frame)
    calls: dict[tuple[str, Expr | None], list[tuple[Expr, Value]]] = {}
    for expr in exprs:
        if not isinstance(expr, Call):
            continue
        name = ALIAS.get(expr.name, expr.name)
        if name in ("arg_max", "arg_min"):
            calls.setdefault((name, expr.args[0]), []).append((expr, at.value(expr.args[-1])))
        elif name == "take_any" and expr.args and not isinstance(expr.args[0], Star):
            calls.setdefault((name, None), []).append((expr, at.value(expr.args[0])))
    found: dict[Expr, Value] = {}
    for (name, best), parts in calls.items():
        if name == "take_any" and len(parts) == 1:
            continue
        row = "{" + ", ".join(f"'k{place}': {value.sql}" for place, (_, value) in enumerate(parts)) + "}"
        whole = f"first({row})" if best is None else _best_row(name, row, at.value(best))
        for place, (expr, value) in enumerate(parts):
            sql = f"({whole}).k{place}"
            found[expr] = Value(f"coalesce({sql}, '')" if value.type == "string" else sql, value.type)
    return found


def _best_row(name: str, row: str, best: Value) -> str:
    if best.type == "dynamic":
        raise unsupported(f"{name} of a dynamic value")
    order = f"{best.sql}::INTEGER" if best.type == "bool" else best.sql
    return f"coalesce({name}({row}, {order}), first({row}))"


def _plain(name: str) -> str:
    """The aggregate a name means, without the condition of its `if` form."""
    name = ALIAS.get(name, name)
    return CONDITIONAL.get(name, name)


def aggregate_value(plan: Plan, frame: Frame, expr: Expr) -> Value:
    """An expression of aggregates. Refuses a column that stands outside of them."""
    stack: list[Node] = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Field) and node.name not in plan.scalars:
            raise unsupported(f"{node.name!r} outside of an aggregate")
        if not isinstance(node, Query) and not (isinstance(node, Call) and _plain(node.name) in AGGREGATES):
            stack.extend(children(node))

    def special(call: Call, at: Expressions) -> Value | None:
        name = ALIAS.get(call.name, call.name)
        plain = _plain(call.name)
        if plain not in AGGREGATES:
            return None
        inner = plan.expressions(frame)
        args = [arg.value if isinstance(arg, Named) else arg for arg in call.args]
        where = ""
        if name in CONDITIONAL:
            place = 0 if name == "countif" else 1
            if name.startswith(("percentile", "covariance")):
                place = 2
            where = inner.holds(args.pop(place))
        args = [arg for arg in args if not isinstance(arg, Star)]
        return AGGREGATES[plain](Site(inner, where, frame.order_sql), args, call.name)

    return Expressions(plan, frame, special).value(expr)


# ---------------------------------------------------------------- one function an aggregate


def _count(site: Site, args: list[Expr], name: str) -> Value:
    return Value(f"count(*){site.filter()}", "long")


def _value(site: Site, args: list[Expr], name: str, numeric: bool = False) -> Value:
    if not args:
        raise unsupported(f"{name} without an argument")
    value = site.at.value(args[0])
    return number(value, name) if numeric else value


def _sum(site: Site, args: list[Expr], name: str) -> Value:
    value = _value(site, args, name, True)
    kind = "long" if value.type == "int" else value.type
    sql = f"coalesce(sum({value.sql}){site.filter()}, 0)"
    return Value(f"({sql})::BIGINT" if kind in ("long", "timespan") else sql, kind)


def _avg(site: Site, args: list[Expr], name: str) -> Value:
    value = _value(site, args, name, True)
    if value.type in ("datetime", "timespan"):
        return Value(
            f"(sum({value.sql}::HUGEINT){site.filter()} // nullif(count({value.sql}){site.filter()}, 0))::BIGINT",
            value.type,
        )
    return Value(
        f"coalesce(avg({value.sql}){site.filter()}, 'nan'::DOUBLE)", value.type if value.type == "decimal" else "real"
    )


def _extreme(sql: str) -> Callable[[Site, list[Expr], str], Value]:
    def build(site: Site, args: list[Expr], name: str) -> Value:
        value = _value(site, args, name)
        if value.type == "dynamic":
            raise unsupported(f"{name} of dynamic values")
        if value.type == "bool":
            return Value(f"({sql}({value.sql}::INTEGER){site.filter()})::BOOLEAN", "bool")
        text = f"{sql}({value.sql}){site.filter()}"
        return Value(f"coalesce({text}, '')" if value.type == "string" else text, value.type)

    return build


def _distinct(site: Site, args: list[Expr], name: str) -> Value:
    if name.startswith("count_distinct") and len(args) > 1:
        values = ", ".join(site.at.value(arg).sql for arg in args)
        return Value(f"count(DISTINCT ({values})){site.filter()}", "long")
    value = _value(site, args, name)
    return Value(f"count(DISTINCT {value.sql}){site.filter()}", "long")


def _spread(sql: str) -> Callable[[Site, list[Expr], str], Value]:
    def build(site: Site, args: list[Expr], name: str) -> Value:
        value = convert(_value(site, args, name, True), "real")
        return Value(f"coalesce({sql}({value.sql}){site.filter()}, 0)", "real")

    return build


def _any(site: Site, args: list[Expr], name: str) -> Value:
    value = _value(site, args, name)
    if value.type == "string":
        return Value(f"coalesce(any_value(nullif({value.sql}, '')){site.filter()}, '')", "string")
    return Value(f"any_value({value.sql}){site.filter()}", value.type)


def _percentile(site: Site, args: list[Expr], name: str) -> Value:
    value = _value(site, args, name, True)
    share = site.at.value(args[1])
    if not isinstance(share.constant, int | float):
        raise unsupported(f"{name} by a computed percentage")
    return Value(percentile_sql(value, float(share.constant), site), value.type)


def percentile_sql(value: Value, share: float, site: Site) -> str:
    if not 0 <= share <= 100:
        raise unsupported(f"percentile {share}")
    return f"quantile_disc({value.sql}, {share / 100!r}){site.filter(f'{value.sql} IS NOT NULL')}"


def _weighted(site: Site, args: list[Expr], name: str) -> Value:
    """The smallest value at which the weights so far reach a share of all weights."""
    value, weight = _value(site, args, name, True), convert(site.at.value(args[1]), "long")
    share = site.at.value(args[2])
    if not isinstance(share.constant, int | float):
        raise unsupported(f"{name} by a computed percentage")
    return Value(_weighted_sql(value, weight, float(share.constant), site), value.type)


def _weighted_sql(value: Value, weight: Value, share: float, site: Site) -> str:
    if not 0 <= share <= 100:
        raise unsupported(f"percentile {share}")
    where = site.filter(f"{value.sql} IS NOT NULL", f"{weight.sql} > 0")
    weights = f"list({weight.sql} ORDER BY {value.sql}, {weight.sql}){where}"
    return (
        f"(list({value.sql} ORDER BY {value.sql}, {weight.sql}){where})[kx_weighted_place({weights}, {share / 100!r})]"
    )


def _shares(site: Site, args: list[Expr], name: str) -> list[float]:
    found: list[float] = []
    for arg in args:
        share = site.at.value(arg).constant
        for each in share if isinstance(share, list) else [share]:
            if isinstance(each, bool) or not isinstance(each, int | float):
                raise unsupported(f"{name} by computed percentages")
            found.append(float(each))
    return found


def _percentile_list(site: Site, args: list[Expr], name: str) -> Value:
    """Several percentiles as one array."""
    value = _value(site, args, name, True)
    if name == "percentilesw_array":
        weight = convert(site.at.value(args[1]), "long")
        made = [_weighted_sql(value, weight, share, site) for share in _shares(site, args[2:], name)]
    else:
        made = [percentile_sql(value, share, site) for share in _shares(site, args[1:], name)]
    items = ", ".join(f"coalesce({to_json(Value(sql, value.type)).sql}, 'null'::JSON)" for sql in made)
    return Value(f"json_array({items})", "dynamic")


def _covariance(sql: str) -> Callable[[Site, list[Expr], str], Value]:
    def build(site: Site, args: list[Expr], name: str) -> Value:
        left, right = (convert(number(site.at.value(arg), name), "real") for arg in args[:2])
        return Value(f"coalesce({sql}({left.sql}, {right.sql}){site.filter()}, 0)", "real")

    return build


DEPRECATED = {"makelist": 128, "makeset": 128, "make_dictionary": 128}
"""Old names, whose limit is lower when none is given."""


def _size(site: Site, args: list[Expr], name: str) -> str:
    """The limit of a list, set or bag: the second argument, or that of its name."""
    place = 1
    if len(args) <= place:
        return str(DEPRECATED.get(name, MAX_LIST))
    size = site.at.value(args[place])
    if not isinstance(size.constant, int):
        raise unsupported("a list limit that is no constant")
    return str(min(max(size.constant, 0), MAX_LIST))


def _make_list(site: Site, args: list[Expr], name: str) -> Value:
    value = _value(site, args, name)
    order = f" ORDER BY {site.order}" if site.order else ""
    keep_nulls = name == "make_list_with_nulls"
    item = f"coalesce({to_json(value).sql}, 'null'::JSON)" if keep_nulls else to_json(value).sql
    filtered = site.filter() if keep_nulls or value.type == "string" else site.filter(f"{value.sql} IS NOT NULL")
    return Value(f"to_json(coalesce(list({item}{order}){filtered}, [])[1:{_size(site, args, name)}])", "dynamic")


def _make_set(site: Site, args: list[Expr], name: str) -> Value:
    value = _value(site, args, name)
    size = _size(site, args, name)
    if value.type == "dynamic":
        listed = f"list({value.sql}){site.filter(f'{value.sql} IS NOT NULL')}"
        return Value(f"kx_set_of_lists(to_json(coalesce({listed}, []))::VARCHAR, {size})::JSON", "dynamic")
    filtered = site.filter() if value.type == "string" else site.filter(f"{value.sql} IS NOT NULL")
    listed = f"coalesce(list_sort(list(DISTINCT {value.sql}){filtered}), [])[1:{size}]"
    if value.type in ("string", "long", "int", "bool", "guid"):
        return Value(f"to_json({listed})", "dynamic")
    return Value(
        f"to_json(list_transform({listed}, lambda k_item: {to_json(Value('k_item', value.type)).sql}))", "dynamic"
    )


def _make_bag(site: Site, args: list[Expr], name: str) -> Value:
    """One bag of all, of at most so many keys; of values that are no bags nothing."""
    value = convert(_value(site, args, name), "dynamic")
    order = f" ORDER BY {site.order}" if site.order else ""
    bags = f"coalesce(list({value.sql}{order}){site.filter(f'{value.sql} IS NOT NULL')}, [])"
    return Value(f"kx_bag_of(to_json({bags})::VARCHAR, {_size(site, args, name)})::JSON", "dynamic")


def _binary(sql: str, empty: str) -> Callable[[Site, list[Expr], str], Value]:
    def build(site: Site, args: list[Expr], name: str) -> Value:
        value = convert(_value(site, args, name), "long")
        return Value(f"coalesce({sql}({value.sql}){site.filter()}, {empty})", "long")

    return build


AGGREGATES: dict[str, Callable[[Site, list[Expr], str], Value]] = {
    "count": _count, "sum": _sum, "avg": _avg, "min": _extreme("min"), "max": _extreme("max"), "dcount": _distinct,
    "count_distinct": _distinct, "stdev": _spread("stddev_samp"), "stdevp": _spread("stddev_pop"), "variance": _spread("var_samp"),
    "variancep": _spread("var_pop"), "take_any": _any, "percentile": _percentile, "percentilew": _weighted, "percentiles_array": _percentile_list, "percentilesw_array": _percentile_list,
    "covariance": _covariance("covar_samp"), "covariancep": _covariance("covar_pop"), "make_list": _make_list,
    "make_list_with_nulls": _make_list, "make_set": _make_set, "make_bag": _make_bag, "binary_all_and": _binary("bit_and", "NULL"),
    "binary_all_or": _binary("bit_or", "NULL"), "binary_all_xor": _binary("bit_xor", "NULL"), **SKETCH_AGGREGATES,
}  # fmt: skip
