"""Time per query of reading Kusto: parse, lower, bind, analyse, all four, and a whole page of `explain`; median and p99.

    python benchmarks/kusto_explain.py ../shared/kusto/rules.jsonl.gz

The file has one JSON object a line with `query` and `accepted`; only accepted queries are timed, each the best of three.
Beside it, when installed, duckdb-kql's translation to SQL (which neither types nor analyses), in the same run.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import statistics
import time
from collections.abc import Callable

from given_queries import given

from rulescope import analysis, binding
from rulescope.languages.kusto.lower import lower
from rulescope.languages.kusto.parser import parse_text
from rulescope.model import Rule
from rulescope.services.check import shipped
from rulescope.services.explain import explain

STEPS = ("parse", "lower", "bind", "analyse")


def steps(text: str) -> tuple[float, ...]:
    """Seconds of each of STEPS."""
    times = [time.perf_counter()]
    script = parse_text(text)
    times.append(time.perf_counter())
    query = lower(script)
    times.append(time.perf_counter())
    binding.bind(query, shipped())
    times.append(time.perf_counter())
    stages = analysis.placed(query)
    analysis.indicators(query, stages)
    analysis.thresholds(query, stages)
    analysis.time_windows(query, stages)
    analysis.output_fields(query)
    analysis.stages(query, text)
    analysis.faults(query, stages)
    times.append(time.perf_counter())
    return tuple(end - start for start, end in itertools.pairwise(times))


def page(text: str) -> tuple[float, ...]:
    began = time.perf_counter()
    explain(Rule("", "benchmark", "kusto", text))
    return (time.perf_counter() - began,)


def peer() -> Callable[[str], tuple[float, ...]] | None:
    """duckdb-kql's translation, when it is installed."""
    try:
        module = importlib.import_module("duckdb_kql")
    except ImportError:
        return None
    translate = module.to_sql

    def run(text: str) -> tuple[float, ...]:
        began = time.perf_counter()
        translate(text)
        return (time.perf_counter() - began,)

    return run


def best(run: Callable[[str], tuple[float, ...]], queries: list[str], times: int) -> list[tuple[float, ...]]:
    """The quickest of several runs of each query, part by part; queries that `run` does not take are left out."""
    found = []
    for query in queries:
        try:
            found.append(tuple(min(parts) for parts in zip(*(run(query) for _ in range(times)), strict=True)))
        except Exception:  # whatever a peer raises, it did not take the query
            continue
    return found


def show(name: str, seconds: list[float]) -> None:
    taken = sorted(1000 * second for second in seconds)
    if not taken:
        print(f"{name}\t0")
        return
    p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    print(f"{name}\t{len(taken)}\t{statistics.median(taken):.3f}\t{p99:.3f}\t{taken[-1]:.3f}")


def main() -> None:
    queries, times = given(__doc__)
    gc.freeze()
    print("what\tqueries\tmedian_ms\tp99_ms\tmax_ms")
    timed = best(steps, queries, times)
    for number, step in enumerate(STEPS):
        show(step, [parts[number] for parts in timed])
    show("all four", [sum(parts) for parts in timed])
    show("page of explain", [parts[0] for parts in best(page, queries, times)])
    translate = peer()
    if translate is not None:
        show("duckdb-kql, to SQL", [parts[0] for parts in best(translate, queries, times)])


if __name__ == "__main__":
    main()
