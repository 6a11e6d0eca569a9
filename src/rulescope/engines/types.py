"""Kusto types as DuckDB holds them while a query runs, and as Arrow gives them in and takes them out.

While a query runs: string VARCHAR, never NULL; datetime BIGINT, ticks of 100 ns since 0001-01-01; timespan BIGINT, ticks;
dynamic JSON text, its null the SQL NULL; guid lower-case VARCHAR. Results leave as Arrow: datetime timestamp[us, UTC] and
timespan duration[us], so the seventh digit (100 ns) is cut off there and nowhere else; dynamic leaves as JSON text.
"""

from __future__ import annotations

import pyarrow as pa

EPOCH = 621_355_968_000_000_000
"""Ticks from 0001-01-01 to 1970-01-01."""

TICKS = {"day": 864_000_000_000, "hour": 36_000_000_000, "minute": 600_000_000, "second": 10_000_000}

SQL_TYPES = {
    "string": "VARCHAR", "long": "BIGINT", "int": "INTEGER", "real": "DOUBLE", "bool": "BOOLEAN", "datetime": "BIGINT",
    "timespan": "BIGINT", "decimal": "DECIMAL(38,18)", "guid": "VARCHAR", "dynamic": "JSON",
}  # fmt: skip

OUTPUT = {  # Kusto type: (SQL of the value as it leaves, Arrow type)
    "string": ("{0}", pa.string()),
    "long": ("{0}", pa.int64()),
    "int": ("{0}", pa.int32()),
    "real": ("{0}", pa.float64()),
    "bool": ("{0}", pa.bool_()),
    "datetime": (f"make_timestamp(({{0}} - {EPOCH}) // 10)", pa.timestamp("us", "UTC")),
    "timespan": ("{0} // 10", pa.duration("us")),
    "decimal": ("{0}", pa.decimal128(38, 18)),
    "guid": ("{0}", pa.string()),
    "dynamic": ("{0}", pa.string()),
}

CLR = {
    "string": "System.String", "long": "System.Int64", "int": "System.Int32", "real": "System.Double",
    "bool": "System.SByte", "datetime": "System.DateTime", "timespan": "System.TimeSpan",
    "decimal": "System.Data.SqlTypes.SqlDecimal", "guid": "System.Guid", "dynamic": "System.Object",
}  # fmt: skip
"""What getschema calls the types."""

ALIASES = {
    "double": "real", "date": "datetime", "time": "timespan", "boolean": "bool", "uuid": "guid", "uniqueid": "guid",
    "float": "real", "int64": "long", "int32": "int",
}  # fmt: skip


def kusto_type(arrow: pa.DataType) -> str:
    """The Kusto type that holds values of an Arrow type."""
    if pa.types.is_dictionary(arrow):
        return kusto_type(arrow.value_type)
    for check, name in _CHECKS:
        if check(arrow):
            return name
    return "dynamic"


_CHECKS = (
    (pa.types.is_boolean, "bool"),
    (lambda t: pa.types.is_int8(t) or pa.types.is_int16(t) or pa.types.is_int32(t) or pa.types.is_uint8(t) or pa.types.is_uint16(t), "int"),
    (pa.types.is_integer, "long"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_floating, "real"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_date, "datetime"),
    (pa.types.is_duration, "timespan"),
    (pa.types.is_time, "timespan"),
    (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t), "string"),
    (lambda t: pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_null(t), "string"),
)  # fmt: skip


def scan_sql(column: str, arrow: pa.DataType) -> tuple[str, str]:
    """SQL that reads an Arrow column as its natural Kusto type, and that type."""
    if pa.types.is_dictionary(arrow):
        arrow = arrow.value_type
    kind = kusto_type(arrow)
    if kind == "string":
        if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow):
            return f"coalesce(hex({column}), '')", kind
        return f"coalesce({column}::VARCHAR, '')" if pa.types.is_null(arrow) else f"coalesce({column}, '')", kind
    if kind == "datetime":
        if pa.types.is_timestamp(arrow) and arrow.unit == "ns" and arrow.tz is None:
            return f"(epoch_ns({column}) // 100 + {EPOCH})", kind
        return f"(epoch_us({column}) * 10 + {EPOCH})", kind
    if kind == "timespan":
        return f"(epoch_us({column}) * 10)", kind
    if kind == "dynamic":
        return f"nullif(to_json({column}), 'null'::JSON)", kind
    return f"{column}::{SQL_TYPES[kind]}", kind


def field(name: str, kind: str) -> pa.Field:
    """An output column: its Arrow type, and its Kusto type in the metadata."""
    return pa.field(name, OUTPUT[kind][1], metadata={"kusto": kind})
