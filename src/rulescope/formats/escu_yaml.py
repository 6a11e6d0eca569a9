"""Splunk security content in YAML: metadata of a detection (layouts of 2024 and of 2025 on) and its raw SPL."""

from __future__ import annotations

import re

from .. import yamltext
from ..errors import FormatError
from ..model import Failure, Rule, RuleFile
from .fields import Fields
from .filetext import file_text
from .grouping import grouping
from .locate import locate

SNIFF = re.compile(r"^search\s*:", re.MULTILINE)
SEVERITIES = ((80, "critical"), (60, "high"), (30, "medium"), (0, "low"))  # by risk score, as Splunk's own scale


def sniff(text: str, path: str) -> bool:
    return bool(SNIFF.search(text)) and bool(
        re.search(r"^(?:how_to_implement|data_source|type)\s*:", text, re.MULTILINE)
    )


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    text = file_text(file.data)
    try:
        document = yamltext.document(text, file.path)
    except FormatError as error:
        line, column = (error.place.line, error.place.column) if error.place else (0, 0)
        return [], [Failure(file.source, file.path, error.message, line, column)]
    if not isinstance(document, dict):
        return [], [Failure(file.source, file.path, "expected a mapping", 1, 1)]
    fields = Fields(document, file, text)
    query = fields.string("search")
    if not query.strip():
        return [], [Failure(file.source, file.path, "$.search: the search is empty"), *fields.complaints]
    line, indent = locate(text, "search", query)
    tags = fields.mapping("tags")
    windows, group_by = grouping(query, "spl")
    version = fields.string("version")  # `date` moves with each
    rule = Rule(
        id=fields.string("id") or file.path,
        title=fields.string("name") or file.path,
        language="spl",
        text=query,
        format="escu_yaml",
        line=line,
        indent=indent,
        kind=fields.string("type"),
        description=fields.string("description").strip(),
        severity=_severity(fields, tags),
        status=fields.string("status").lower(),
        authors=fields.strings("author"),
        created=fields.string("creation_date") or (fields.string("date") if version == "1" else ""),
        modified=fields.string("modification_date", "date"),
        version=version,
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=file.licence,
        references=fields.strings("references"),
        false_positives=_paragraph(fields.string("known_false_positives")),
        tags=tags.strings("analytic_story") if tags else (),
        techniques=tuple(dict.fromkeys(name.upper() for name in tags.strings("mitre_attack_id"))) if tags else (),
        tables=fields.strings("data_source"),
        windows=windows,
        group_by=group_by,
    )
    return [rule], fields.complaints


def _severity(fields: Fields, tags: Fields | None) -> str:
    score = tags.integer("risk_score") if tags else None
    if score is None and (rba := fields.mapping("rba")) is not None:
        scores = [item.integer("score") or 0 for item in rba.mappings("risk_objects")]
        score = max(scores, default=None)
    if score is None:
        return ""
    return next(name for least, name in SEVERITIES if score >= least)


def _paragraph(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()
