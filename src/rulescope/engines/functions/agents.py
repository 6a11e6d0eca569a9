"""User agents: browser, operating system and device of the text a browser sends.

Patterns are those of the uap-core project as the package ua-parser ships them (Apache-2.0); Kusto uses the same project's.
Source: https://learn.microsoft.com/kusto/query/parse-user-agent-function
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any

from ...errors import RunError
from . import Scalar

PARTS = {  # what to look for: name, attribute of the library's result, and its fields
    "browser": ("Browser", "user_agent", {"Family": "family", "MajorVersion": "major", "MinorVersion": "minor", "Patch": "patch"}),
    "os": (
        "OperatingSystem",
        "os",
        {"Family": "family", "MajorVersion": "major", "MinorVersion": "minor", "Patch": "patch", "PatchMinor": "patch_minor"},
    ),
    "device": ("Device", "device", {"Family": "family", "Brand": "brand", "Model": "model"}),
}  # fmt: skip


@cache
def _parser() -> Any:
    from ua_parser import Parser
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.re2 import Resolver

    return Parser(Resolver(load_lazy_builtins()))


@lru_cache(maxsize=65_536)
def parse_user_agent(text: str, wanted: str) -> str:
    """What is found of a JSON array of `browser`, `os`, `device`; of what is not known the family `Other`."""
    names = json.loads(wanted)
    names = names if isinstance(names, list) else [names]
    if unknown := [name for name in names if name not in PARTS]:
        raise RunError(f"parse_user_agent: unknown target {unknown[0]!r}")
    found = _parser().parse(text)
    made = {}
    for name, (title, attribute, fields) in PARTS.items():
        if name in names:
            part = getattr(found, attribute)
            made[title] = {
                field: (getattr(part, source) or "") if part else "Other" if field == "Family" else ""
                for field, source in fields.items()
            }
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


FUNCTIONS = [Scalar("parse_user_agent", "ss>s", parse_user_agent)]
