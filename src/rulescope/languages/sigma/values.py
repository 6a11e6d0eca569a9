"""One item of a Sigma detection, `field|modifiers: values`, as an expression. The only door to pySigma.

pySigma applies the modifiers; its values then become Matches: a text of `*x*` a contains, `x*` a startswith, `*x` an
endswith, `*` exists, other wildcards a wildcard with every literal backslash, star and question mark escaped. A keyword (no
field) matches anywhere in any value of the event. `null` is a missing or null field; an empty string is an empty string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sigma.conditions import ConditionAND
from sigma.exceptions import SigmaError
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RegexEngine
from sigma.rule import SigmaDetectionItem
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from ...errors import UnsupportedError
from ...model import ANY, And, Call, Compare, Expr, Field, Literal, Match, Not, Op, OpaqueExpr, Or, Scalar
from ...regex import compiled
from ...text import Span
from .written import as_written, shown

Placeholders = Mapping[str, Sequence[str]]

COMPARISONS = {"LT": Op.LT, "LTE": Op.LE, "GT": Op.GT, "GTE": Op.GE}
TIME_PARTS = {
    "MINUTE": "minute",
    "HOUR": "hour",
    "DAY": "day",
    "WEEK": "week_of_year",
    "MONTH": "month",
    "YEAR": "year",
}
ALIASES = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows by another name."""
TEXTUAL = frozenset(
    {"contains", "startswith", "endswith", "re", "cased", "windash", "wide", "base64", "base64offset", "cidr"}
)
"""Modifiers that take text: a number in YAML is taken as its digits."""


class ItemError(Exception):
    """A detection item that is not well formed."""


class _AnyEngine(RegexEngine):
    """Takes a pattern when RE2 or Python does: what RE2 lacks is for the engines to refuse, not a fault of the rule."""

    def compile(self, pattern: str, flags: int = 0) -> Any:
        try:
            return compiled(pattern)
        except UnsupportedError:
            return re.compile(pattern, flags)

    @property
    def error(self) -> type[Exception]:
        return re.error


POLICY = SigmaPolicy(regex_engine=_AnyEngine())


def lower_item(
    key: str | None, value: Any, placeholders: Placeholders, span: Span | None = None, text: str = ""
) -> Expr:
    """The expression of `key: value`; a key of None (or without a field name) is a keyword. Raises ItemError.

    `text`: the item as it is written, for values that YAML makes another value of (dates, `1.10`, `10:20:30`).
    """
    field, *modifiers = (key or "").split("|")
    modifiers = [ALIASES.get(name.lower(), name.lower()) for name in modifiers]
    textual = not field or not TEXTUAL.isdisjoint(modifiers)
    values = as_written(value if isinstance(value, list) else [value], text.partition(":")[2] or text, textual)
    for one in values:
        if not isinstance(one, str | int | float | bool | None):
            raise ItemError(f"{key or 'keywords'}: expected text, a number, true, false or null, found {_kind(one)}")
    if "expand" in modifiers:
        values = [_escaped(item) if isinstance(item, str) else item for item in values]
    if "re" in modifiers and not all(isinstance(one, str) for one in values):
        raise ItemError(
            f"{key}: expected a regular expression, found {next(o for o in values if not isinstance(o, str))!r}"
        )
    try:
        item = SigmaDetectionItem.from_mapping("|".join((field, *modifiers)), values, policy=POLICY)
    except SigmaError as error:
        raise ItemError(f"{key or 'keywords'}: {str(error).splitlines()[0]}") from error
    subject = Field(item.field) if item.field is not None else None
    found = item.value or [SigmaNull()]
    _restore(found, values)
    every = item.value_linking is ConditionAND
    try:
        expr = _linked([_value(subject, one, placeholders, span) for one in found], every, span)
    except SigmaError as error:
        raise ItemError(f"{key or 'keywords'}: {str(error).splitlines()[0]}") from error
    return Not(expr, span) if item.negated else expr


def _linked(terms: list[Expr], every: bool, span: Span | None) -> Expr:
    """Terms of one item joined: Matches of the same kind become one, at the place of the first."""
    places: dict[tuple[Expr, Op, bool], int] = {}
    joined: list[Expr] = []
    values: dict[int, list[Scalar]] = {}
    for term in terms:
        if isinstance(term, Match) and len(term.values) == 1:
            key = (term.subject, term.op, term.cased)
            place = places.get(key)
            if place is not None:
                values[place].append(term.values[0])
                continue
            places[key] = len(joined)
            values[len(joined)] = [term.values[0]]
        joined.append(term)
    for place, many in values.items():
        first = joined[place]
        if len(many) > 1 and isinstance(first, Match):
            joined[place] = Match(first.subject, first.op, tuple(many), every, first.cased, first.span)
    if len(joined) == 1:
        return joined[0]
    return And(tuple(joined), span) if every else Or(tuple(joined), span)


def _value(field: Field | None, value: Any, placeholders: Placeholders, span: Span | None) -> Expr:
    subject = field or ANY
    match value:
        case SigmaExpansion(values=values):
            return _linked([_value(field, one, placeholders, span) for one in values], False, span)
        case SigmaString():
            if value.contains_placeholder():
                return _replaced(field, value, placeholders, span)
            return _string(subject, value, field is None, span)
        case SigmaTimestampPart(timestamp_part=part, number=number):
            return Match(_time_part(subject, part), Op.EQ, (number,), span=span)
        case SigmaNumber(number=number):
            if field is None:
                return Match(ANY, Op.CONTAINS, (shown(number),), span=span)
            return Match(subject, Op.EQ, (number,), span=span)
        case SigmaBool(boolean=boolean):
            if field is None:
                return Match(ANY, Op.CONTAINS, ("true" if boolean else "false",), span=span)
            return Match(subject, Op.EQ, (boolean,), span=span)
        case SigmaRegularExpression():
            if value.contains_placeholder():
                return _replaced(field, value, placeholders, span)
            return Match(subject, Op.REGEX, (_pattern(value),), cased=True, span=span)
        case SigmaCIDRExpression(cidr=cidr):
            return Match(subject, Op.CIDR, (cidr,), span=span)
        case SigmaCompareExpression(number=number, op=op):
            if isinstance(number, SigmaTimestampPart):
                subject_part = _time_part(subject, number.timestamp_part)
                return Match(subject_part, COMPARISONS[op.name], (number.number,), span=span)
            return Match(subject, COMPARISONS[op.name], (number.number,), span=span)
        case SigmaFieldReference(field=other, starts_with=starts, ends_with=ends):
            if field is None:
                raise ItemError("fieldref: expected a field before it")
            how = Op.CONTAINS if starts and ends else Op.STARTSWITH if starts else Op.ENDSWITH if ends else Op.EQ
            return Compare(field, how, Field(other), False, span)
        case SigmaExists(exists=exists):
            present = Match(subject, Op.EXISTS, span=span)
            return present if exists else Not(present, span)
        case SigmaNull():
            if field is None:
                raise ItemError("keywords: null is nothing to look for")
            return Not(Match(subject, Op.EXISTS, span=span), span)
    raise ItemError(f"value of an unknown kind: {type(value).__name__}")


def _time_part(subject: Expr, part: Any) -> Expr:
    return Call("datetime_part", (Literal(TIME_PARTS[part.name]), subject))


def _pattern(value: SigmaRegularExpression) -> str:
    return str(value.escape(escape_escape_char=False))


def _string(subject: Expr, value: SigmaString, anywhere: bool, span: Span | None) -> Expr:
    cased = isinstance(value, SigmaCasedString)
    parts: list[str | SpecialChars | Placeholder] = []
    star = SpecialChars.WILDCARD_MULTI
    for part in [star, *value.s, star] if anywhere else value.s:
        if part is star and parts and parts[-1] is star:
            continue
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    match parts:
        case []:
            return Match(subject, Op.EQ, ("",), cased=cased, span=span)
        case [str(text)]:
            return Match(subject, Op.EQ, (text,), cased=cased, span=span)
        case [SpecialChars.WILDCARD_MULTI]:
            return Match(subject, Op.EXISTS, span=span)
        case [SpecialChars.WILDCARD_MULTI, str(text), SpecialChars.WILDCARD_MULTI]:
            return Match(subject, Op.CONTAINS, (text,), cased=cased, span=span)
        case [str(text), SpecialChars.WILDCARD_MULTI]:
            return Match(subject, Op.STARTSWITH, (text,), cased=cased, span=span)
        case [SpecialChars.WILDCARD_MULTI, str(text)]:
            return Match(subject, Op.ENDSWITH, (text,), cased=cased, span=span)
    pattern = "".join(
        re.sub(r"[\\*?]", r"\\\g<0>", part) if isinstance(part, str) else "*" if part is star else "?" for part in parts
    )
    return Match(subject, Op.WILDCARD, (pattern,), cased=cased, span=span)


def _replaced(field: Field | None, value: Any, placeholders: Placeholders, span: Span | None) -> Expr:
    """A value with `%names%` of `expand`: each of the values given for them; not understood when none are given."""
    parts = (value.regexp if isinstance(value, SigmaRegularExpression) else value).s
    names = [part.name for part in parts if isinstance(part, Placeholder)]
    missing = [name for name in names if name not in placeholders]
    if missing:
        return OpaqueExpr("placeholder", ", ".join(f"%{name}%" for name in missing), span)
    in_regex = isinstance(value, SigmaRegularExpression)

    def values(placeholder: Placeholder) -> Any:
        for one in placeholders[placeholder.name]:
            yield re.escape(one) if in_regex else SigmaString(one)

    replaced = value.replace_placeholders(values)
    if isinstance(value, SigmaCasedString):
        replaced = [SigmaCasedString.from_sigma_string(one) for one in replaced]
    return _linked([_value(field, one, placeholders, span) for one in replaced], False, span)


PERCENT = "\ue025"  # stands for a percent sign that is none of a placeholder's


def _escaped(value: str) -> str:
    """`\\%` is a plain percent sign, when the other signs then pair up: in `C:\\%user%` they would not."""
    plain = re.sub(r"(?<!\\)\\%", PERCENT, value)
    return plain if plain.count("%") % 2 == 0 else value


def _restore(found: list[Any], given: Sequence[Any]) -> None:
    """Puts back what pySigma cannot carry: whole numbers past 2**53, and escaped percent signs."""
    exact = {float(value): value for value in given if isinstance(value, int) and abs(value) > 2**53}
    for value in found:
        match value:
            case SigmaExpansion(values=values):
                _restore(values, given)
            case SigmaString():
                value.s = [part.replace(PERCENT, "%") if isinstance(part, str) else part for part in value.s]
            case SigmaRegularExpression():
                _restore([value.regexp], given)
            case SigmaNumber():
                value.number = exact.get(value.number, value.number)
            case SigmaCompareExpression(number=SigmaNumber() as number):
                number.number = exact.get(number.number, number.number)


def _kind(value: Any) -> str:
    names: dict[type, str] = {dict: "a mapping", list: "a list"}
    return names.get(type(value), type(value).__name__)
