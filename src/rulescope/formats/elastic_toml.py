"""Elastic rules and hunts in TOML: metadata and the raw query in EQL, kuery, ES|QL or Lucene (or none: machine learning)."""

from __future__ import annotations

import re
import tomllib

from ..model import Failure, Rule, RuleFile, Schedule, Trigger
from .duration import seconds
from .fields import Fields
from .filetext import file_text
from .grouping import esql_sources, grouping
from .locate import locate
from .mentions import links

SNIFF = re.compile(r"^\s*\[(?:rule|hunt)\]", re.MULTILINE)
LANGUAGES = {"eql": "eql", "kuery": "kuery", "lucene": "lucene", "esql": "esql", "es|ql": "esql"}


def sniff(text: str, path: str) -> bool:
    return bool(SNIFF.search(text))


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """One rule of a rule file, one per query of a hunt."""
    text = file_text(file.data)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        return [], [Failure(file.source, file.path, f"not TOML: {error}", line, column)]
    top = Fields(values, file, text)
    rule = top.mapping("rule")
    if rule is not None:
        return _rule(rule, top.mapping("metadata"))
    hunt = top.mapping("hunt")
    return _hunt(hunt) if hunt is not None else ([], top.complaints)


def _rule(fields: Fields, metadata: Fields | None) -> tuple[list[Rule], list[Failure]]:
    file = fields.file
    kind = fields.string("type")
    query = fields.string("query")
    said = fields.string("language").lower()
    if not query.strip():
        name = fields.string("name")
        message = f"a rule of type {kind or 'unknown'} without a query: {name}"
        return [], [Failure(file.source, file.path, message, kind="NoQuery")]
    language = LANGUAGES.get(said or "kuery")
    if language is None:
        return [], [Failure(file.source, file.path, f"$.rule.language: {said!r} is none we know", kind="FieldError")]
    line, indent = locate(fields.text, "query", query)
    tactics, techniques = _threats(fields)
    windows, group_by, trigger = _grouping(fields, query, language)
    rule = Rule(
        id=fields.string("rule_id") or file.path,
        title=fields.string("name") or file.path.rsplit("/", 1)[-1],
        language=language,
        text=query,
        format="elastic_toml",
        line=line,
        indent=indent,
        kind=kind,
        description=fields.string("description").strip(),
        severity=fields.string("severity").lower(),
        status=metadata.string("maturity").lower() if metadata else "",
        authors=fields.strings("author"),
        created=_date(metadata.string("creation_date") if metadata else ""),
        modified=_date(metadata.string("updated_date") if metadata else ""),
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=file.licence or fields.string("license"),
        references=fields.strings("references"),
        false_positives=fields.strings("false_positives"),
        tags=fields.strings("tags"),
        tactics=tactics,
        techniques=techniques,
        tables=fields.strings("index") or (esql_sources(query) if language == "esql" else ()),
        schedule=_schedule(fields),
        trigger=trigger,
        windows=windows,
        group_by=group_by,
    )
    return [rule], fields.complaints


def _threats(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    tactics: list[str] = []
    techniques: list[str] = []
    for threat in fields.mappings("threat"):
        tactic = threat.mapping("tactic")
        if tactic and tactic.string("id"):
            tactics.append(tactic.string("id"))
        for technique in threat.mappings("technique"):
            techniques.append(technique.string("id").upper())
            techniques.extend(inner.string("id").upper() for inner in technique.mappings("subtechnique"))
    return tuple(dict.fromkeys(tactics)), tuple(dict.fromkeys(name for name in techniques if name))


def _grouping(
    fields: Fields, query: str, language: str
) -> tuple[tuple[float, ...], tuple[str, ...], Trigger | None]:  # fmt: skip
    """(windows, fields grouped by, how many entries a group needs): of the query, or of a threshold or new-terms rule."""
    windows, group_by = grouping(query, language)
    threshold, terms = fields.mapping("threshold"), fields.mapping("new_terms")
    if threshold is not None:
        least = threshold.integer("value")
        return windows, threshold.strings("field"), Trigger("ge", least) if least else None
    if terms is not None:
        starts = terms.mappings("history_window_start")
        back = seconds(starts[0].string("value")) if starts else None
        return (float(back),) if back else (), (), None
    return windows, group_by, None


def _schedule(fields: Fields) -> Schedule | None:
    every = seconds(fields.string("interval") or "5m")  # Elastic's own default
    back = seconds(fields.string("from") or "now-6m")
    return Schedule(every or 0, back or 0)


def _date(text: str) -> str:
    return text.replace("/", "-") if re.fullmatch(r"\d{4}/\d{2}/\d{2}", text) else text[:10]


def _hunt(fields: Fields) -> tuple[list[Rule], list[Failure]]:
    file = fields.file
    spoken = [LANGUAGES.get(name.lower()) for name in fields.strings("language")]
    rules: list[Rule] = []
    title = fields.string("name") or file.path
    failures: list[Failure] = []
    listed = fields.values.get("query")
    texts = [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else [fields.string("query")]
    for number, query in enumerate(texts):
        language = _hunt_language(query, spoken)
        if language is None:
            failures.append(
                Failure(file.source, file.path, f"query {number + 1} is osquery SQL, not a rule", kind="NotARule")
            )
            continue
        place = fields.text.find(query.strip()[:80])
        line = fields.text.count("\n", 0, max(place, 0)) + 1 - query[: len(query) - len(query.lstrip())].count("\n")
        rules.append(
            Rule(
                id=f"{fields.string('uuid') or file.path}{f'#{number}' if number else ''}",
                title=title if len(texts) == 1 else f"{title} [{number + 1}]",
                language=language,
                text=query,
                format="elastic_toml",
                line=max(line, 1),
                kind="Hunting",
                description=fields.string("description").strip(),
                authors=fields.strings("author"),
                source=file.source,
                path=file.path,
                url=file.url,
                commit=file.commit,
                licence=file.licence or fields.string("license"),
                references=(*fields.strings("references"), *links(" ".join(fields.strings("notes")))),
                techniques=tuple(name.upper() for name in fields.strings("mitre")),
                tables=(esql_sources(query) if language == "esql" else ()) or fields.strings("integration"),
                windows=grouping(query, language)[0],
                group_by=grouping(query, language)[1],
            )
        )
    return rules, [*failures, *fields.complaints]


def _hunt_language(query: str, spoken: list[str | None]) -> str | None:
    """Which of a hunt's languages a query is in: ES|QL starts with `from`, osquery with `select`; else the only one."""
    opening = re.sub(r"^\s*(?:sql\s*\n\s*)?(?://[^\n]*\n\s*|/\*.*?\*/\s*|--[^\n]*\n\s*)*", "", query, flags=re.DOTALL)[
        :12
    ].lower()
    if opening.startswith(("select", "with")):
        return None
    if opening.startswith(("from", "row", "show", "ts ")):
        return "esql"
    known = [name for name in spoken if name]
    return known[0] if known else None
