"""ATT&CK Navigator layers: how many rules (or alerts) cover each technique. Layer format 4.5."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

LAYER, NAVIGATOR = "4.5", "5.1.0"
COLOURS = ("#e7f0fa", "#2f6fb5")
"""From one rule to the most."""


def counts(techniques: Iterable[Iterable[str]]) -> Counter[str]:
    """How many of the given sets of technique ids (one a rule) name each technique."""
    return Counter(one for listed in techniques for one in {technique.upper() for technique in listed})


def layer(
    covered: Mapping[str, int],
    *,
    name: str = "rulescope coverage",
    attack: str = "",
    description: str = "",
    comments: Mapping[str, str] | None = None,
) -> str:
    """A layer with each technique's count as its score; techniques with sub-techniques that count are shown open.

    `attack` is the ATT&CK version as the Navigator wants it ("18"), `comments` a text per technique.
    """
    most = max(covered.values(), default=0)
    parents = {one.partition(".")[0] for one in covered if "." in one}
    listed: list[dict[str, Any]] = []
    for technique in sorted(covered.keys() | parents):
        entry: dict[str, Any] = {"techniqueID": technique, "enabled": True}
        if technique in covered:
            entry["score"] = covered[technique]
        if comments and technique in comments:
            entry["comment"] = comments[technique]
        if technique in parents:
            entry["showSubtechniques"] = True
        listed.append(entry)
    versions = {"layer": LAYER, "navigator": NAVIGATOR} | ({"attack": attack} if attack else {})
    value = {
        "name": name,
        "versions": versions,
        "domain": "enterprise-attack",
        "description": description,
        "techniques": listed,
        "gradient": {"colors": list(COLOURS), "minValue": 0, "maxValue": max(1, most)},
        "sorting": 3,
        "hideDisabled": False,
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
