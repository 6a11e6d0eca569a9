"""Microsoft's own Kusto parser and analyser, run in Node, for tests marked `node`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "node"


def faults(queries: Sequence[str], tables: Mapping[str, Mapping[str, str]]) -> list[list[dict[str, Any]]]:
    """What Microsoft's analyser says of each query over `tables`: severity, message, start. Skips without Node."""
    if not shutil.which("node") or not (FOLDER / "node_modules" / "@kusto" / "language-service-next").exists():
        pytest.skip("no Node or no @kusto/language-service-next: npm install --prefix tests/node")
    lines = [json.dumps({"tables": tables})]
    lines += [json.dumps({"id": number, "query": query}) for number, query in enumerate(queries)]
    ran = subprocess.run(
        ["node", "judge.js"], cwd=FOLDER, input="\n".join(lines), capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    return [answer["faults"] for answer in sorted(answers, key=lambda answer: answer["id"])]


def errors(queries: Sequence[str], tables: Mapping[str, Mapping[str, str]]) -> list[list[str]]:
    """The messages of severity Error only."""
    return [[fault["message"] for fault in each if fault["severity"] == "Error"] for each in faults(queries, tables)]
