"""What would escape the rule: each gap follows from a test as it stands, none from guesses about tools."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import Facts, Sentence
from .words import listed

TELLING = frozenset(
    {"class-gap", "names-and-addresses", "literal-wildcard", "never-in-that-case", "case-sensitive", "empty-list",
     "contradiction", "never", "renamed-binary"}
)  # fmt: skip
"""Findings of the analysis that say what a rule misses or takes in by mistake."""


def gaps(facts: Facts) -> tuple[Sentence, ...]:
    """What escapes or slips in, in reading order; none for a query that was not read."""
    if facts.query is None:
        return ()
    found = [*_diagnostics(facts), *_lacking(facts)]
    return tuple({sentence.text: sentence for sentence in found}.values())


def _diagnostics(facts: Facts) -> Iterator[Sentence]:
    for each in facts.diagnostics:
        if each.id in TELLING:
            yield Sentence(f"{each.message.rstrip('.')}.", "diagnostics", each.id, each.span)


def _lacking(facts: Facts) -> Iterator[Sentence]:
    for event, fields in facts.lacking:
        shown = listed([f"`{name}`" for name in fields], "and")
        yield Sentence(f"{event} events carry no {shown}, so the rule cannot match on them.", "events", event)
