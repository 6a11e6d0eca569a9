"""CSV of alerts and of what did not run: RFC 4180, UTF-8, formulas of spreadsheets disarmed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..model import Alert, NotRun

ALERTS = ("time", "severity", "rule_id", "title", "techniques", "count", "log", "record", "fields", "event")
NOT_RUN = ("rule_id", "title", "engine", "construct", "why")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def alerts(found: Iterable[Alert]) -> str:
    """Alerts with a header; techniques by space, fields and event as JSON."""
    return _table(ALERTS, ([_cell(getattr(alert, name)) for name in ALERTS] for alert in found))


def not_run(missing: Iterable[NotRun]) -> str:
    """What did not run, with a header."""
    return _table(NOT_RUN, ([_cell(getattr(one, name)) for name in NOT_RUN] for one in missing))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    elif isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    return "'" + text if isinstance(value, str) and text.startswith(FORMULA) else text
