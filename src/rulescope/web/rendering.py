"""Templates and what they may call. Everything is escaped; the few HTML fragments made in code are Markup built from escapes."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from importlib.metadata import version
from importlib.resources import files
from math import log
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..catalogue import Facet, FacetValue, SearchPage
from ..model import Scalar
from ..services.coverage import counted_as
from .highlight import LEXERS, highlight
from .links import Links, outside
from .pipeline import pipeline

LANGUAGES = {
    "sigma": "Sigma", "kusto": "Kusto", "eql": "EQL", "esql": "ES|QL", "lucene": "Lucene", "kuery": "KQL (Kibana)",
    "spl": "SPL", "yaral": "YARA-L",
}  # fmt: skip
FACET_NAMES = {
    "language": "Language", "source": "Source", "severity": "Severity", "tactic": "Tactic", "technique": "Technique",
    "topic": "Topic", "platform": "Platform", "table": "Table", "event": "Event", "field": "Field", "verdict": "Translation", "fires": "On events",
    "test": "Test event", "forwards": "Vendor alert feed", "kind": "Kind", "status": "Status",
}  # fmt: skip
SEVERITIES = ("critical", "high", "medium", "low", "informational")
VALUES = {("test", "yes"): "has a test event", ("test", "no"): "none", ("forwards", "yes"): "vendor alert feeds"}


@lru_cache(maxsize=4)
def environment(links: Links) -> Environment:
    """The templates, with addresses below `links`."""
    made = Environment(
        loader=PackageLoader("rulescope.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        link=links.link, static=links.file, prefixed=links.prefixed, toggled=links.toggled, listed=links.listed, expanded=links.expanded, ordered=ordered, counted_as=counted_as, paged=links.paged, further=links.further, fact_link=links.fact,
        respelled=links.respelled, outside=outside, highlight=highlight, pipeline=pipeline, snippet=snippet, marked=marked, ticked=ticked, heat=heat,
        percent=percent, as_json=as_json, shown_value=shown_value, language_name=language_name, facet_value=facet_value,
        facet_names=FACET_NAMES, version=version("rulescope"), static_site=links.static, section="", feeds=None,
        without_filters=lambda page: links.listed(page.query, ()),
        shown_feeds=lambda page: links.listed(page.query, [*page.filters, ("forwards", "yes")]),
    )  # fmt: skip
    return made


def render(links: Links, template: str, **context: Any) -> str:
    """The page `template` makes of `context`."""
    return environment(links).get_template(template).render(**context)


def warm(links: Links) -> None:
    """Makes templates and lexers ready, so that the first page is as fast as the next."""
    made = environment(links)
    for name in made.list_templates(("html",)):
        made.get_template(name)
    for language in LEXERS:
        highlight("a: 'b' | where c == 1", language)


def static_file(name: str) -> bytes | None:
    """A shipped style sheet, script or picture; None for any other name."""
    folder = files(__package__).joinpath("static")
    known = {file.name for file in folder.iterdir()}
    return folder.joinpath(name).read_bytes() if name in known else None


def snippet(text: str) -> Markup:
    """Text around found words, which \\x02 and \\x03 enclose."""
    parts = re.split("\x02([^\x02\x03]*)\x03", text)
    clean = (escape(part.replace("\x02", "").replace("\x03", "")) for part in parts)
    return Markup("".join(f"<mark>{part}</mark>" if number % 2 else part for number, part in enumerate(clean)))


WORD = re.compile(r'(?:\w+:)?"[^"]*"|\S+')


def marked(text: str, query: str) -> Markup:
    """`text` with the words of a search marked."""
    words = [word.strip('"()*').lower() for word in WORD.findall(query) if ":" not in word and not word.startswith("-")]
    kept = [re.escape(word) for word in words if len(word) > 1 and word not in ("and", "or", "not")]
    if not kept:
        return Markup(escape(text))
    parts = re.split(f"({'|'.join(kept)})", text, flags=re.IGNORECASE)
    return Markup(
        "".join(f"<mark>{escape(part)}</mark>" if number % 2 else escape(part) for number, part in enumerate(parts))
    )


def ticked(text: str) -> Markup:
    """A sentence in which `words between backticks` are code."""
    parts = str(escape(text)).split("`")
    if len(parts) % 2 == 0:
        return Markup(escape(text))
    return Markup("".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)))


def heat(count: int, most: int) -> int:
    """A step from 0 (none) to 6 (the most), on a logarithmic scale."""
    return 0 if count <= 0 or most <= 0 else max(1, min(6, 1 + int(5 * log(count) / log(most)))) if most > 1 else 6


def percent(part: int, whole: int) -> str:
    """A share, never rounded up to all."""
    if not whole:
        return "–"
    share = int(1000 * part / whole) / 10
    return "100%" if part == whole else f"{share:.1f}%"


def as_json(value: Any) -> str:
    """A value as indented JSON text."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()


def shown_value(value: Scalar) -> str:
    """An indicator's value as a reader sees it: an empty text and edges of white space made visible."""
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"“{text}”" if text != text.strip() or not text else text[:300]


def language_name(name: str) -> str:
    """What people call a language."""
    return LANGUAGES.get(name, name)


def facet_value(kind: str, value: str) -> str:
    """What people call a value of a facet."""
    if kind == "severity":
        return value.capitalize()
    return language_name(value) if kind == "language" else VALUES.get((kind, value), value)


def ordered(facet: Facet) -> list[FacetValue]:
    """The values of a facet as they are listed: severities by weight, others as they come, the most frequent first."""
    if facet.kind != "severity":
        return list(facet.values)
    return sorted(facet.values, key=lambda each: SEVERITIES.index(each.value) if each.value in SEVERITIES else 9)


def filters_of(page: SearchPage) -> str:
    """The filters of a list in words, for titles."""
    return ", ".join(facet_value(kind, value) for kind, value in page.filters)
