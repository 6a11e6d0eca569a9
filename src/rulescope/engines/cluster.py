"""Run Kusto text on a real cluster: Azure Data Explorer, Fabric, Log Analytics. The only door to azure-kusto-data."""

from __future__ import annotations

import datetime as dt
import json
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from ..errors import UnsupportedError
from .types import ALIASES, field

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Cluster:
    """A cluster at `url`; credentials are those of the Azure command line, none for a local address.

    Raises UnsupportedError when the kusto extra is not installed, or the cluster refuses.
    """

    def __init__(self, url: str, database: str = "NetDefaultDB", timeout: float = 240.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise UnsupportedError("kusto", f"cluster address {url!r}: expected https://host")
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise UnsupportedError("kusto", f"cluster address {url!r}: only a local cluster is reached without TLS")
        self.database = database
        self.timeout = timeout
        self._data = _client_library()
        builder = self._data.KustoConnectionStringBuilder
        local = parts.hostname in LOCAL
        connect = builder.with_no_authentication if local else builder.with_az_cli_authentication
        self._client = self._data.KustoClient(connect(url))

    def run(self, text: str) -> pa.Table:
        """The result of query `text`, columns typed as the cluster says; several are refused."""
        found = self.results(text)
        if len(found) > 1:
            raise UnsupportedError("kusto", f"{len(found)} results where one is expected")
        return found[0][1]

    def results(self, text: str) -> list[tuple[str, pa.Table]]:
        """All results of query `text` with their names, "" for those that have none of their own."""
        properties = self._data.ClientRequestProperties()
        properties.set_option(properties.request_timeout_option_name, dt.timedelta(seconds=self.timeout))
        try:
            answer = self._client.execute_query(self.database, text, properties)
        except import_module("azure.kusto.data.exceptions").KustoError as error:
            raise UnsupportedError("kusto", str(error).splitlines()[0][:500]) from error
        return [
            ("" if result.table_name == "PrimaryResult" else str(result.table_name), _arrow(result))
            for result in answer.primary_results
        ]


def _client_library() -> Any:
    try:
        return import_module("azure.kusto.data")
    except ImportError as error:
        raise UnsupportedError("kusto", "a cluster without the kusto extra: pip install 'rulescope[kusto]'") from error


def _arrow(result: Any) -> pa.Table:
    fields, arrays = [], []
    for number, column in enumerate(result.columns):
        kind = ALIASES.get(column.column_type, column.column_type)
        made = field(column.column_name, kind)
        cells = [row[number] for row in result.rows]
        if kind in ("dynamic", "string", "guid"):
            cells = [
                cell if cell is None or isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
                for cell in cells
            ]
        if kind == "bool":
            cells = [None if cell is None else bool(cell) for cell in cells]
        fields.append(made)
        arrays.append(pa.array(cells, made.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
