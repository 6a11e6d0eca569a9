"""Sketches (`hll`, `tdigest`) and schemas of dynamic values: what aggregates gather for functions that read it later.

A sketch here is exact: it holds every distinct value's hash, or every value with its weight. How the service writes one down is not
documented and may change (its page says so), so a sketch of the service is refused, and these are for these functions only.
Source: https://learn.microsoft.com/kusto/query/hll-aggregation-function, rank-tdigest-function, buildschema-aggregation-function.
"""

from __future__ import annotations

import json
import math
from itertools import accumulate
from typing import Any

from ...errors import RunError
from . import Scalar
from .arrays import dumps

HLL, TDIGEST = "rulescope.hll", "rulescope.tdigest"


def hll_merge(sketches: str) -> str:
    """The sketch of all values of several: a JSON array of them, nulls left out."""
    found = [_part(sketch, HLL, "hll_merge")[0] for sketch in json.loads(sketches) if sketch is not None]
    return dumps([[HLL], sorted({value for values in found for value in values})])


def hll_count(sketch: str) -> int:
    """Distinct values."""
    return len(_part(json.loads(sketch), HLL, "dcount_hll")[0])


def hll_common(sketches: str) -> str:
    """Distinct values of the first, of the first and the second, and so on: a JSON array of numbers."""
    found = [set(_part(sketch, HLL, "dcount_intersect")[0]) for sketch in json.loads(sketches)]
    return dumps([len(values) for values in accumulate(found, lambda all, more: all & more)])


def tdigest_merge(digests: str) -> str:
    """The digest of all values of several."""
    found = [digest for digest in json.loads(digests) if digest is not None]
    kinds = {digest[0][1] for digest in found if _part(digest, TDIGEST, "tdigest_merge")}
    if len(kinds) > 1:
        raise RunError(f"tdigest_merge: of {' and '.join(sorted(kinds))}")
    values, weights = ([item for digest in found for item in digest[place]] for place in (1, 2))
    return dumps([[TDIGEST, *kinds], values, weights])


def tdigest_percentile(digest: str, share: float) -> str | None:
    """The smallest value at which the weights so far reach a share (0 to 100) of all, as JSON."""
    if not 0 <= share <= 100:
        raise RunError(f"percentile_tdigest: percentile {share:g}")
    pairs = _pairs(digest, "percentile_tdigest")
    wanted = sum(weight for _, weight in pairs) * share / 100
    sums = accumulate(weight for _, weight in pairs)
    found = next((value for (value, _), reached in zip(pairs, sums, strict=True) if reached >= wanted - 1e-9), None)
    return None if found is None else dumps(found)


def tdigest_percentiles(digest: str, shares: str) -> str:
    """Several percentiles as an array; `shares` a JSON array of numbers and arrays of numbers."""
    flat = [share for item in json.loads(shares) for share in (item if isinstance(item, list) else [item])]
    return dumps([json.loads(tdigest_percentile(digest, float(share)) or "null") for share in flat])


def tdigest_rank(digest: str, value: float) -> float:
    """How many values are not larger."""
    return float(sum(weight for each, weight in _pairs(digest, "rank_tdigest") if each <= value))


def tdigest_percent_rank(digest: str, value: float) -> float:
    """The share of values that are not larger, of 100; not a number of a digest of nothing."""
    total = sum(weight for _, weight in _pairs(digest, "percentrank_tdigest"))
    return tdigest_rank(digest, value) / total * 100 if total else math.nan


def is_sketch(sketch: str, kind: str) -> bool:
    """Whether a value is a sketch of a kind; one of the service is refused."""
    found = json.loads(sketch)
    if not isinstance(found, list) or not found or not isinstance(found[0], list):
        return False
    if found[0][:1] != [kind]:
        raise RunError(f"{kind.partition('.')[2]}_isvalid: of a sketch that was not made here")
    return True


def _pairs(digest: str, name: str) -> list[tuple[Any, int]]:
    values, weights = _part(json.loads(digest), TDIGEST, name)
    return sorted(zip(values, weights, strict=True))


def _part(sketch: Any, kind: str, name: str) -> list[Any]:
    if not isinstance(sketch, list) or not sketch or not isinstance(sketch[0], list) or sketch[0][:1] != [kind]:
        raise RunError(f"{name}: of a value that no {kind.partition('.')[2]}() of this engine gave")
    return sketch[1:]


# ---------------------------------------------------------------- schemas


def schema(values: str) -> str:
    """The smallest schema of all values: types in the order in which they are first seen."""
    found: list[Any] = []
    for value in json.loads(values):
        _admit(found, value)
    return dumps(_closed(found))


def _admit(types: list[Any], value: Any) -> None:
    """Adds to a union what a value needs: a name of a type, or one container for all bags and arrays."""
    if isinstance(value, dict | list):
        container = next((item for item in types if isinstance(item, dict)), None)
        if container is None:
            types.append(container := {})
        if isinstance(value, list) and not value:
            raise RunError("buildschema: of an empty array")
        pairs = value.items() if isinstance(value, dict) else (("`indexer`", item) for item in value)
        for key, item in pairs:
            _admit(container.setdefault(key, []), item)
        return
    if value is None:
        raise RunError("buildschema: of a null property")
    kind = NAMES[type(value)]
    if kind not in types:
        types.append(kind)


NAMES = {bool: "bool", int: "long", float: "double", str: "string"}


def _closed(types: list[Any]) -> Any:
    made = [{key: _closed(inner) for key, inner in item.items()} if isinstance(item, dict) else item for item in types]
    return made[0] if len(made) == 1 else made


FUNCTIONS = [
    Scalar("hll_merge", "s>s", hll_merge),
    Scalar("hll_count", "s>l", hll_count),
    Scalar("hll_common", "s>s", hll_common),
    Scalar("tdigest_merge", "s>s", tdigest_merge),
    Scalar("tdigest_percentile", "sr>s", tdigest_percentile),
    Scalar("tdigest_percentiles", "ss>s", tdigest_percentiles),
    Scalar("tdigest_rank", "sr>r", tdigest_rank),
    Scalar("tdigest_percent_rank", "sr>r", tdigest_percent_rank),
    Scalar("is_sketch", "ss>b", is_sketch),
    Scalar("schema", "s>s", schema),
]
