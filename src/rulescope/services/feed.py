"""The feed: newest and changed rules first, for a page or for readers of RSS, Atom and JSON Feed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from ..catalogue import Card, Catalogue, SearchPage
from ..outputs import feeds
from .pages import FeedPage

MOST = 50
SPACE = uuid.UUID("6f5a4a0e-21f4-4b0d-9a6e-1c1d8a1c5b77")
"""Namespace of the ids of feeds and their entries."""


def feed(
    catalogue: Catalogue,
    query: str = "",
    filters: Iterable[tuple[str, str]] = (),
    page: int = 1,
    size: int = 50,
    order: str = "",
    expanded: str = "",
) -> SearchPage:
    """One page of the feed; near-copies stand behind the newest of them that fits, unless words are searched.

    `expanded` is a facet of which all values are wanted.
    """
    return catalogue.search(query, filters, page, size, order, grouped=True, expanded=expanded)


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
    updated = updated or max((source.synced for source in catalogue.sources()), default="")
    return FeedPage(title, query, chosen, updated, found.cards)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site stands: its address without a slash at its end, and the address of a rule below that."""

    base: str
    rule: str = "/rules/{}"


def written(page: FeedPage, kind: str, place: Place, address: str) -> str:
    """A feed as `atom`, `rss` or `json` text, `address` its own. KeyError for other kinds.

    The ids of feed and entries are of what they name, not of where they are: a reader keeps what it has read when the site moves.
    """
    entries = tuple(
        feeds.Entry(
            id=_id(f"rule {card.key}"),
            title=card.title,
            link=place.base + place.rule.format(card.key),
            updated=feeds.moment(card.time or card.retrieved),
            published=_published(card),
            summary=card.description,
            authors=card.authors,
            tags=tuple(
                dict.fromkeys(tag for tag in (card.language, card.severity, *card.techniques, *card.tables) if tag)
            ),
        )
        for card in page.cards
    )
    id = _id(f"feed {page.query!r} {sorted(page.filters)}")
    made = feeds.Feed(id, page.title, f"{place.base}/", address, feeds.moment(page.updated), entries)
    return feeds.WRITERS[kind](made)


def _published(card: Card) -> str:
    """When a rule was written, as far as its author says so; else when it came or changed."""
    updated, created = feeds.moment(card.time or card.retrieved), feeds.moment(card.created)
    return created if feeds.EPOCH < created < updated else updated


def _id(name: str) -> str:
    return uuid.uuid5(SPACE, name).urn
