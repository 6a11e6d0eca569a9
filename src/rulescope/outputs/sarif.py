"""SARIF 2.1.0: diagnostics of rules for code scanning. Source: the OASIS standard, and what GitHub reads of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ..model import Diagnostic

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif(
    diagnostics: Iterable[Diagnostic],
    *,
    version: str = "",
    texts: Mapping[str, str] | None = None,
    titles: Mapping[str, str] | None = None,
    help_uri: str = "",
) -> str:
    """One run with one result per diagnostic, in order.

    `texts` gives file contents by path, for the ends of regions; `titles` what each check id looks for; `help_uri` is the
    page of a check with `{id}` in it. Lines and columns count code points from 1.
    """
    found = list(diagnostics)
    ids = sorted({one.id for one in found})
    rules = [_rule(one, (titles or {}).get(one, ""), help_uri) for one in ids]
    driver: dict[str, Any] = {"name": "rulescope", "rules": rules}
    if version:
        driver["semanticVersion"] = version
    results = [
        _result(one, ids.index(one.id), (texts or {}).get(one.place.path if one.place else "", "")) for one in found
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(identifier: str, title: str, help_uri: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": identifier, "shortDescription": {"text": title or identifier}}
    if help_uri:
        rule["helpUri"] = help_uri.replace("{id}", identifier)
    return rule


def _result(diagnostic: Diagnostic, index: int, text: str) -> dict[str, Any]:
    message = diagnostic.message
    if diagnostic.suggestion:
        message = f"{message} ({diagnostic.suggestion})"
    result: dict[str, Any] = {
        "ruleId": diagnostic.id,
        "ruleIndex": index,
        "level": LEVELS.get(diagnostic.severity, "warning"),
        "message": {"text": message},
    }
    place = diagnostic.place
    if place is None:
        return result
    region: dict[str, int] = {"startLine": max(1, place.line), "startColumn": max(1, place.column)}
    length = diagnostic.span.end - diagnostic.span.start if diagnostic.span else 0
    end = _end(text, place.line, place.column, length) if text and length else None
    if end:
        region["endLine"], region["endColumn"] = end
    elif length:
        region["endColumn"] = region["startColumn"] + length
    if place.path:
        physical = {"artifactLocation": {"uri": quote(place.path.replace("\\", "/"))}, "region": region}
        result["locations"] = [{"physicalLocation": physical}]
    key = f"{diagnostic.id}\0{place.path}\0{diagnostic.message}"
    result["partialFingerprints"] = {"diagnostic/v1": hashlib.sha256(key.encode()).hexdigest()[:32]}
    return result


def _end(text: str, line: int, column: int, length: int) -> tuple[int, int] | None:
    """Line and column just after `length` code points from a place; None when the text has no such line."""
    lines = text.splitlines(keepends=True)
    if not 0 < line <= len(lines):
        return None
    at = column - 1
    while length > len(lines[line - 1]) - at and line < len(lines):
        length -= len(lines[line - 1]) - at
        line, at = line + 1, 0
    return line, at + length + 1
