"""Conditions: Match, Compare and Within as SQL that is true, false or NULL (which counts as false)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import UnsupportedError
from ...model import Match, Op, Scalar
from ...regex import compiled
from .values import NUMERIC, Value, convert, datetime_ticks, long, quote, real, timespan_ticks, unsupported

NOT_WORD = r"[^\pL\pN]"
MANY = 8
"""More terms than this are searched by one regular expression alone, without a filter before it."""


def escaped(text: str) -> str:
    """`text` as a pattern for RE2 that finds itself."""
    return "".join(
        c if c.isalnum() or c == "_" or ord(c) > 127 else f"\\x{{{ord(c):x}}}" if c < " " else "\\" + c for c in text
    )


def term_pattern(value: str, op: Op = Op.TERM) -> str:
    """RE2 for Kusto's whole term (`has`), start of a term (`hasprefix`) or end of one (`hassuffix`)."""
    head, tail = _bounds(value, op)
    return head + escaped(value) + tail


def _bounds(value: str, op: Op) -> tuple[str, str]:
    head = rf"(?:^|{NOT_WORD})" if value[:1].isalnum() and op is not Op.TERM_SUFFIX else ""
    tail = rf"(?:$|{NOT_WORD})" if value[-1:].isalnum() and op is not Op.TERM_PREFIX else ""
    return head, tail


def terms_pattern(values: Sequence[str], op: Op = Op.TERM) -> str:
    """RE2 for any of several terms; those that need the same bounds share them, or RE2 would be slow and large."""
    by_bounds: dict[tuple[str, str], list[str]] = {}
    for value in dict.fromkeys(values):
        head, tail = _bounds(value, op)
        by_bounds.setdefault((head, tail), []).append(escaped(value))
    return "|".join(f"{head}(?:{'|'.join(words)}){tail}" for (head, tail), words in by_bounds.items())


def wildcard_pattern(value: str) -> str:
    """RE2 for a whole value with `*` and `?`; a backslash before one of `* ? \\` takes it literally."""
    out, i = [], 0
    while i < len(value):
        if value[i] == "\\" and value[i + 1 : i + 2] in ("*", "?", "\\"):
            i += 1
            out.append(escaped(value[i]))
        else:
            out.append({"*": ".*", "?": "."}.get(value[i], escaped(value[i])))
        i += 1
    return "(?s)^" + "".join(out) + "$"


def regex_sql(subject: str, pattern: str, cased: bool = True) -> str:
    """`subject` holds something `pattern` (RE2) finds. Raises UnsupportedError on what RE2 has not."""
    compiled(pattern, cased)
    return f"regexp_matches({subject}, {quote(pattern if cased else '(?i)' + pattern)})"


def group_sql(subject: str, pattern: str, group: int) -> str:
    """Text of a group of the first place `pattern` finds, empty without one; DuckDB itself counts groups to nine only."""
    compiled(pattern)
    if 0 <= group <= 9:
        return f"regexp_extract({subject}, {quote(pattern)}, {group})"
    return f"coalesce(kx_extract({quote(pattern)}, {group}, {subject}), '')"


def match(node: Match, subject: Value) -> str:
    """SQL of a Match whose subject is lowered."""
    if node.op is Op.EXISTS:
        if subject.type == "string":
            raise unsupported("a test whether text exists: text here is empty, never missing")
        return f"({subject.sql} IS NOT NULL)"
    if node.op is Op.EMPTY:
        return empty(subject)
    if not node.values:
        return "TRUE" if node.every else "FALSE"
    if node.op in TEXT_OPS:
        return _text_match(node, convert(subject, "string").sql, [text_of(value) for value in node.values])
    if node.op is Op.EQ:
        return _equal(node, subject)
    return joined([_ordered(subject, node.op, value) for value in node.values], node.every)


def empty(subject: Value) -> str:
    """`isempty`."""
    if subject.type == "string":
        return f"({subject.sql} = '')"
    if subject.type == "dynamic":
        return f"({convert(subject, 'string').sql} = '')"
    return f"({subject.sql} IS NULL)"


def joined(parts: Sequence[str], every: bool) -> str:
    """All (or any) of the conditions; long lists in brackets of a hundred, so that they do not nest too deep."""
    if not parts:
        return "TRUE" if every else "FALSE"
    word = " AND " if every else " OR "
    while len(parts) > 100:
        parts = [f"({word.join(parts[start : start + 100])})" for start in range(0, len(parts), 100)]
    return parts[0] if len(parts) == 1 else f"({word.join(parts)})"


def text_of(value: Scalar) -> str:
    """A constant as the text that is searched."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _plain(value: str) -> bool:
    return not any(c in value for c in "%_\\")


def _contains(subject: str, value: str, cased: bool) -> str:
    if cased:
        return f"contains({subject}, {quote(value)})"
    if _plain(value):
        return f"({subject} ILIKE {quote('%' + value + '%')})"
    return f"contains(lower({subject}), lower({quote(value)}))"


def _starts(subject: str, value: str, cased: bool) -> str:
    if cased:
        return f"starts_with({subject}, {quote(value)})"
    if _plain(value):
        return f"({subject} ILIKE {quote(value + '%')})"
    return f"starts_with(lower({subject}), lower({quote(value)}))"


def _ends(subject: str, value: str, cased: bool) -> str:
    if cased:
        return f"ends_with({subject}, {quote(value)})"
    if _plain(value):
        return f"({subject} ILIKE {quote('%' + value)})"
    return f"ends_with(lower({subject}), lower({quote(value)}))"


def _wildcard(subject: str, value: str, cased: bool) -> str:
    return regex_sql(subject, wildcard_pattern(value), cased)


def _cidr(subject: str, value: str, cased: bool) -> str:
    return f"kx_in_network({subject}, {quote(value)})"


TEXT_OPS: dict[Op, Callable[[str, str, bool], str]] = {
    Op.CONTAINS: _contains,
    Op.STARTSWITH: _starts,
    Op.ENDSWITH: _ends,
    Op.WILDCARD: _wildcard,
    Op.REGEX: regex_sql,
    Op.CIDR: _cidr,
    Op.TERM: lambda s, v, c: term(s, [v], Op.TERM, c),
    Op.TERM_PREFIX: lambda s, v, c: term(s, [v], Op.TERM_PREFIX, c),
    Op.TERM_SUFFIX: lambda s, v, c: term(s, [v], Op.TERM_SUFFIX, c),
}


def _text_match(node: Match, subject: str, values: list[str]) -> str:
    if node.op in (Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX) and not node.every:
        return term(subject, values, node.op, node.cased)
    one = TEXT_OPS[node.op]
    return joined([one(subject, value, node.cased) for value in values], node.every)


def term(subject: str, values: Sequence[str], op: Op, cased: bool) -> str:
    """Any of `values` stands as a term: a substring filter first, one regular expression after it."""
    if any(not value for value in values):
        return "TRUE"
    bounds = regex_sql(subject, terms_pattern(values, op), cased)
    if all(term_pattern(value, op) == escaped(value) for value in values) or len(values) > MANY:
        return bounds
    some = joined([_contains(subject, value, cased) for value in values], False)
    return f"CASE WHEN {some} THEN {bounds} ELSE FALSE END"  # one condition: DuckDB tries orders of those joined by AND


def _equal(node: Match, subject: Value) -> str:
    if node.every and len(node.values) > 1:
        return joined(
            [_equal(Match(node.subject, node.op, (value,), cased=node.cased), subject) for value in node.values], True
        )
    if subject.type == "dynamic":
        return _dynamic_equal(node, subject)
    if subject.type in ("string", "guid"):
        return _listed(
            convert(subject, "string").sql,
            [text_of(value) for value in node.values if value is not None],
            node.cased and subject.type == "string",
        )
    wanted = [constant(subject.type, value) for value in node.values]
    found = [value for value in wanted if value is not None]
    return f"({subject.sql} IN ({', '.join(found)}))" if found else "FALSE"


def _listed(subject: str, values: list[str], cased: bool) -> str:
    if not values:
        return "FALSE"
    left, made = (subject, quote) if cased else (f"lower({subject})", lambda value: quote(value.lower()))
    if len(values) == 1:
        return f"({left} = {made(values[0])})"
    return f"({left} IN ({', '.join(made(value) for value in values)}))"


def _dynamic_equal(node: Match, subject: Value) -> str:
    texts = [value for value in node.values if isinstance(value, str)]
    numbers = [value for value in node.values if isinstance(value, int | float) and not isinstance(value, bool)]
    flags = [value for value in node.values if isinstance(value, bool)]
    parts = []
    if texts:
        parts.append(_listed(convert(subject, "string").sql, texts, node.cased))
    if numbers:
        parts.append(f"({convert(subject, 'real').sql} IN ({', '.join(real(value).sql for value in numbers)}))")
    if flags:
        parts.append(
            f"({convert(subject, 'bool').sql} IN ({', '.join('TRUE' if value else 'FALSE' for value in flags)}))"
        )
    return joined(parts, False) if parts else "FALSE"


def constant(kind: str, value: Scalar) -> str | None:
    """SQL of a Match's value as `kind`; None when it cannot be one, so that nothing equals it."""
    if value is None:
        return None
    if kind in ("int", "long", "real", "decimal"):
        return _number(kind, value)
    if kind == "bool":
        return {"true": "TRUE", "false": "FALSE", "1": "TRUE", "0": "FALSE"}.get(text_of(value).lower())
    if kind == "datetime":
        ticks = datetime_ticks(text_of(value)) if isinstance(value, str) else int(value)
        return None if ticks is None else str(ticks)
    if kind == "timespan":
        ticks = timespan_ticks(text_of(value)) if isinstance(value, str) else int(value)
        return None if ticks is None else str(ticks)
    return quote(text_of(value))


def _number(kind: str, value: Any) -> str | None:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*|\s*0[xX][0-9a-fA-F]+\s*", value):
            return None
        value = int(value, 16) if "x" in value.lower() else float(value) if re.search(r"[.eE]", value) else int(value)
    return real(value).sql if isinstance(value, float) else long(int(value)).sql


def _ordered(subject: Value, op: Op, value: Scalar) -> str:
    sign = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">="}.get(op)
    if sign is None:
        raise unsupported(f"operator {op}")
    if subject.type == "dynamic":
        subject = convert(subject, "string" if isinstance(value, str) else "real")
    if subject.type == "string" and not isinstance(value, str):
        subject = convert(subject, "real")
    right = constant(subject.type, value)
    return f"({subject.sql} {sign} {right})" if right is not None else "FALSE"


SIGNS = {Op.EQ: "=", Op.NE: "IS DISTINCT FROM", Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">="}


def compare(left: Value, op: Op, right: Value, cased: bool) -> str:
    """SQL of a Compare whose sides are lowered."""
    if op in SIGNS:
        left, right = comparable(left, right)
        if left.type == "string" and not cased:
            left, right = Value(f"lower({left.sql})", "string"), Value(f"lower({right.sql})", "string")
        return f"({left.sql} {SIGNS[op]} {right.sql})"
    if right.known and isinstance(right.constant, str):
        return match(Match(None, op, (right.constant,), cased=cased), left)  # type: ignore[arg-type]
    a, b = convert(left, "string").sql, convert(right, "string").sql
    if op in (Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX):
        return f"kx_has({a}, {b}, {quote(op.value)}, {'TRUE' if cased else 'FALSE'})"
    if op is Op.REGEX:
        return f"regexp_matches({a}, {b if cased else f'''('(?i)' || {b})'''})"
    name = {Op.CONTAINS: "contains", Op.STARTSWITH: "starts_with", Op.ENDSWITH: "ends_with"}.get(op)
    if name is None:
        raise unsupported(f"operator {op} with a computed right side")
    return f"{name}({a}, {b})" if cased else f"{name}(lower({a}), lower({b}))"


def equality(left: Value, op: Op, right: Value, cased: bool) -> str:
    """`==` or `!=` as a value: null for two nulls, decided where only one side is."""
    test = compare(left, op, right, cased)
    if "string" in (left.type, right.type):
        return f"coalesce({test}, FALSE)"
    if any(side.known and side.constant is not None for side in (left, right)):
        return f"coalesce({test}, {'FALSE' if op is Op.EQ else 'TRUE'})"
    return (
        f"CASE WHEN {left.sql} IS NOT NULL AND {right.sql} IS NOT NULL THEN {test}"
        f" WHEN {left.sql} IS NOT NULL OR {right.sql} IS NOT NULL THEN {'FALSE' if op is Op.EQ else 'TRUE'} END"
    )


def comparable(left: Value, right: Value) -> tuple[Value, Value]:
    """Both sides as one type, as Kusto compares them. Raises UnsupportedError where it does not."""
    kinds = {left.type, right.type}
    if len(kinds) == 1:
        if "dynamic" in kinds:
            return convert(left, "string"), convert(right, "string")
        return left, right
    if kinds <= set(NUMERIC):
        wanted = max(kinds, key=NUMERIC.index)
    elif "dynamic" in kinds:
        wanted = next(kind for kind in kinds if kind != "dynamic")
        wanted = "real" if wanted in ("int", "long") else wanted
    elif "string" in kinds:
        other = next(kind for kind in kinds if kind != "string")
        if other in NUMERIC:
            return _as_text(left), _as_text(right)
        wanted = other if other in ("datetime", "timespan", "guid", "bool") else "string"
    elif kinds == {"bool", "long"} or kinds == {"bool", "int"}:
        wanted = "long"
    else:
        raise unsupported(f"comparison of {left.type} with {right.type}")
    try:
        return convert(left, wanted), convert(right, wanted)
    except UnsupportedError:
        raise unsupported(f"comparison of {left.type} with {right.type}") from None


def _as_text(value: Value) -> Value:
    """A number as text, null where it is null, so that it equals no text."""
    if value.type == "string":
        return value
    return Value(f"nullif({convert(value, 'string').sql}, '')", "string")
