"""`hll`, `tdigest` and `buildschema`: aggregates that gather values, and the functions that read what they gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Call, Expr
from ..functions.sketches import HLL, TDIGEST
from .values import Value, convert, number, quote, to_json, unsupported

if TYPE_CHECKING:
    from .aggregates import Site
    from .expressions import Expressions
    from .functions import Functions


def hll(site: Site, args: list[Expr], name: str) -> Value:
    """A sketch of the distinct values; null is none."""
    value = site.at.value(args[0])
    values = f"list(DISTINCT hash({value.sql})::VARCHAR){site.filter(f'{value.sql} IS NOT NULL')}"
    return Value(f"to_json([[{quote(HLL)}], list_sort(coalesce({values}, []))])", "dynamic")


def tdigest(site: Site, args: list[Expr], name: str) -> Value:
    """A digest of the values with their weights; datetimes and timespans as text, whose order is theirs."""
    value = number(site.at.value(args[0]), name)
    if value.type == "timespan":
        raise unsupported(f"{name} of a timespan")
    weight = convert(site.at.value(args[1]), "long").sql if len(args) > 1 else "1"
    where = site.filter(f"{value.sql} IS NOT NULL", f"{weight} > 0")
    lists = [f"coalesce(list({part}){where}, [])" for part in (to_json(value).sql, f"to_json({weight})")]
    kind = "datetime" if value.type == "datetime" else "number"
    head = f"[{quote(TDIGEST)}, {quote(kind)}]"
    return Value(f"json_array(to_json({head}), to_json({lists[0]}), to_json({lists[1]}))", "dynamic")


def merged(function: str) -> Aggregated:
    def build(site: Site, args: list[Expr], name: str) -> Value:
        value = convert(site.at.value(args[0]), "dynamic")
        listed = f"list({value.sql}){site.filter(f'{value.sql} IS NOT NULL')}"
        return Value(f"{function}(to_json(coalesce({listed}, []))::VARCHAR)::JSON", "dynamic")

    return build


def merged_values(function: str) -> Built:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        items = ", ".join(f"coalesce({convert(at.value(arg), 'dynamic').sql}, 'null'::JSON)" for arg in node.args)
        return Value(f"{function}(json_array({items})::VARCHAR)::JSON", "dynamic")

    return build


def percentile(functions: Functions, node: Call, at: Expressions) -> Value:
    """percentile_tdigest(digest, share, typeof(type))."""
    from .functions import typed_argument

    digest, share = convert(at.value(node.args[0]), "dynamic"), convert(at.value(node.args[1]), "real")
    found = Value(f"kx_tdigest_percentile({digest.sql}::VARCHAR, {share.sql})::JSON", "dynamic")
    return convert(found, typed_argument(node.args[2])) if len(node.args) > 2 else found


def percentiles(functions: Functions, node: Call, at: Expressions) -> Value:
    digest = convert(at.value(node.args[0]), "dynamic")
    shares = ", ".join(to_json(at.value(arg)).sql for arg in node.args[1:])
    return Value(f"kx_tdigest_percentiles({digest.sql}::VARCHAR, json_array({shares})::VARCHAR)::JSON", "dynamic")


def ranked(function: str) -> Built:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        digest, value = convert(at.value(node.args[0]), "dynamic"), number(at.value(node.args[1]), node.name)
        if value.type in ("datetime", "timespan"):
            raise unsupported(f"{node.name} of a {value.type}")
        return Value(f"{function}({digest.sql}::VARCHAR, {convert(value, 'real').sql})", "real")

    return build


def count(functions: Functions, node: Call, at: Expressions) -> Value:
    return Value(f"kx_hll_count({convert(at.value(node.args[0]), 'dynamic').sql}::VARCHAR)", "long")


def valid(kind: str) -> Built:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        sketch = convert(at.value(node.args[0]), "dynamic")
        return Value(f"coalesce(kx_is_sketch({sketch.sql}::VARCHAR, {quote(kind)}), FALSE)", "bool")

    return build


if TYPE_CHECKING:
    from collections.abc import Callable

    Aggregated = Callable[[Site, list[Expr], str], Value]
    Built = Callable[[Functions, Call, Expressions], Value]

SKETCH_AGGREGATES: dict[str, Aggregated] = {
    "hll": hll, "tdigest": tdigest, "hll_merge": merged("kx_hll_merge"), "tdigest_merge": merged("kx_tdigest_merge"),
    "buildschema": merged("kx_schema"),
}  # fmt: skip

SKETCH_FUNCTIONS: dict[str, Built] = {
    "hll_merge": merged_values("kx_hll_merge"), "tdigest_merge": merged_values("kx_tdigest_merge"), "dcount_hll": count,
    "percentile_tdigest": percentile, "percentiles_array_tdigest": percentiles, "rank_tdigest": ranked("kx_tdigest_rank"),
    "percentrank_tdigest": ranked("kx_tdigest_percent_rank"), "hll_isvalid": valid(HLL), "tdigest_isvalid": valid(TDIGEST),
}  # fmt: skip
