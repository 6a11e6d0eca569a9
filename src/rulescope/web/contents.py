"""What each page's template receives: one function per kind of page, for the served site and the static one alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from ..catalogue import Catalogue, SearchPage
from ..model import Node
from ..schemas import attack, events, tables
from ..services import browse, coverage, pages
from .links import OWN_FEEDS, Links
from .rendering import filters_of

CHOICES = ("language", "source", "table", "platform")
"""Facets the coverage can be narrowed by."""
MOST_CHOICES = 60
MOST_FIELDS = 500
SECTIONS: Sequence[tuple[str, str, Callable[[pages.RulePage], Any]]] = (  # id, label, and whether the page has it
    ("facts", "Facts", lambda p: True),
    ("description", "Description", lambda p: p.rule.description),
    ("hypothesis", "Hunt hypothesis", lambda p: p.hypothesis),
    ("gaps", "What escapes", lambda p: p.gaps),
    ("attack", "ATT&CK", lambda p: p.tactics or p.techniques),
    ("events", "Event coverage", lambda p: p.events),
    ("data", "Required data", lambda p: p.data),
    ("body", "Rule", lambda p: True),
    ("parameters", "Parameters", lambda p: p.parameters),
    ("stages", "Stages", lambda p: p.stages),
    ("opaque", "Not understood", lambda p: p.opaque),
    ("exclusions", "Exclusions", lambda p: p.exclusion_groups),
    ("indicators", "Indicators", lambda p: p.indicator_groups),
    ("outputs", "Output fields", lambda p: p.output_rows or p.entities),
    ("false-positives", "False positives", lambda p: p.guidance or p.rule.false_positives),
    ("evidence", "Evidence", lambda p: p.evidence),
    ("confidence", "Confidence", lambda p: p.confidence),
    ("findings", "Findings", lambda p: p.diagnostics),
    ("neighbours", "Neighbours", lambda p: p.neighbours or p.family),
    ("references", "References", lambda p: p.rule.references or p.rule.related),
    ("history", "History", lambda p: p.history),
)
THINGS: dict[str, tuple[str, str, Callable[..., Any]]] = {  # kind: template, section of the site, page maker
    "event": ("event.html", "events", browse.event_page),
    "table": ("table.html", "tables", browse.table_page),
    "technique": ("technique.html", "coverage", browse.technique_page),
    "field": ("field.html", "indicators", browse.field_page),
    "source": ("source.html", "sources", browse.source_page),
    "language": ("language.html", "sources", browse.language_page),
}


class Row(Node, frozen=True):
    """A line of an index page."""

    name: str
    href: str
    about: str = ""
    rules: int = 0


def known(rules: Catalogue) -> Callable[[str, str], bool]:
    """Whether there is a page about a thing, by kind and name; templates link to nothing else."""

    def there(kind: str, name: str) -> bool:
        match kind:
            case "technique":
                return bool(attack.resolve(name))
            case "event":
                provider, _, number = name.rpartition("/")
                return name in rules.values("event") or bool(events.title(provider, number))
            case "table":
                return name in rules.values("table") or any(
                    name in tables.tables(schema) for schema in ("sentinel", "defender", "asim")
                )
        return name in rules.values(kind)

    return there


def rule_context(found: pages.RulePage) -> dict[str, Any]:
    """The page of a rule."""
    return {
        "page": found,
        "section": "feed",
        "sections": [(id, label, bool(there(found))) for id, label, there in SECTIONS],
    }


def without_body(found: pages.RulePage) -> pages.RulePage:
    """The page without the rule's text, and what repeats it, when its licence does not let the text be shown."""
    if found.show_body:
        return found
    rule = msgspec.structs.replace(found.rule, text="")
    return msgspec.structs.replace(
        found, rule=rule, query=None, stages=(), tree=(), opaque=(), outline="", translations=()
    )


def list_context(rules: Catalogue, links: Links, found: SearchPage, heading: str) -> dict[str, Any]:
    """A page of rules: the feed, or what a search found."""
    named = filters_of(found)
    plain = not found.query and not found.filters and found.page == 1
    return {
        "page": found, "section": "feed", "q": found.query, "error": "",
        "heading": f"{heading}: {named}" if named else heading,
        "intro": "Detection rules taken apart, translated, and proven on events." if plain else "",
        "figures": figures(rules, links) if plain else (),
        "feeds": links.feeds(found.query, found.filters),
    }  # fmt: skip


class Summary(Node, frozen=True):
    """How much a catalogue holds, and what was proven of its rules: (label, rules) of each verdict there is."""

    rules: int
    languages: int
    sources: int
    understood: int
    proven: tuple[tuple[str, int], ...]


FIGURES = (  # facet, value, what the number counts
    ("fires", "fires", "fire on events"),
    ("fires", "silent", "stay silent on events"),
    ("fires", "impossible", "can never fire"),
    ("verdict", "equal", "proven equal in Kusto"),
    ("verdict", "wider", "wider in Kusto"),
    ("verdict", "narrower", "narrower in Kusto"),
    ("verdict", "differs", "different in Kusto"),
)


def summary(rules: Catalogue) -> Summary:
    """The figures at the top of the first page."""
    sources = rules.remembered("sources", "", rules.sources)
    proven = tuple((label, count) for kind, value, label in FIGURES if (count := rules.values(kind).get(value)))
    understood = sum(each.understood for each in sources)
    return Summary(len(rules), len(rules.values("language")), len(sources), understood, proven)


def figures(rules: Catalogue, links: Links) -> list[tuple[str, int, str]]:
    """(label, number, where it leads) of what was proven of the whole catalogue."""
    made = summary(rules)
    sources = links.link("sources")
    counted = [
        ("rules", made.rules, ""),
        ("language" if made.languages == 1 else "languages", made.languages, f"{sources}#languages"),
        ("source" if made.sources == 1 else "sources", made.sources, sources),
        ("rules understood", made.understood, f"{sources}#languages"),
    ]
    places = {label: links.listed("", [(kind, value)]) for kind, value, label in FIGURES}
    return counted + [(label, number, places[label]) for label, number in made.proven]


def thing_context(rules: Catalogue, links: Links, kind: str, name: str, number: int = 1) -> dict[str, Any] | None:
    """The page of a table, event, technique, field or source; None when there is none."""
    _, section, find = THINGS[kind]
    found = find(rules, name, number)
    if found is None or (number > 1 and not found.rules.cards):
        return None
    context: dict[str, Any] = {
        "page": found, "section": section, "kind": kind, "name": name, "at": number,
        "last": max(1, -(-found.rules.total // browse.SIZE)),
        "thing_feeds": links.feeds("", [(kind, found.rules.name)]) if not links.static or kind in OWN_FEEDS else None,
    }  # fmt: skip
    if kind == "source":
        context.update(source=found.source, tally=found.tally, failures=found.failures)
    return context


PLAIN_CHOICES = ("language", "source")
"""Facets of which each value has a coverage page of its own on a static site."""


def coverage_context(rules: Catalogue, links: Links, found: pages.CoveragePage) -> dict[str, Any]:
    """The ATT&CK matrix, with what it can be narrowed by."""
    context: dict[str, Any] = {
        "section": "coverage", "page": found,
        "versions": [(each, links.coverage(each, attack.CURRENT)) for each in found.versions],
    }  # fmt: skip
    if links.static:
        address = links.coverage(found.version, attack.CURRENT, found.filters)
        context.update(navigator=f"{address}layer.json", choices=CHOICES, plain=plain_coverage(rules, links))
    else:
        layer = links.prefixed(f"/coverage.json?{urlencode([('version', found.version), *found.filters])}")
        context.update(navigator=layer, choices=[(kind, _choices(rules, kind)) for kind in CHOICES])
    return context


def plain_coverage(rules: Catalogue, links: Links) -> list[tuple[str, list[tuple[str, str]]]]:
    """(facet, ((value, address), ...)) of the coverage pages of a static site that count one language or source."""
    return [
        (kind, [(value, links.coverage(attack.CURRENT, attack.CURRENT, [(kind, value)])) for value in rules.counted(kind)])
        for kind in PLAIN_CHOICES
    ]  # fmt: skip


def _choices(rules: Catalogue, kind: str) -> list[tuple[str, int]]:
    return list(rules.counted(kind).items())[:MOST_CHOICES]


def coverage_page(rules: Catalogue, version: str = "", filters: Sequence[tuple[str, str]] = ()) -> pages.CoveragePage:
    """The matrix of a version, the current one when none is named."""
    return coverage.coverage(rules, version or attack.CURRENT, filters)


def feeds_context(rules: Catalogue, links: Links) -> dict[str, Any]:
    """The feeds of all rules, and those of single languages, sources, severities and so on."""
    more = [
        (kind, [(value, links.feeds("", [(kind, value)])) for value in list(rules.counted(kind))[:MOST_CHOICES]])
        for kind in OWN_FEEDS
    ]
    return {"feeds": links.feeds(), "more": [row for row in more if row[1]]}  # fmt: skip


def sources_context(rules: Catalogue) -> dict[str, Any]:
    """All sources, and the tally."""
    return {"section": "sources", "sources": rules.sources(), "tally": rules.tally()}


def events_context(rules: Catalogue) -> dict[str, Any]:
    """The index of event types."""
    return {"section": "events", "page": browse.event_index(rules)}


def tables_context(rules: Catalogue, links: Links) -> dict[str, Any]:
    """The index of tables, by the schema they belong to."""
    groups = [
        (title, [Row(name, links.link("table", name=name), f"{columns:,}" if columns else "", count) for name, columns, count in rows])
        for title, rows in browse.table_index(rules).schemas
    ]  # fmt: skip
    return {
        "section": "tables", "heading": "Tables", "intro": "Tables that rules read, with columns, types and who fills them.",
        "columns": ("Table", "Columns", "Rules"), "groups": groups,
    }  # fmt: skip


def indicators_context(rules: Catalogue, links: Links) -> dict[str, Any]:
    """The index of fields."""
    counted = browse.field_index(rules).fields
    rows = [Row(name, links.link("field", name=name), rules=count) for name, count in counted[:MOST_FIELDS]]
    shown = "Fields that rules test, by their common name"
    if len(counted) > MOST_FIELDS:
        shown = f"The {MOST_FIELDS} fields most rules test, of {len(counted):,}"
    return {
        "section": "indicators", "heading": "Indicators", "columns": ("Field", "Rules"), "groups": [(shown, rows)],
        "intro": "What rules look for, field by field; each field lists the values asked of it in every language.",
    }  # fmt: skip
