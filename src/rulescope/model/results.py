"""What services give back: translations with their proof, alerts, and what could not be done."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from ..text import Place, Span
from .node import Node


class Verdict(StrEnum):
    """How a translation's rows relate to its source's over the events both ran on."""

    EQUAL = "equal"
    WIDER = "wider"
    NARROWER = "narrower"
    DIFFERS = "differs"
    IMPOSSIBLE = "impossible"
    UNTESTED = "untested"


class Loss(Node, frozen=True):
    """Something the target cannot say. `effect`: dropped, widened, narrowed or unmapped."""

    construct: str
    why: str
    effect: str = "dropped"
    span: Span | None = None


class Check(Node, frozen=True):
    """One step of a proof: `read-back`, `bind`, `execute`, ...; `passed` None when it could not be done."""

    name: str
    passed: bool | None
    detail: str = ""


class Witness(Node, frozen=True):
    """An event that tells two queries apart, as field -> value, in the source's names and in the target's."""

    event: dict[str, Any]
    mapped: dict[str, Any]
    source_matches: bool
    target_matches: bool
    origin: str = "generated"  # or the log file it stands in


class Translation(Node, frozen=True):
    """A rule written in another language, and what is known of how true that is. `text` empty: refused, see losses."""

    rule_id: str
    target: str
    schema: str
    text: str
    losses: tuple[Loss, ...] = ()
    checks: tuple[Check, ...] = ()
    verdict: Verdict = Verdict.UNTESTED
    witness: Witness | None = None
    events: int = 0  # how many events both sides ran on


class Alert(Node, frozen=True):
    """A rule that fired on an event (or on several, of which `event` is the last). `fields` hold the matched values."""

    rule_id: str
    title: str
    time: str
    event: dict[str, Any]
    fields: dict[str, Any] = {}
    severity: str = ""
    log: str = ""
    record: int = 0
    count: int = 1
    techniques: tuple[str, ...] = ()


class NotRun(Node, frozen=True):
    """A rule that could not run over some log, and the construct or data it lacked."""

    rule_id: str
    engine: str
    construct: str
    why: str = ""
    title: str = ""


class Diagnostic(Node, frozen=True):
    """A finding about a rule: id of the check, what is wrong, where, how bad (error, warning, note)."""

    id: str
    message: str
    severity: str = "warning"
    place: Place | None = None
    span: Span | None = None
    suggestion: str = ""
