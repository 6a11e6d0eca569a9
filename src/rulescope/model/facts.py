"""What analysis finds in a query, the same for all languages."""

from __future__ import annotations

from ..text import Span
from .node import Node
from .tree import Op, Scalar


class Indicator(Node, frozen=True):
    """A value a rule looks for, or (negated) leaves out, in a field. One per value; `op` as in Match."""

    field: str
    op: Op
    value: Scalar
    negated: bool = False
    cased: bool = False
    every: bool = False  # one of several that must all match
    stage: int = 0  # number of its stage, from 0
    span: Span | None = None
    test: int = 0  # tells tests of which all values must match apart


class OutputField(Node, frozen=True):
    """A column of the result and the stage that made it (`extend`, `summarize`, ...; the table's own: `source`)."""

    name: str
    source: str
    stage: int = 0
    type: str = ""


class EventType(Node, frozen=True):
    """A kind of event a rule can see: provider and event id or action type, and its title."""

    provider: str
    event_id: str
    title: str = ""
    table: str = ""
