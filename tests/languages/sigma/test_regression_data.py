"""Real events that real rules were made for: the predicate of each rule takes as many of them as its maintainers say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rulescope.engines.reference import compile_predicate
from rulescope.languages.sigma import parse
from rulescope.model import Filter

BY_LOGSOURCE = {"file_event", "registry_set"}
"""Categories whose files also hold events of other kinds, which a rule leaves to its logsource to keep out."""
RENAMED = {"windefend"}
"""Services whose field names (with spaces) the taxonomy writes otherwise."""


def fields(record: str) -> dict[str, Any]:
    """An event as one flat mapping, as the taxonomy names its fields."""
    event = json.loads(record)["Event"]
    flat: dict[str, Any] = {}
    for name, value in event["System"].items():
        if isinstance(value, dict):
            attributes = value.get("#attributes", {})
            flat |= {f"{name}_{key}": inner for key, inner in attributes.items()}
            flat[name] = value.get("#text", attributes.get("Name"))
        else:
            flat[name] = value
    for body in (event.get("EventData"), *(event.get("UserData") or {}).values()):
        if isinstance(body, dict):
            flat |= {name: value for name, value in body.items() if name != "#attributes"}
    return flat


@pytest.mark.corpus
def test_regression_data(data_root: Path) -> None:
    evtx = pytest.importorskip("evtx")
    root = data_root / "corpora" / "sigma"
    wrong = []
    right = 0
    for case in json.loads((root / "regression-index.json").read_text()):
        if case["type"] != "evtx":
            continue
        events = [fields(one["data"]) for one in evtx.PyEvtxParser(str(root / case["path"])).records_json()]
        for path, logsource in zip(case["rules"], case["logsource"], strict=False):
            (found,) = [stage for stage in parse((root / path).read_text(), path).stages if isinstance(stage, Filter)]
            test = compile_predicate(found.predicate)
            count = sum(map(test, events))
            expected = case["match_count"]
            if count == expected or (expected is None and count):
                right += 1
            elif logsource.get("category") in BY_LOGSOURCE and count > expected:
                continue
            elif logsource.get("service") not in RENAMED:
                wrong.append((path, count, expected))
    assert not wrong
    assert right >= 165
