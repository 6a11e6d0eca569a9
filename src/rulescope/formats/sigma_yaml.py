"""Sigma rule files: metadata of every rule, correlation and filter in them, and the documents each one needs as its text."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from .. import yamltext
from ..errors import FormatError
from ..model import Failure, Logsource, Rule, RuleFile, replace
from .fields import Fields, plain_text
from .filetext import file_text

SNIFF = re.compile(r"^[ \t]?[\"']?(?:detection|correlation)[\"']?[ \t]*:", re.MULTILINE)
SNIFF_FILTER = re.compile(r"^filter[ \t]*:.*(?:\n[ \t].*)*\n[ \t]+condition[ \t]*:", re.MULTILINE)
KINDS = ("correlation", "filter", "detection")
SEVERITIES = ("informational", "low", "medium", "high", "critical")
TECHNIQUE = re.compile(r"t\d{4}(?:\.\d{3})?", re.IGNORECASE)
GROUP_OR_SOFTWARE = re.compile(r"[gs]\d{4}|[dm][a-z]*\d{4}|c\d{4}|ds\d{4}", re.IGNORECASE)
ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")


def sniff(text: str, path: str) -> bool:
    """Whether a YAML text has a detection, a correlation, or a filter with a condition."""
    return bool(SNIFF.search(text)) or bool(SNIFF_FILTER.search(text))


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """Every rule of `file`. Never raises; what is no rule, and each field of a wrong type, is a failure with its place.

    Rules that a correlation of the same file names are part of it and no rules of their own, unless it says `generate`.
    The text of a rule holds its own document and all it needs (global values, rules a correlation names, filters);
    lines of other documents between them are blank there, so that lines stay true.
    """
    text = file_text(file.data)
    try:
        parts = yamltext.parts(text, file.path, 1)
    except FormatError as error:
        line, column = (error.place.line, error.place.column) if error.place else (0, 0)
        return [], [Failure(file.source, file.path, error.message, line, column)]
    documents, failures = _documents(parts, file)
    inner = {
        number
        for document in documents
        if document.kind == "correlation" and not document.generates
        for number in document.named(documents)
    }
    rules: list[Rule] = []
    seen: set[str] = set()
    for number, document in enumerate(documents):
        if number in inner:
            continue
        rule, complaints = _rule(document, documents, parts, text, file)
        if rule.id in seen:
            rule = _again(rule, number)
        seen.add(rule.id)
        rules.append(rule)
        failures += complaints
    return rules, failures


class _Document:
    """One document: values with the global ones merged in, and the numbers of the parts its text needs."""

    def __init__(self, kind: str, values: Mapping[Any, Any], needs: tuple[int, ...], part: yamltext.Part) -> None:
        self.kind = kind
        self.values = values
        self.needs = needs
        self.part = part
        body = values.get(kind)
        self.body: Mapping[Any, Any] = body if isinstance(body, dict) else {}
        named = self.body.get("rules")
        self.references = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        if isinstance(self.body.get("condition"), str) and kind == "correlation" and not self.references:
            self.references = re.findall(r"[\w-]+", self.body["condition"])
        self.generates = bool(self.body.get("generate", values.get("generate", False)))
        self.called = {str(values[key]).lower() for key in ("id", "name") if values.get(key) is not None}

    def names(self, other: _Document) -> bool:
        return any(str(reference).lower() in other.called for reference in self.references)

    def named(self, documents: list[_Document]) -> list[int]:
        """Numbers of the documents this correlation is about."""
        return [number for number, other in enumerate(documents) if other is not self and self.names(other)]

    def filters(self, other: _Document) -> bool:
        """Whether this is a filter that may be meant for `other`; the language looks closer."""
        anything = self.body.get("rules") in ("any", "Any", "ANY", [], ["any"])
        return self.kind == "filter" and other.kind == "detection" and (anything or self.names(other))


def _documents(parts: tuple[yamltext.Part, ...], file: RuleFile) -> tuple[list[_Document], list[Failure]]:
    found: list[_Document] = []
    failures: list[Failure] = []
    shared: tuple[Mapping[Any, Any], tuple[int, ...]] = ({}, ())
    previous = shared
    for number, part in enumerate(parts):
        values = part.value
        if not isinstance(values, dict):
            failures.append(Failure(file.source, file.path, f"expected a mapping, found {_kind(values)}", part.line, 1))
            continue
        action = values.get("action")
        needs: tuple[int, ...] = (number,)
        if action == "global":
            shared = previous = ({key: value for key, value in values.items() if key != "action"}, needs)
            continue
        if action == "reset":
            shared = ({}, ())
            continue
        if action == "repeat":
            values, needs = _merged(previous[0], values), (*previous[1], number)
            previous = (values, needs)
        elif _own_kind(values) not in ("correlation", "filter"):
            values, needs = _merged(values, shared[0]), (*shared[1], number)
            previous = (values, needs)
        kind = _own_kind(values)
        if not kind:
            message = "no detection, correlation or filter in this document"
            failures.append(Failure(file.source, file.path, message, part.line, 1, "NotARule"))
            continue
        found.append(_Document(kind, values, needs, part))
    return found, failures


def _own_kind(values: Mapping[Any, Any]) -> str:
    """Which of the kinds a document is, "" when none. A rule with a detection may have a note under another's name."""
    for kind in KINDS:
        if kind in values and (kind == "detection" or "detection" not in values or isinstance(values[kind], dict)):
            return kind
    return ""


def _merged(under: Mapping[Any, Any], over: Mapping[Any, Any]) -> dict[Any, Any]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


def _rule(
    document: _Document, documents: list[_Document], parts: tuple[yamltext.Part, ...], text: str, file: RuleFile
) -> tuple[Rule, list[Failure]]:
    fields = Fields(document.values, file, document.part.text)
    own, line = _text(_needs(document, documents), parts, text)
    tags = fields.strings("tags")
    attack = [tag[7:] for tag in tags if tag.lower().startswith("attack.")]
    title = fields.string("title").strip()
    if not title:
        fields.complaints.append(
            Failure(file.source, file.path, "$.title: expected text, found nothing", 1, 1, "FieldError")
        )
    rule = Rule(
        id=fields.string("id").strip() or _own_id(document, parts, file),
        title=title or fields.string("name") or file.path.rsplit("/", 1)[-1] or "untitled",
        language="sigma",
        text=own,
        format="sigma_yaml",
        line=line,
        name=fields.string("name"),
        kind="" if document.kind == "detection" else document.kind,
        description=fields.string("description").strip(),
        severity=_severity(fields),
        status=fields.string("status").strip().lower(),
        authors=_authors(fields),
        created=_date(fields, "date"),
        modified=_date(fields, "modified"),
        version=fields.string("version"),
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=fields.string("license", "licence") or file.licence,
        references=_texts(fields, "references", "reference"),
        false_positives=_texts(fields, "falsepositives"),
        tags=tags,
        tactics=tuple(
            name for name in attack if not TECHNIQUE.fullmatch(name) and not GROUP_OR_SOFTWARE.fullmatch(name)
        ),
        techniques=tuple(name.upper() for name in attack if TECHNIQUE.fullmatch(name)),
        logsource=_logsource(fields),
        fields=_texts(fields, "fields"),
        related=tuple((one.string("type"), one.string("id")) for one in fields.mappings("related") if one.string("id")),
    )
    complaints = [_moved(complaint, document.part.line) for complaint in fields.complaints]
    return rule, complaints


def _needs(document: _Document, documents: list[_Document]) -> tuple[int, ...]:
    """Numbers of the parts that the text of `document` must hold."""
    needed: set[int] = set()
    waiting = [document]
    done: list[_Document] = []
    while waiting:
        one = waiting.pop()
        if one in done:
            continue
        done.append(one)
        needed.update(one.needs)
        waiting += [other for other in documents if other.filters(one)]
        if one.kind == "correlation":
            waiting += [documents[number] for number in one.named(documents)]
    return tuple(sorted(needed))


def _text(needs: tuple[int, ...], parts: tuple[yamltext.Part, ...], text: str) -> tuple[str, int]:
    """The text of some parts with the lines between them blank, and its first line."""
    first = parts[needs[0]]
    if len(needs) == len(parts):
        head = text[: first.start]
        return (text, 1) if not head.strip(" \t\r\n-") else (text[first.start :], first.line)
    pieces = [first.text]
    line = first.line + first.text.count("\n")
    for number in needs[1:]:
        part = parts[number]
        pieces.append("\n" * (part.line - line - 1) + "---\n" + part.text)
        line = part.line + part.text.count("\n")
    return "".join(pieces), first.line


def _own_id(document: _Document, parts: tuple[yamltext.Part, ...], file: RuleFile) -> str:
    return file.path if len(parts) == 1 else f"{file.path}#{parts.index(document.part) + 1}"


def _again(rule: Rule, number: int) -> Rule:
    """A second rule of the same id in one file (all take it from the global document)."""
    return replace(rule, id=f"{rule.id}#{number + 1}")


def _severity(fields: Fields) -> str:
    level = fields.string("level").strip().lower()
    if level and level not in SEVERITIES:
        message = f"$.level: expected one of {', '.join(SEVERITIES)}, found {level!r}"
        fields.complaints.append(Failure(fields.file.source, fields.file.path, message, 1, 1, "FieldError"))
        return ""
    return level


def _authors(fields: Fields) -> tuple[str, ...]:
    """`A, B (idea, tests), C` as three; a list as it is."""
    if isinstance(fields.values.get("author"), list):
        return fields.strings("author")
    pieces = re.split(r",(?![^()]*\))", fields.string("author"))
    return tuple(name for piece in pieces if (name := piece.strip().strip("'\"")))


def _date(fields: Fields, name: str) -> str:
    value = fields.values.get(name)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    written = fields.string(name).strip()
    found = ISO_DATE.fullmatch(written)
    if found:
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    if written:
        message = f"$.{name}: expected a date such as 2024-01-31, found {written!r}"
        fields.complaints.append(Failure(fields.file.source, fields.file.path, message, 1, 1, "FieldError"))
    return ""


def _texts(fields: Fields, *names: str) -> tuple[str, ...]:
    """A list of texts; a single text is one, commas and all."""
    value = next((fields.values[name] for name in names if fields.values.get(name) is not None), None)
    plain = plain_text(value) if not isinstance(value, list | dict) else None
    if plain is not None:
        return (plain.strip(),) if plain.strip() else ()
    return fields.strings(*names)


def _logsource(fields: Fields) -> Logsource | None:
    inner = fields.mapping("logsource")
    if inner is None:
        return None
    return Logsource(
        inner.string("category"), inner.string("product"), inner.string("service"), inner.string("definition")
    )


def _moved(complaint: Failure, line: int) -> Failure:
    return replace(complaint, line=complaint.line + line - 1) if complaint.line else complaint


def _kind(value: Any) -> str:
    names: dict[type, str] = {list: "a list", str: "text"}
    return names.get(type(value), type(value).__name__)
