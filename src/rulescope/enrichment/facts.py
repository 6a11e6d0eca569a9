"""What sentences are made of: the facts of a rule, passed in; and the sentence, which knows where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model import Diagnostic, EventType, Indicator, Node, Query, Rule
from ..text import Span


class Sentence(Node, frozen=True):
    """A sentence and the part of the rule it rests on.

    `origin` is one of techniques, events, indicators, exclusions, thresholds, windows, tables, diagnostics, corpus,
    evidence, metadata; `detail` names the very part (a field, a technique id, a diagnostic's id), `span` its place in the
    query's text when it has one.
    """

    text: str
    origin: str
    detail: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A rule as sentences need it. `counts[i]` is how many other rules look for `indicators[i]`, -1 when not counted.

    `common[i]` is the common field name of `indicators[i]`; `windows` are seconds; `thresholds` are texts such as
    `count() gt 10`; `techniques` are (id, name) of the current version; `corpus` is how many rules were counted over.
    """

    rule: Rule
    query: Query | None
    understood: bool
    scopes: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    common: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    corpus: int = 0
    events: tuple[EventType, ...] = ()
    activities: tuple[str, ...] = ()
    techniques: tuple[tuple[str, str], ...] = ()
    thresholds: tuple[str, ...] = ()
    windows: tuple[float, ...] = ()
    group_by: tuple[str, ...] = ()
    joins: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    lacking: tuple[tuple[str, tuple[str, ...]], ...] = ()  # event, fields it lacks
    fires: str = ""  # fires, silent, impossible; "" untested
    tested: bool = False
    verdict: str = ""
    forwards: str = ""
    extra: tuple[str, ...] = field(default=())

    @property
    def wanted(self) -> tuple[tuple[int, Indicator], ...]:
        """The indicators looked for, with their numbers."""
        return tuple((number, found) for number, found in enumerate(self.indicators) if not found.negated)

    @property
    def excluded(self) -> tuple[tuple[int, Indicator], ...]:
        return tuple((number, found) for number, found in enumerate(self.indicators) if found.negated)

    def field_of(self, number: int) -> str:
        """The common name of an indicator's field."""
        return self.common[number] if number < len(self.common) else self.indicators[number].field
