"""Compares the engine with duckdb-kql (installed for development only) on the cases of a folder, by who agrees with the expected rows.

    python tools/differential.py FOLDER [--show]

A difference is explained when the expected table is ours; `--show` names the others. Nothing of a case is written but its place.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from conformance import module, records, same_as_peer

from rulescope.engines.duck import Engine
from rulescope.errors import RulescopeError
from rulescope.languages.kusto import parse

Rows = tuple[list[str], list[list[Any]]]


def ours(engine: Engine, text: str) -> Rows | None:
    try:
        found = engine.run(parse(text))
    except RulescopeError:
        return None
    return found.column_names, [list(row.values()) for row in found.to_pylist()]


def theirs(peer: Any, text: str) -> Rows | None:
    """Rows by the other engine; None when it refuses or fails."""
    try:
        connection = peer.connect()
        found = peer.kql(connection, text)
        rows = [list(row) for row in found.fetchall()]
        return [column[0] for column in found.description], rows
    except Exception:
        return None


def same(cells: Any, one: Rows, other: Rows) -> bool:
    """The same rows in any order, columns by place."""
    if len(one[0]) != len(other[0]) or len(one[1]) != len(other[1]):
        return False
    left = list(other[1])
    for row in one[1]:
        spot = next((i for i, each in enumerate(left) if all(map(cells.cell_eq, row, each))), None)
        if spot is None:
            return False
        left.pop(spot)
    return True


def right(cells: Any, case: dict[str, Any], found: Rows) -> bool | None:
    """Whether rows are the expected ones; None when the case does not say."""
    if case.get("kind") in ("lastline", "string"):
        import pyarrow as pa

        rows = [dict(enumerate(map(str, row))) for row in found[1]]
        return same_as_peer(cells, case, pa.Table.from_pylist([{str(k): v for k, v in row.items()} for row in rows]))
    if case.get("expected_rows") is None:
        return None
    wanted = {**case, "expected_columns": case.get("expected_columns") or found[0]}
    return bool(cells.compare(wanted, *found)[0])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--show", action="store_true")
    asked = arguments.parse_args()
    peer = importlib.import_module("duckdb_kql")
    cells = module(asked.folder / "compare.py", "compare_cases")
    engine, tally = Engine({}, timeout=30.0), Counter[str]()
    for name in ("traps", "docs_cases", "engine_cases"):
        for number, case in enumerate(records(asked.folder, name)):
            if case.get("nondet"):
                continue
            mine, other = ours(engine, case["query"]), theirs(peer, case["query"])
            if mine is None or other is None:
                tally[
                    "both refuse" if mine is other else "we refuse" if mine is None else "the peer refuses or fails"
                ] += 1
                continue
            if same(cells, mine, other):
                tally["the same rows"] += 1
                continue
            agree = (right(cells, case, mine), right(cells, case, other))
            outcome = {
                (True, False): "differ, the expected rows are ours",
                (False, True): "differ, the expected rows are the peer's",
                (True, True): "differ in form only",
            }.get(agree, "differ, the expected rows are neither's or not stated")  # type: ignore[arg-type]
            tally[outcome] += 1
            if asked.show and agree != (True, False) and agree != (True, True):
                print(
                    name, number, outcome, mine[1][:2], other[1][:2], case["query"][:300], sep="\n  ", file=sys.stderr
                )
    for outcome, count in tally.most_common():
        print(f"{count:5} {outcome}")


if __name__ == "__main__":
    main()
