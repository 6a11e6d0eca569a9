"""Parse time per query, median and p99, of rulescope and (when installed) of duckdb-kql, in one run.

    python benchmarks/kusto_parse.py ../shared/kusto/rules.jsonl.gz

The file has one JSON object a line with `query` and `accepted`; only accepted queries are timed, each the best of three.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable

from given_queries import given

from rulescope.languages.kusto.parser import parse_text

Parser = Callable[[str], object]


def rulescope(text: str) -> object:
    script = parse_text(text)
    if script.faults:
        raise ValueError(script.faults[0].message)
    return script


def parsers() -> dict[str, Parser]:
    """Name: a parser that raises for a query it does not take."""
    found: dict[str, Parser] = {"rulescope": rulescope}
    try:
        peer = importlib.import_module("duckdb_kql")
    except ImportError:
        return found
    return {**found, f"duckdb-kql {getattr(peer, '__version__', '')}": peer.parse}


def best_of(parse: Parser, query: str, times: int) -> float | None:
    """Seconds, or None when `parse` does not take `query`."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        try:
            result = parse(query)
        except Exception:  # whatever a peer raises, it did not take the query
            return None
        best = min(best, time.perf_counter() - began)
        if getattr(result, "ok", True) is False or getattr(result, "errors", None):
            return None
    return best


def main() -> None:
    queries, times = given(__doc__)
    print("parser\tqueries\ttaken\tmedian_ms\tp99_ms\tmax_ms")
    for name, parse in parsers().items():
        timed = [best_of(parse, query, times) for query in queries]
        taken = sorted(seconds * 1000 for seconds in timed if seconds is not None)
        p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
        print(f"{name}\t{len(queries)}\t{len(taken)}\t{statistics.median(taken):.3f}\t{p99:.3f}\t{taken[-1]:.3f}")


if __name__ == "__main__":
    main()
