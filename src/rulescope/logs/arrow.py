"""Rows as a typed Arrow table: by a declared table schema, or by what all values of a column have in common.

Values that do not fit a declared type become null, as they do when a log platform ingests them. Each field carries its
Kusto type in the metadata key `kusto`; dynamic columns hold JSON text.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from .batch import Row

ARROW = {
    "string": pa.string(),
    "long": pa.int64(),
    "int": pa.int32(),
    "real": pa.float64(),
    "bool": pa.bool_(),
    "datetime": pa.timestamp("us", "UTC"),
    "timespan": pa.duration("us"),
    "decimal": pa.decimal128(38, 18),
    "guid": pa.string(),
    "dynamic": pa.string(),
}
MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z", re.ASCII
)
SPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?\Z", re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,19}\Z", re.ASCII)
REAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?\Z", re.ASCII)


def arrow_table(rows: Iterable[Row], types: Mapping[str, str] | None = None, text: bool = False) -> pa.Table:
    """`rows` as columns: those of `types` first, in order and all of them, then others in order of appearance.

    Columns without a declared type take the type all their values share; `text` (CSV and the like) also looks into
    strings for numbers and booleans. Times are recognised when every value is an ISO 8601 moment.
    """
    columns: dict[str, list[Any]] = {name: [] for name in types or ()}
    count = 0
    for row in rows:
        for name, value in row.items():
            cells = columns.get(name)
            if cells is None:
                cells = columns[name] = []
            if len(cells) < count:
                cells.extend([None] * (count - len(cells)))
            cells.append(value)
        count += 1
    arrays, fields = [], []
    for name, cells in columns.items():
        cells.extend([None] * (count - len(cells)))
        kind = (types or {}).get(name) or shared_type(cells, text)
        convert = CONVERT[kind]
        arrays.append(pa.array([None if cell is None else convert(cell) for cell in cells], ARROW[kind]))
        fields.append(pa.field(name, ARROW[kind], metadata={"kusto": kind}))
    return pa.table(arrays, schema=pa.schema(fields)) if fields else pa.table({})


def shared_type(cells: Iterable[Any], text: bool = False) -> str:
    """The Kusto type all of `cells` have; string for none, dynamic when objects, lists or mixed types are among them."""
    kinds = {_type_of(cell, text) for cell in cells if cell is not None and not (text and cell == "")}
    if not kinds:
        return "string"
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= {"long", "real"}:
        return "real"
    if kinds <= {"string", "datetime"} or (text and "dynamic" not in kinds):
        return "string"
    return "dynamic"


def _type_of(cell: Any, text: bool) -> str:
    match cell:
        case bool():
            return "bool"
        case int():
            return "long" if -(2**63) <= cell < 2**63 else "real"
        case float():
            return "real"
        case dt.datetime():
            return "datetime"
        case str():
            if len(cell) <= 40 and MOMENT.match(cell):
                return "datetime"
            if text and INTEGER.match(cell) and len(cell) < 19 and not (len(cell) > 1 and cell[0] == "0"):
                return "long"
            if text and REAL.match(cell) and not (len(cell) > 1 and cell[0] == "0" and cell[1].isdigit()):
                return "real"
            return "bool" if text and cell.lower() in ("true", "false") else "string"
    return "dynamic"


def moment(cell: Any) -> dt.datetime | None:
    """An ISO 8601 moment in UTC, cut to microseconds; None when it is none. Without a zone it is UTC."""
    if isinstance(cell, dt.datetime):
        return cell.astimezone(dt.UTC) if cell.tzinfo else cell.replace(tzinfo=dt.UTC)
    found = MOMENT.match(cell) if isinstance(cell, str) else None
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = dt.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]), dt.UTC,
        )  # fmt: skip
        if zone and zone[0] in "+-":
            shift = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            at = at - shift if zone[0] == "+" else at + shift
    except (ValueError, OverflowError):
        return None
    return at


def _span(cell: Any) -> dt.timedelta | None:
    found = SPAN.match(cell) if isinstance(cell, str) else None
    if not found:
        return cell if isinstance(cell, dt.timedelta) else None
    sign, days, hours, minutes, seconds, fraction = found.groups()
    span = dt.timedelta(
        days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0),
        microseconds=int((fraction or "0").ljust(6, "0")[:6]),
    )  # fmt: skip
    return -span if sign else span


def as_text(cell: Any) -> str:
    """A value as a string column holds it."""
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return str(cell)
        case dt.datetime():
            return cell.isoformat()
    return json.dumps(cell, ensure_ascii=False, separators=(",", ":"), default=str)


def _whole(bits: int) -> Callable[[Any], int | None]:
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1)

    def convert(cell: Any) -> int | None:
        if isinstance(cell, str):
            if not INTEGER.match(cell.strip()):
                return int(cell, 16) if re.match(r"0[xX][0-9a-fA-F]{1,15}\Z", cell) else None
            cell = int(cell)
        if isinstance(cell, float):
            cell = int(cell) if cell.is_integer() else None
        return int(cell) if isinstance(cell, int) and least <= cell < most else None

    return convert


def _real(cell: Any) -> float | None:
    if isinstance(cell, int | float):
        return float(cell)
    return float(cell) if isinstance(cell, str) and REAL.match(cell.strip()) else None


def _bool(cell: Any) -> bool | None:
    if isinstance(cell, bool | int):
        return bool(cell)
    return {"true": True, "1": True, "false": False, "0": False}.get(str(cell).lower())


def _decimal(cell: Any) -> Decimal | None:
    try:
        return round(Decimal(str(cell)), 18)
    except InvalidOperation:
        return None


CONVERT: dict[str, Callable[[Any], Any]] = {
    "string": as_text,
    "long": _whole(64),
    "int": _whole(32),
    "real": _real,
    "bool": _bool,
    "datetime": moment,
    "timespan": _span,
    "decimal": _decimal,
    "guid": lambda cell: str(cell).lower(),
    "dynamic": lambda cell: (
        cell if isinstance(cell, str) and _is_json(cell) else json.dumps(cell, ensure_ascii=False, default=str)
    ),
}


def _is_json(cell: str) -> bool:
    if cell[:1] not in "{[":
        return False
    try:
        json.loads(cell)
    except (ValueError, RecursionError):
        return False
    return True
