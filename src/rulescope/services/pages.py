"""What services give to faces: one frozen type per page, complete, so that a template or a client needs nothing else."""

from __future__ import annotations

from typing import NamedTuple

from ..analysis import Grouping, Stage, Threshold, TimeWindow, Tree
from ..catalogue import (
    Card,
    Change,
    Count,
    Evidence,
    FacetValue,
    FailureRow,
    Seeker,
    SourceFacts,
    Tally,
    ValueTest,
    value_text,
)
from ..enrichment import Confidence, Sentence
from ..model import (
    Connector,
    Diagnostic,
    Entity,
    Indicator,
    Node,
    Opaque,
    OpaqueExpr,
    OutputField,
    Parameter,
    Query,
    Rule,
    Translation,
)


class Fact(Node, frozen=True):
    """One line of a rule's facts: what it is called, its value, and where it leads (a path on the site or a URL)."""

    name: str
    value: str
    link: str = ""


class TacticRow(Node, frozen=True):
    """A tactic as tagged; `id` and `name` of the ATT&CK version that knows it, `current` whether the newest does."""

    tagged: str
    id: str
    name: str
    current: bool = True


class TechniqueRow(Node, frozen=True):
    """A technique as tagged and as of the current ATT&CK version; `now` is "" when the tag is current.

    `status` is active, revoked, deprecated or unknown. `parent` is id and name for a sub-technique.
    """

    tagged: str
    id: str
    name: str
    parent: str = ""
    parent_name: str = ""
    status: str = "active"
    now: str = ""
    now_name: str = ""
    tactics: tuple[str, ...] = ()


class EventRow(Node, frozen=True):
    """An event type the rule can see. `lacks` are fields it needs that such events do not carry: it cannot match there.

    `setting` is what must be switched on for the event to be written. `elsewhere`: it tells of the same activity, but stands
    in a log the rule does not read, so it is not covered.
    """

    name: str
    provider: str
    event_id: str
    title: str
    table: str = ""
    covered: bool = True
    lacks: tuple[str, ...] = ()
    setting: str = ""
    elsewhere: bool = False


class DataRow(Node, frozen=True):
    """A table or log source the rule needs, what fills it, and whether that is by the rule's own word.

    `kind` is table, every table, tables by pattern, table of Azure Resource Graph, function, logsource, watchlist or external data; index or data source of a language without a reader.
    """

    name: str
    kind: str
    connectors: tuple[str, ...] = ()
    stated: bool = False
    settings: tuple[str, ...] = ()
    columns: int = 0


class IndicatorRow(Node, frozen=True):
    """A value, what it is looked for in, and how many other rules do the same; `field` is the common name, for links."""

    indicator: Indicator
    field: str
    op: str
    value: str
    count: Count = Count()


class IndicatorGroup(Node, frozen=True):
    """Indicators of one field, operator and stage, as a reader sees them: `ProcessCommandLine term-any /a /b`.

    `within` is the keyword of their stage where that is no filter (`extend`): such a test tells rows apart.
    `alternative`: an exclusion that counts only beside other tests, as one of several ways to match.
    """

    field: str
    op: str  # `eq`, `term-any`, `contains-all`, ...
    negated: bool
    cased: bool
    stage: int
    rows: tuple[IndicatorRow, ...]
    within: str = ""
    alternative: bool = False

    @property
    def text(self) -> str:
        return " ".join([self.field, self.op, *(value_text(row.indicator.value) for row in self.rows)])


class OutputRow(Node, frozen=True):
    """An output field, its type when known, and the entities and custom details it fills."""

    field: OutputField
    type: str = ""
    entities: tuple[tuple[str, str], ...] = ()  # (entity type, identifier)
    details: tuple[str, ...] = ()


class EntityRow(Node, frozen=True):
    """An entity mapping, each identifier joined to the output field it names; `known` false when no such column is seen."""

    entity: Entity
    joined: tuple[tuple[str, str, bool], ...]  # identifier, column, known


class Neighbour(Node, frozen=True):
    """Another rule and how it relates; `proof` says what the claim rests on, `witness` an event that tells the two apart."""

    card: Card
    relation: str  # equivalent, near copy, broader, narrower, shares, same technique
    proof: str = ""
    shared: tuple[str, ...] = ()
    witness: dict[str, str] | None = None


class ResultColumn(NamedTuple):
    """A column of a query's result: its name and Kusto type, also as a plain pair."""

    name: str
    type: str


class RulePage(Node, frozen=True):
    """Everything known of one rule. Empty parts are empty tuples or texts; nothing is missing without a Diagnostic.

    `query` is None for a language without a reader. `columns` are name and Kusto type of the result, None when unknown.
    """

    rule: Rule
    key: str = ""
    query: Query | None = None
    facts: tuple[Fact, ...] = ()
    banner: str = ""  # the product whose alerts this rule only forwards
    show_body: bool = True
    tactics: tuple[TacticRow, ...] = ()
    techniques: tuple[TechniqueRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    data: tuple[DataRow, ...] = ()
    connectors: tuple[Connector, ...] = ()
    platforms: tuple[str, ...] = ()
    hypothesis: tuple[Sentence, ...] = ()
    guidance: tuple[Sentence, ...] = ()
    gaps: tuple[Sentence, ...] = ()
    confidence: Confidence | None = None
    parameters: tuple[Parameter, ...] = ()
    stages: tuple[Stage, ...] = ()
    tree: tuple[Tree, ...] = ()
    windows: tuple[TimeWindow, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    groupings: tuple[Grouping, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    exclusions: tuple[Indicator, ...] = ()
    indicator_groups: tuple[IndicatorGroup, ...] = ()
    exclusion_groups: tuple[IndicatorGroup, ...] = ()
    outputs: tuple[OutputField, ...] = ()
    output_rows: tuple[OutputRow, ...] = ()
    entities: tuple[EntityRow, ...] = ()
    columns: tuple[ResultColumn, ...] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    opaque: tuple[Opaque | OpaqueExpr, ...] = ()
    outline: str = ""
    translations: tuple[Translation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    family: tuple[Card, ...] = ()
    history: tuple[Change, ...] = ()
    card: Card | None = None


class ListPage(Node, frozen=True):
    """A table, technique, event, field or value in its own right: what it is, the rules that use it, what stands near it."""

    kind: str
    name: str
    title: str = ""
    about: tuple[Fact, ...] = ()
    cards: tuple[Card, ...] = ()
    total: int = 0
    languages: tuple[FacetValue, ...] = ()
    hidden: int = 0  # further rules that only forward a product's alerts


class FieldRow(Node, frozen=True):
    """A field of an event or column of a table: its type when known, its common name, and two counts of rules.

    `rules` are those of this event or table that test it, `everywhere` those of the whole catalogue that test the field by
    any of its names; rules that only forward alerts are in neither.
    """

    name: str
    type: str = ""
    rules: int = 0
    common: str = ""
    everywhere: int = 0


class TableIndex(Node, frozen=True):
    """Tables that rules read, by the schema they belong to: (schema, ((name, columns, rules), ...)), most used first.

    `columns` is 0 for tables no schema has.
    """

    schemas: tuple[tuple[str, tuple[tuple[str, int, int], ...]], ...]


class FieldIndex(Node, frozen=True):
    """Fields that rules test, by their common name, with their number of rules; most used first."""

    fields: tuple[tuple[str, int], ...]


class EventPage(Node, frozen=True):
    """An event type: title, channel, what switches it on, its fields with the number of rules that test each, the rules."""

    name: str
    provider: str
    event_id: str
    title: str
    channel: str
    setting: str
    fields: tuple[FieldRow, ...]
    rules: ListPage


class EventIndex(Node, frozen=True):
    """Providers and their event types: (provider, ((name, title, rules), ...)), most used first."""

    providers: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...]


class TablePage(Node, frozen=True):
    """A table: the schemas that have it, columns with types and rule counts, connectors that fill it, event types in it."""

    name: str
    schemas: tuple[str, ...]
    columns: tuple[FieldRow, ...]
    connectors: tuple[str, ...]
    events: tuple[tuple[str, str], ...]
    rules: ListPage


class TechniquePage(Node, frozen=True):
    """A technique: name, tactics, what it became, its sub-techniques with counts, the rules tagged with it."""

    id: str
    name: str
    status: str
    tactics: tuple[str, ...]
    parent: tuple[str, str] | None
    became: tuple[tuple[str, str], ...]
    below: tuple[tuple[str, str, int], ...]
    verified: int
    rules: ListPage


class ValuePage(Node, frozen=True):
    """A value: how it is tested, who looks for it, and who leaves it out; counts are of distinct rules.

    `unread` are the languages whose rules are kept as text, with their rules: nothing is counted from them.
    """

    value: str
    field: str
    tests: tuple[ValueTest, ...]
    seekers: tuple[Seeker, ...]
    excluders: tuple[Seeker, ...]
    looked_for: int
    left_out: int
    languages: tuple[tuple[str, int], ...]
    unread: tuple[tuple[str, int], ...] = ()


class FieldPage(Node, frozen=True):
    """A field by its common name: its spellings, the values asked of it (operator, value, negated, rules), the rules.

    `unread` are the languages whose rules are kept as text, with their rules: nothing is counted from them.
    """

    name: str
    spellings: tuple[str, ...]
    values: tuple[tuple[str, str, bool, int], ...]
    rules: ListPage
    unread: tuple[tuple[str, int], ...] = ()


class SourcePage(Node, frozen=True):
    """A source: its facts, its tally, what failed and why, its newest rules."""

    source: SourceFacts
    tally: Tally
    failures: tuple[FailureRow, ...]
    rules: ListPage


class LanguagePage(Node, frozen=True):
    """A language: how many of its rules were read and understood, where they come from, what was not understood, the rules."""

    name: str
    total: int
    parsed: int
    understood: int
    sources: tuple[FacetValue, ...]
    opaque: tuple[tuple[str, int], ...]
    rules: ListPage


class CoverageCell(Node, frozen=True):
    """A technique in the matrix: rules that claim it (its sub-techniques' included), and of them those that fired on an event."""

    id: str
    name: str
    claimed: int
    verified: int
    below: tuple[CoverageCell, ...] = ()


class CoverageColumn(Node, frozen=True):
    """A tactic of the matrix with its techniques; `claimed` and `verified` count techniques with at least one rule."""

    id: str
    name: str
    cells: tuple[CoverageCell, ...]
    claimed: int
    verified: int


class CoveragePage(Node, frozen=True):
    """The ATT&CK matrix of one version over the rules that fit `filters`. Heat is `claimed` against `most`."""

    version: str
    versions: tuple[str, ...]
    filters: tuple[tuple[str, str], ...]
    columns: tuple[CoverageColumn, ...]
    rules: int
    techniques: int
    claimed: int
    verified: int
    most: int


class FeedPage(Node, frozen=True):
    """Newest and changed rules for a feed in any format; `title` names the filter, `updated` is the newest entry's time."""

    title: str
    query: str
    filters: tuple[tuple[str, str], ...]
    updated: str
    cards: tuple[Card, ...]
