"""The few functions translations compute columns with, in plain Python, for the reference evaluator to read their values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from ..engines import reference
from ..errors import UnsupportedError
from ..model import Call, Compare, Expr, Extend, Field, Filter, Index, Literal, Match, Node, Op, Query, rewrite

Row = Mapping[str, Any]


def value(expr: Expr, row: Row) -> Any:
    """The value of a computed column of `row`, with Kusto's meaning; text is "" where there is none.

    Raises UnsupportedError for a function translations do not use.
    """
    match expr:
        case Field(name):
            return row.get(name)
        case Literal(constant):
            return constant
        case Index(base, key):
            held, name = value(base, row), value(key, row)
            return held.get(name) if isinstance(held, Mapping) else None
        case Compare(left, Op.ENDSWITH, right, cased):
            fold = str if cased else str.lower
            return fold(text(value(left, row))).endswith(fold(text(value(right, row))))
        case Call(name, args) if name in FUNCTIONS:
            return FUNCTIONS[name](*(value(arg, row) for arg in args))
    return reference.compile_predicate(expr)(row)


def text(held: Any) -> str:
    """`tostring`: "" for null, JSON of bags and lists."""
    if held is None:
        return ""
    if isinstance(held, bool):
        return "true" if held else "false"
    return _json(held) if isinstance(held, dict | list) else str(held)


def _json(held: Any) -> str:
    return json.dumps(held, separators=(",", ":"), ensure_ascii=False)


def _real(held: Any) -> float | None:
    try:
        return None if held is None else float(held)
    except ValueError:
        return None


def _in_range(address: Any, *networks: Any) -> bool:
    try:
        return any(ip_address(text(address).strip()) in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def _extract(pattern: str, group: int, held: Any) -> str:
    found = re.search(pattern, text(held))
    return found[group] if found else ""


def _gettype(held: Any) -> str:
    """Of the types values in a bag have, as far as translations ask for them."""
    return "array" if isinstance(held, list) else "dictionary" if isinstance(held, dict) else "string"


FUNCTIONS: dict[str, Any] = {
    "gettype": _gettype,
    "strcat_array": lambda held, mark: mark.join(map(text, held)) if isinstance(held, list) else "",
    "extract_all": lambda pattern, held: re.findall(pattern, text(held)),
    "tostring": text,
    "strcat": lambda *parts: "".join(map(text, parts)),
    "iff": lambda test, yes, no: yes if test else no,
    "parse_json": lambda held: json.loads(held) if held else None,
    "isnull": lambda held: held is None,
    "toreal": _real,
    "tolong": lambda held: int(held) if re.fullmatch(r"-?\d+", text(held)) else None,
    "tohex": lambda held: "" if held is None else f"{held:x}",
    "extract": _extract,
    "replace_string": lambda held, old, new: text(held).replace(old, new),
    "ipv4_is_in_range": _in_range,
    "ipv4_is_in_any_range": _in_range,
    "ipv6_is_in_range": _in_range,
    "ipv6_is_in_any_range": _in_range,
}


def run(query: Query, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a query of filters and computed columns. Raises UnsupportedError for another stage."""
    for stage in query.stages[1:]:
        match stage:
            case Extend(columns):
                rows = [{**row, **{column.name: value(column.value, row) for column in columns}} for row in rows]
            case Filter(predicate):
                rows = _filtered(predicate, rows)
            case _:
                raise UnsupportedError("the reference evaluator", f"stage {stage.keyword}")
    return rows


def _filtered(predicate: Expr, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    subjects: dict[str, Expr] = {}
    test = reference.compile_predicate(rewrite(predicate, lambda node: _named(node, subjects)))
    return [row for row in rows if test({**row, **{name: value(expr, row) for name, expr in subjects.items()}})]


def _named(node: Node, subjects: dict[str, Expr]) -> Node:
    """Computed values in a predicate as fields of their own, for the reference evaluator."""
    match node:
        case Match(Call() as subject):
            return Match(_field(subject, subjects), node.op, node.values, node.every, node.cased, node.span)
        case Call(name) if name.startswith(("ipv", "isnull")):
            return Match(_field(node, subjects), Op.EQ, (True,), cased=True)
    return node


def _field(expr: Expr, subjects: dict[str, Expr]) -> Field:
    name = f"_value{len(subjects)}"
    subjects[name] = expr
    return Field(name)
