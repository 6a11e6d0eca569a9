"""A rule's facts, put together from analysis, schemas and binding: what pages, sentences and the catalogue rest on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .. import analysis, binding
from ..catalogue import Count, Predicate, canonical, value_text
from ..enrichment import Counted, Facts, Part, parts
from ..model import (
    Aggregate,
    And,
    Correlate,
    Diagnostic,
    Distinct,
    Expr,
    Field,
    Filter,
    Find,
    Indicator,
    Join,
    Match,
    Not,
    Op,
    Or,
    OutputField,
    Project,
    Query,
    Rule,
    Search,
    TypedName,
    expressions,
    queries,
    replace,
    understood,
)
from ..schemas import attack, events, fields, platforms, tables
from ..text import Span
from .check import shipped as every_column
from .pages import EntityRow, EventRow, IndicatorGroup, IndicatorRow, OutputRow, TacticRow, TechniqueRow
from .reading import Read, forwards, scopes_of
from .seen import event_rows


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at a rule gives; everything else is made of it."""

    rule: Rule
    query: Query | None
    scopes: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    predicates: tuple[Predicate, ...]
    diagnostics: tuple[Diagnostic, ...]
    columns: tuple[TypedName, ...] | None
    types: Mapping[str, str]
    events: tuple[EventRow, ...]
    forwards: str
    stages: tuple[analysis.Placed, ...] = ()


def found_in(read: Read, given: binding.Tables | None = None) -> Found:
    """The facts of a rule; `given` tables (table -> column -> type) come before those that ship."""
    rule, query = read.rule, read.query
    scopes = scopes_of(query, rule)
    if read.faults:  # what a broken text begins with need not be a table
        scopes = tuple(
            scope for scope in scopes if "=" in scope or scope in shipped("sentinel") or scope in rule.tables
        )
    if query is None:
        return Found(rule, None, scopes, (), (), (), None, {}, (), "")
    stages = analysis.placed(query)
    indicators = analysis.indicators(query, stages)
    columns, types, bound = _bound(rule, query, scopes, given)
    diagnostics = (*analysis.faults(query, stages), *bound)
    rows = event_rows(query)
    labels = {place.number: place.names.labels for place in stages}
    predicates = tuple(canonical(each, () if each.field in labels[each.stage] else scopes) for each in indicators)
    predicates = tuple(
        replace(predicate, field=each.field.lower()) if each.field in labels[each.stage] else predicate
        for each, predicate in zip(indicators, predicates, strict=True)
    )
    return Found(
        rule, query, scopes, indicators, predicates, diagnostics, columns, types, rows, forwards(query), stages
    )  # fmt: skip


# ---------------------------------------------------------------- columns

FREE = ("AzureDiagnostics",)
"""Tables whose columns depend on what is sent to them."""
RENAMED = {"AADSignInEventsBeta": "EntraIdSignInEvents"}
"""Tables whose description is older than the one under their new name."""
TIMES = re.compile(r"no column (?:Timestamp|TimeGenerated) here")
STANDARD = re.compile(r"no column (?:TenantId|SourceSystem|MG|ManagementGroupName|Type|_\w+) here")
"""What is said of columns that every table of a workspace has, whether its description lists them or not.

https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns
"""
COLLECTED = re.compile(r"no column (?:Computer|RawData) here")
"""The same of tables that the data collector made, `X_CL`.

https://learn.microsoft.com/azure/azure-monitor/logs/custom-logs-migrate
"""


def _bound(
    rule: Rule, query: Query, scopes: Sequence[str], given: binding.Tables | None
) -> tuple[tuple[TypedName, ...] | None, Mapping[str, str], tuple[Diagnostic, ...]]:
    """(columns of the result or None, their types, what does not fit). Only Kusto rules have tables with types."""
    if rule.language != "kusto":
        return None, {}, ()
    found = []
    for platform in _platforms_of(query, rule):
        known: binding.Tables = {**shipped(platform), **(given or {})}
        found.append(binding.bind(query, known))
        if not found[-1].diagnostics:
            break
    bound = min(found, key=lambda each: len(each.diagnostics))
    columns = None if bound.row.open else tuple(bound.row.columns)
    told = () if given is None and any(scope not in known for scope in scopes) else bound.diagnostics
    told = _of_every_platform(query, told)
    free = any(scope in FREE for scope in scopes)
    made = any(scope.endswith("_CL") for scope in scopes)
    told = tuple(
        each
        for each in told
        if not STANDARD.match(each.message)
        and not (made and COLLECTED.match(each.message))
        and not (free and each.id == "unknown-column")
    )
    return columns, bound.row.types, told


def _of_every_platform(query: Query, told: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Without the columns that another platform's table of the same name has, but for the name of the time.

    In Defender's portal both may be asked together.
    """
    if not any(each.id == "unknown-column" for each in told):
        return told
    wide = dict(every_column())
    wide |= {old: {**wide[new], **wide[old]} for old, new in RENAMED.items()}
    still = {each.message.partition(";")[0] for each in binding.bind(query, wide).diagnostics}
    return tuple(
        each
        for each in told
        if each.id != "unknown-column" or each.message.partition(";")[0] in still or TIMES.search(each.message)
    )


@cache
def shipped(platform: str) -> dict[str, Mapping[str, str]]:
    """The tables of a platform, those of the others behind them."""
    first = "defender+sentinel+asim" if platform == "defender" else "sentinel+defender+asim"
    return dict(tables.tables(first))


def _platforms_of(query: Query, rule: Rule) -> tuple[str, ...]:
    """Where a rule is written for, or may be: Defender's tables say Timestamp where Sentinel's copies say TimeGenerated."""
    names = {node.name for node in _fields(query)} | set(re.findall(r"\b(?:Timestamp|TimeGenerated)\b", rule.text))
    if "Timestamp" in names or "TimeGenerated" in names:
        return ("sentinel",) if "TimeGenerated" in names else ("defender",)
    return ("defender",) if rule.kind == "Custom detection" else ("sentinel", "defender")


def written_for_defender(found: Found) -> bool:
    """Whether a query asks Defender's own tables, not the copies in a workspace."""
    return found.query is not None and _platforms_of(found.query, found.rule)[0] == "defender"


def _fields(query: Query) -> Iterable[Field]:
    return expressions(query, Field)


# ---------------------------------------------------------------- rows of a page


def tactic_rows(rule: Rule) -> tuple[TacticRow, ...]:
    newest = {each.id: each.name for each in attack.tactics()}
    rows = []
    for spelled in dict.fromkeys(rule.tactics):
        known = attack.tactic(spelled)
        if known is None:
            rows.append(TacticRow(spelled, "", spelled, False))
        else:
            rows.append(TacticRow(spelled, known.id, known.name, newest.get(known.id) == known.name))
    return tuple({(row.id, row.name): row for row in rows}.values())


def technique_rows(rule: Rule) -> tuple[TechniqueRow, ...]:
    rows = []
    for spelled in dict.fromkeys(rule.techniques):
        chain = attack.resolve(spelled)
        if not chain:
            rows.append(TechniqueRow(spelled, spelled.upper(), "", status="unknown"))
            continue
        first, last = chain[0], chain[-1]
        above = attack.technique(first.parent) if first.parent else None
        rows.append(
            TechniqueRow(
                tagged=spelled,
                id=first.id,
                name=first.name,
                parent=first.parent,
                parent_name=above.name if above else "",
                status=first.status,
                now=last.id if last is not first else "",
                now_name=last.name if last is not first else "",
                tactics=tuple(name.name for each in last.tactics if (name := attack.tactic(each))),
            )
        )
    return tuple(rows)


def groups(found: Found, excluded: bool, counts: Sequence[Count] = ()) -> tuple[IndicatorGroup, ...]:
    """Indicators (or exclusions) of one test together, in reading order.

    An exclusion is a negated test of a filter; one that only tells rows apart (in an `extend`) stands with the indicators.
    """
    made: dict[tuple[object, ...], list[int]] = {}
    filters = _filters(found)
    keywords = {place.number: str(getattr(place.stage, "keyword", "")) for place in found.stages}
    for number, each in enumerate(found.indicators):
        if (each.negated and number in filters) is excluded and not (each.negated and each.value == ""):
            span: object = (each.span.start, each.span.end) if each.span else number
            span = span if number in filters else ""  # the cases of a label stand together
            key = (each.field, each.op, each.every, each.cased, each.stage, each.test, each.negated, span)
            made.setdefault(key, []).append(number)
    result = []
    sideways = _sideways(found)
    seen: set[tuple[object, ...]] = set()
    for numbers in made.values():
        numbers = list({repr(found.indicators[number].value): number for number in numbers}.values())
        first = found.indicators[numbers[0]]
        within = "" if numbers[0] in filters else keywords.get(first.stage, "")
        values = tuple(repr(found.indicators[number].value) for number in numbers)
        again = (first.field, first.op, first.every, first.negated, values)
        if again in seen:
            continue
        seen.add(again)
        many = "-all" if first.every and len(numbers) > 1 else "-any" if len(numbers) > 1 else ""
        rows = tuple(
            IndicatorRow(
                found.indicators[number],
                found.predicates[number].field,
                found.predicates[number].op,
                found.predicates[number].value or value_text(found.indicators[number].value),
                counts[number] if number < len(counts) else Count(),
            )
            for number in numbers
        )
        way = f"{'not ' if first.negated and not excluded else ''}{first.op}{many}"
        cased = first.cased and any(isinstance(row.indicator.value, str) for row in rows)
        result.append(
            IndicatorGroup(
                first.field,
                way,
                first.negated,
                cased,
                first.stage,
                rows,
                within,
                first.negated and first.span in sideways,
            )
        )
    return tuple(result)


def output_rows(found: Found, outputs: Sequence[OutputField]) -> tuple[OutputRow, ...]:
    """Output fields, each with the entities and custom details that take it."""
    entities: dict[str, list[tuple[str, str]]] = {}
    for entity in found.rule.entities:
        for identifier, column in entity.fields:
            entities.setdefault(column, []).append((entity.kind, identifier))
    details: dict[str, list[str]] = {}
    for name, column in found.rule.details:
        details.setdefault(column, []).append(name)
    rows = [
        OutputRow(
            each,
            found.types.get(each.name, each.type),
            tuple(entities.get(each.name, ())),
            tuple(details.get(each.name, ())),
        )
        for each in outputs
    ]
    listed = {each.name for each in outputs}
    for column in dict.fromkeys([*entities, *details]):
        if column not in listed and column in found.types:
            kept = OutputField(column, "source", 0, found.types[column])
            rows.append(OutputRow(kept, kept.type, tuple(entities.get(column, ())), tuple(details.get(column, ()))))
    return tuple(rows)


def entity_rows(found: Found, outputs: Sequence[OutputField]) -> tuple[EntityRow, ...]:
    names = {each.name for each in outputs} | set(found.types)
    stages = found.query.stages if found.query else ()
    whole = not any(isinstance(stage, Aggregate | Distinct | Project) for stage in stages)

    def known(column: str) -> bool:
        standard = whole and STANDARD.match(f"no column {column} here") is not None
        return column in names or found.columns is None or standard

    return tuple(
        EntityRow(entity, tuple((identifier, column, known(column)) for identifier, column in entity.fields))
        for entity in found.rule.entities
    )


def activities(found: Found) -> tuple[tuple[str, str], ...]:
    """(scope, what happens on a machine when it gets an entry): `DeviceProcessEvents`, `Process creation`."""
    mine = {row.name for row in found.events}
    named = {f"{table}/{action}" for each in events.activities() for table, action in each.defender}
    told = []
    for scope in found.scopes:
        if "=" not in scope and any(row.table == scope and row.name not in named for row in found.events):
            continue  # it tells of more than the activities we know
        for each in events.activities():
            if "=" in scope:
                words = dict(word.partition("=")[::2] for word in scope.split(" "))
                tells = words.get("category") == each.name
            else:
                names = {f"{table}/{action}" for table, action in each.defender if table == scope}
                tells = bool(names & mine) if names else False
            if tells:
                told.append((scope, each.title))
    return tuple(told)


def enrichment_facts(
    found: Found,
    counts: Sequence[Count] = (),
    corpus: int = 0,
    fires: str = "",
    tested: bool = False,
    verdict: str = "",
    reading: Sequence[Diagnostic] = (),
) -> Facts:
    """The facts as sentences take them; `reading` is what kept the query from being read."""
    query = found.query
    rows = (
        (each.now or each.id, _with_parent(each.now or each.id, each.now_name or each.name))
        for each in technique_rows(found.rule)
        if each.name
    )
    pieces = parts(query, found.stages) if query else ()
    windows = analysis.time_windows(query, found.stages) if query else ()
    return Facts(
        rule=found.rule,
        query=query,
        understood=query is not None and understood(query) and not reading,
        scopes=found.scopes,
        parts=pieces,
        indicators=found.indicators,
        common=tuple(fields.canonical(each.field, found.scopes) for each in found.indicators),
        filters=_filters(found),
        counts=tuple(each.rules for each in counts) if counts else tuple(-1 for _ in found.indicators),
        corpus=corpus,
        activities=activities(found),
        techniques=tuple(dict.fromkeys(rows)),
        counted=_counted(query, found.stages, pieces) if query else (),
        bins=tuple(each.seconds for each in windows if each.seconds and each.op is None),
        lookbacks=tuple(
            each.seconds for each in windows if each.seconds and not each.apart and each.op in (Op.GT, Op.GE)
        ),
        group_by=analysis.group_by(query, found.stages) if query else (),
        joins=sum(isinstance(stage, Join) for inner in queries(query) for stage in inner.stages) if query else 0,
        diagnostics=(*reading, *found.diagnostics),
        lacking=tuple(
            (row.name, row.lacks) for row in found.events if not row.covered and row.lacks and not row.elsewhere
        ),
        fires=fires,
        tested=tested,
        verdict=verdict,
        forwards=found.forwards,
    )


def _with_parent(id: str, name: str) -> str:
    """A sub-technique's name with its parent's, as ATT&CK writes it: `Scheduled Task/Job: At`."""
    known = attack.technique(id)
    above = attack.technique(known.parent) if known and known.parent else None
    return f"{above.name}: {name.rpartition(': ')[2]}" if above else name


def _sideways(found: Found) -> frozenset[Span]:
    """Where what one of several alternatives leaves out stands."""
    spans: set[Span] = set()

    def visit(expr: Expr, beside: bool) -> None:
        match expr := analysis.plain(expr):
            case And(terms) | Or(terms):
                for term in terms:
                    visit(term, beside or isinstance(expr, Or))
            case Not() if beside:
                spans.update(each.span for each in expressions(expr, Match) if each.span)

    for place in found.stages:
        if isinstance(place.stage, Filter):
            visit(place.stage.predicate, False)
    return frozenset(spans)


def _filters(found: Found) -> frozenset[int]:
    """The numbers of the indicators that entries must pass, not those that only tell columns apart."""
    if found.query is None:
        return frozenset()
    stages = {place.number for place in found.stages if isinstance(place.stage, Filter | Search | Find | Correlate)}
    return frozenset(number for number, each in enumerate(found.indicators) if each.stage in stages)


def _counted(query: Query, stages: tuple[analysis.Placed, ...], pieces: Sequence[Part]) -> tuple[Counted, ...]:
    """Conditions every result must pass that compare a counted number with a constant."""
    grouped = analysis.groupings(query, stages)
    needed: dict[object, int] = {}
    for number, piece in enumerate(pieces):
        for expr in piece.counts:
            needed.setdefault(getattr(expr, "span", None), number)
    correlated = {
        place.number: next(
            (n for n, piece in enumerate(pieces) if piece.role in {each.name for each in place.stage.rules}), 0
        )
        for place in stages
        if isinstance(place.stage, Correlate)
    }
    found = []
    for each in analysis.thresholds(query, stages):
        if not (each.span in needed or each.stage in correlated) or isinstance(each.value, bool):
            continue
        if not isinstance(each.value, int | float) or analysis.asks_nothing(each.how, each.op, each.value):
            continue
        group = _group_of(each, [group for group in grouped if group.stage <= each.stage])
        part = correlated.get(each.stage, needed.get(each.span, 0))
        by, within, again = (_per(group), group.within, group.again) if group else ((), 0.0, False)
        how = (each.field, each.how, each.op.value, each.value, each.text)
        found.append(Counted(*how, by, part, each.span, within, again))
    return tuple(dict.fromkeys(found))


def _group_of(counted: analysis.Threshold, before: Sequence[analysis.Grouping]) -> analysis.Grouping | None:
    """What a number is counted in: the last stage that makes its column, or counts alike, or groups at all."""
    makes = [group for group in before if counted.field in group.made]
    alike = [group for group in before if counted.how in group.aggregates]
    return next((groups[-1] for groups in (makes, alike, before) if groups), None)


def _per(group: analysis.Grouping) -> tuple[str, ...]:
    """What is counted by, bins of time aside."""
    return tuple(name for name in group.by if name not in group.bins)


def platforms_of(found: Found) -> tuple[str, ...]:
    return platforms.platforms(found.scopes)
