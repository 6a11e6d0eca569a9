"""A result as the frames of Kusto's `POST /v2/rest/query`, so that Microsoft's own clients read it.

Source: https://learn.microsoft.com/kusto/api/rest/response-v2
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

Frame = dict[str, Any]


def frames(results: Sequence[tuple[str, pa.Table]]) -> list[Frame]:
    """Header, properties, each result by its name, completion: what a client expects of one successful query."""
    made = [_result(number, name or "PrimaryResult", table) for number, (name, table) in enumerate(results, 1)]
    return [
        {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"},
        _table(0, "QueryProperties", "@ExtendedProperties", [("TableId", "int"), ("Key", "string"), ("Value", "dynamic")], []),
        *made,
        _table(
            len(made) + 1, "QueryCompletionInformation", "QueryCompletionInformation",
            [("Timestamp", "datetime"), ("ClientRequestId", "string"), ("Level", "int"), ("StatusCode", "int"), ("StatusCodeName", "string")],
            [[dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z"), "", 4, 0, "S_OK (0)"]],
        ),
        {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False},
    ]  # fmt: skip


def _result(number: int, name: str, table: pa.Table) -> Frame:
    columns = [{"ColumnName": field.name, "ColumnType": kusto_type(field)} for field in table.schema]
    kinds = [column["ColumnType"] for column in columns]
    cells = [column.to_pylist() for column in table.columns]
    rows = [[value(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in zip(*cells, strict=True)]
    return {"FrameType": "DataTable", "TableId": number, "TableKind": "PrimaryResult", "TableName": name, "Columns": columns, "Rows": rows}  # fmt: skip


def fault(message: str, code: str, permanent: bool = True) -> Frame:
    """The body of an error answer, in the form OneApi errors have."""
    return {"error": {"code": code, "message": message, "@type": code, "@message": message, "@permanent": permanent}}


def kusto_type(field: pa.Field) -> str:
    """The Kusto type a column was marked with, else the nearest to its Arrow type."""
    marked = (field.metadata or {}).get(b"kusto")
    if marked:
        return str(marked.decode())
    for check, name in ARROW_TYPES:
        if check(field.type):
            return name
    return "string"


ARROW_TYPES = (
    (pa.types.is_boolean, "bool"),
    (pa.types.is_int64, "long"),
    (pa.types.is_integer, "int"),
    (pa.types.is_floating, "real"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_duration, "timespan"),
)


def value(cell: Any, kind: str) -> Any:
    """One cell as JSON: datetimes ISO with seven decimals, timespans `d.hh:mm:ss.fffffff`, dynamic as it is."""
    match cell:
        case None:
            return "" if kind == "string" else None
        case dt.datetime():
            at = cell.astimezone(dt.UTC) if cell.tzinfo else cell
            return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
        case dt.timedelta():
            return timespan(cell)
        case Decimal():
            return str(cell)
        case str() if kind == "dynamic":
            return json.loads(cell)
    return cell


def timespan(span: dt.timedelta) -> str:
    """A timespan in Kusto's constant format."""
    micros = span // dt.timedelta(microseconds=1)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    seconds, fraction = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{sign}{f'{days}.' if days else ''}{clock}{f'.{fraction:06d}0' if fraction else ''}"


def _table(number: int, kind: str, name: str, columns: list[tuple[str, str]], rows: list[list[Any]]) -> Frame:
    listed = [{"ColumnName": column, "ColumnType": type} for column, type in columns]
    return {
        "FrameType": "DataTable",
        "TableId": number,
        "TableKind": kind,
        "TableName": name,
        "Columns": listed,
        "Rows": rows,
    }
