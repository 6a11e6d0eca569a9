"""Pages beside the rules: event types, tables, techniques, values, fields, sources, each with the rules that use it."""

from __future__ import annotations

from ..catalogue import Catalogue, FacetValue, Predicate
from ..model import Op
from ..schemas import attack, events, fields, tables
from .pages import (
    EventIndex,
    EventPage,
    Fact,
    FieldPage,
    FieldRow,
    ListPage,
    SourcePage,
    TablePage,
    TechniquePage,
    ValuePage,
)
from .reading import event_name

SIZE = 50


def listed(
    catalogue: Catalogue, kind: str, value: str, title: str = "", page: int = 1, about: tuple[Fact, ...] = ()
) -> ListPage:
    """The rules with one value of a facet, and in which languages they are."""
    found = catalogue.search("", ((kind, value),), page, SIZE, facets=("language",), forwards=True)
    languages: tuple[FacetValue, ...] = found.facets[0].values
    return ListPage(kind, value, title, about, found.cards, found.total, languages)


# ---------------------------------------------------------------- events


def event_index(catalogue: Catalogue) -> EventIndex:
    """All event types rules can see, by provider."""
    providers: dict[str, list[tuple[str, str, int]]] = {}
    for name, rules in catalogue.values("event").items():
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
        fields=tuple(_field_row(catalogue, each, "", ()) for each in events.fields(provider, number)),
        rules=listed(catalogue, "event", name, title, page),
    )


def _field_row(catalogue: Catalogue, name: str, type: str, scopes: tuple[str, ...]) -> FieldRow:
    common = fields.canonical(name, scopes)
    counts = catalogue.values("field")
    last = fields.name_of(common)
    rules = counts.get(common, 0) + (counts.get(last, 0) if last else 0)
    return FieldRow(name, type, rules, common)


# ---------------------------------------------------------------- tables


def table_page(catalogue: Catalogue, name: str, page: int = 1) -> TablePage | None:
    """The page of a table; None when neither the schemas nor any rule know it."""
    schema = next((each for each in ("sentinel", "defender", "asim") if name in tables.tables(each)), "")
    if not schema and name not in catalogue.values("table"):
        return None
    columns = tables.tables(schema)[name] if schema else {}
    return TablePage(
        name=name,
        schema=schema,
        columns=tuple(_field_row(catalogue, column, type, (name,)) for column, type in columns.items()),
        connectors=tuple(each.id for each in tables.filled_by(name)),
        events=tuple((event_name(each), each.title) for each in events.events_for_table(name)),
        rules=listed(catalogue, "table", name, name, page),
    )


# ---------------------------------------------------------------- techniques


def technique_page(catalogue: Catalogue, id: str, page: int = 1) -> TechniquePage | None:
    """The page of a technique of any version; None when no version has it."""
    chain = attack.resolve(id)
    if not chain:
        return None
    first = chain[0]
    counts = catalogue.values("technique")
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


def value_page(catalogue: Catalogue, value: str, field: str = "", op: str = "") -> ValuePage:
    """Who looks for a value: in one field by one operator (as canonical predicates have them), else anywhere."""
    if field and op in {each.value for each in Op}:
        found = catalogue.seekers(Predicate(field, op, value if op == Op.REGEX else value.lower()))
    else:
        found = catalogue.seekers_of_value(value)
        found = tuple(each for each in found if not field or fields.canonical(each.field) == field)
    seekers = tuple(each for each in found if not each.negated)
    languages: dict[str, set[str]] = {}
    for each in seekers:
        languages.setdefault(each.language, set()).add(each.key)
    counted = tuple(sorted(((name, len(keys)) for name, keys in languages.items()), key=lambda item: -item[1]))
    return ValuePage(value, field, seekers, tuple(each for each in found if each.negated), counted)


def field_page(catalogue: Catalogue, name: str, page: int = 1) -> FieldPage | None:
    """The page of a field by any of its names; None when no rule tests it."""
    common = name if name in catalogue.values("field") else fields.canonical(name)
    if common not in catalogue.values("field"):
        return None
    spelled = fields.spellings().get(common, ())
    return FieldPage(common, spelled, catalogue.field_values(common), listed(catalogue, "field", common, common, page))


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
