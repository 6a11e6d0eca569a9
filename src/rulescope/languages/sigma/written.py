"""Values as their author wrote them: YAML makes numbers of `1.10` and `10:20:30` and dates of days, which a log holds as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

TOKEN = re.compile(r"[\w.:+-]+")
MOMENT = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::?\d\d)?))?"
)  # fmt: skip
SIXTIES = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")  # YAML 1.1 counts `1:30` as ninety


def as_written(values: Sequence[Any], text: str, textual: bool) -> list[Any]:
    """`values` with text for dates and times and, when `textual`, for numbers; `text` is where they stand, in order."""
    tokens = iter(TOKEN.findall(text))
    moments = iter(MOMENT.findall(text))
    made: list[Any] = []
    for value in values:
        match value:
            case datetime():
                made.append(_moment(moments, value))
            case date():
                made.append(value.isoformat())
            case int() | float() if not isinstance(value, bool):
                token = _token(tokens, value)
                made.append(token or shown(value) if textual or _is_time(token) else value)
            case _:
                made.append(value)
    return made


def _moment(moments: Iterator[str], value: datetime) -> str:
    """The next text that says this moment; the moment as ISO text when there is none."""
    parts = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    same = (text for text in moments if [int(part) for part in re.findall(r"\d+", text)[:6]] == parts)
    return next(same, value.isoformat(" "))


def shown(number: int | float) -> str:
    """A number as text."""
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def _is_time(token: str) -> bool:
    return ":" in token


def _token(tokens: Iterator[str], value: int | float) -> str:
    """The next token that YAML reads as `value`; "" when there is none."""
    return next((token for token in tokens if value in _numbers(token)), "")


def _numbers(token: str) -> Iterable[int | float]:
    plain = token.replace("_", "")
    try:
        if SIXTIES.fullmatch(token):
            sign = -1 if plain[0] == "-" else 1
            total = 0.0
            for part in plain.lstrip("+-").split(":"):
                total = total * 60 + float(part)
            yield sign * (int(total) if "." not in plain else total)
        elif re.fullmatch(r"[-+]?0[0-7]+", plain):
            yield int(plain, 8)
        elif re.fullmatch(r"[-+]?0[xX][0-9a-fA-F]+|[-+]?0b[01]+", plain):
            yield int(plain, 0)
        elif re.fullmatch(r"[-+]?[0-9]+", plain):
            yield int(plain)
        elif re.fullmatch(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?", plain):
            yield float(plain)
    except ValueError:
        return
