"""The SQL of a query laid out for people, or in another system's words, through sqlglot."""

from __future__ import annotations

import sqlglot
from sqlglot import ErrorLevel
from sqlglot.errors import SqlglotError

from ...errors import UnsupportedError


def written(sql: str, dialect: str) -> str:
    """`sql` of DuckDB as `dialect`, with lines and indents.

    Raises UnsupportedError when sqlglot does not know the dialect, cannot read the text, or the dialect cannot say it.
    """
    try:
        statement = sqlglot.parse_one(sql, dialect="duckdb")
        return statement.sql(dialect=dialect, pretty=True, unsupported_level=ErrorLevel.RAISE)
    except (SqlglotError, ValueError) as error:
        raise UnsupportedError(dialect, str(error).split("\n")[0]) from error
