"""Correlations of Sigma, new documents and old `| count() by` pipes alike, as one stage: Correlate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ...model import (
    And,
    Correlate,
    CorrelatePart,
    Expr,
    Field,
    Filter,
    Match,
    Not,
    Op,
    Opaque,
    Query,
    Scan,
    Step,
    expressions,
)
from ...text import Span
from .condition import Aggregation, ConditionError, Near, parse_condition
from .documents import Document, Source

KINDS = (
    "event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median",
)  # fmt: skip
OPS = {"lt": Op.LT, "lte": Op.LE, "gt": Op.GT, "gte": Op.GE, "eq": Op.EQ, "neq": Op.NE}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2629746, "y": 31556952}
COUNT = Field("count")

Resolve = Callable[[str], tuple[str, Query] | None]
"""The name and query of the rule a correlation refers to, None when it is not known."""


def correlation_query(document: Document, resolve: Resolve) -> Query:
    """The query of a correlation document: one Correlate stage. A rule that is not known is an Opaque part.

    Raises QuerySyntaxError on a correlation that is not well formed.
    """
    source = document.source
    span = source.span_of("correlation")
    body = document.values.get("correlation")
    if not isinstance(body, Mapping):
        raise source.error("correlation: expected a mapping", span, expected="a mapping")
    kind = str(body.get("type", "")).lower()
    if kind not in KINDS:
        raise _wrong(
            source, "type", f"expected one of {', '.join(KINDS)}, found {body.get('type')!r}", str(body.get("type"))
        )
    condition = body.get("condition")
    names = _names(body.get("rules"), source, "rules")
    parts_condition: Expr | None = None
    if isinstance(condition, str):
        if not kind.startswith("temporal"):
            raise _wrong(source, "condition", "a condition over rules belongs to temporal correlations", condition)
        names, parts_condition = _over_parts(condition, names, source)
    if not names:
        raise _wrong(source, "rules", "expected the names or ids of rules")
    parts = tuple(_part(name, resolve, body.get("aliases"), source) for name in names)
    field, *further = _fields(kind, body, condition, source)
    return Query(
        (
            Correlate(
                kind,
                parts,
                _names(body.get("group-by"), source, "group-by"),
                seconds(body.get("timespan"), source, ("correlation", "timespan")),
                parts_condition if isinstance(condition, str) else _measured(kind, condition, len(parts), source),
                field,
                _percentile(kind, condition, source),
                bool(body.get("generate", document.values.get("generate", False))),
                span=span,
                further=tuple(further),
            ),
        ),
        language="sigma",
    )


def _part(name: str, resolve: Resolve, aliases: Any, source: Source) -> CorrelatePart:
    renamed: list[tuple[str, str]] = []
    if aliases is not None and not isinstance(aliases, Mapping):
        raise _wrong(source, "aliases", "expected a mapping")
    found = resolve(name)
    known = found[0] if found else name
    for alias, mapping in (aliases or {}).items():
        if not isinstance(mapping, Mapping):
            raise _wrong(source, "aliases", f"{alias}: expected rule: field")
        field = mapping.get(name, mapping.get(known))
        if field is not None:
            renamed.append((str(alias), str(field)))
    query = (
        found[1]
        if found
        else Query((Opaque("rule", f"rule {name} is not in this text", source.span_of("correlation", "rules")),))
    )
    return CorrelatePart(name, query, tuple(renamed))


def _names(value: Any, source: Source, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str | int):
        return (str(value),)
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return tuple(str(one) for one in value)
    raise _wrong(source, key, "expected a name or a list of names")


def _over_parts(text: str, names: tuple[str, ...], source: Source) -> tuple[tuple[str, ...], Expr]:
    """The rules a condition such as `a and not b` names, and the condition as presence of parts."""
    known = names or tuple(dict.fromkeys(re.findall(r"(?!(?:and|or|not)\b)\b[A-Za-z_][\w-]*", text)))
    try:
        expr, tail = parse_condition(text, known, _present, _present)
    except ConditionError as error:
        raise _wrong(source, "condition", error.message, error.found, error.expected) from error
    if tail is not None:
        raise _wrong(source, "condition", "no aggregation here")
    used = tuple(dict.fromkeys(found.name for found in expressions(expr, Field)))
    return names or used, expr


def _present(name: str) -> Expr:
    return Match(Field(name), Op.EXISTS)


def _measured(kind: str, condition: Any, parts: int, source: Source) -> Expr | None:
    """The comparison of the measure; several keys are a range."""
    if condition is None and kind.startswith("temporal"):
        return None
    if not isinstance(condition, Mapping):
        raise _wrong(source, "condition", "expected a comparison such as gte: 10")
    terms: list[Expr] = []
    for key, value in condition.items():
        if key in ("field", "percentile"):
            continue
        if key not in OPS:
            raise _wrong(source, "condition", f"expected {', '.join(OPS)}, found {key!r}", str(key))
        terms.append(_compared(OPS[key], _number(value, source)))
    if not terms and not kind.startswith("temporal"):
        raise _wrong(source, "condition", "expected a comparison such as gte: 10")
    if kind.startswith("temporal") and (not terms or terms == [_compared(Op.GE, parts)]):
        return None
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _compared(op: Op, number: int | float) -> Expr:
    return Not(Match(COUNT, Op.EQ, (number,))) if op is Op.NE else Match(COUNT, op, (number,))


def _number(value: Any, source: Source) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value.strip()):
        return float(value) if "." in value else int(value)
    raise _wrong(source, "condition", f"expected a number, found {value!r}", str(value))


def _fields(kind: str, body: Mapping[str, Any], condition: Any, source: Source) -> tuple[str, ...]:
    """The measured field; of value_count there may be several, whose combinations count. "" when the kind measures none."""
    if not kind.startswith("value"):
        return ("",)
    found = condition.get("field") if isinstance(condition, Mapping) else None
    found = body.get("field") if found is None else found
    fields = found if isinstance(found, list) else [found]
    if not fields or not all(isinstance(one, str) and one for one in fields):
        raise _wrong(source, "condition", f"{kind} expects a field, found {found!r}", str(found), "field")
    if len(fields) > 1 and kind != "value_count":
        raise _wrong(source, "condition", f"{kind} expects one field, found {found!r}", str(found), "field")
    return tuple(dict.fromkeys(fields))


def _percentile(kind: str, condition: Any, source: Source) -> float | None:
    if kind != "value_percentile":
        return None
    found = condition.get("percentile") if isinstance(condition, Mapping) else None
    if found is None:
        return None  # which one the specification leaves open: read, never run
    number = _number(found, source)
    if not 0 <= number <= 100:
        raise _wrong(source, "condition", f"a percentile from 0 to 100, found {number}")
    return float(number)


def seconds(value: Any, source: Source, keys: tuple[str, ...], default: int | None = None) -> int:
    """`5m` in seconds; `default` when nothing is said. Raises QuerySyntaxError."""
    if value is None and default is not None:
        return default
    found = re.fullmatch(r"(\d+)\s*([smhdwMy])", str(value).strip())
    if found is None or int(found[1]) == 0:
        span = source.span_of(*keys)
        raise source.error(f"{'.'.join(keys)}: expected a time such as 5m, found {value!r}", span, str(value), "5m")
    return int(found[1]) * SECONDS[found[2]]


def _wrong(source: Source, key: str, message: str, found: str = "", expected: str = "") -> Any:
    return source.error(f"correlation.{key}: {message}", source.span_of("correlation", key), found, expected)


# ---------------------------------------------------------------- the old pipes


class Named(Protocol):
    """Detections by name."""

    def expression(self, name: str) -> Expr: ...


def aggregated(pipe: Aggregation, base: Query, timespan: int, span: Span | None) -> Step:
    """`| count(field) by group > limit` of the events of `base`; min and max are no correlation Sigma still has."""
    if pipe.kind not in KINDS:
        return Opaque(pipe.kind, f"{pipe.kind}({pipe.field}) by {', '.join(pipe.group_by)}", span)
    condition = _compared(pipe.op, pipe.limit)
    part = CorrelatePart("events", base)
    return Correlate(pipe.kind, (part,), pipe.group_by, timespan, condition, pipe.field, keyword="count", span=span)


def near_query(pipe: Near, base: Query, detections: Named, scan: Scan, timespan: int, span: Span | None) -> Step:
    """`base | near a and b`: an event of the base and, within the time, events of the detections it names."""
    own = CorrelatePart("events", base)
    others = tuple(
        CorrelatePart(name, Query((scan, Filter(detections.expression(name), "detection")), language="sigma"))
        for name in pipe.names
    )
    condition = And((_present("events"), pipe.condition))
    return Correlate("temporal", (own, *others), (), timespan, condition, keyword="near", span=span)
