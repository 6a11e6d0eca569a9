"""The feed: newest and changed rules first, for a page or for readers of RSS, Atom and JSON Feed."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalogue import Catalogue, SearchPage
from ..outputs import feeds
from .pages import FeedPage

MOST = 50


def feed(
    catalogue: Catalogue,
    query: str = "",
    filters: Iterable[tuple[str, str]] = (),
    page: int = 1,
    size: int = 50,
    order: str = "",
) -> SearchPage:
    """One page of the feed; near-copies stand behind the newest of them as long as nothing is asked or filtered."""
    return catalogue.search(query, filters, page, size, order, grouped=True)


def feed_page(
    catalogue: Catalogue, query: str = "", filters: Iterable[tuple[str, str]] = (), most: int = MOST
) -> FeedPage:
    """The newest rules that fit, for a feed of any format."""
    chosen = tuple(filters)
    found = catalogue.search(query, chosen, 1, most, "new", facets=())
    words = [query] if query else []
    words += [f"{kind} {value}" for kind, value in chosen]
    title = "rulescope: " + (", ".join(words) if words else "new and changed rules")
    updated = max((card.time or card.retrieved for card in found.cards), default="")
    return FeedPage(title, query, chosen, updated, found.cards)


def written(page: FeedPage, kind: str, base: str, address: str) -> str:
    """A feed as `atom`, `rss` or `json` text; `base` is the site's address, `address` the feed's own. KeyError for others."""
    entries = tuple(
        feeds.Entry(
            id=f"{base}/rules/{card.key}",
            title=card.title,
            link=f"{base}/rules/{card.key}",
            updated=feeds.moment(card.time or card.retrieved),
            summary=card.description,
            authors=card.authors,
            tags=tuple(tag for tag in (card.language, card.severity, *card.techniques, *card.tables) if tag),
        )
        for card in page.cards
    )
    made = feeds.Feed(address, page.title, base or "/", address, feeds.moment(page.updated), entries)
    return feeds.WRITERS[kind](made)
