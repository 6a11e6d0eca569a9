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

from rulescope.engines.duck import Engine
from rulescope.errors import RunError, UnsupportedError
from rulescope.languages.kusto import parse
from rulescope.model import understood

pytestmark = pytest.mark.corpus

PAGE_IS_WRONG = {  # (page, number of its example): why the printed table is not what the query gives
    ("array-iff-function.md", 2): "prints text in an array without quotes",
    ("array-iff-function.md", 3): "prints another input",
    ("base64-decode-toguid-function.md", 1): "prints the third group in the other byte order than the first two",
    ("geo-geohash-to-central-point-function.md", 3): "prints a Markdown link for an address",
    ("parse-path-function.md", 1): "prints backslashes inside JSON unescaped",
    ("punycode-domain-to-string-function.md", 1): "prints the other direction",
    ("series-acos-function.md", 1): "prints another input",
    ("series-atan-function.md", 1): "prints another input",
    ("series-cos-function.md", 1): "prints another input",
    ("series-sin-function.md", 1): "prints another input",
    ("series-tan-function.md", 1): "prints another input",
    ("series-iir-function.md", 1): "prints the first rows",
    ("series-magnitude-function.md", 1): "prints columns of another query",
    ("url-encode-component-function.md", 1): "prints the result for an address without its last slash",
    ("url-encode-function.md", 1): "prints an input with another last slash",
    ("geo-polygon-centroid-function.md", 3): "prints JSON without its first brace",
    ("geo-polygon-to-s2cells-function.md", 1): "prints another name than the table has",
    ("geospatial-joins.md", 2): "prints the coordinates of the row before",
    ("join-innerunique.md", 3): "any row of a key may stand for it",
    ("join-innerunique.md", 4): "any row of a key may stand for it",
    ("bin-function.md", 2): "prints a timespan of four parts",
    ("strcat-function.md", 2): "prints a list for lines of text",
    ("isfinite-function.md", 1): "prints the columns of another query",
    ("isinf-function.md", 1): "prints minus infinity for zero divided by zero",
    ("replace-regex-function.md", 1): "prints whole numbers with six decimals",
    ("trim-start-function.md", 1): "prints a Markdown link for an address",
}


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
    unread = [
        case["id"] for case in refused if understood(parse(case["query"])) and case["area"] not in ("external", "let")
    ]
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
    unexplained = {key: reason for key, reason in wrong.items() if key not in PAGE_IS_WRONG}
    assert not unexplained
    assert tally["right"] >= 255, tally
