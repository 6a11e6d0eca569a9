"""What sentences are made of: the facts of a rule, passed in; and the sentence, which knows where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Diagnostic, Expr, Indicator, Named, Node, Query, Rule, TableCall
from ..schemas import tables
from ..text import Span
from .parts import Part

OUTSIDE = ("absent", "unmatched", "looked up", "listed")
"""Roles of parts whose entries are not what is looked for."""


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


class Counted(Node, frozen=True):
    """A condition on a counted number: `field op value`, where `field` is `how` (`dcount(User)`) `by` fields, as in `text`.

    `part` is the number of the part of the query that counts, `within` the length of the bins of time it counts in, in seconds
    (0 for none); `groups`: what it counts was grouped before.
    """

    field: str
    how: str
    op: str
    value: int | float
    text: str = ""
    by: tuple[str, ...] = ()
    part: int = 0
    span: Span | None = None
    within: float = 0.0
    groups: bool = False


SWITCHES = ("starttime", "endtime", "pack", "disabled")
"""Parameters of ASIM's parsers that choose no entries by what they hold."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A rule as sentences need it. `counts[i]` is how many other rules look for `indicators[i]`, -1 when not counted.

    `common[i]` is the common field name of `indicators[i]`; `filters` are the numbers of the indicators that events must
    pass (the others colour columns). `bins` and `lookbacks` are seconds; `techniques` are (id, name with its parent's) of
    the current version; `corpus` is how many rules with a query that was read were counted over; `activities` are
    (scope, what happens when it gets an entry); `lacking` are (event, fields it lacks).
    """

    rule: Rule
    query: Query | None
    understood: bool
    scopes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    common: tuple[str, ...] = ()
    filters: frozenset[int] | None = None
    counts: tuple[int, ...] = ()
    corpus: int = 0
    activities: tuple[tuple[str, str], ...] = ()
    techniques: tuple[tuple[str, str], ...] = ()
    counted: tuple[Counted, ...] = ()
    bins: tuple[float, ...] = ()
    lookbacks: tuple[float, ...] = ()
    group_by: tuple[str, ...] = ()
    joins: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    lacking: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fires: str = ""  # fires, silent, impossible; "" untested
    tested: bool = False
    verdict: str = ""
    forwards: str = ""

    @property
    def required(self) -> tuple[Counted, ...]:
        """The counts that what is reported must reach, not those of entries that are left out or only looked up, nor those
        of the partners that what is reported must not have."""
        return tuple(each for each in self.counted if each.part >= len(self.parts) or self._reached(each))

    def _reached(self, counted: Counted) -> bool:
        part = self.parts[counted.part]
        partners = [getattr(term, "span", None) for term in part.counts[: part.partners]]
        return part.role not in OUTSIDE and (counted.span is None or counted.span not in partners)

    @property
    def wanted(self) -> tuple[tuple[int, Indicator], ...]:
        """The indicators that events must show, with their numbers."""
        return tuple(
            (number, found)
            for number, found in enumerate(self.indicators)
            if not found.negated and (self.filters is None or number in self.filters)
        )

    @property
    def function(self) -> str:
        """The function that gives all rows, when what it asks stands elsewhere; "" for tables and known parsers."""
        match self.query.stages[:1] if self.query is not None else ():
            case (TableCall(name),) if name.lower() != "table" and not tables.asim_functions().get(name):
                return name if len(self.scopes) == 1 else ""
        return ""

    @property
    def narrowed(self) -> tuple[tuple[str, str, Expr], ...]:
        """What parsers are asked to give only: parser, parameter, value; times and switches aside."""
        calls = (
            stage for stage in (self.query.stages if self.query is not None else ()) if isinstance(stage, TableCall)
        )
        return tuple(
            (call.name, arg.name, arg.value)
            for call in calls
            if tables.asim_functions().get(call.name)
            for arg in call.args
            if isinstance(arg, Named) and arg.name not in SWITCHES
        )

    def field_of(self, number: int) -> str:
        """The common name of an indicator's field."""
        return self.common[number] if number < len(self.common) else self.indicators[number].field
