"""Runs one scalar expression on the engine."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

from rulescope.engines.duck import Engine
from rulescope.languages.kusto import parse

ENGINE = cache(lambda: Engine({}, timeout=30.0))


def answer(expression: str) -> Any:
    """The value of an expression: NaN as the text `NaN`, dynamic as the value of its JSON."""
    table = ENGINE().run(parse(f"print it = {expression}"))
    field, value = table.schema.field(0), table.column(0)[0].as_py()
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if (field.metadata or {}).get(b"kusto") == b"dynamic" and isinstance(value, str):
        return json.loads(value)
    return value
