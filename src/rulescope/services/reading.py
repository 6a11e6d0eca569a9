"""From a rule file to what the catalogue stores: rules, their queries, and the facts that searches and counts need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .. import analysis, formats, languages
from ..catalogue import Entry, Predicate, canonical, digest, key_of
from ..errors import Fault, QuerySyntaxError, RuleError
from ..model import (
    Aggregate,
    Apply,
    Count,
    EventType,
    Failure,
    Find,
    Indicator,
    Join,
    Nested,
    Partition,
    Query,
    Rule,
    RuleFile,
    Scan,
    Search,
    TableCall,
    Union,
    expressions,
    normal,
    opaques,
    outline,
    queries,
    understood,
)
from ..schemas import attack, events, platforms

TIME_COLUMNS = re.compile(r"\b(?:Timestamp|TimeGenerated)\b")


@dataclass(frozen=True, slots=True)
class Read:
    """A rule with what could be read of its query: `faults` when its text is not well formed."""

    rule: Rule
    query: Query | None = None
    faults: tuple[Fault, ...] = ()
    trouble: str = ""  # why there is no query, when it is no fault of the text


def read_rule(rule: Rule) -> Read:
    """The query of a rule, as far as it can be read; a language without a reader gives none and no fault."""
    if rule.language not in languages.LANGUAGES:
        return Read(rule, trouble=f"no reader for {rule.language} yet: its text is shown and searched as it is")
    try:
        return Read(rule, languages.parse(rule.text, rule.language, rule.path, rule.line))
    except QuerySyntaxError as error:
        return Read(rule, _partial(rule), tuple(_moved(fault, rule.indent) for fault in error.errors))
    except RuleError as error:
        return Read(rule, trouble=error.message)
    except RecursionError:
        return Read(rule, trouble="nested too deeply to be read")


def _partial(rule: Rule) -> Query | None:
    """What can be read of a broken text, in languages that can say it."""
    reader = getattr(languages.LANGUAGES[rule.language], "read", None)
    if reader is None:
        return None
    query: Query = reader(rule.text, rule.path, rule.line)[0]
    return query if query.stages else None


def _moved(fault: Fault, indent: int) -> Fault:
    """A fault with its column in the file, not in the query text cut out of it."""
    if not indent:
        return fault
    place = type(fault.place)(fault.place.path, fault.place.line, fault.place.column + indent)
    return Fault(fault.message, place, fault.span, fault.found, fault.expected)


def entries_of(file: RuleFile) -> tuple[tuple[Entry, ...], tuple[Failure, ...]]:
    """The rules of a file with their facts, and what of it is no rule."""
    rules, failures = formats.read(file)
    return tuple(entry_of(rule, number) for number, rule in enumerate(rules)), tuple(failures)


def entry_of(rule: Rule, number: int = 0) -> Entry:
    """A rule as the catalogue stores it; `number` is its place among the rules of its file."""
    read = read_rule(rule)
    query = read.query
    scopes = scopes_of(query, rule)
    indicators = tuple(analysis.indicators(query)) if query else ()
    predicates = tuple(canonical(found, scopes) for found in indicators)
    facets = _facets(rule, query, scopes, predicates)
    whole = query is not None and understood(query) and not read.faults
    form = outline(normal(query)) if query is not None and whole else ""
    return Entry(
        key=key_of(rule, number),
        rule=rule,
        query=query,
        understood=whole,
        fault=_failure(read),
        indicators=indicators,
        predicates=predicates,
        facets=facets,
        opaque=tuple(node.keyword for node in opaques(query)) if query else (),
        outline=digest(form) if form else b"",
        likeness=_likeness(rule, indicators, predicates),
        forwards=bool(forwards(query, scopes)),
    )


def _failure(read: Read) -> Failure | None:
    if not read.faults:
        return None
    first = read.faults[0]
    more = f" (and {len(read.faults) - 1} more)" if len(read.faults) > 1 else ""
    place = first.place
    return Failure(
        read.rule.source, read.rule.path, f"{first.message}{more}", place.line, place.column, "QuerySyntaxError"
    )


def scopes_of(query: Query | None, rule: Rule) -> tuple[str, ...]:
    """What a rule runs on: the tables of its query or the log source; what its file names when the query is not read."""
    found: dict[str, None] = {}
    for inner in queries(query) if query else ():
        for stage in inner.stages:
            match stage:
                case Scan(table=table, logsource=logsource):
                    found.update(dict.fromkeys(name for name in (table, logsource) if name))
                case TableCall(name=name):
                    found[name] = None
                case Search(tables=tables):
                    found.update(dict.fromkeys(tables))
                case _:
                    pass
    lets = {let.name for inner in (queries(query) if query else ()) for let in inner.lets}
    names = tuple(name for name in found if name not in lets and not name.startswith("_GetWatchlist"))
    return names or rule.tables


def forwards(query: Query | None, scopes: Sequence[str]) -> str:
    """The product whose alerts a rule only passes on: all its tables hold alerts, and it neither joins nor counts."""
    products = [platforms.alert_product(scope) for scope in scopes]
    if not products or not all(products) or query is None:
        return ""
    logic = (Join, Aggregate, Union, Apply, Partition, Count, Find, Nested)
    if any(isinstance(stage, logic) for inner in queries(query) for stage in inner.stages):
        return ""
    return products[0]


def event_types(query: Query | None) -> tuple[EventType, ...]:
    return events.coverage(query) if query is not None else ()


def event_name(event: EventType) -> str:
    """`Sysmon/1`, `DeviceProcessEvents/ProcessCreated`: how an event type is written in filters and links."""
    return f"{events.short(event.provider)}/{event.event_id}"


def _facets(
    rule: Rule, query: Query | None, scopes: tuple[str, ...], predicates: Sequence[Predicate]
) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}

    def add(kind: str, *values: str) -> None:
        found.update(dict.fromkeys((kind, value) for value in values if value))

    for spelled in rule.techniques:
        for each in (spelled, attack.current(spelled)):
            known = attack.technique(each)
            if known is not None and known.status == "active":
                add("technique", known.id, known.parent)
    for spelled in rule.tactics:
        tactic = attack.tactic(spelled)
        add("tactic", tactic.name if tactic else "")
    add("platform", *platforms.platforms(scopes))
    for scope in scopes:
        add("logsource" if "=" in scope else "table", scope)
    if rule.logsource and not any("=" in scope for scope in scopes):
        source = rule.logsource
        parts = (("category", source.category), ("product", source.product), ("service", source.service))
        add("logsource", " ".join(f"{name}={value}" for name, value in parts if value))
    add("event", *(event_name(event) for event in event_types(query)))
    add("field", *(predicate.field for predicate in predicates if predicate.field != "*"))
    add("connector", *(connector.id for connector in rule.connectors))
    return tuple(found)


def _likeness(rule: Rule, indicators: Sequence[Indicator], predicates: Sequence[Predicate]) -> bytes:
    """Equal for rules that test the same things; of a rule with too few tests, its words without the spaces."""
    tests = {(p.field, p.op, p.value, found.negated) for found, p in zip(indicators, predicates, strict=True)}
    if len(tests) >= 2:
        return digest(repr(sorted(tests)))
    text = re.sub(r"\s+", "", re.sub(r"//[^\n]*", "", TIME_COLUMNS.sub("Time", rule.text))).lower()
    return digest(text) if rule.language != "sigma" else digest(repr(sorted(tests)) + str(rule.logsource))


def calls(query: Query) -> tuple[str, ...]:
    """Names of the functions a query calls that are no part of Kusto: parsers, watchlists, `FileProfile`."""
    return tuple(dict.fromkeys(call.name for call in expressions(query, TableCall)))


__all__ = [
    "Read", "calls", "entries_of", "entry_of", "event_name", "event_types", "forwards", "read_rule",
    "scopes_of",
]  # fmt: skip
