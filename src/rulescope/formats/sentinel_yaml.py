"""Microsoft YAML: Sentinel analytics and hunting rules, exploration queries, parsers, Defender custom detections."""

from __future__ import annotations

import re
from typing import Any

from .. import yamltext
from ..errors import FormatError
from ..model import Connector, Entity, Failure, Rule, RuleFile, Schedule, Trigger
from .duration import seconds
from .fields import Fields, plain_text
from .filetext import file_text
from .kustotext import looks_like_kusto
from .locate import locate
from .mentions import links

QUERY_KEYS = ("query", "Query", "queryText", "ParserQuery", "FunctionQuery")
SNIFF = re.compile(
    r"^(?:query|Query|queryCondition|ParserQuery|FunctionQuery|requiredDataConnectors|queryFrequency|QueryFrequency)\s*:",
    re.MULTILINE,
)
MOVED = re.compile(
    r"(?:this|the) (?:file|query|rule|detection) (?:is|was|has been) (?:moved|relocated)|content migration",
    re.IGNORECASE,
)
OPERATORS = {
    "gt": "gt", "greaterthan": "gt", "lt": "lt", "lessthan": "lt", "eq": "eq", "equal": "eq", "equals": "eq",
    "ne": "ne", "notequal": "ne", "notequals": "ne",
}  # fmt: skip
SEVERITIES = {"info": "informational", "informational": "informational"}


def sniff(text: str, path: str) -> bool:
    return bool(SNIFF.search(text)) or (len(text) < 3000 and bool(MOVED.search(text)))


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """The rules of `file` (one, hardly ever more), and what is wrong with it."""
    text = file_text(file.data)
    try:
        documents = yamltext.documents(text, file.path)
    except FormatError as error:
        place = error.place
        line, column = (place.line, place.column) if place else (0, 0)
        return [], [Failure(file.source, file.path, error.message, line, column)]
    rules: list[Rule] = []
    failures: list[Failure] = []
    for number, document in enumerate(documents):
        if document is None:
            continue
        if not isinstance(document, dict):
            failures.append(_failure(file, f"expected a mapping, found {type(document).__name__}", text))
            continue
        found, complaints = _rule(Fields(document, file, text), number)
        rules.extend([found] if found else [])
        failures.extend(complaints)
    return rules, failures


def _failure(file: RuleFile, message: str, text: str) -> Failure:
    if MOVED.search(text) and len(text) < 3000:
        words = " ".join(line.strip(" #") for line in text.splitlines() if MOVED.search(line))
        return Failure(file.source, file.path, f"a stub without a query: {words[:300]}", kind="Moved")
    return Failure(file.source, file.path, message, 1, 1)


def _rule(fields: Fields, number: int) -> tuple[Rule | None, list[Failure]]:
    file, text = fields.file, fields.text
    condition = fields.mapping("queryCondition")
    holder = condition if condition is not None else fields
    key = next((name for name in QUERY_KEYS if holder.values.get(name) is not None), None)
    if key is None:
        return None, [_failure(file, f"no query: expected one of {', '.join(QUERY_KEYS)}", text), *fields.complaints]
    query = holder.string(key)
    if not query.strip():
        return None, [*fields.complaints, _failure(file, f"$.{key}: the query is empty", text)]
    if not looks_like_kusto(query) and MOVED.search(query):
        return None, [_failure(file, "no query", text)]
    line, indent = locate(text, key, query)
    template = fields.mapping("detectionAction")
    alert = template.mapping("alertTemplate") if template else None
    title = _title(fields, alert)
    rule = Rule(
        id=fields.string("id", "Id", "guid") or (condition and fields.string("detectorId")) or _made_id(file, number),
        title=title,
        language="kusto",
        text=query,
        format="sentinel_yaml",
        line=line,
        indent=indent,
        name=fields.string("FunctionName", "ParserName", "FunctionAlias"),
        kind=_kind(fields, key),
        description=_description(fields, alert),
        severity=_severity(fields, alert),
        status=fields.string("status").lower(),
        authors=_authors(fields),
        created=_date(fields.string("created", "createdDateTime")),
        modified=_date((condition or fields).string("lastModifiedDateTime", "lastUpdated", "modified")),
        version=fields.string("version", "Version"),
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=file.licence,
        references=_references(fields),
        tags=_tags(fields),
        tactics=_tactics(fields, alert),
        techniques=_techniques(fields, alert),
        tables=fields.strings("DataSources"),
        schedule=_schedule(fields),
        trigger=_trigger(fields),
        connectors=_connectors(fields),
        entities=_entities(fields),
        details=_details(fields),
    )
    return rule, fields.complaints


def _made_id(file: RuleFile, number: int) -> str:
    return f"{file.path}#{number}" if number else file.path


def _title(fields: Fields, alert: Fields | None) -> str:
    title = fields.string("name", "displayName", "DisplayName", "Name").strip()
    title = title or (alert.string("title").strip() if alert else "")
    for holder in ("Parser", "Function"):
        inner = fields.mapping(holder) if not title else None
        title = title or (inner.string("Title").strip() if inner else "")
    title = title or fields.string("ParserName", "FunctionName").strip()
    return title or fields.file.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _kind(fields: Fields, key: str) -> str:
    if key in ("ParserQuery", "FunctionQuery"):
        return "Parser"
    if fields.has("queryCondition"):
        return "Custom detection"
    if fields.has("InputEntityType"):
        return "Exploration"
    if kind := fields.string("kind", "Kind"):
        return kind
    return "Scheduled" if fields.has("queryFrequency", "triggerOperator", "triggerThreshold") else "Hunting"


def _description(fields: Fields, alert: Fields | None) -> str:
    names = ("description", "Description", "description-detailed", "description_detailed")
    longest = max((fields.string(name).strip() for name in names), key=len)
    text = longest or (alert.string("description").strip() if alert else "")
    if len(text) > 1 and text[0] == text[-1] == "'":  # YAML block texts that were quoted a second time
        text = text[1:-1].strip()
    return text


def _severity(fields: Fields, alert: Fields | None) -> str:
    said = fields.string("severity", "Severity") or (alert.string("severity") if alert else "")
    return SEVERITIES.get(said.strip().lower(), said.strip().lower())


def _authors(fields: Fields) -> tuple[str, ...]:
    metadata = fields.mapping("metadata")
    for holder in (metadata, fields):
        author = holder.values.get("author") if holder else None
        if isinstance(author, dict):
            name = plain_text(author.get("name"))
            return (name,) if name else ()
        if isinstance(author, str) and author.strip():
            return (author.strip(),)
    return ()


def _references(fields: Fields) -> tuple[str, ...]:
    found: list[str] = []
    for name in ("References", "references"):
        value: Any = fields.values.get(name)
        items = value if isinstance(value, list) else [value]
        for item in items:
            link = (item.get("Link") or item.get("link")) if isinstance(item, dict) else item
            if isinstance(link, str) and link.strip():
                found.append(link.strip())
    return tuple(dict.fromkeys([*found, *links(fields.string("description", "Description"))]))


def _tags(fields: Fields) -> tuple[str, ...]:
    value: Any = fields.values.get("tags")
    if isinstance(value, str):
        return fields.strings("tags")
    found: list[str] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            found.extend(f"{key}: {plain_text(inner)}" for key, inner in item.items() if plain_text(inner))
        elif (plain := plain_text(item)) is not None:
            found.append(plain)
    return tuple(found)


def _tactics(fields: Fields, alert: Fields | None) -> tuple[str, ...]:
    said = fields.strings("tactics", "Tactics", "threatAnalysisTactics")
    return said or (alert.strings("category") if alert else ())


def _techniques(fields: Fields, alert: Fields | None) -> tuple[str, ...]:
    said = fields.strings("relevantTechniques", "techniques", "Techniques", "threatAnalysisTechniques")
    said = said or (alert.strings("mitreTechniques") if alert else ())
    sub = fields.strings("subTechniques")
    return tuple(dict.fromkeys(item.upper() for item in (*said, *sub)))


def _date(text: str) -> str:
    match = re.match(r"\d{4}-\d{2}-\d{2}", text)
    return match[0] if match else ""


def _schedule(fields: Fields) -> Schedule | None:
    inner = fields.mapping("schedule")
    frequency = fields.string("queryFrequency") or (inner.string("period", "frequency") if inner else "")
    lookback = fields.string("queryPeriod")
    if not frequency and not lookback:
        return None
    if frequency == "0":  # Defender: continuous (near real time)
        return Schedule()
    return Schedule(_seconds(fields, "queryFrequency", frequency), _seconds(fields, "queryPeriod", lookback))


def _seconds(fields: Fields, name: str, text: str) -> int:
    if not text:
        return 0
    found = seconds(text)
    if found is None:
        message = f"$.{name}: expected a duration such as 1h or PT1H, found {text!r}"
        fields.complaints.append(Failure(fields.file.source, fields.file.path, message, kind="FieldError"))
    return found or 0


def _trigger(fields: Fields) -> Trigger | None:
    said = fields.string("triggerOperator").replace(" ", "").lower()
    threshold = fields.integer("triggerThreshold")
    if not said and threshold is None:
        return None
    if said and said not in OPERATORS:
        message = f"$.triggerOperator: expected gt, lt, eq or ne, found {said!r}"
        fields.complaints.append(Failure(fields.file.source, fields.file.path, message, kind="FieldError"))
        return None
    return Trigger(OPERATORS.get(said, "gt"), threshold or 0)


def _connectors(fields: Fields) -> tuple[Connector, ...]:
    found: dict[str, Connector] = {}
    for item in fields.mappings("requiredDataConnectors"):
        name = item.string("connectorId", "connectorID", "ConnectorId")
        if name:
            before = found[name].tables if name in found else ()
            found[name] = Connector(name, tuple(dict.fromkeys((*before, *item.strings("dataTypes", "datatypes")))))
    return tuple(found.values())


def _entities(fields: Fields) -> tuple[Entity, ...]:
    found: list[Entity] = []
    for item in fields.mappings("entityMappings"):
        pairs = tuple((pair.string("identifier"), pair.string("columnName")) for pair in item.mappings("fieldMappings"))
        found.append(Entity(item.string("entityType"), pairs))
    for item in fields.mappings("sentinelEntitiesMappings"):
        found.append(Entity("SentinelEntities", (("Entities", item.string("columnName")),)))
    return tuple(found)


def _details(fields: Fields) -> tuple[tuple[str, str], ...]:
    inner = fields.mapping("customDetails")
    if inner is None:
        return ()
    return tuple((str(name), inner.string(name)) for name in inner.values)
