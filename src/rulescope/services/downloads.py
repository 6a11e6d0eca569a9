"""A rule as a file: as its author wrote it, as JSON, as a Microsoft Sentinel scheduled rule."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .. import yamltext
from ..catalogue import slug
from ..model import Rule
from ..schemas import attack
from .pages import RulePage

File = tuple[str, str, str]
"""Name, media type, text."""

SUFFIXES = {"sigma": "yml", "kusto": "kql", "yaral": "yaral", "eql": "eql", "spl": "spl"}
SEVERITIES = {"critical": "High", "high": "High", "medium": "Medium", "low": "Low"}
SPACE = uuid.UUID("5b0f6a55-6d3c-4b5f-9a21-7d1f2f1c8f10")
"""Namespace of the ids of rules written for Sentinel: stable per rule and schema."""


def original(page: RulePage) -> File:
    """The rule's text."""
    name = f"{_name(page)}.{SUFFIXES.get(page.rule.language, 'txt')}"
    return name, "text/plain; charset=utf-8", page.rule.text if page.rule.text.endswith("\n") else page.rule.text + "\n"


def as_json(page: RulePage) -> File:
    """Everything on the page."""
    text = msgspec.json.format(msgspec.json.encode(page, enc_hook=str), indent=2).decode()
    return f"{_name(page)}.json", "application/json", text + "\n"


def sentinel(page: RulePage) -> File:
    """A scheduled analytics rule: a Kusto rule as it is, a Sigma rule by its first translation that was proven equal or written.

    Its tactics are those Sentinel's interface knows; its head says whose rule it is and under which licence. The query is
    empty when there is none to run.
    """
    return f"{_name(page)}.yaml", "application/yaml", _head(page.rule) + yamltext.written(_sentinel(page))


def _head(rule: Rule) -> str:
    """Author, licence and origin as comment lines; licences such as DRL 1.1 ask that they stay with a rule."""
    told = (
        ("Rule", rule.title),
        ("Author", ", ".join(rule.authors)),
        ("Licence", rule.licence),
        ("Original", rule.url),
    )
    return "".join(f"# {name}: {' '.join(value.split())}\n" for name, value in told if value)


def _sentinel(page: RulePage) -> dict[str, Any]:
    rule = page.rule
    best = sorted((t for t in page.translations if t.text), key=lambda t: t.verdict != "equal")
    query = rule.text if rule.language == "kusto" else best[0].text if best else ""
    schema = "kusto" if rule.language == "kusto" else best[0].schema if best else ""
    ids = [row.now or row.id for row in page.techniques if row.id]
    made: dict[str, Any] = {
        "id": rule.id if rule.language == "kusto" and rule.id else str(uuid.uuid5(SPACE, f"{rule.id}/{schema}")),
        "name": rule.title,
        "description": rule.description.strip() or rule.title,
        "severity": SEVERITIES.get(rule.severity, "Informational"),
        "requiredDataConnectors": [
            {"connectorId": each.id, "dataTypes": list(each.tables)} for each in page.connectors
        ],
        "queryFrequency": _duration(rule.schedule.frequency if rule.schedule else 0),
        "queryPeriod": _duration(rule.schedule.lookback if rule.schedule else 0),
        "triggerOperator": rule.trigger.op if rule.trigger else "gt",
        "triggerThreshold": rule.trigger.threshold if rule.trigger else 0,
        "tactics": list(dict.fromkeys(_tactic(row.name) for row in page.tactics if row.name)),
        "relevantTechniques": list(dict.fromkeys(id for id in ids if attack.technique(id))),
        "query": query.strip() + "\n",
        "version": rule.version or "1.0.0",
        "kind": "Scheduled",
    }
    if rule.entities:
        made["entityMappings"] = [
            {"entityType": each.kind, "fieldMappings": [{"identifier": i, "columnName": c} for i, c in each.fields]}
            for each in rule.entities
        ]
    if rule.details:
        made["customDetails"] = dict(rule.details)
    made["metadata"] = {"author": {"name": ", ".join(rule.authors)}, "source": {"kind": rule.source}}
    return made


def _tactic(name: str) -> str:
    """Sentinel's word for a tactic; it knows the tactics of ATT&CK 18 and before only."""
    older = {"Stealth": "DefenseEvasion", "Defense Impairment": "DefenseEvasion"}
    return older.get(
        name, name.replace(" ", "").replace("and", "And") if name == "Command and Control" else name.replace(" ", "")
    )


def _duration(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return "1h"


def _name(page: RulePage) -> str:
    return slug(page.rule.title) or page.key or "rule"


WRITERS: Mapping[str, Callable[[RulePage], File]] = {"original": original, "json": as_json, "sentinel": sentinel}
