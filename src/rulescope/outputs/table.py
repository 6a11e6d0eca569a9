"""A plain text table of alerts, for terminals and mails: columns as wide as they need, control characters shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from ..model import Alert, NotRun

WIDEST = 60


def alerts(found: Iterable[Alert]) -> str:
    """Time, severity, rule, place and matched values of each alert, a line each."""
    return table(
        ("time", "severity", "rule", "where", "matched"),
        (
            (
                alert.time,
                alert.severity,
                alert.title if alert.count == 1 else f"{alert.title} ({alert.count})",
                f"{PurePath(alert.log).name}:{alert.record}" if alert.log else "",
                "; ".join(f"{name}={value}" for name, value in alert.fields.items()),
            )
            for alert in found
        ),
    )


def not_run(missing: Iterable[NotRun]) -> str:
    """Rules that did not run and why, a line each."""
    return table(("rule", "lacks", "why"), ((one.title or one.rule_id, one.construct, one.why) for one in missing))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns under a header and a rule; cells over 60 characters are cut with an ellipsis."""
    shown = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(header, *shown, strict=True)]
    lines = [list(header), ["-" * width for width in widths], *shown]
    return "".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def _shown(cell: str) -> str:
    text = "".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in cell)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
