"""The event types a rule can see, held field by field against what it asks of them: what they lack, it cannot match on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from ..errors import UnsupportedError
from ..model import TRUE, And, Compare, Expr, Field, Match, Not, Op, Or, Query, Scan, TableCall, expressions
from ..regex import compiled
from ..schemas import events, fields, logsources, mappings, tables
from ..schemas.codes import Never
from .pages import EventRow
from .reading import event_name

Carries = Callable[[str], bool]
"""Whether an event carries a field of the rule, as far as known; the field `*` stands for any."""


def event_rows(query: Query) -> tuple[EventRow, ...]:
    """The event types a query can see, each with the fields it needs and such events do not carry.

    Events that tell of the same activity in a log it does not read are not covered, whatever they carry; a query that
    reads raw events too may well read theirs, so nothing is said of them.
    """
    names = {stage.table for stage in expressions(query, Scan)} | {call.name for call in expressions(query, TableCall)}
    raw = any(map(_holds, names))
    found: dict[tuple[str, str, str], list[events.Seen]] = {}
    for each in events.seen(query):
        if raw and _elsewhere(each):
            continue
        event = each.event
        key = (event.provider, event.event_id, event.table if event.provider == "Defender" else "")
        found.setdefault(key, []).append(each)
    return tuple(_row(ways) for ways in found.values())


def _row(ways: Sequence[events.Seen]) -> EventRow:
    """An event that any scan can match is covered."""
    event = ways[0].event
    read = [way for way in ways if not _elsewhere(way)]
    lacking = [_lacks(way) for way in read or ways]
    return EventRow(
        name=event_name(event),
        provider=event.provider,
        event_id=event.event_id,
        title=event.title,
        table=event.table,
        covered=bool(read) and None in lacking,
        lacks=() if None in lacking else tuple(dict.fromkeys(name for names in lacking for name in names or ())),
        setting=events.settings(event.provider, event.event_id),
        elsewhere=not read,
    )


def _elsewhere(way: events.Seen) -> bool:
    """Whether an event stands in another log than the table that told of it: raw events are not in those of Defender."""
    return not (_holds(way.scope) or way.event.table)


def _holds(scope: str) -> bool:
    """Whether raw events stand in a table or log source, or behind a function."""
    return "=" in scope or scope in tables.asim_functions() or scope in events.WINDOWS_TABLES


def _lacks(way: events.Seen) -> tuple[str, ...] | None:
    """The fields for want of which a condition can never hold of an event; None when it can."""
    carries = _carrier(way)
    if carries is None:
        return None
    number = way.event.event_id
    found: dict[str, None] = {}
    raw = "=" in way.scope
    impossible = False
    for asked in way.asked:
        # of an event that the condition leaves to another part, that part's fields are not looked at
        predicate = TRUE if _of_other(asked.predicate, number) else _of_event(asked.predicate, number)
        known = Held(carries, asked.made, raw)
        if not known.possible(predicate, True):
            impossible = True
            found.update(dict.fromkeys(known.wanting(predicate, True)))
    return tuple(found) if impossible else None


# ---------------------------------------------------------------- what an event carries


def _carrier(way: events.Seen) -> Carries | None:
    """What an event carries; None when that is not known."""
    event = way.event
    if event.provider == "Defender":
        if "=" not in way.scope:
            return None
        ways = [each for each in _ways(way.scope) if each.table == event.table]
        return (lambda name: name == "*" or any(_places(each, name) for each in ways)) if ways else None
    carried = _carried(event.provider, event.event_id, _elsewhere(way))
    return (lambda name: _carries(name, carried, way.scope)) if carried else None


@cache
def _ways(scope: str) -> tuple[mappings.Mapping, ...]:
    return mappings.mappings_for(logsources.parsed(scope), "defender-xdr")


def _places(way: mappings.Mapping, name: str) -> bool:
    """Whether the table of a mapping has a column that answers tests of a field."""
    row = way.field(name)
    return row is not None and not isinstance(row, Never)


@cache
def _carried(provider: str, event_id: str, elsewhere: bool = False) -> frozenset[str]:
    """The common names of the fields an event type carries; empty when its fields are not known."""
    own = events.fields(provider, event_id)
    names = {fields.canonical(name, (f"category={_category(provider, event_id)}",)) for name in own}
    names |= set(ALSO.get(f"{events.short(provider)}/{event_id}", ())) if elsewhere else set()
    return frozenset(
        names | {fields.name_of(name) for name in names if fields.name_of(name)} | {name.lower() for name in own}
    )


@cache
def _category(provider: str, event_id: str) -> str:
    short = events.short(provider)
    return next((each.name for each in events.activities() if (short, event_id) in each.events), "")


PROCESS = ("process.executable", "process.name")
BETWEEN = (*PROCESS, "filename", "folderpath")
REGISTRY = (
    *PROCESS,
    "registry.path",
    "registry.value",
    "registry.data.strings",
    "registryvaluetype",
    "previousregistryvaluedata",
)
LOGON = (
    "remoteip",
    "destination.ip",
    "remotedevicename",
    "accountname",
    "accountdomain",
    "accountsid",
    "protocol",
    "remoteport",
    "destination.port",
)
ALSO: dict[str, tuple[str, ...]] = {
    "Sysmon/8": BETWEEN, "Sysmon/10": BETWEEN,
    "Sysmon/12": ("registry.value",), "Sysmon/13": ("registry.value",), "Sysmon/14": ("registry.value",),
    "Security-Auditing/4657": REGISTRY,
    "Security-Auditing/4660": PROCESS,
    "Security-Auditing/4663": (*PROCESS, "file.path", "file.name"),
    "Security-Auditing/4624": LOGON, "Security-Auditing/4625": LOGON,
    "Windows Defender/1116": ("folderpath",), "Windows Defender/1117": ("folderpath",),
}  # fmt: skip
"""Event -> what it tells under names and in forms of its own (`ObjectName`, `IpAddress`): not what it cannot be asked of.

https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables
"""
COMMON = frozenset(
    {
        "event.code",
        "event.outcome",
        "winlog.channel",
        "winlog.provider_name",
        "event.action",
        "host.name",
        "timegenerated",
        "timestamp",
    }
)


def _carries(name: str, carried: frozenset[str], scope: str) -> bool:
    common = fields.canonical(name, (scope,))
    if name.lower() not in carried and common not in carried and name.lower() in _beside(scope):
        return False  # another event of the same activity carries it
    if "hashes" in carried and common.rpartition(".")[2] in ("md5", "sha1", "sha256", "imphash"):
        return True
    if name == "*" or common in COMMON or common in carried or name.lower() in carried:
        return True
    return (common not in fields.common() and name not in _columns(scope)) or name in MADE.get(scope, ())


@cache
def _columns(scope: str) -> frozenset[str]:
    """The columns of a Defender table: those that no field of an event is known to be are not in it.

    In DeviceEvents most columns mean what the action makes them mean.
    """
    columns = tables.tables("defender").get(scope, {})
    return frozenset(name for name in columns if scope != "DeviceEvents" or name.startswith("InitiatingProcess")) - BAGS


BAGS = frozenset({"AdditionalFields", "DeviceId", "ReportId"})
"""Columns that hold what has no column of its own, or that name the machine and the row in Defender's own way."""
MADE = {"SecurityEvent": ("Process", "Account", "TargetAccount", "SubjectAccount")}
"""Columns of a table of raw events that are put together from fields of theirs."""


@cache
def _beside(scope: str) -> frozenset[str]:
    """The fields of the events that tell of what this log source tells of."""
    category = {word.partition("=")[2] for word in scope.split(" ") if word.startswith("category=")}
    return frozenset(
        name.lower()
        for each in events.activities()
        if each.name in category
        for provider, event_id in each.events
        for name in events.fields(provider, event_id)
    )


# ---------------------------------------------------------------- whether a condition can hold


class Held:
    """A condition held against what an event carries: a field it does not carry passes no test but that of being empty.

    Columns the query has `made` may hold anything. `raw`: of a log whose missing fields are null, not empty text.
    """

    def __init__(self, carries: Carries, made: frozenset[str], raw: bool) -> None:
        self.carries = carries
        self.made = made
        self.raw = raw

    def possible(self, expr: Expr, wanted: bool) -> bool:
        """Whether `expr` can be `wanted` of such an event."""
        match expr:
            case And(terms) | Or(terms):
                each = (self.possible(term, wanted) for term in terms)
                return all(each) if isinstance(expr, And) is wanted else any(each)
            case Not(term):
                return self.possible(term, not wanted)
        settled = self._settled(expr)
        return settled is None or settled is wanted

    def wanting(self, expr: Expr, wanted: bool) -> Iterator[str]:
        """The missing fields for which `expr`, which cannot be `wanted`, cannot."""
        match expr:
            case And(terms) | Or(terms):
                for term in terms:
                    if not self.possible(term, wanted):
                        yield from self.wanting(term, wanted)
            case Not(term):
                yield from self.wanting(term, not wanted)
            case Match(Field(name)) | Compare(Field(name)):
                yield name

    def _settled(self, expr: Expr) -> bool | None:
        """What a test always gives of such an event; None when that depends on the event."""
        match expr:
            case Match(Field(name), op, values) if name not in self.made and not self.carries(name):
                if op in (Op.EMPTY, Op.EXISTS):
                    return op is Op.EMPTY
                blank = not self.raw and any(_of_nothing(op, value) for value in values)
                return None if blank or not values else False
            case Compare(Field(name), op, Field()) if self.raw and op is not Op.NE and not self.carries(name):
                return False
        return None


def _of_nothing(op: Op, value: object) -> bool:
    """Whether an empty text may pass a test."""
    if op is Op.REGEX:
        try:
            return compiled(str(value)).search("") is not None
        except UnsupportedError:
            return True
    return value is None or value == "" or (op is Op.WILDCARD and not str(value).strip("*"))


# ---------------------------------------------------------------- conditions that name other events


def _of_event(expr: Expr, number: str) -> Expr:
    """A condition without the alternatives that ask for other event ids."""
    match expr:
        case And(terms):
            return And(tuple(_of_event(term, number) for term in terms))
        case Or(terms) if number.isdigit() and (kept := [term for term in terms if not _of_other(term, number)]):
            return Or(tuple(kept))
    return expr


def _of_other(expr: Expr, number: str) -> bool:
    match expr:
        case And(terms):
            return any(_of_other(term, number) for term in terms)
        case Or(terms) if terms:
            return all(_of_other(term, number) for term in terms)
        case Match(Field(name), Op.EQ, values) if name.lower() == "eventid":
            return number not in {str(value) for value in values}
    return False


__all__ = ["event_rows"]
