"""Walking a site: every address on a page, as a reader's browser would follow it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "action", "data-index") and value is not None:
                self.found.append(value)
            if name == "id" and value:
                self.ids.add(value)
            if (
                name.startswith("on")
                or name == "style"
                or (name in ("href", "src") and (value or "").startswith("javascript:"))
            ):
                self.inline.append(f"<{tag} {name}={value!r}>")
        if tag in ("style", "iframe", "object", "embed", "base") or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(f"<{tag}>")


def parsed(html: str) -> _Links:
    """The links, ids and inline code of a page."""
    parser = _Links()
    parser.feed(html)
    return parser


def inner(html: str, at: str) -> Iterator[str]:
    """Addresses on the same site that the page at address `at` leads to, without fragments."""
    for link in parsed(html).found:
        address = urljoin(at, link)
        if urlsplit(address).netloc == urlsplit(at).netloc and urlsplit(address).scheme in ("http", "https"):
            yield address.partition("#")[0]
