"""Search: rules by words, fields and filters, and rules as one types."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalogue import Card, Catalogue, SearchPage


def search(
    catalogue: Catalogue,
    query: str,
    filters: Iterable[tuple[str, str]] = (),
    page: int = 1,
    size: int = 50,
    order: str = "",
    forwards: bool = False,
) -> SearchPage:
    """One page of the rules that fit: words, "phrases", `field:value`, AND OR NOT, parentheses; see `Catalogue.search`."""
    return catalogue.search(query, filters, page, size, order, forwards=forwards)


def suggest(catalogue: Catalogue, text: str, limit: int = 8) -> tuple[Card, ...]:
    """Rules whose words begin like what was typed so far, best first."""
    return catalogue.suggest(text, limit)
