"""Pages beside the rules: event types, tables, techniques, values, fields, sources, each with the rules that use it."""

from __future__ import annotations

from collections.abc import Collection

from ..catalogue import Catalogue, FacetValue
from ..schemas import attack, events, fields, tables
from .pages import (
    EventIndex,
    EventPage,
    Fact,
    FieldIndex,
    FieldPage,
    FieldRow,
    LanguagePage,
    ListPage,
    SourcePage,
    TableIndex,
    TablePage,
    TechniquePage,
    ValuePage,
)
from .reading import event_name

SIZE = 50
SCHEMAS = {
    "sentinel": "Microsoft Sentinel",
    "defender": "Microsoft Defender XDR",
    "asim": "ASIM: normalised tables and parsers",
}
OTHERS = "Others: custom tables, functions, watchlists"


def listed(
    catalogue: Catalogue, kind: str, value: str, title: str = "", page: int = 1, about: tuple[Fact, ...] = ()
) -> ListPage:
    """The rules with one value of a facet, and in which languages they are; those that only forward alerts are left out."""
    found = catalogue.search("", ((kind, value),), page, SIZE, facets=("language",))
    languages: tuple[FacetValue, ...] = found.facets[0].values
    return ListPage(kind, value, title, about, found.cards, found.total, languages, found.hidden)


def unread(catalogue: Catalogue) -> tuple[tuple[str, int], ...]:
    """The languages whose queries are not read yet, with their rules: no predicate is known of them."""
    found = catalogue.remembered("languages", "", catalogue.languages)
    return tuple((language, rules) for language, rules, parsed, _ in found if not parsed)


# ---------------------------------------------------------------- events


def event_index(catalogue: Catalogue) -> EventIndex:
    """All event types rules can see, by provider."""
    providers: dict[str, list[tuple[str, str, int]]] = {}
    for name, rules in catalogue.counted("event").items():
        provider, _, number = name.rpartition("/")
        providers.setdefault(provider, []).append((name, events.title(provider, number), rules))
    ordered = sorted(providers.items(), key=lambda item: -max(rules for _, _, rules in item[1]))
    return EventIndex(tuple((provider, tuple(found)) for provider, found in ordered))


def event_page(catalogue: Catalogue, name: str, page: int = 1) -> EventPage | None:
    """The page of `provider/event id`; None when neither the schemas nor any rule know it."""
    provider, _, number = name.rpartition("/")
    title = events.title(provider, number)
    if not title and name not in catalogue.values("event"):
        return None
    return EventPage(
        name=name,
        provider=provider,
        event_id=number,
        title=title,
        channel=events.channel(provider, number),
        setting=events.settings(provider, number),
        fields=catalogue.remembered("event fields", name, lambda: _event_fields(catalogue, name)),
        rules=listed(catalogue, "event", name, title, page),
    )


def _event_fields(catalogue: Catalogue, event: str) -> tuple[FieldRow, ...]:
    """The fields of an event, those of a Defender table its columns, with the rules that see the event and test them."""
    provider, _, number = event.rpartition("/")
    listed = events.fields(provider, number)
    types = {} if listed else _column_types(provider)
    names = {name: fields.canonical(name, (provider,)) for name in listed or sorted(types, key=str.lower)}
    rows = []
    for name, common in names.items():
        either = _facets_of(common, names.values())
        here = catalogue.count_of([("event", event)], either)
        rows.append(FieldRow(name, types.get(name, ""), here, common, catalogue.count_of(either)))
    return tuple(rows)


def _facets_of(common: str, siblings: Collection[str]) -> list[tuple[str, str]]:
    """The facets of rules that test a field; a path whose file name has no field of its own is tested by its name, too."""
    name = fields.name_of(common)
    return [("field", each) for each in (common, "" if name in siblings else name) if each]


# ---------------------------------------------------------------- tables


def table_index(catalogue: Catalogue) -> TableIndex:
    """All tables rules read, by the first schema that has them."""
    groups: dict[str, list[tuple[str, int, int]]] = {title: [] for title in (*SCHEMAS.values(), OTHERS)}
    for name, rules in catalogue.counted("table").items():
        schema = next(iter(_schemas(name)), "")
        columns = len(tables.tables(schema)[name]) if schema else 0
        groups[SCHEMAS.get(schema, OTHERS)].append((name, columns, rules))
    return TableIndex(tuple((title, tuple(rows)) for title, rows in groups.items()))


def table_page(catalogue: Catalogue, name: str, page: int = 1) -> TablePage | None:
    """The page of a table; None when neither the schemas nor any rule know it."""
    schemas = _schemas(name)
    if not schemas and name not in catalogue.values("table"):
        return None
    return TablePage(
        name=name,
        schemas=tuple(SCHEMAS[each] for each in schemas),
        columns=catalogue.remembered("table columns", name, lambda: _columns(catalogue, name)),
        connectors=tuple(each.id for each in tables.filled_by(name)),
        events=tuple((event_name(each), each.title) for each in events.events_for_table(name)),
        rules=listed(catalogue, "table", name, name, page),
    )


def _schemas(name: str) -> list[str]:
    return [each for each in SCHEMAS if name in tables.tables(each)]


def _column_types(table: str) -> dict[str, str]:
    """Column -> type, of all schemas that have the table."""
    return {name: type for each in reversed(_schemas(table)) for name, type in tables.tables(each)[table].items()}


def _columns(catalogue: Catalogue, table: str) -> tuple[FieldRow, ...]:
    """The columns of a table; rules of the table are counted by the column they write."""
    counts = catalogue.column_counts(table)
    types = _column_types(table)
    names = {name: fields.canonical(name, (table,)) for name in sorted(types, key=str.lower)}
    rows = []
    for name, common in names.items():
        everywhere = catalogue.count_of(_facets_of(common, names.values()))
        rows.append(FieldRow(name, types[name], counts.get(name, 0), common, everywhere))
    return tuple(rows)


# ---------------------------------------------------------------- techniques


def technique_page(catalogue: Catalogue, id: str, page: int = 1) -> TechniquePage | None:
    """The page of a technique of any version; None when no version has it."""
    chain = attack.resolve(id)
    if not chain:
        return None
    first = chain[0]
    counts = catalogue.counted("technique")
    above = attack.technique(first.parent) if first.parent else None
    below = [each for each in attack.techniques().values() if each.parent == first.id and each.status == "active"]
    shown = chain[-1].id
    verified = catalogue.matrix("technique", (("technique", shown), ("fires", "fires"))).get(shown, 0)
    return TechniquePage(
        id=first.id,
        name=first.name,
        status=first.status,
        tactics=tuple(known.name for each in first.tactics if (known := attack.tactic(each))),
        parent=(above.id, above.name) if above else None,
        became=tuple((each.id, each.name) for each in chain[1:]),
        below=tuple((each.id, each.name, counts.get(each.id, 0)) for each in sorted(below, key=lambda each: each.id)),
        verified=verified,
        rules=listed(catalogue, "technique", shown, first.name, page),
    )


# ---------------------------------------------------------------- values and fields


def field_index(catalogue: Catalogue) -> FieldIndex:
    """All fields rules test."""
    return FieldIndex(tuple(catalogue.counted("field").items()))


def value_page(catalogue: Catalogue, value: str, field: str = "") -> ValuePage:
    """Who looks for a value, and who leaves it out: in one field, by any of its names, or anywhere."""
    name = _field_name(catalogue, field) if field else ""
    found = catalogue.seekers_of_value(value, name)
    sides = catalogue.rules_of_value(value, name)
    return ValuePage(
        value=value,
        field=name,
        tests=catalogue.tests_of_value(value, name),
        seekers=tuple(each for each in found if not each.negated),
        excluders=tuple(each for each in found if each.negated),
        looked_for=sum(rules for _, negated, rules in sides if not negated),
        left_out=sum(rules for _, negated, rules in sides if negated),
        languages=tuple((language, rules) for language, negated, rules in sides if not negated),
        unread=unread(catalogue),
    )


def _field_name(catalogue: Catalogue, name: str) -> str:
    return name if name in catalogue.values("field") else fields.canonical(name)


def field_page(catalogue: Catalogue, name: str, page: int = 1) -> FieldPage | None:
    """The page of a field by any of its names; None when no rule tests it."""
    common = _field_name(catalogue, name)
    if common not in catalogue.values("field"):
        return None
    return FieldPage(
        name=common,
        spellings=fields.spellings().get(common, ()),
        values=catalogue.remembered("field values", common, lambda: catalogue.field_values(common)),
        rules=listed(catalogue, "field", common, common, page),
        unread=unread(catalogue),
    )


# ---------------------------------------------------------------- sources


def source_page(catalogue: Catalogue, name: str, page: int = 1) -> SourcePage | None:
    """The page of a source; None when the catalogue has none of that name."""
    source = next((each for each in catalogue.remembered("sources", "", catalogue.sources) if each.name == name), None)
    if source is None:
        return None
    return SourcePage(
        source,
        catalogue.remembered("tally", name, lambda: catalogue.tally(name)),
        catalogue.failures(name),
        listed(catalogue, "source", name, source.title, page),
    )


def language_page(catalogue: Catalogue, name: str, page: int = 1) -> LanguagePage | None:
    """The page of a rule language; None when the catalogue has no rule in it."""
    counts = {row[0]: row for row in catalogue.remembered("languages", "", catalogue.languages)}
    if name not in counts:
        return None
    found = catalogue.search("", (("language", name),), size=1, facets=("source",), expanded="source")
    _, total, parsed, understood = counts[name]
    return LanguagePage(
        name=name,
        total=total,
        parsed=parsed,
        understood=understood,
        sources=found.facets[0].values,
        opaque=catalogue.remembered("opaque", name, lambda: catalogue.opaque(name)),
        rules=listed(catalogue, "language", name, name, page),
    )
