"""Addresses of pages: one place that knows them, for the served site and the static one alike."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from markupsafe import Markup

from ..catalogue import SearchPage

SAFE = "-._~/"
PLACES = {  # pages without parameters
    "feed": "/", "search": "/search", "coverage": "/coverage", "events": "/events", "tables": "/tables",
    "indicators": "/indicators", "sources": "/sources", "feeds": "/feeds", "api": "/docs", "suggest": "/api/suggest",
}  # fmt: skip
THINGS = {  # pages about one thing: address, name of the parameter
    "table": ("/tables/{}", "name"), "event": ("/events/{}", "name"), "technique": ("/techniques/{}", "id"),
    "field": ("/fields/{}", "name"), "source": ("/sources/{}", "name"), "language": ("/languages/{}", "name"),
}  # fmt: skip

DOWNLOADS = {"original": "original.txt", "json": "rule.json", "sentinel": "sentinel.yaml"}
"""What a static site calls the files of a rule."""
OWN_PAGES = ("technique", "table", "event", "field", "source", "language")
"""Facets whose values have a page of their own; a static site leads there instead of to a filtered list."""
OWN_FEEDS = ("language", "source", "severity", "tactic", "topic", "platform")
"""Facets whose values have feeds on a static site."""
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,60}(?:\.[A-Za-z0-9_-]{1,20}){0,3}", re.ASCII)
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|page)(?:\..*)?|.*\.(?:html?|json|xml|atom|rss)", re.IGNORECASE)
DEEPEST = 4

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Addresses below `prefix` ("" for a site at the root of its host). `static`: pages that need a server have none.

    `made` remembers which things pages led to, as (kind, name), when it is given.
    """

    prefix: str = ""
    static: bool = False
    made: set[tuple[str, str]] | None = None

    def link(self, kind: str, **values: str) -> str:
        """The address of a page: `link("rule", key=..., title=...)`, `link("table", name=...)`, `link("feed")`."""
        if kind == "rule":
            return self._at(f"/rules/{values['key']}" + ("/" if self.static else ""))
        if kind == "value":
            if self.static:
                return self.link("field", name=values["field"]) + "?" + urlencode({"value": values["value"]})
            return self._at("/value?" + urlencode({"field": values["field"], "value": values["value"]}))
        if kind == "download":
            if self.static:
                return self._at(f"/rules/{values['key']}/{DOWNLOADS[values['form']]}")
            return self._at(f"/rules/{values['key']}/download/{values['form']}")
        if kind in THINGS:
            form, parameter = THINGS[kind]
            name = values[parameter]
            if self.made is not None:
                self.made.add((kind, name))
            return self._at(form.format(file_name(name)) + "/" if self.static else form.format(quote(name, SAFE)))
        path = PLACES[kind]
        if self.static and path != "/":
            path += "/"
        return self._at(path + (f"?{urlencode(values)}" if values else ""))

    def fact(self, link: str) -> str:
        """The address of what a fact leads to, given as a path on the served site: a list with a filter, or a source."""
        path, _, query = link.partition("?")
        if path == "/" and query:
            return self.listed("", parse_qsl(query))
        if path.startswith("/sources/"):
            return self.link("source", name=unquote(path.removeprefix("/sources/")))
        return self._at(link)

    def _at(self, path: str) -> str:
        return f"{self.prefix}{path}"

    def file(self, name: str) -> str:
        """The address of a style sheet, script or picture."""
        return self._at(f"/static/{name}")

    def prefixed(self, path: str) -> str:
        """An address on the site that a service gave as a path from its root."""
        return self._at(path)

    def listed(self, query: str, filters: Iterable[tuple[str, str]], page: int = 1) -> str:
        """The list of rules that fit."""
        chosen = list(filters)
        if self.static and not query and not chosen:
            return self._at("/" if page == 1 else f"/page/{page}/")
        if self.static and not query and len(chosen) == 1 and chosen[0][0] in OWN_PAGES:
            kind, value = chosen[0]
            return self.link(kind, **{THINGS[kind][1]: value})
        pairs = [
            *([("q", query)] if query else []),
            *chosen,
            *([("page", str(page))] if page > 1 else []),
        ]
        base = "/search/" if self.static else "/search" if query else "/"
        return self._at(base + (f"?{urlencode(pairs)}" if pairs else ""))

    def toggled(self, page: SearchPage, kind: str, value: str) -> str:
        """The list with one filter more, or less when it is chosen."""
        kept = [pair for pair in page.filters if pair != (kind, value)]
        return self.listed(page.query, kept if len(kept) < len(page.filters) else [*kept, (kind, value)])

    def expanded(self, page: SearchPage, kind: str) -> str:
        """The same list, with all values of one facet; the first ones only when they are all there."""
        more = [] if page.expanded == kind else [("all", kind)]
        if self.static:
            return self._at("/search/?" + urlencode([*page.filters, *more]))
        return self.listed(page.query, [*page.filters, *more]) + f"#facet-{kind}"

    def paged(self, page: SearchPage, number: int) -> str:
        """Another page of the same list."""
        return self.listed(page.query, page.filters, number)

    def further(self, kind: str, name: str, number: int) -> str:
        """Another page of the rules of a thing."""
        first = self.link(kind, **{THINGS[kind][1]: name})
        if number == 1:
            return first
        return f"{first}page/{number}/" if self.static else f"{first}?page={number}#rules"

    def coverage(self, version: str, current: str, filters: Pairs = ()) -> str:
        """The ATT&CK matrix of a version over the rules that fit; a static site has it for one filter at most."""
        if self.static:
            chosen = "".join(f"{file_name(kind)}/{file_name(value)}/" for kind, value in filters)
            return self._at("/coverage/" + ("" if version == current else f"{file_name(version)}/") + chosen)
        return self._at("/coverage?" + urlencode([("version", version), *filters]))

    def respelled(self, page: SearchPage, typed: str, meant: str) -> str:
        """The same search with one word replaced."""
        return self.listed(re.sub(re.escape(typed), lambda _: meant, page.query, flags=re.IGNORECASE), page.filters)

    def feeds(self, query: str = "", filters: Pairs = ()) -> dict[str, str]:
        """The feeds of a list, by format; a static site has them for all rules and for one filter of some kinds."""
        kinds = ("atom", "rss", "json")
        if self.static:
            own = not query and len(filters) == 1 and filters[0][0] in OWN_FEEDS
            place = "/feeds/{}/{}/feed".format(*(file_name(part) for part in filters[0])) if own else "/feed"
            return {kind: self._at(f"{place}.{kind}") for kind in kinds}
        tail = urlencode([*([("q", query)] if query else []), *filters])
        return {kind: self._at(f"/feed.{kind}" + (f"?{tail}" if tail else "")) for kind in kinds}


def file_name(name: str) -> str:
    """A path of plain letters below a folder, of its own for every name, whatever the name holds.

    Plain parts stand as they are (`Sysmon/1`); others become letters and a digest, so that no name leaves the folder,
    meets a page's own files, or is too long for a file system.
    """
    parts = name.split("/")
    if len(parts) <= DEEPEST and all(PLAIN.fullmatch(part) and not RESERVED.fullmatch(part) for part in parts):
        return name
    letters = re.sub(r"[^A-Za-z0-9]+", "-", name[:48]).strip("-") or "x"
    return f"{letters}-{hashlib.blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"


def outside(url: str, label: str) -> Markup:
    """A link that leaves the site, for http and https only; anything else is shown as text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Markup(escape(label))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Markup(escape(label))
    return Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>').format(url, label)
