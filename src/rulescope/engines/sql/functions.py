"""Calls: arithmetic and the functions whose SQL depends on types or constants; the rest by the table of scalars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...model import Call, Expr, Field, Literal, Named, Op, Star, ToScalar
from ..functions.refused import why_not
from ..types import ALIASES, SQL_TYPES
from .checks import around, assertion, data_size
from .predicates import compare, empty, group_sql
from .scalars import FUNCTIONS, SAME, Row
from .sketches import SKETCH_FUNCTIONS
from .values import (
    NUMERIC,
    Value,
    boolean,
    common_type,
    convert,
    dynamic,
    instant,
    json_text,
    long,
    null,
    number,
    quote,
    string,
    to_json,
    unsupported,
)  # fmt: skip

if TYPE_CHECKING:
    from .expressions import Expressions

LETTERS = {
    "s": "string",
    "l": "long",
    "r": "real",
    "t": "datetime",
    "p": "timespan",
    "b": "bool",
    "g": "guid",
    "d": "dynamic",
}


INVERSE = {f"{kind}_decompress_from_base64_string": f"{kind}_compress_to_base64_string" for kind in ("gzip", "zlib")}
"""A function that undoes another; the bytes between them need not be known."""


class Functions:
    """Answers every Call; refuses unknown names by name."""

    def __init__(self, now: int) -> None:
        self.now = now

    def call(self, node: Call, at: Expressions) -> Value:
        name = SAME.get(node.name, node.name)
        build = BUILT.get(name)
        if build is not None:
            return build(self, node, at)
        inner = node.args[0] if len(node.args) == 1 else None
        if isinstance(inner, Call) and INVERSE.get(name) == inner.name and len(inner.args) == 1:
            return convert(at.value(inner.args[0]), "string")
        rows = FUNCTIONS.get(name)
        reason = why_not(name)
        if rows is None or reason:
            raise unsupported(f"function {node.name}{f': it {reason}' if reason else ''}")
        return by_table(node.name, rows, [at.value(arg) for arg in node.args])


def by_table(name: str, rows: Sequence[Row], args: Sequence[Value]) -> Value:
    """A call of a function of the table."""
    for spec, sql, result in rows:
        letters = spec_letters(spec, len(args))
        if letters is None or any(
            letter == "d" and arg.type not in ("dynamic", "string") for letter, arg in zip(letters, args, strict=True)
        ):
            continue
        values = [argument(letter, arg, name) for letter, arg in zip(letters, args, strict=True)]
        rest = ", ".join(value.sql for value in values[len(spec) - 2 :]) if spec.endswith("*") else ""
        made = rest.join(part.format(*(value.sql for value in values)) for part in sql.split("{*}"))
        return Value(made, values[0].type if result == "=0" else result)
    raise unsupported(f"function {name} with {len(args)} arguments of types {', '.join(arg.type for arg in args)}")


def spec_letters(spec: str, count: int) -> str | None:
    """One letter an argument, or None when the number does not fit."""
    if spec.endswith("*"):
        fixed = spec[:-1]
        return fixed + fixed[-1] * (count - len(fixed)) if count >= len(fixed) else None
    return spec if len(spec) == count else None


def argument(letter: str, value: Value, name: str) -> Value:
    """An argument as the table asks for it."""
    if letter == "x":
        return value
    if letter == "j":
        return to_json(value)
    if letter in "nm":
        found = number(value, name)
        return convert(found, "long") if letter == "m" and found.type == "int" else found
    if letter == "d" and value.known and value.type == "string":
        return dynamic(value.constant) if value.constant else null("dynamic")
    return convert(value, LETTERS[letter])


def literal_text(expr: Expr, what: str) -> str:
    """The text of a constant argument."""
    if isinstance(expr, Literal) and isinstance(expr.value, str):
        return expr.value
    raise unsupported(f"{what} that is not a constant")


def plain_args(node: Call) -> list[Expr]:
    return [arg.value if isinstance(arg, Named) else arg for arg in node.args]


# ---------------------------------------------------------------- arithmetic


def _arithmetic(functions: Functions, node: Call, at: Expressions) -> Value:
    left, right = (number(at.value(arg), f"operator {node.name}") for arg in node.args)
    kinds = (left.type, right.type)
    if all(kind in NUMERIC for kind in kinds):
        return _numbers(node.name, left, right)
    made = TIMES.get((kinds[0], node.name, kinds[1]))
    if made is None:
        made = next(
            (
                rule
                for (a, op, b), rule in TIMES.items()
                if op == node.name and a in (kinds[0], _wide(kinds[0])) and b in (kinds[1], _wide(kinds[1]))
            ),
            None,
        )
    if made is None:
        raise unsupported(f"{kinds[0]} {node.name} {kinds[1]}")
    return Value(made[0].format(left.sql, right.sql), made[1])


def _wide(kind: str) -> str:
    return "number" if kind in NUMERIC else kind


TIMES = {  # types and operator: SQL and the type of the result
    ("datetime", "-", "datetime"): ("({0} - {1})", "timespan"),
    ("datetime", "-", "timespan"): ("k_moment({0} - {1})", "datetime"),
    ("datetime", "+", "timespan"): ("k_moment({0} + {1})", "datetime"),
    ("timespan", "+", "datetime"): ("k_moment({0} + {1})", "datetime"),
    ("timespan", "+", "timespan"): ("({0} + {1})", "timespan"),
    ("timespan", "-", "timespan"): ("({0} - {1})", "timespan"),
    ("timespan", "/", "timespan"): ("({0}::DOUBLE / nullif({1}, 0))", "real"),
    ("timespan", "%", "timespan"): ("k_mod({0}, {1})", "timespan"),
    ("datetime", "%", "timespan"): ("k_mod({0}, {1})", "timespan"),
    ("timespan", "*", "number"): ("trunc({0} * {1})::BIGINT", "timespan"),
    ("number", "*", "timespan"): ("trunc({0} * {1})::BIGINT", "timespan"),
    ("timespan", "/", "number"): ("trunc({0} / nullif({1}, 0))::BIGINT", "timespan"),
}


def _numbers(op: str, left: Value, right: Value) -> Value:
    kind = common_type((left.type, right.type), f"operator {op}")
    kind = "long" if kind == "int" else kind
    left, right = convert(left, kind), convert(right, kind)
    if kind == "long":
        sql = {"/": "({0} // nullif({1}, 0))", "%": "k_mod({0}, {1})"}.get(op, f"({{0}} {op} {{1}})")
        return Value(sql.format(left.sql, right.sql), kind)
    if kind == "decimal":
        if op != "+" and op != "-":
            sql = f"kx_decimal('{op}', {left.sql}::VARCHAR, {right.sql}::VARCHAR)"
            return Value(f"try_cast({sql} AS DECIMAL(38,18))", kind)
        return Value(f"({left.sql} {op} {right.sql})", kind)
    if op == "%":
        return Value(f"k_mod({left.sql}, {right.sql})", kind)
    return Value(f"({left.sql} {op} {right.sql})", kind)


def _negate(functions: Functions, node: Call, at: Expressions) -> Value:
    value = number(at.value(node.args[0]), "unary -")
    value = convert(value, "long") if value.type == "int" else value
    if value.known and value.constant is not None:
        return (
            long(-value.constant, value.type)
            if value.type in ("int", "long")
            else Value(f"(-{value.sql})", value.type, -value.constant)
        )
    return Value(f"(-{value.sql})", value.type)


# ---------------------------------------------------------------- choices


def _iff(functions: Functions, node: Call, at: Expressions) -> Value:
    condition = at.holds(node.args[0])
    return _choice([condition], [at.value(arg) for arg in node.args[1:]])


def _case(functions: Functions, node: Call, at: Expressions) -> Value:
    pairs = node.args[:-1]
    conditions = [at.holds(arg) for arg in pairs[0::2]]
    return _choice(conditions, [at.value(arg) for arg in (*pairs[1::2], node.args[-1])])


def _choice(conditions: list[str], results: list[Value]) -> Value:
    results = unify(results, "branches")
    cases = " ".join(
        f"WHEN {condition} THEN {result.sql}" for condition, result in zip(conditions, results[:-1], strict=True)
    )
    return Value(f"CASE {cases} ELSE {results[-1].sql} END", results[0].type)


def unify(values: Sequence[Value], what: str) -> list[Value]:
    """Values as one type."""
    typed = [value.type for value in values if value.constant is not None or value.type == "string"] or [values[0].type]
    kind = common_type(typed, what)
    return [
        null(kind)
        if value.constant is None and value.type != kind
        else to_json(value)
        if kind == "dynamic" and value.type != kind
        else convert(value, kind)
        for value in values
    ]


def _coalesce(functions: Functions, node: Call, at: Expressions) -> Value:
    values = unify([at.value(arg) for arg in node.args], "coalesce")
    if values[0].type == "string":
        inner = ", ".join(f"nullif({value.sql}, '')" for value in values)
        return Value(f"coalesce({inner}, '')", "string")
    return Value(f"coalesce({', '.join(value.sql for value in values)})", values[0].type)


def _extreme(sql: str) -> Callable[[Functions, Call, Expressions], Value]:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        values = unify([at.value(arg) for arg in node.args], node.name)
        if values[0].type == "dynamic":
            raise unsupported(f"{node.name} of dynamic values")
        return Value(f"{sql}({', '.join(value.sql for value in values)})", values[0].type)

    return build


# ---------------------------------------------------------------- conversions and tests


def _to(kind: str) -> Callable[[Functions, Call, Expressions], Value]:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        value = at.value(node.args[0])
        if (
            kind == "string"
            and value.type == "dynamic"
            and value.sql.startswith("nullif(json_extract(")
            and value.sql.endswith(", 'null'::JSON)")
        ):
            inner = value.sql[len("nullif(json_extract(") : -len(", 'null'::JSON)")]
            if not inner.rstrip().endswith("END)"):
                return Value(f"coalesce(json_extract_string({inner}, '')", "string")
        return convert(value, kind)

    return build


def _parse_json(functions: Functions, node: Call, at: Expressions) -> Value:
    value = at.value(node.args[0])
    if value.known and value.type == "string":
        return dynamic(value.constant) if value.constant else null("dynamic")
    return convert(value, "dynamic")


def _is_null(functions: Functions, node: Call, at: Expressions) -> Value:
    value = at.value(node.args[0])
    return boolean(False) if value.type == "string" else Value(f"({value.sql} IS NULL)", "bool")


def _is_not_null(functions: Functions, node: Call, at: Expressions) -> Value:
    value = at.value(node.args[0])
    return boolean(True) if value.type == "string" else Value(f"({value.sql} IS NOT NULL)", "bool")


def _gettype(functions: Functions, node: Call, at: Expressions) -> Value:
    value = at.value(node.args[0])
    if value.type != "dynamic":
        return string(value.type)
    kinds = "WHEN 'OBJECT' THEN 'dictionary' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' WHEN 'DOUBLE' THEN 'double' WHEN 'BOOLEAN' THEN 'bool'"
    return Value(
        f"CASE WHEN {value.sql} IS NULL THEN 'null' ELSE CASE json_type({value.sql}) {kinds} ELSE 'long' END END",
        "string",
    )


def _not(functions: Functions, node: Call, at: Expressions) -> Value:
    return Value(f"({at.holds(node.args[0])} IS NOT TRUE)", "bool")


def _now(functions: Functions, node: Call, at: Expressions) -> Value:
    if not node.args:
        return instant(functions.now)
    return Value(f"({functions.now} + {convert(at.value(node.args[0]), 'timespan').sql})", "datetime")


def _ago(functions: Functions, node: Call, at: Expressions) -> Value:
    return Value(f"({functions.now} - {convert(at.value(node.args[0]), 'timespan').sql})", "datetime")


def _column_if_exists(functions: Functions, node: Call, at: Expressions) -> Value:
    name = (
        literal_text(node.args[0], "the name in column_ifexists")
        if not isinstance(node.args[0], Field)
        else node.args[0].name
    )
    found = at.frame.find(name)
    return found.value if found else at.value(node.args[1])


# ---------------------------------------------------------------- rounding


def _bin(functions: Functions, node: Call, at: Expressions) -> Value:
    value = at.value(node.args[0])
    value = number(value, "bin")
    size = number(at.value(node.args[1]), "bin") if len(node.args) > 1 else long(1)
    whole = size.known and size.constant is not None and size.constant > 0
    if value.type in ("datetime", "timespan"):
        size = size if size.type == "timespan" else convert(size, "timespan")
        return _binned(f"k_bin({value.sql}, {size.sql})", value.type, size, whole)
    if size.type in ("datetime", "timespan"):
        size = convert(size, "long")
    kind = common_type((value.type, size.type, "long"), "bin")
    value, size = convert(value, kind), convert(size, kind)
    if kind in ("int", "long"):
        return _binned(f"k_bin({value.sql}, {size.sql})", kind, size, whole)
    return _binned(f"(floor({value.sql} / {size.sql}) * {size.sql})", kind, size, whole)


def _binned(sql: str, kind: str, size: Value, whole: bool) -> Value:
    """Null for a bin size of zero or less."""
    return Value(sql if whole else f"CASE WHEN {size.sql} > 0 THEN {sql} END", kind)


def _bin_at(functions: Functions, node: Call, at: Expressions) -> Value:
    value, size, fixed = (number(at.value(arg), "bin_at") for arg in node.args)
    if value.type in ("datetime", "timespan") or {value.type, size.type, fixed.type} <= {"int", "long"}:
        return Value(f"(k_bin({value.sql} - {fixed.sql}, {size.sql}) + {fixed.sql})", value.type)
    return Value(f"(floor(({value.sql} - {fixed.sql})::DOUBLE / {size.sql}) * {size.sql} + {fixed.sql})", "real")


def _round(functions: Functions, node: Call, at: Expressions) -> Value:
    value = number(at.value(node.args[0]), "round")
    digits = convert(at.value(node.args[1]), "long").sql if len(node.args) > 1 else "0"
    if value.type in ("int", "long"):
        return Value(f"round({value.sql}, ({digits})::INTEGER)::BIGINT", "long")
    return Value(f"round({value.sql}, ({digits})::INTEGER)", value.type)


def _ceiling(functions: Functions, node: Call, at: Expressions) -> Value:
    value = number(at.value(node.args[0]), "ceiling")
    return value if value.type in ("int", "long") else Value(f"ceil({value.sql})", value.type)


# ---------------------------------------------------------------- text with constants


def typed_argument(expr: Expr) -> str:
    """A `typeof(x)` argument's type."""
    text = (
        str(expr.value)
        if isinstance(expr, Literal)
        else expr.args[0].value
        if isinstance(expr, Call) and expr.name == "typeof" and isinstance(expr.args[0], Literal)
        else getattr(expr, "name", "")
    )
    kind = ALIASES.get(str(text).lower(), str(text).lower())
    if kind not in SQL_TYPES:
        raise unsupported(f"typeof({text})")
    return kind


def _extract(functions: Functions, node: Call, at: Expressions) -> Value:
    pattern, group, source = at.value(node.args[0]), at.value(node.args[1]), convert(at.value(node.args[2]), "string")
    if pattern.known and group.known and isinstance(group.constant, int):
        found = Value(group_sql(source.sql, pattern.constant, group.constant), "string")
    else:
        found = Value(
            f"kx_extract({convert(pattern, 'string').sql}, {convert(group, 'long').sql}, {source.sql})", "string"
        )
    return convert(found, typed_argument(node.args[3])) if len(node.args) > 3 else found


def _extract_json(functions: Functions, node: Call, at: Expressions) -> Value:
    path, source = convert(at.value(node.args[0]), "string"), at.value(node.args[1])
    text = source.sql if source.type == "string" else convert(source, "string").sql
    found = Value(f"kx_extract_json({path.sql}, {text})", "string")
    return convert(found, typed_argument(node.args[2])) if len(node.args) > 2 else found


def _hash(functions: Functions, node: Call, at: Expressions) -> Value:
    value = at.value(node.args[0])
    if value.type == "string":
        made = f"kx_hash_text({value.sql})"
    elif value.type in ("long", "datetime", "timespan"):  # long as the printed sketches of hll hold it
        made = f"kx_hash_number({value.sql})"
    else:
        raise unsupported(f"function {node.name} of a {value.type}")
    if len(node.args) > 1:
        return Value(f"k_mod({made}, {convert(at.value(node.args[1]), 'long').sql})", "long")
    return Value(made, "long")


def _tohex(functions: Functions, node: Call, at: Expressions) -> Value:
    value = number(at.value(node.args[0]), node.name)
    width = convert(at.value(node.args[1]), "long").sql if len(node.args) > 1 else "0"
    made = f"kx_tohex({convert(value, 'long').sql}, {width}, {32 if value.type == 'int' else 64})"
    return Value(f"coalesce({made}, '')", "string")


def _listed(cased: bool, negated: bool) -> Callable[[Functions, Call, Expressions], Value]:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        subject = at.value(node.args[0])
        parts = []
        for arg in node.args[1:]:
            value = at.value(arg)
            if value.type == "dynamic":
                left = convert(subject, "string").sql
                items = f"coalesce(CASE WHEN json_type({value.sql}) = 'ARRAY' THEN json_extract_string({value.sql}, '$[*]') ELSE [json_extract_string({value.sql}, '$')] END, [])"
                parts.append(
                    f"list_contains({items}, {left})"
                    if cased
                    else f"list_contains(list_transform({items}, lambda k_item: lower(k_item)), lower({left}))"
                )
            else:
                parts.append(compare(subject, Op.EQ, value, cased))
        sql = "(" + " OR ".join(parts) + ")" if parts else "FALSE"
        return Value(f"({sql} IS NOT TRUE)" if negated else f"({sql} IS TRUE)", "bool")

    return build


def _terms(every: bool) -> Callable[[Functions, Call, Expressions], Value]:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        subject = convert(at.value(node.args[0]), "string")
        values = [at.value(arg) for arg in node.args[1:]]
        lists = [
            value if value.type == "dynamic" else Value(f"to_json([{convert(value, 'string').sql}])", "dynamic")
            for value in values
        ]
        parts = [f"kx_has_list({subject.sql}, {value.sql}::VARCHAR, {'TRUE' if every else 'FALSE'})" for value in lists]
        return Value("(" + (" AND " if every else " OR ").join(parts) + ")", "bool")

    return build


# ---------------------------------------------------------------- dynamic


def _pack(functions: Functions, node: Call, at: Expressions) -> Value:
    args = plain_args(node)
    if len(args) % 2:
        raise unsupported(f"{node.name} with an odd number of arguments")
    keys = [key.value for key in args[0::2] if isinstance(key, Literal)]
    if len(keys) != len(set(keys)):
        raise unsupported(f"{node.name} with a key twice")
    pairs = [
        f"{convert(at.value(key), 'string').sql}, {_element(at.value(value))}"
        for key, value in zip(args[0::2], args[1::2], strict=True)
    ]
    return Value(f"json_object({', '.join(pairs)})", "dynamic")


def _element(value: Value) -> str:
    return f"coalesce({to_json(value).sql}, 'null'::JSON)"


def _pack_array(functions: Functions, node: Call, at: Expressions) -> Value:
    if len(node.args) == 1 and isinstance(node.args[0], Star):
        values = [column.value for column in at.frame.columns]
    else:
        values = [at.value(arg) for arg in node.args]
    return Value(f"json_array({', '.join(_element(value) for value in values)})", "dynamic")


def _pack_all(functions: Functions, node: Call, at: Expressions) -> Value:
    skip = bool(node.args) and at.value(plain_args(node)[0]).constant is True
    pairs = [f"{quote(column.name)}, {_element(column.value)}" for column in at.frame.columns]
    whole = Value(f"json_object({', '.join(pairs)})", "dynamic")
    return Value(f"kx_drop_empty({whole.sql}::VARCHAR)::JSON", "dynamic") if skip else whole


def _array_sort(descending: bool) -> Callable[[Functions, Call, Expressions], Value]:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        args = [at.value(arg) for arg in plain_args(node)]
        last = args.pop().sql if len(args) > 1 and args[-1].type == "bool" else "TRUE"
        way = "TRUE" if descending else "FALSE"
        lists = ", ".join(f"coalesce({convert(arg, 'dynamic').sql}, 'null'::JSON)" for arg in args)
        whole = f"kx_array_sort(to_json([{lists}])::VARCHAR, {way}, {last})::JSON"
        return Value(f"nullif(json_extract({whole}, '$[0]'), 'null'::JSON)" if len(args) == 1 else whole, "dynamic")

    return build


def _range(functions: Functions, node: Call, at: Expressions) -> Value:
    start, stop = (number(at.value(arg), "range") for arg in node.args[:2])
    step = number(at.value(node.args[2]), "range") if len(node.args) > 2 else None
    if start.type in ("datetime", "timespan"):
        width = step.sql if step else "36000000000"
        texts = "k_datetime_text" if start.type == "datetime" else "k_timespan_text"
        return Value(
            f"to_json(list_transform(range({start.sql}, {stop.sql} + 1, {width})[1:1048576], lambda k_item: {texts}(k_item)))",
            "dynamic",
        )
    return Value(
        f"kx_range({convert(start, 'real').sql}, {convert(stop, 'real').sql}, {convert(step, 'real').sql if step else '1.0'}, {'TRUE' if {start.type, stop.type, step.type if step else 'long'} <= {'int', 'long'} else 'FALSE'})::JSON",
        "dynamic",
    )


def _geo_info(functions: Functions, node: Call, at: Expressions) -> Value:
    """The row of the configured table of that name whose `network` holds the address, as a bag."""
    source = at.plan.sources.get("geo_info_from_ip_address")
    if source is None:
        raise unsupported("function geo_info_from_ip_address: no such table is configured")
    rows = at.plan.source(source)
    address = convert(at.value(node.args[0]), "string")
    fields = ("country", "state", "city", "latitude", "longitude")
    pairs = ", ".join(
        f"{quote(c.name)}, {_element(c.value)}" for name in fields for c in rows.columns if c.name == name
    )
    network = rows.column("network").id
    sql = f"(SELECT first(json_object({pairs})) FROM {rows.cte} WHERE kx_in_network({address.sql}, {network}))"
    return Value(f"coalesce({sql}, '{{}}'::JSON)", "dynamic")


def _series(name: str) -> Callable[[Functions, Call, Expressions], Value]:
    def build(functions: Functions, node: Call, at: Expressions) -> Value:
        args = [at.value(arg) for arg in plain_args(node)]
        first = convert(args[0], "dynamic")
        rest = ", ".join(f"coalesce({to_json(arg).sql}, 'null'::JSON)" for arg in args[1:])
        return Value(f"kx_series({quote(name)}, {first.sql}::VARCHAR, json_array({rest})::VARCHAR)::JSON", "dynamic")

    return build


def _typeof(functions: Functions, node: Call, at: Expressions) -> Value:
    return string(typed_argument(node.args[0]))


def _ingestion_time(functions: Functions, node: Call, at: Expressions) -> Value:
    for name in ("ingestion_time()", "_IngestionTime", "TimeGenerated", "Timestamp"):
        column = at.frame.find(name)
        if column is not None and column.type == "datetime":
            return column.value
    raise unsupported("ingestion_time() of rows without a time column")


SERIES_DYNAMIC = (
    "series_fill_backward", "series_fill_forward", "series_fill_linear", "series_fill_const", "series_fir", "series_iir", "series_outliers",
    "series_stats_dynamic", "series_fit_line_dynamic", "series_fit_2lines_dynamic", "series_periods_detect", "series_seasonal", "series_decompose",
)  # fmt: skip

Builder = Callable[[Functions, Call, "Expressions"], Value]

BUILT: dict[str, Builder] = {
    **dict.fromkeys(("+", "-", "*", "/", "%"), _arithmetic),
    "negate": _negate, "around": around, "assert": assertion, "estimate_data_size": data_size, "iff": _iff, "case": _case, "coalesce": _coalesce,
    "max_of": _extreme("greatest"), "min_of": _extreme("least"),
    "tostring": _to("string"), "tolong": _to("long"), "toint": _to("int"), "toreal": _to("real"), "tobool": _to("bool"),
    "todatetime": _to("datetime"), "totimespan": _to("timespan"), "todecimal": _to("decimal"), "toguid": _to("guid"),
    "parse_json": _parse_json, "isnull": _is_null, "isnotnull": _is_not_null, "gettype": _gettype, "not": _not,
    "isempty": lambda functions, node, at: Value(empty(at.value(node.args[0])), "bool"),
    "isnotempty": lambda functions, node, at: Value(f"({empty(at.value(node.args[0]))} IS NOT TRUE)", "bool"),
    "now": _now, "ago": _ago, "column_ifexists": _column_if_exists, "bin": _bin, "bin_at": _bin_at, "round": _round, "ceiling": _ceiling,
    "extract": _extract, "extract_json": _extract_json, "hash": _hash, "tohex": _tohex, "hash_xxhash64": _hash,
    "in": _listed(True, False), "!in": _listed(True, True), "in~": _listed(False, False), "!in~": _listed(False, True),
    "has_any": _terms(False), "has_all": _terms(True), "bag_pack": _pack, "pack_array": _pack_array, "pack_all": _pack_all,
    "column_names_of": lambda functions, node, at: _column_names(node, at),
    "bag_pack_columns": lambda functions, node, at: _pack_columns(node, at),
    "array_sort_asc": _array_sort(False), "array_sort_desc": _array_sort(True), "range": _range, "typeof": _typeof,
    "geo_info_from_ip_address": _geo_info, "toscalar": lambda functions, node, at: at.value(node.args[0]),
    "ingestion_time": _ingestion_time,
    **{name: _series(name.removeprefix("series_")) for name in SERIES_DYNAMIC}, **SKETCH_FUNCTIONS,
}  # fmt: skip


def _column_names(node: Call, at: Expressions) -> Value:
    """`column_names_of(table)`: the names as an array."""
    rows = node.args[0] if node.args else None
    if not isinstance(rows, ToScalar):
        raise unsupported("column_names_of of what is no table")
    return dynamic(json_text([column.name for column in at.plan.query(rows.query).columns]))


def _pack_columns(node: Call, at: Expressions) -> Value:
    fields = [arg for arg in node.args if isinstance(arg, Field)]
    if len(fields) != len(node.args):
        raise unsupported("bag_pack_columns of expressions")
    return Value(
        f"json_object({', '.join(f'{quote(arg.name)}, {_element(at.value(arg))}' for arg in fields)})", "dynamic"
    )
