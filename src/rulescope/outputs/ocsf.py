"""Alerts as OCSF Detection Findings (class 2004), version 1.5. Source: https://schema.ocsf.io/1.5.0/classes/detection_finding"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from ..model import Alert

SEVERITIES = {
    "informational": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
UNKNOWN = (0, "Unknown")
CREATE = 1


def lines(alerts: Iterable[Alert], version: str = "") -> Iterator[str]:
    """One finding a line."""
    for alert in alerts:
        yield json.dumps(finding(alert, version), ensure_ascii=False, separators=(",", ":"), default=str) + "\n"


def finding(alert: Alert, version: str = "") -> dict[str, Any]:
    """One alert as a Detection Finding; an alert without a time has time 0."""
    number, name = SEVERITIES.get(alert.severity, UNKNOWN)
    moment = _milliseconds(alert.time)
    said = json.dumps([alert.rule_id, alert.log, alert.record, alert.time, alert.fields], default=str)
    product = {"name": "rulescope", "vendor_name": "rulescope"} | ({"version": version} if version else {})
    found: dict[str, Any] = {
        "uid": hashlib.sha256(said.encode()).hexdigest()[:32],
        "title": alert.title,
        "analytic": {"uid": alert.rule_id, "name": alert.title, "type_id": 1, "type": "Rule"},
        "created_time": moment,
    }
    if alert.techniques:
        found["attacks"] = [_attack(technique) for technique in alert.techniques]
    return {
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200400 + CREATE,
        "time": moment,
        "severity_id": number,
        "severity": name,
        "status_id": 1,
        "count": alert.count,
        "message": alert.title,
        "metadata": {"version": "1.5.0", "product": product, "log_name": alert.log},
        "finding_info": found,
        "evidences": [{"data": {"fields": alert.fields, "event": alert.event, "record": alert.record}}],
    }


def _attack(technique: str) -> dict[str, Any]:
    main, dot, _ = technique.partition(".")
    attack: dict[str, Any] = {"technique": {"uid": main}}
    if dot:
        attack["sub_technique"] = {"uid": technique}
    return attack


def _milliseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
