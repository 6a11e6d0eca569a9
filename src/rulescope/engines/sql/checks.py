"""Calls that check: a value near another, a condition that ends the run when it does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Call, Star
from .values import Value, common_type, convert, number, unsupported

if TYPE_CHECKING:
    from .expressions import Expressions
    from .functions import Functions


def around(functions: Functions, node: Call, at: Expressions) -> Value:
    """Whether a value is at most a distance from a centre."""
    value, center, distance = (number(at.value(arg), "around") for arg in node.args)
    if value.type in ("datetime", "timespan"):
        if (center.type, distance.type) != (value.type, "timespan"):
            raise unsupported(f"around of {value.type}, {center.type} and {distance.type}")
    else:
        kind = common_type((value.type, center.type, distance.type, "long"), "around")
        value, center, distance = (convert(part, kind) for part in (value, center, distance))
    low, high = f"{center.sql} - {distance.sql}", f"{center.sql} + {distance.sql}"
    return Value(f"({value.sql} BETWEEN {low} AND {high})", "bool")


def assertion(functions: Functions, node: Call, at: Expressions) -> Value:
    """True, or the end of the run with the message when the condition does not hold."""
    message = convert(at.value(node.args[1]), "string")
    return Value(f"CASE WHEN {at.holds(node.args[0])} THEN TRUE ELSE error({message.sql})::BOOLEAN END", "bool")


def data_size(functions: Functions, node: Call, at: Expressions) -> Value:
    """Bytes of long numbers (8) and of text; the sizes of other types are not documented."""
    values = [column.value for arg in node.args if isinstance(arg, Star) for column in at.frame.columns]
    values += [at.value(arg) for arg in node.args if not isinstance(arg, Star)]
    other = next((value.type for value in values if value.type not in ("long", "string")), None)
    if other:
        raise unsupported(f"{node.name} of a {other}")
    refusal = f"error('UnsupportedError: {node.name} of null')::BIGINT"
    sizes = [
        f"octet_length(encode({value.sql}))::BIGINT"
        if value.type == "string"
        else f"CASE WHEN {value.sql} IS NULL THEN {refusal} ELSE 8 END"
        for value in values
    ]
    return Value(f"({' + '.join(sizes) or '0'})", "long")
