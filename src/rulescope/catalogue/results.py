"""What a catalogue answers with: frozen values, ready for a page."""

from __future__ import annotations

from ..model import Node


class Card(Node, frozen=True):
    """A rule in a list. `time` is when it came or changed, an ISO date; `alike` how many near-copies stand behind it."""

    key: str
    id: str
    title: str
    language: str
    format: str
    source: str
    kind: str = ""
    severity: str = ""
    status: str = ""
    description: str = ""
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""
    time: str = ""
    retrieved: str = ""
    understood: bool = False
    parsed: bool = False
    forwards: bool = False
    confidence: int = 0
    verdict: str = ""  # of its translation: equal, wider, ...; "" not translated
    fires: str = ""  # fires, silent, impossible; "" untested
    tested: bool = False
    family: int = 0
    alike: int = 0
    snippet: str = ""  # where the search's words stand, with \x02 and \x03 around them


class FacetValue(Node, frozen=True):
    """One value of a facet: how many rules of the present result have it, and whether it is chosen."""

    value: str
    rules: int
    chosen: bool = False


class Facet(Node, frozen=True):
    """A way to narrow a result. `more` values are not listed."""

    kind: str
    values: tuple[FacetValue, ...]
    more: int = 0


class SearchPage(Node, frozen=True):
    """One page of a result. `suggestions` are (word as typed, word that exists)."""

    query: str
    filters: tuple[tuple[str, str], ...]
    cards: tuple[Card, ...]
    total: int
    page: int
    size: int
    order: str
    facets: tuple[Facet, ...] = ()
    suggestions: tuple[tuple[str, str], ...] = ()
    hidden: int = 0  # rules left out because they only forward a product's alerts
    behind: int = 0  # rules of `total` that are not listed, since a newer near-copy is
    expanded: str = ""  # the facet of which all values are listed

    @property
    def pages(self) -> int:
        return max(1, -(-(self.total - self.behind) // self.size))


class Count(Node, frozen=True):
    """How many rules, other than the one asked about, look for a predicate or leave it out, per language."""

    looked_for: tuple[tuple[str, int], ...] = ()
    excluded: tuple[tuple[str, int], ...] = ()

    @property
    def rules(self) -> int:
        return sum(number for _, number in self.looked_for)

    @property
    def exclusions(self) -> int:
        return sum(number for _, number in self.excluded)


class SourceFacts(Node, frozen=True):
    """A source and how much of it is rules. Where its copy lies on this machine is not told."""

    name: str
    title: str
    licence: str
    licence_url: str
    show_bodies: bool
    repository: str
    commit: str
    synced: str
    files: int
    rules: int
    parsed: int
    understood: int
    failures: int


class FailureRow(Node, frozen=True):
    """A file, or a rule's query, that could not be read, and why; `rule` is the key of the rule it belongs to."""

    source: str
    path: str
    kind: str
    message: str
    line: int
    column: int
    rule: str = ""


class Tally(Node, frozen=True):
    """How much was read and understood: counts over files and rules, failures by message, constructs not understood."""

    files: int
    rules: int
    parsed: int
    understood: int
    failures: tuple[tuple[str, str, int], ...]  # kind, message, times
    opaque: tuple[tuple[str, int], ...]  # keyword, rules
    languages: tuple[tuple[str, int, int, int], ...]  # language, rules, parsed, understood


class Change(Node, frozen=True):
    """Something that happened to a rule: added, changed, removed."""

    time: str
    what: str
    detail: str = ""


class ValueTest(Node, frozen=True):
    """One way a value is tested: field (by its common name), operator, whether it is left out, rules per language."""

    field: str
    op: str
    negated: bool
    languages: tuple[tuple[str, int], ...]

    @property
    def rules(self) -> int:
        return sum(number for _, number in self.languages)


class Evidence(Node, frozen=True):
    """What a rule did on a log: fired, silent, or could not run."""

    log: str
    kind: str
    events: int
    expected: int | None = None
    time: str = ""
    detail: str = ""


class Seeker(Node, frozen=True):
    """A rule that tests a value, and how."""

    key: str
    title: str
    language: str
    source: str
    severity: str
    field: str
    op: str
    value: str
    negated: bool
