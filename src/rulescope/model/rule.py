"""A rule as its file says it: metadata, the query text, and where it came from."""

from __future__ import annotations

from .node import Node


class RuleFile(Node, frozen=True):
    """A file of a rule source, as bytes. `path` is relative to the source, with `/`."""

    source: str
    path: str
    data: bytes
    commit: str = ""
    url: str = ""  # of the original at its commit, when the source has one
    licence: str = ""


class Logsource(Node, frozen=True):
    """What a Sigma rule runs on."""

    category: str = ""
    product: str = ""
    service: str = ""
    definition: str = ""


class Schedule(Node, frozen=True):
    """How often a scheduled rule runs and how far it looks back, in seconds; 0 when not said."""

    frequency: int = 0
    lookback: int = 0


class Trigger(Node, frozen=True):
    """A scheduled rule alerts when its number of result rows is `op` (gt ge lt eq ne) `threshold`."""

    op: str = "gt"
    threshold: int = 0


class Connector(Node, frozen=True):
    """A data connector a rule asks for, and the tables it fills."""

    id: str
    tables: tuple[str, ...] = ()


class Entity(Node, frozen=True):
    """An entity mapping: entity type and (identifier, column) pairs."""

    kind: str
    fields: tuple[tuple[str, str], ...] = ()


class Rule(Node, frozen=True):
    """One detection rule or hunting query.

    `text` is the query in `language` (for Sigma the YAML document); `line` is where it starts in the file, from 1, and
    `indent` how many columns each of its lines is moved right there. `title` is never empty. Dates are ISO, "" unknown.
    `tactics` and `techniques` are as tagged (tactic names or ids as the author wrote them; technique ids upper case).
    """

    id: str
    title: str
    language: str
    text: str
    format: str = ""
    line: int = 1
    indent: int = 0
    name: str = ""  # short name other rules refer to (Sigma `name`)
    kind: str = ""  # Scheduled, NRT, Hunting, Custom detection, Parser, correlation, ...
    description: str = ""
    severity: str = ""  # informational low medium high critical, lower case; "" not said
    status: str = ""
    authors: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""
    version: str = ""
    source: str = ""
    path: str = ""
    url: str = ""
    commit: str = ""
    licence: str = ""
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    logsource: Logsource | None = None
    tables: tuple[str, ...] = ()  # named by the file beside its query
    fields: tuple[str, ...] = ()  # Sigma `fields`
    schedule: Schedule | None = None
    trigger: Trigger | None = None
    connectors: tuple[Connector, ...] = ()
    entities: tuple[Entity, ...] = ()
    details: tuple[tuple[str, str], ...] = ()  # custom details: (name, column)
    related: tuple[tuple[str, str], ...] = ()  # (type, id)
    windows: tuple[float, ...] = ()  # seconds, of a query that only its format reads
    group_by: tuple[str, ...] = ()  # likewise


class Failure(Node, frozen=True):
    """A file or a part of one that is no rule, and why. `line` and `column` 0 when unknown."""

    source: str
    path: str
    message: str
    line: int = 0
    column: int = 0
    kind: str = "FormatError"
