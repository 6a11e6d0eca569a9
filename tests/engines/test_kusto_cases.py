"""Traps and examples of the Kusto documentation, run: what is not right is refused by name, or the page prints it wrongly."""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engines.known_differences import PAGES
from rulescope.engines.duck import Engine
from rulescope.errors import RunError, UnsupportedError
from rulescope.languages.kusto import parse
from rulescope.model import understood

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def compare(kusto_cases: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_cases", kusto_cases / "compare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def ran(engine: Engine, text: str) -> tuple[list[str], list[list[object]]] | None:
    """Columns and rows; None when refused."""
    try:
        table = engine.run(parse(text))
    except (UnsupportedError, RunError):
        return None
    return table.column_names, [list(row.values()) for row in table.to_pylist()]


def test_traps(kusto_cases: Path, compare: ModuleType) -> None:
    engine = Engine({}, timeout=30.0)
    wrong, refused = [], []
    for case in cases(kusto_cases, "traps"):
        found = ran(engine, case["query"])
        if found is None:
            refused.append(case)
            continue
        columns, rows = found
        expected = case["expected_columns"] or columns
        if case["expected_rows"] is None:
            right = list(expected) == columns
        else:
            wanted = {"expected_columns": expected, "expected_rows": case["expected_rows"]}
            right = compare.compare(wanted, columns, rows, True)[0]
        if not right:
            wrong.append(case["id"])
    assert not wrong
    unread = [case["id"] for case in refused if understood(parse(case["query"])) and case["area"] != "external"]
    assert not unread


def test_documentation(kusto_cases: Path, compare: ModuleType) -> None:
    engine = Engine({}, timeout=30.0)
    tally: Counter[str] = Counter()
    wrong = {}
    for case in cases(kusto_cases, "docs_cases"):
        if case["nondet"]:
            continue
        found = ran(engine, case["query"])
        if found is None:
            tally["refused"] += 1
            continue
        right, reason = compare.compare(case, *found)
        tally["right" if right else "wrong"] += 1
        if not right:
            wrong[case["page"], case["n"]] = reason
    unexplained = {key: reason for key, reason in wrong.items() if key not in PAGES}
    assert not unexplained
    assert tally["right"] >= 385, tally
