"""One form per predicate across languages: what is counted when a page says how many other rules look for a value.

Field names meet through `schemas.fields`; operators meet where they say the same of the same field: a wildcard `*x*` is
contains `x`, a path that ends with `\\x.exe` is a file name that equals `x.exe`. Case is ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ..model import Indicator, Node, Op, Scalar
from ..schemas import fields

PLAIN_WILDCARD = re.compile(r"(\**)((?:[^*?\\]|\\[*?\\])+)(\**)")


class Predicate(Node, frozen=True):
    """A canonical field, operator and value; the value as text, numbers as JSON prints them."""

    field: str
    op: str
    value: str


def canonical(indicator: Indicator, scopes: Iterable[str]) -> Predicate:
    """The predicate `indicator` stands for in a rule over `scopes` (table names, `category=...` log sources)."""
    field = fields.canonical(indicator.field, tuple(scopes))
    op, value = _plain_wildcard(indicator.op, indicator.value)
    text = value_text(value)
    if op is not Op.REGEX:
        text = text.lower()
    name_field = fields.name_of(field)
    if name_field and op in (Op.ENDSWITH, Op.EQ) and (name := _file_name(text, op)):
        return Predicate(name_field, Op.EQ.value, name)
    return Predicate(field, op.value, text)


def value_text(value: Scalar) -> str:
    """A value as text: text as it is, numbers and booleans as JSON prints them, null empty."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _plain_wildcard(op: Op, value: Scalar) -> tuple[Op, Scalar]:
    """A wildcard whose stars stand only at its ends, as the operator it is."""
    if op is not Op.WILDCARD or not isinstance(value, str):
        return op, value
    match = PLAIN_WILDCARD.fullmatch(value)
    if match is None:
        return op, value
    plain = re.sub(r"\\([*?\\])", r"\1", match[2])
    kinds = {(True, True): Op.CONTAINS, (True, False): Op.ENDSWITH, (False, True): Op.STARTSWITH, (False, False): Op.EQ}
    return kinds[bool(match[1]), bool(match[3])], plain


def _file_name(path: str, op: Op) -> str:
    """The file name a path test asks for when it asks for nothing else: `\\x.exe` at the end."""
    if op is Op.ENDSWITH and path[:1] in ("\\", "/") and len(path) > 1:
        name = path[1:]
        return "" if "\\" in name or "/" in name else name
    return ""
