"""Functions DuckDB has no counterpart for, as functions over Arrow arrays: each distinct value is computed once a batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

ARROW = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "VARCHAR[]": pa.list_(pa.string()),
    "BIGINT[]": pa.list_(pa.int64()),
}  # fmt: skip
LETTERS = {"s": "VARCHAR", "l": "BIGINT", "r": "DOUBLE", "b": "BOOLEAN", "S": "VARCHAR[]", "L": "BIGINT[]"}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function of plain values: `types` a letter an argument then `>` and the result's (s text, l long, r real, b bool).

    A null argument gives null, unless `nulls`.
    """

    name: str
    types: str
    call: Callable[..., Any]
    nulls: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A function of whole NumPy columns of equal length without nulls, `types` as in Scalar; a null argument gives null."""

    name: str
    types: str
    call: Callable[..., Any]


def batches() -> list[Batch]:
    """All of them."""
    from . import s2_points

    return s2_points.BATCHES


def table() -> list[Scalar]:
    """All of them."""
    from . import (
        agents,
        arrays,
        geo_cells,
        geo_points,
        geo_shapes,
        graphs,
        markup,
        network,
        parsers,
        series,
        sketches,
        statistics,
        text,
        times,
        units,
        xxhash,
    )  # fmt: skip

    return [
        *text.FUNCTIONS,
        *parsers.FUNCTIONS,
        *markup.FUNCTIONS,
        *agents.FUNCTIONS,
        *units.FUNCTIONS,
        *statistics.FUNCTIONS,
        *sketches.FUNCTIONS,
        *times.FUNCTIONS,
        *network.FUNCTIONS,
        *geo_points.FUNCTIONS,
        *geo_shapes.FUNCTIONS,
        *geo_cells.FUNCTIONS,
        *graphs.FUNCTIONS,
        *arrays.FUNCTIONS,
        *series.FUNCTIONS,
        *xxhash.FUNCTIONS,
    ]


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes every function known to a connection, its name after `kx_`."""
    functions: list[Scalar | Batch] = [*table(), *batches()]
    for function in functions:
        args, result = function.types.split(">")
        run = vectorised(function, LETTERS[result]) if isinstance(function, Scalar) else columnar(function)
        connection.create_function(  # type: ignore[call-overload]
            f"kx_{function.name}",
            run,
            [LETTERS[letter] for letter in args],
            LETTERS[result],
            type="arrow",
            null_handling="special",
        )


def columnar(batch: Batch) -> Callable[..., Any]:
    """`batch` over Arrow arrays of equal length: the rows without a null are calculated at once."""
    kind = ARROW[LETTERS[batch.types.split(">")[1]]]

    def run(*columns: Any) -> Any:
        arrays = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
        if not any(array.null_count for array in arrays):
            return pa.array(batch.call(*(array.to_numpy(zero_copy_only=False) for array in arrays)), kind)
        whole = reduce(pc.and_, [pc.is_valid(array) for array in arrays])
        made = pa.array(batch.call(*(array.filter(whole).to_numpy(zero_copy_only=False) for array in arrays)), kind)
        places = pc.subtract(pc.cumulative_sum(pc.cast(whole, pa.int64())), 1)
        return made.take(pc.if_else(whole, places, None))

    run.__signature__ = _signature(batch.types)  # type: ignore[attr-defined]
    return run


def vectorised(scalar: Scalar, result: str) -> Callable[..., Any]:
    """`scalar` over Arrow arrays of equal length."""
    kind = ARROW[result]
    call = scalar.call if scalar.nulls else _null_safe(scalar.call)

    def run(*columns: Any) -> Any:
        arrays = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
        if len(arrays) == 1 and not pa.types.is_nested(arrays[0].type):
            return _one(arrays[0])
        known: dict[tuple[Any, ...], Any] = {}
        out = []
        lists = [array.to_pylist() for array in arrays]
        for row in zip(*lists, strict=True):
            key = tuple(tuple(item) if isinstance(item, list) else item for item in row)
            if key not in known:
                known[key] = call(*row)
            out.append(known[key])
        return pa.array(out, kind)

    def _one(array: Any) -> Any:
        encoded = pc.dictionary_encode(array)
        values = pa.array([call(value) for value in encoded.dictionary.to_pylist()], kind)
        taken = pc.take(values, encoded.indices)
        if encoded.null_count and scalar.nulls:
            return pc.fill_null(taken, pa.scalar(call(None), kind))
        return taken

    run.__signature__ = _signature(scalar.types)  # type: ignore[attr-defined]
    return run


def _signature(types: str) -> inspect.Signature:
    return inspect.Signature(
        [inspect.Parameter(f"a{place}", inspect.Parameter.POSITIONAL_ONLY) for place in range(types.index(">"))]
    )


def _null_safe(call: Callable[..., Any]) -> Callable[..., Any]:
    def safe(*args: Any) -> Any:
        return None if None in args else call(*args)

    return safe
