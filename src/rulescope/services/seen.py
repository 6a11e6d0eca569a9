"""The event types a rule can see, held field by field against what it asks of them: what they lack, it cannot match on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from ..analysis.indicators import TESTS
from ..engines.reference import holds
from ..errors import UnsupportedError
from ..model import (
    TRUE,
    And,
    Call,
    Compare,
    Expr,
    Field,
    Match,
    Not,
    Op,
    Or,
    Query,
    Scalar,
    Scan,
    TableCall,
    Within,
    expressions,
)
from ..regex import compiled
from ..schemas import events, fields, logsources, mappings, tables
from ..schemas.carried import Carried
from ..schemas.mappings import Mapping as Mapped
from .pages import EventRow
from .reading import event_name


def event_rows(query: Query) -> tuple[EventRow, ...]:
    """The event types a query can see, each with the fields it needs and such events do not carry.

    Events that tell of the same activity in a log it does not read are not covered, whatever they carry; a query that
    reads raw events too may well read theirs, so nothing is said of them. Nor is it of events that hold other values than
    those asked for, and of those nobody knows a mapping of.
    """
    names = {stage.table for stage in expressions(query, Scan)} | {call.name for call in expressions(query, TableCall)}
    raw = any(map(_holds, names))
    found: dict[tuple[str, str, str], list[events.Seen]] = {}
    for each in events.seen(query):
        event = each.event
        if (raw and _elsewhere(each)) or (event.provider == "Defender" and "=" in each.scope and not _ways(each)):
            continue
        key = (event.provider, event.event_id, event.table if event.provider == "Defender" else "")
        found.setdefault(key, []).append(each)
    rows = (_row(ways) for ways in found.values())
    return tuple(row for row in rows if row is not None)


def _row(ways: Sequence[events.Seen]) -> EventRow | None:
    """An event that any scan can match is covered; None for one whose own values are not those asked for."""
    event = ways[0].event
    read = [way for way in ways if not _elsewhere(way)]
    lacking = [_lacks(way) for way in read or ways]
    if all(names == () for names in lacking):
        return None
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
    tests = _tests(way) or (lambda test: OPEN)
    number = way.event.event_id
    found: dict[str, None] = {}
    impossible = False
    for asked in way.asked:
        # of an event that the condition leaves to another part, that part's fields are not looked at
        predicate = TRUE if _of_other(asked.predicate, number) else _of_event(asked.predicate, number)
        known = Held(tests, asked.made, dict(asked.labels))
        if not known.possible(predicate, True):
            impossible = True
            found.update(dict.fromkeys(known.wanting(predicate, True)))
    return tuple(found) if impossible else None


# ---------------------------------------------------------------- tests of one event

Given = tuple[bool | None, str]
"""What a test always gives of an event, None when that depends on the event; and the field for want of which, or ""."""
OPEN: Given = (None, "")


def _tests(way: events.Seen) -> Callable[[Expr], Given] | None:
    """What single tests give of an event; None when that is not known of any."""
    event = way.event
    if event.provider == "Defender":
        if ways := _ways(way):
            return lambda test: _mapped(test, ways, event.event_id)
        of = FILLED.get(event.table, {}) if event.title and event.event_id != events.ANY_ACTION else {}
        columns = tables.tables("defender").get(event.table, {}) if event.table.startswith("Device") else {}

        def has(name: str) -> bool:
            there = not columns or name in columns or name not in _everywhere()
            return there and event.event_id in of.get(name, (event.event_id,))

        return (lambda test: _plain(test, has, False, {})) if of or columns else None
    carried = _carried(event.provider, event.event_id, _elsewhere(way))
    if not carried:
        return None
    values = VALUES.get(event_name(event), {})
    whole = event.provider == "Sysmon" and "category=" in way.scope  # whose fields are those that such rules name
    return lambda test: _plain(
        test,
        lambda name: (
            _carries(name, carried, way.scope)
            and not (whole and _unheard(name, carried, way.scope))
            and not _in_neither(name, way)
        ),
        "=" in way.scope,
        values,
    )


@cache
def _everywhere() -> frozenset[str]:
    """Every column of a table of Defender."""
    return frozenset(name for columns in tables.tables("defender").values() for name in columns)


def _plain(test: Expr, carries: Callable[[str], bool], raw: bool, values: Mapping[str, tuple[str, ...]]) -> Given:
    """What a test gives of an event: a field it does not carry passes none but that of being empty.

    `raw`: missing fields are null, not empty text. `values`: all that some fields can hold.
    """
    match test:
        case Match(Field(name)) if name in values:
            answers = {holds(test, {name: value}) for value in values[name]}
            return (answers.pop() if len(answers) == 1 else None, "")
        case Match(Field(name), op, asked) if not carries(name):
            if op in (Op.EMPTY, Op.EXISTS):
                return op is Op.EMPTY, name
            blank = not raw and any(_of_nothing(op, value) for value in asked)
            return OPEN if blank or not asked else (False, name)
        case Compare(Field(name), op, Field()) if raw and op is not Op.NE and not carries(name):
            return False, name
        case Within(Field(name)) if not carries(name):
            return False, name
        case Call(how, (Field(name), *_)) if how in TESTS and not carries(name):
            return False, name
    return OPEN


def _mapped(test: Expr, ways: Sequence[Mapped], action: str) -> Given:
    """What a test gives of a row of a table that holds the event by a mapping, or by any of several."""
    found = {_carried_over(test, way, action) for way in ways}
    return found.pop() if len(found) == 1 else OPEN


def _carried_over(test: Expr, way: Mapped, action: str) -> Given:
    match test:
        case Match(Field(name), op, values, every) if name != "*":
            try:
                return _of_action(Carried(way, False).expr(test), action), ""
            except UnsupportedError as error:
                if way.field(name) is not None and error.target in VALUES_ONLY:
                    return OPEN
                kind = error.construct.removesuffix(" hashes")
                if kind != error.construct and not every and any(kind not in str(value).upper() for value in values):
                    return OPEN  # hashes of other kinds stand beside it
                return op is Op.EMPTY, kind if kind != error.construct else name
    return OPEN


VALUES_ONLY = ("registry data by type", "a number")
"""What cannot answer a test for the form of its values, not for want of the field."""


def _of_action(test: Expr | None, action: str) -> bool | None:
    """Whether a condition holds of rows of an action, as far as that alone decides it."""
    match test:
        case And(terms) | Or(terms):
            settles = isinstance(test, Or)
            answers = {_of_action(term, action) for term in terms}
            return settles if settles in answers else None if None in answers else not settles
        case Not(term):
            inner = _of_action(term, action)
            return None if inner is None else not inner
        case Match(Field("ActionType"), Op.EQ | Op.STARTSWITH | Op.ENDSWITH | Op.CONTAINS):
            return holds(test, {"ActionType": action})
    return None


@cache
def _ways_of(scope: str) -> tuple[Mapped, ...]:
    return mappings.mappings_for(logsources.parsed(scope), "defender-xdr")


def _ways(way: events.Seen) -> tuple[Mapped, ...]:
    """The mappings of a log source to the table of one of its events."""
    if "=" not in way.scope:
        return ()
    return tuple(each for each in _ways_of(way.scope) if each.table == way.event.table)


FILLED: dict[str, dict[str, tuple[str, ...]]] = {
    "DeviceFileEvents": {"PreviousFileName": ("FileRenamed",), "PreviousFolderPath": ("FileRenamed",)},
    "DeviceRegistryEvents": {
        "RegistryKey": ("RegistryKeyCreated", "RegistryKeyRenamed", "RegistryValueSet"),
        "RegistryValueName": ("RegistryValueSet",),
        "RegistryValueData": ("RegistryValueSet",),
        "RegistryValueType": ("RegistryValueSet",),
    },
    "DeviceLogonEvents": {"FailureReason": ("LogonFailed",)},
    "IdentityLogonEvents": {"FailureReason": ("LogonFailed",)},
}
"""Table of Defender -> column that some actions alone fill -> those; what is deleted stands in columns of what was before.

https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceregistryevents-table
"""
VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "Sysmon/12": {"EventType": ("CreateKey", "DeleteKey", "CreateValue", "DeleteValue")},
    "Sysmon/13": {"EventType": ("SetValue",)},
    "Sysmon/14": {"EventType": ("RenameKey", "RenameValue")},
    "Sysmon/17": {"EventType": ("CreatePipe",)},
    "Sysmon/18": {"EventType": ("ConnectPipe",)},
    "Sysmon/19": {"EventType": ("WmiFilterEvent",)},
    "Sysmon/20": {"EventType": ("WmiConsumerEvent",)},
    "Sysmon/21": {"EventType": ("WmiBindingEvent",)},
}
"""Event -> field -> all it can hold.

https://learn.microsoft.com/sysinternals/downloads/sysmon
"""


# ---------------------------------------------------------------- what an event carries


@cache
def _carried(provider: str, event_id: str, elsewhere: bool = False) -> frozenset[str]:
    """The common names of the fields an event type carries; empty when its fields are not known."""
    own = (*events.fields(provider, event_id), *_renamed(provider, event_id))
    names = {fields.canonical(name, (f"category={_category(provider, event_id)}",)) for name in own}
    names |= set(ALSO.get(f"{events.short(provider)}/{event_id}", ())) if elsewhere else set()
    return frozenset(
        names | {fields.name_of(name) for name in names if fields.name_of(name)} | {name.lower() for name in own}
    )


@cache
def _renamed(provider: str, event_id: str) -> tuple[str, ...]:
    """The names of log sources that an event answers to with fields of other names."""
    if not events.fields(provider, event_id) or not event_id.isdigit():
        return ()
    short, number = events.short(provider), int(event_id)
    routes = (each for each in logsources.routes() if number in each.event_ids and events.short(each.provider) == short)
    return tuple(dict.fromkeys(name for each in routes for name, _ in each.aliases))


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


HEADER = frozenset(
    {"eventid", "level", "task", "opcode", "keywords", "version", "channel", "computer", "computername", "processid", "threadid",
     "userid", "provider_name", "providername", "eventrecordid", "correlation", "message", "timecreated"}
)  # fmt: skip
"""What every event of a Windows log has beside its own fields.

https://learn.microsoft.com/windows/win32/wes/eventschema-systempropertiestype-complextype
"""


def _carries(name: str, carried: frozenset[str], scope: str) -> bool:
    """Whether an event carries a field, as far as known."""
    common = fields.canonical(name, (scope,))
    if name.lower() not in carried and common not in carried and name.lower() in _beside(scope):
        return False  # another event of the same activity carries it
    if "hashes" in carried and common.rpartition(".")[2] in ("md5", "sha1", "sha256", "imphash"):
        return True
    if name == "*" or common in COMMON or common in carried or name.lower() in carried:
        return True
    return (common not in fields.common() and name not in _columns(scope)) or name in MADE.get(scope, ())


def _unheard(name: str, carried: frozenset[str], scope: str) -> bool:
    """Whether neither the event nor anything common to events goes by a name."""
    common = fields.canonical(name, (scope,))
    known = name.lower() in carried | HEADER or common in carried or common in fields.common()
    return not (known or name == "*" or common.rpartition(".")[2] in ("md5", "sha1", "sha256", "imphash"))


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


def _in_neither(name: str, way: events.Seen) -> bool:
    """Whether a name is no column of a table of raw events, and no field of the event itself that may be taken apart."""
    if way.scope not in events.WINDOWS_TABLES or name in _in_table(way.scope) or name[:1] in "_*":
        return False
    return name.lower() not in {own.lower() for own in events.fields(way.event.provider, way.event.event_id)}


@cache
def _in_table(scope: str) -> frozenset[str]:
    """The columns of a table of a workspace, those that every table has too."""
    return frozenset(tables.tables("sentinel").get(scope, ())) | {
        "TenantId",
        "SourceSystem",
        "MG",
        "ManagementGroupName",
        "Type",
    }


@cache
def _beside(scope: str) -> frozenset[str]:
    """The fields of the events that tell of what this log source tells of, or that stand in its log."""
    if "=" not in scope:
        return frozenset()
    logsource = logsources.parsed(scope)
    routes = logsources.routes_for(logsource)
    channels = {channel for route in routes for channel in route.channels}
    found = (
        {name for channel in channels for name in events.fields_of_channel(channel)}
        if not logsource.category
        else {name for route in routes for number in route.event_ids for name in events.fields(route.provider, number)}
    )
    found |= {
        name
        for each in events.activities()
        if each.name == logsource.category
        for provider, event_id in each.events
        for name in events.fields(provider, event_id)
    }
    return frozenset(name.lower() for name in found) - HEADER


# ---------------------------------------------------------------- whether a condition can hold


class Held:
    """A condition held against what its `tests` give of an event. Columns the query has `made` may hold anything, but for
    its `labels`, whose constants are known (None: it is none)."""

    def __init__(self, tests: Callable[[Expr], Given], made: frozenset[str], labels: Mapping[str, Scalar]) -> None:
        self.tests = tests
        self.made = made
        self.labels = labels

    def possible(self, expr: Expr, wanted: bool) -> bool:
        """Whether `expr` can be `wanted` of such an event."""
        match expr:
            case And(terms) | Or(terms):
                each = (self.possible(term, wanted) for term in terms)
                return all(each) if isinstance(expr, And) is wanted else any(each)
            case Not(term):
                return self.possible(term, not wanted)
        return self._given(expr)[0] in (None, wanted)

    def wanting(self, expr: Expr, wanted: bool) -> Iterator[str]:
        """The missing fields for which `expr`, which cannot be `wanted`, cannot; none where other values are asked for."""
        match expr:
            case And(terms) | Or(terms):
                each = [list(self.wanting(term, wanted)) for term in terms if not self.possible(term, wanted)]
                if isinstance(expr, Or) is wanted or all(each):
                    yield from (name for names in each for name in names)
            case Not(term):
                yield from self.wanting(term, not wanted)
            case _ if name := self._given(expr)[1]:
                yield name

    def _given(self, expr: Expr) -> Given:
        match expr:
            case Match(Field(name)) if self.labels.get(name) is not None:
                return holds(expr, {name: self.labels[name]}), ""
            case Match(Field(name)) | Compare(Field(name)) | Within(Field(name)) if name in self.made:
                return OPEN
            case Call(_, (Field(name), *_)) if name in self.made:
                return OPEN
        return self.tests(expr)


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
