"""Kusto rules over the tables that logs turn out to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ..logs import Batch
from ..model import Alert, NotRun, Query, Rule


class TableRules:
    """Kusto rules, and the rows of the tables they read."""

    def __init__(self, rules: list[tuple[int, Rule, Query]], folder: str | Path | None = None) -> None:
        self._rules = rules
        self._folder = folder

    def take(self, batch: Batch) -> None:
        """Keep what the rules may need of a batch."""

    def run(self, now: datetime | None = None) -> Iterator[Alert | NotRun]:
        """Alerts of all rules."""
        for _, rule, _ in self._rules:
            yield NotRun(rule.id, "duck", "engine", "not here yet", rule.title)
