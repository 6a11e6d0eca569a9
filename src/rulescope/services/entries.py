"""From a rule file to what the catalogue stores: rules, their queries, and the facts that searches and counts need."""

from __future__ import annotations

import re

from .. import formats
from ..analysis.impossible import impossible
from ..analysis.shapes import known_facts
from ..catalogue import Entry, digest, key_of
from ..enrichment import confidence
from ..model import (
    Correlate,
    Failure,
    Filter,
    Find,
    Rule,
    RuleFile,
    Search,
    normal,
    opaques,
    outline,
    understood,
)
from ..schemas import attack, platforms
from .check import column_facts
from .facts import Found, enrichment_facts, found_in
from .reading import Read, read_rule, unread
from .required import is_blank

TIME_COLUMNS = re.compile(r"\b(?:Timestamp|TimeGenerated)\b")


def entries_of(file: RuleFile) -> tuple[tuple[Entry, ...], tuple[Failure, ...]]:
    """The rules of a file with their facts, and what of it is no rule."""
    rules, failures = formats.read(file)
    return tuple(entry_of(rule, number) for number, rule in enumerate(rules)), tuple(failures)


def entry_of(rule: Rule, number: int = 0) -> Entry:
    """A rule as the catalogue stores it; `number` is its place among the rules of its file."""
    read = read_rule(rule)
    query = read.query
    found = found_in(read)
    whole = query is not None and understood(query) and not read.faults
    form = outline(normal(query)) if query is not None and whole else ""
    hopeless = _impossible(found)
    trust = confidence(enrichment_facts(found, fires="impossible" if hopeless else "", reading=unread(read)))
    return Entry(
        key=key_of(rule, number),
        rule=rule,
        query=query,
        understood=whole,
        fault=_failure(read),
        indicators=found.indicators,
        predicates=found.predicates,
        facets=_facets(rule, found, hopeless),
        opaque=tuple(node.keyword for node in opaques(query)) if query else (),
        outline=digest(form) if form else b"",
        likeness=_likeness(rule, found),
        forwards=bool(found.forwards),
        confidence=trust.points,
    )


def _impossible(found: Found) -> bool:
    """No event can satisfy the rule, proven from its conditions and from what its tables' columns can hold."""
    return found.query is not None and impossible(found.query, known_facts(found.query, column_facts))


def _failure(read: Read) -> Failure | None:
    if not read.faults:
        return None
    first = read.faults[0]
    more = f" (and {len(read.faults) - 1} more)" if len(read.faults) > 1 else ""
    place = first.place
    return Failure(
        read.rule.source, read.rule.path, f"{first.message}{more}", place.line, place.column, "QuerySyntaxError"
    )


def _facets(rule: Rule, found: Found, hopeless: bool) -> tuple[tuple[str, str], ...]:
    kept: dict[tuple[str, str], None] = {}
    scopes, predicates = found.scopes, found.predicates

    def add(kind: str, *values: str) -> None:
        kept.update(dict.fromkeys((kind, value) for value in values if value))

    for spelled in rule.techniques:
        for each in (spelled, attack.current(spelled)):
            known = attack.technique(each)
            if known is not None and known.status == "active":
                add("technique", known.id, known.parent)
    for spelled in rule.tactics:
        tactic = attack.tactic(spelled)
        add("tactic", tactic.name if tactic else "")
    add("platform", *platforms.platforms(scopes))
    add("topic", *platforms.topics(scopes))
    for scope in scopes:
        add("logsource" if "=" in scope else "table", scope)
    if rule.logsource and not any("=" in scope for scope in scopes):
        source = rule.logsource
        parts = (("category", source.category), ("product", source.product), ("service", source.service))
        add("logsource", " ".join(f"{name}={value}" for name, value in parts if value))
    add("event", *(event.name for event in found.events if event.covered and not event.elsewhere))
    add("field", *(predicate.field for predicate in predicates if predicate.field != "*"))
    add("connector", *(connector.id for connector in rule.connectors if not is_blank(connector.id)))
    add("finding", *(each.id for each in found.diagnostics), "impossible" if hopeless else "")
    return tuple(kept)


def _likeness(rule: Rule, found: Found) -> bytes:
    """Equal for rules that test the same things; of a rule with too few tests, its words without the spaces."""
    pairs = list(zip(found.indicators, found.predicates, strict=True))
    if found.query is not None:
        filters = {
            place.number for place in found.stages if isinstance(place.stage, Filter | Search | Find | Correlate)
        }
        pairs = [pair for pair in pairs if pair[0].stage in filters] or pairs
    tests = {(test.field, test.op, test.value, each.negated) for each, test in pairs}
    if len(tests) >= 2:
        return digest(repr(sorted(tests)))
    text = re.sub(r"\s+", "", re.sub(r"//[^\n]*", "", TIME_COLUMNS.sub("Time", rule.text))).lower()
    return digest(text) if rule.language != "sigma" else digest(repr(sorted(tests)) + str(rule.logsource))
