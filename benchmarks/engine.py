"""The engine beside hand-written DuckDB SQL over the same made-up process events: ratios of medians in one run.

    python benchmarks/engine.py [--rows 10000000] [--times 5] [--threads 2]

A rule that finds BITSAdmin transfers over all events, and `has` of one term on two million command lines beside a plain ILIKE.
Targets: 1.3 and 1.5. Events are made by DuckDB into Parquet files in a temporary folder (about 0.6 GB for ten million).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from rulescope.engines.duck import Engine
from rulescope.languages.kusto import parse

EVENTS = """
COPY (
  SELECT TIMESTAMP '2024-01-01' + to_seconds(i % 86400) AS TimeGenerated,
    'host' || (i % 5000) AS DeviceName,
    'user' || (hash(i) % 900) AS AccountName,
    CASE WHEN hash(i * 7) % 2000 = 0 THEN CASE WHEN i % 2 = 0 THEN 'bitsadmin.exe' ELSE 'BITSADMIN.EXE' END
         ELSE 'program' || (hash(i * 3) % 1500) || '.exe' END AS FileName,
    CASE WHEN hash(i * 7) % 2000 = 0
         THEN 'bitsadmin ' || CASE WHEN hash(i * 11) % 3 = 0 THEN '/list' ELSE '/transfer' END
              || ' job' || i || ' /priority high https://host' || (i % 97) || '.example/a' || i || '.exe C:\\temp\\' || hash(i)
         ELSE 'C:\\Program Files\\Vendor ' || (i % 300) || '\\bin\\program' || (hash(i * 3) % 1500) || '.exe --token ' || hash(i)
              || ' --mode ' || (i % 17) || CASE WHEN hash(i * 13) % 5000 = 0 THEN ' mimikatz' ELSE '' END
              || CASE WHEN hash(i * 17) % 5000 = 0 THEN ' mimikatzen' ELSE '' END END AS ProcessCommandLine
  FROM range({start}, {stop}) r(i)
) TO '{path}' (FORMAT parquet)
"""

RULE = """
let switches = dynamic(["/transfer", "/addfile"]);
DeviceProcessEvents
| where FileName =~ "bitsadmin.exe"
| where ProcessCommandLine has_any (switches)
| extend RemoteUrl = extract(@"(https?://\\S+)", 1, ProcessCommandLine)
| project TimeGenerated, DeviceName, AccountName, RemoteUrl, ProcessCommandLine
"""

BY_HAND = r"""
SELECT TimeGenerated, DeviceName, AccountName, regexp_extract(ProcessCommandLine, '(https?://\S+)', 1) AS RemoteUrl, ProcessCommandLine
FROM {events} WHERE {conditions}
"""
TERMS = r"regexp_matches(ProcessCommandLine, '(?i)/(transfer|addfile)($|[^\pL\pN])')"
CONDITIONS = (
    f"lower(FileName) = 'bitsadmin.exe' AND {TERMS}",
    f"FileName ILIKE 'bitsadmin.exe' AND {TERMS}",
    f"lower(FileName) = 'bitsadmin.exe' AND (ProcessCommandLine ILIKE '%/transfer%' OR ProcessCommandLine ILIKE '%/addfile%') AND {TERMS}",
)
"""Ways to write the filter by hand; the fastest counts."""


def medians(runs: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Median seconds of each, taken in turns, so that a busy machine slows all alike."""
    taken: list[list[float]] = [[] for _ in runs]
    for turn in range(times + 1):
        for run, seconds in zip(runs, taken, strict=True):
            begun = time.perf_counter()
            run()
            if turn:
                seconds.append(time.perf_counter() - begun)
    return [statistics.median(seconds) for seconds in taken]


def report(what: str, ours: float, theirs: float, target: float) -> None:
    print(f"{what}: {ours * 1000:.0f} ms, by hand {theirs * 1000:.0f} ms, ratio {ours / theirs:.2f} (target {target})")


def arrow(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return connection.sql(sql).to_arrow_table()


def rule(folder: Path, times: int, threads: int) -> None:
    """The rule over Parquet: the engine, and SQL by hand with DuckDB's own reader."""
    with duckdb.connect() as by_hand:
        by_hand.execute(f"SET threads={threads}")
        events = f"read_parquet('{folder}/*.parquet')"
        ways = [BY_HAND.format(events=events, conditions=conditions) for conditions in CONDITIONS]
        engine = Engine({"DeviceProcessEvents": folder}, threads=threads, timeout=None)
        query = parse(RULE)
        found = engine.run(query).num_rows
        assert all(by_hand.sql(sql).to_arrow_table().num_rows == found for sql in ways)
        print(f"{found:,} rows found by both")
        ours, *hands = medians([partial(engine.run, query), *(partial(arrow, by_hand, sql) for sql in ways)], times)
        report("BITSAdmin rule", ours, min(hands), 1.3)
        engine.close()


def term(folder: Path, rows: int, times: int, threads: int) -> None:
    """`has` on command lines in memory, beside an ILIKE scan of the same Arrow table."""
    with duckdb.connect() as by_hand:
        by_hand.execute(f"SET threads={threads}")
        source = f"SELECT ProcessCommandLine FROM read_parquet('{folder}/*.parquet') LIMIT {rows}"
        lines: pa.Table = by_hand.sql(source).to_arrow_table()
        by_hand.register("lines", lines)
        engine = Engine({"Lines": lines}, threads=threads, timeout=None)
        query = parse('Lines | where ProcessCommandLine has "mimikatz" | count')
        plain = "SELECT count(*) FROM lines WHERE ProcessCommandLine ILIKE '%mimikatz%'"
        print(f"{engine.run(query)['Count'][0].as_py():,} lines have the term")
        ours, hand = medians([partial(engine.run, query), lambda: by_hand.sql(plain).fetchall()], times)
        report(f"has on {lines.num_rows:,} lines", ours, hand, 1.5)
        engine.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--times", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=2)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = 2_500_000
        with duckdb.connect() as made:
            for start in range(0, asked.rows, size):
                stop = min(start + size, asked.rows)
                made.execute(EVENTS.format(start=start, stop=stop, path=folder / f"{start:010}.parquet"))
        rule(folder, asked.times, asked.threads)
        term(folder, min(asked.rows, 2_000_000), asked.times, asked.threads)


if __name__ == "__main__":
    main()
