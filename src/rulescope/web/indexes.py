"""What the scripts of a published site read: a row for every rule, and the values asked of a field. Small numbers for names.

`static/rules.json`: `columns`, `names` (column -> its values), `rules` (a row a rule, newest first). A column that has names
holds places in them: a list where a rule can have several, one place (or -1) where it has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ..catalogue import Card, Catalogue

SUMMARY = 110
PLAIN = ("key", "title", "time", "description", "alike", "family")
SINGLE = ("language", "source", "severity", "verdict", "fires", "test", "forwards", "kind", "status")
MANY = ("technique", "tactic", "topic", "platform", "table", "event", "field")
COLUMNS = (*PLAIN, *SINGLE, *MANY)


class _Names:
    """Numbers for names, in the order they come."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


def rules_index(rules: Catalogue) -> bytes:
    """The rows of all rules, those that only forward alerts too."""
    names = {column: _Names() for column in (*SINGLE, *MANY)}
    have = {kind: rules.by_rule(kind) for kind in MANY}
    rows = [_row(number, card, names, have) for number, card in _cards(rules)]
    listed = {column: list(found.known) for column, found in names.items()}
    return msgspec.json.encode({"columns": COLUMNS, "names": listed, "rules": rows})


def _row(number: int, card: Card, names: dict[str, _Names], have: dict[str, dict[int, list[str]]]) -> list[Any]:
    single = {
        "language": card.language, "source": card.source, "severity": card.severity, "kind": card.kind, "status": card.status,
        "verdict": card.verdict or "untested", "fires": card.fires or "untested", "test": "yes" if card.tested else "",
        "forwards": "yes" if card.forwards else "",
    }  # fmt: skip
    return [
        card.key, card.title, card.time[:10], _short(card.description), card.alike, card.family if card.alike else 0,
        *(names[column].number(single[column]) if single[column] else -1 for column in SINGLE),
        *([names[kind].number(value) for value in have[kind].get(number, ())] for kind in MANY),
    ]  # fmt: skip


def _short(text: str) -> str:
    """The beginning of a text, whole words."""
    return text if len(text) <= SUMMARY else text[:SUMMARY].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _cards(rules: Catalogue) -> Iterator[tuple[int, Card]]:
    """(number, card) of every rule, newest first."""
    page, pages = 1, 1
    while page <= pages:
        found = rules.search(page=page, size=200, order="new", facets=(), forwards=True)
        yield from zip(rules.numbers([card.key for card in found.cards]), found.cards, strict=True)
        page, pages = page + 1, found.pages


def values_index(rules: Catalogue, field: str) -> bytes:
    """The values asked of a field: (value, operator, left out, keys of the rules), by value."""
    rows = [(value, op, int(negated), keys) for value, op, negated, keys in rules.values_with_rules(field)]
    return msgspec.json.encode({"values": rows})
