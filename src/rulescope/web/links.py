"""Addresses of pages: one place that knows them, for the served site and the static one alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup

from ..catalogue import SearchPage

SAFE = "-._~/"
PLACES = {  # pages without parameters
    "feed": "/", "search": "/search", "coverage": "/coverage", "events": "/events", "tables": "/tables",
    "indicators": "/indicators", "sources": "/sources", "feeds": "/feeds", "api": "/docs", "suggest": "/api/suggest",
}  # fmt: skip
THINGS = {  # pages about one thing: address, name of the parameter
    "table": ("/tables/{}", "name"), "event": ("/events/{}", "name"), "technique": ("/techniques/{}", "id"),
    "field": ("/fields/{}", "name"), "source": ("/sources/{}", "name"),
}  # fmt: skip

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below `prefix` ("" for a site at the root of its host). `static`: pages that need a server have none."""

    prefix: str = ""
    static: bool = False

    def link(self, kind: str, **values: str) -> str:
        """The address of a page: `link("rule", key=..., title=...)`, `link("table", name=...)`, `link("feed")`."""
        if kind == "rule":
            return self._at(f"/rules/{values['key']}" + ("/" if self.static else ""))
        if kind == "value":
            if self.static:
                return self._at(f"/fields/{quote(values['field'], SAFE)}/")
            return self._at("/value?" + urlencode({"field": values["field"], "value": values["value"]}))
        if kind == "download":
            return self._at(f"/rules/{values['key']}/download/{values['form']}")
        if kind in THINGS:
            form, name = THINGS[kind]
            return self._at(form.format(quote(values[name], SAFE)) + ("/" if self.static else ""))
        path = PLACES[kind]
        if self.static and path != "/":
            path += "/"
        return self._at(path + (f"?{urlencode(values)}" if values and not self.static else ""))

    def _at(self, path: str) -> str:
        return f"{self.prefix}{path}"

    def file(self, name: str) -> str:
        """The address of a style sheet, script or picture."""
        return self._at(f"/static/{name}")

    def prefixed(self, path: str) -> str:
        """An address on the site that a service gave as a path from its root."""
        return self._at(path)

    def listed(self, query: str, filters: Iterable[tuple[str, str]], page: int = 1, **more: str) -> str:
        """The list of rules that fit."""
        pairs = [
            *([("q", query)] if query else []),
            *filters,
            *([("page", str(page))] if page > 1 else []),
            *more.items(),
        ]
        base = "/search" if query else "/"
        return self._at(base + (f"?{urlencode(pairs)}" if pairs else ""))

    def toggled(self, page: SearchPage, kind: str, value: str) -> str:
        """The list with one filter more, or less when it is chosen."""
        kept = [pair for pair in page.filters if pair != (kind, value)]
        return self.listed(page.query, kept if len(kept) < len(page.filters) else [*kept, (kind, value)])

    def paged(self, page: SearchPage, number: int) -> str:
        """Another page of the same list."""
        return self.listed(page.query, page.filters, number)

    def respelled(self, page: SearchPage, typed: str, meant: str) -> str:
        """The same search with one word replaced."""
        return self.listed(page.query.replace(typed, meant), page.filters)

    def feeds(self, query: str = "", filters: Pairs = ()) -> dict[str, str]:
        """The feeds of a list, by format."""
        tail = "" if self.static else urlencode([*([("q", query)] if query else []), *filters])
        return {kind: self._at(f"/feed.{kind}" + (f"?{tail}" if tail else "")) for kind in ("atom", "rss", "json")}


def outside(url: str, label: str) -> Markup:
    """A link that leaves the site, for http and https only; anything else is shown as text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Markup(escape(label))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Markup(escape(label))
    return Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>').format(url, label)
