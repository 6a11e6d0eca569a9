"""NDJSON: one JSON object a line, keys as the model names them, without the node tag."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..model import Alert, Node, NotRun


def line(result: Node) -> str:
    """One value as a line; `kind` is alert, not-run, or the lower-case name of the node."""
    kinds: dict[type[Node], str] = {Alert: "alert", NotRun: "not-run"}
    values: dict[str, Any] = {"kind": kinds.get(type(result), type(result).__name__.lower())}
    values.update((name, getattr(result, name)) for name in result.__struct_fields__)
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n"


def lines(results: Iterable[Node]) -> Iterator[str]:
    """Lines of alerts, of what did not run, or of any other results, in their order."""
    return map(line, results)


def _plain(value: Any) -> Any:
    if isinstance(value, Node):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)
