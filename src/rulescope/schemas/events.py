"""Event types: titles and fields of Windows events, action types of Defender, and which events a query can see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from ..model import (
    Aggregate,
    And,
    As,
    Call,
    Column,
    Distinct,
    EventType,
    Expand,
    Expr,
    Extend,
    Field,
    Filter,
    Limit,
    Literal,
    Match,
    Nested,
    Op,
    Or,
    Parse,
    Project,
    Query,
    Rename,
    Scalar,
    Scan,
    Select,
    Serialize,
    Sort,
    Step,
    TableCall,
    Top,
    Union,
    expressions,
    inner_queries,
    replace,
)
from .data import rows
from .logsources import parsed, routes, routes_for
from .tables import asim_functions

PREFIX = "Microsoft-Windows-"
ANY_ACTION = "any"
"""The event id of a Defender table whose rows are not told apart by their action."""


def short(provider: str) -> str:
    """A provider's name as people say it: `Sysmon` for `Microsoft-Windows-Sysmon`."""
    return provider.removeprefix(PREFIX)


def _told(title: str) -> str:
    """A title; "" for the bare name of a task in the provider's resources (`AppXDeployment.Task.Server.Deployment`)."""
    return "" if "." in title and " " not in title else title


@cache
def _titles() -> dict[tuple[str, str], tuple[str, str]]:
    """(short provider, event id) -> (title, channel)."""
    return {
        (short(row["provider"]), row["event_id"]): (_told(row["title"]), row["channel"]) for row in rows("events.tsv")
    }


@cache
def _fields() -> dict[tuple[str, str], tuple[str, ...]]:
    listed = rows("event-fields.tsv")
    return {(short(row["provider"]), row["event_id"]): tuple(row["fields"].split()) for row in listed}


@cache
def _actions() -> dict[tuple[str, str], str]:
    return {(row["table"], row["action"]): row["title"] for row in rows("action-types.tsv")}


def title(provider: str, event_id: int | str) -> str:
    """Title of an event type, "" when unknown. `provider` short or long; for Defender, table name and action type."""
    key = (short(provider), str(event_id))
    if key in _titles():
        return _titles()[key][0]
    if key[1] == ANY_ACTION and key[0] in _defender_tables():
        return _actions().get((key[0], ""), "Any action type")
    return _actions().get(key, "")


def channel(provider: str, event_id: int | str) -> str:
    """The channel an event type is written to, "" when unknown."""
    return _titles().get((short(provider), str(event_id)), ("", ""))[1]


def fields(provider: str, event_id: int | str) -> tuple[str, ...]:
    """EventData fields of an event type, in its order; empty when unknown."""
    return _fields().get((short(provider), str(event_id)), ())


@cache
def fields_in_channel(name: str, event_id: int | str) -> tuple[str, ...]:
    """EventData fields of the event of that id in a channel; empty when unknown."""
    for (provider, number), (_, where) in _titles().items():
        if number == str(event_id) and where.lower() == name.lower():
            return fields(provider, number)
    return ()


@cache
def fields_of_channel(name: str) -> frozenset[str]:
    """Every EventData field that any known event of a channel carries."""
    known = (key for key, (_, where) in _titles().items() if where.lower() == name.lower())
    return frozenset(field for key in known for field in _fields().get(key, ()))


@cache
def settings(provider: str, event_id: int | str) -> str:
    """What must be switched on for that event to be written, "" when nothing is known to be needed."""
    for row in rows("audit-policies.tsv"):
        if short(row["provider"]) == short(provider) and (
            row["event_ids"] == "*" or str(event_id) in row["event_ids"].split()
        ):
            return row["setting"]
    return ""


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happens on a machine, and the event types that say so.

    `asim` holds (schema, EventType), `defender` (table, ActionType), `events` (short provider, event id).
    """

    name: str
    title: str
    asim: tuple[tuple[str, str], ...]
    defender: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, str], ...]

    def event_types(self) -> Iterator[EventType]:
        """Its Windows events."""
        for provider, number in self.events:
            yield _windows(provider, number)


@cache
def activities() -> tuple[Activity, ...]:
    """All activities known, in the order of the data file."""

    def pairs(cell: str, mark: str) -> tuple[tuple[str, str], ...]:
        return tuple((part.partition(mark)[0], part.partition(mark)[2]) for part in cell.split(" ") if part)

    def events(cell: str) -> tuple[tuple[str, str], ...]:
        found, words = [], cell.split(" ") if cell else []
        name: list[str] = []
        for word in words:  # provider names may hold spaces, ids close them
            name.append(word)
            if "/" in word:
                provider, _, number = " ".join(name).rpartition("/")
                found.append((short(provider), number))
                name = []
        return tuple(found)

    return tuple(
        Activity(
            row["activity"], row["title"], pairs(row["asim"], ":"), pairs(row["defender"], ":"), events(row["events"])
        )
        for row in rows("activities.tsv")
    )


def events_for_table(table: str) -> tuple[EventType, ...]:
    """Every event type a table can hold, as far as known; empty for tables of other kinds of log."""
    return tuple(_distinct(_table_events(table, {})))


WINDOWS_TABLES = ("SecurityEvent", "Event", "WindowsEvent")
APPLOCKER = range(8000, 8041)
"""Events of AppLocker's own logs, which the connectors put into SecurityEvent.

https://learn.microsoft.com/azure/sentinel/windows-security-event-id-reference
"""
PROVIDER_COLUMNS = ("Source", "Provider", "EventLog", "Channel", "EventSourceName")


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition that rows of a scan must pass, and the columns made by then: their names say nothing of the log.

    `labels` are constants that the query has given its rows by then.
    """

    predicate: Expr
    made: frozenset[str] = frozenset()
    labels: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """An event type a query can see by one of its scans: the table or log source it reads there, and what it asks."""

    event: EventType
    scope: str
    asked: tuple[Asked, ...] = ()


def coverage(query: Query) -> tuple[EventType, ...]:
    """The event types a query can see: by its tables, and its tests of EventID, provider, channel, ActionType, EventType.

    A test stands where every row must pass it (a `where` of its own pipeline, joined by `and`). Tables that mean an
    activity (Defender, ASIM, Sigma categories) give every event type that tells it. In order of first use.
    """
    return tuple(_distinct(each.event for each in seen(query)))


def seen(query: Query) -> tuple[Seen, ...]:
    """The same, once for every scan that can see it, with what is asked of the rows of that scan."""
    found = tuple(_query_events(query, {}, (), {}))
    values = [value for match in expressions(query, Match) for value in match.values if isinstance(value, str)]
    spelled = {each.lower(): each for value in values for each in (short(value), value)}
    return tuple(Seen(_spelled(each.event, spelled), each.scope, each.asked) for each in found)


def _spelled(event: EventType, as_written: Mapping[str, str]) -> EventType:
    """An event nobody knows as the query writes it: an action, or the provider a channel is called by."""
    if event.provider == "Defender":
        return event if event.title else replace(event, event_id=as_written.get(event.event_id, event.event_id))
    told = as_written.get(event.provider) if event.provider == event.provider.lower() else None
    return replace(event, provider=short(told.partition("/")[0])) if told else event


@cache
def _defender_tables() -> frozenset[str]:
    return frozenset(table for table, _ in _actions())


Tests = dict[str, frozenset[str]]
"""Column -> the values it is held to, lower case."""


def _query_events(
    query: Query, outer: Tests, beyond: tuple[Asked, ...], lets: Mapping[str, Query]
) -> Iterator[Seen]:  # fmt: skip
    known = {**lets, **{let.name: let.query for let in query.lets}}
    for number, stage in enumerate(query.stages):
        rest = query if not number else replace(query, stages=query.stages[number:])
        match stage:
            case Scan(table) if table in known:
                others = {name: each for name, each in known.items() if name != table}
                yield from _query_events(known[table], _tests(rest, outer), _asked(rest, beyond), others)
            case Scan(table, _, logsource):
                tests, asked = _tests(rest, outer), _asked(rest, beyond)
                found = _logsource_events(logsource, tests) if logsource else _table_events(table, tests)
                yield from (Seen(event, logsource or table, asked) for event in found)
            case TableCall(name):
                asked = _asked(rest, beyond)
                yield from (Seen(event, name, asked) for event in _table_events(name, _tests(rest, outer)))
            case Nested(inner):
                yield from _query_events(inner, _tests(rest, outer), _asked(rest, beyond), known)
            case Union(queries=inners):
                tests, asked = _tests(rest, outer), _asked(rest, beyond)
                for inner in inners:
                    yield from _query_events(inner, tests, asked, known)
            case _:
                for inner in inner_queries(stage):
                    yield from _query_events(inner, {}, (), known)


def _tests(query: Query, outer: Tests) -> Tests:
    """What rows are held to by the filters of their own query, then by those around it: of columns it does not make."""
    tests: Tests = {}
    made: frozenset[str] = frozenset()
    for stage in query.stages:
        if isinstance(stage, Filter):
            _hold(tests, held(stage.predicate), made)
        made |= _computed(stage)
    _hold(tests, outer, made)
    return tests


def _hold(tests: Tests, found: Tests, made: frozenset[str]) -> None:
    for column, values in found.items():
        if column.rstrip("*") not in made:
            tests[column] = _both(column, tests[column], values) if column in tests else values


def _computed(stage: Step) -> frozenset[str]:
    """The columns that a stage fills with something else than their own value: `Channel = tostring(EventData.Channel)`."""
    match stage:
        case Parse(_, parts):
            return frozenset(part.name for part in parts if part.name)
        case Aggregate(aggregates, by):
            columns: tuple[Column, ...] = (*aggregates, *by)
        case Extend(columns) | Project(columns) | Serialize(columns) | Rename(columns) | Expand(columns):
            pass
        case _:
            return frozenset()
    return frozenset(
        name
        for column in columns
        for name in column.names
        if all(each.name.lower() != name.lower() for each in expressions(column.value, Field))
    )


PASSING = (As, Limit, Nested, Scan, Select, Sort, TableCall, Top, Union)
"""Stages after which columns are what they were."""


def _asked(query: Query, beyond: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """The conditions on the rows of a query's scans, as far as their columns can be followed, and then those `beyond`."""
    found: list[Asked] = []
    made: frozenset[str] = frozenset()
    labels: dict[str, Scalar] = {}
    for stage in query.stages:
        match stage:
            case Filter(predicate):
                found.append(Asked(predicate, made, tuple(labels.items())))
            case Parse(parts=parts):
                made |= {part.name for part in parts}
            case (
                Extend(columns) | Serialize(columns) | Project(columns) | Rename(columns) | Expand(columns)
                | Distinct(columns)
            ):  # fmt: skip
                made |= _made(columns)
                for column in columns:
                    constant = column.value.value if isinstance(column.value, Literal) else None
                    labels.update(dict.fromkeys(column.names, constant))
            case Aggregate(aggregates, by):
                made |= _made((*aggregates, *by))
            case _ if not isinstance(stage, PASSING):
                return tuple(found)
    for each in beyond:
        own = tuple((name, value) for name, value in labels.items() if name not in each.made)
        found.append(Asked(each.predicate, each.made | made, (*each.labels, *own)))
    return tuple(found)


def _made(columns: Iterable[Column]) -> frozenset[str]:
    """The names of columns that are more than a column of the same name, those that Kusto gives itself among them."""
    named = (
        name
        for column in columns
        for name in column.names
        if not (isinstance(column.value, Field) and column.value.name == name)
    )
    given = (
        f"{start}_{first}"
        for column in columns
        if not column.names and isinstance(column.value, Call)
        for first in ["", *(each.name for each in expressions(column.value, Field))]
        for start in (column.value.name, "set", "list", "Column")
    )
    return frozenset((*named, *given, "Column1", "Column2", "Column3"))


def held(expr: Expr) -> Tests:
    """Columns a predicate holds to a known set of values, with the values as lower-case text."""
    match expr:
        case Match(Field(name), Op.EQ, values, every, _) if values and not (every and len(values) > 1):
            return {name: frozenset(_text(value) for value in values)}
        case Match(Field("ActionType"), op, values, False) if op in PARTS_OF_ACTIONS:
            return {ACTION_PARTS: frozenset(f"{op.value} {_text(value)}" for value in values)}
        case Match(Field(name), Op.TERM, values) if values:  # `Channel has "Sysmon"`
            return {name: frozenset(_text(value) for value in values)}
        case And(terms):
            joined: Tests = {}
            for term in terms:
                for name, kept in held(term).items():
                    joined[name] = _both(name, joined[name], kept) if name in joined else kept
            return joined
        case Or(terms) if terms:
            first, *others = [held(term) for term in terms]
            return {
                name: kept.union(*(other[name] for other in others))
                for name, kept in first.items()
                if all(name in other for other in others)
            }
    return {}


def _both(column: str, one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The values that pass two tests of a column; of tests of a part of it, each pair as one test."""
    return frozenset(f"{a}\n{b}" for a in one for b in other) if column == ACTION_PARTS else one & other


def _text(value: object) -> str:
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else str(value).lower()


ACTION_PARTS = "ActionType*"
PARTS_OF_ACTIONS: dict[str, Callable[[str, str], bool]] = {
    Op.STARTSWITH: str.startswith,
    Op.ENDSWITH: str.endswith,
    Op.CONTAINS: str.__contains__,
    Op.TERM: str.__eq__,
}
"""How a test that is no equality fits an action type, all lower case. An action type is one term."""


def _fitting(table: str, parts: Iterable[str]) -> frozenset[str] | None:
    """The known actions of a table that pass one of such tests (`startswith usb`); None when none is known to."""
    tests = [[line.partition(" ") for line in part.split("\n")] for part in parts]
    known = (action.lower() for name, action in _actions() if name == table)
    fits = (a for a in known if any(all(PARTS_OF_ACTIONS[op](a, value) for op, _, value in each) for each in tests))
    return frozenset(fits) or None


def _table_events(table: str, tests: Tests) -> Iterator[EventType]:
    actions = tests.get("ActionType") or _fitting(table, tests.get(ACTION_PARTS, ()))
    if any(table == name for activity in activities() for name, _ in activity.defender) or (table, "") in _actions():
        yield from _defender_events(table, actions)
    elif table in asim_functions():
        yield from _asim_events(table, asim_functions()[table], tests.get("EventType"), tests.get("EventResult"))
    elif table in WINDOWS_TABLES:
        yield from _windows_events(table, tests)


def _defender_events(table: str, actions: frozenset[str] | None) -> Iterator[EventType]:
    for activity in activities():
        mine = [action for name, action in activity.defender if name == table]
        if table == "DeviceEvents" and actions is None:
            continue  # too many kinds to mean any
        if any(actions is None or action.lower() in actions for action in mine):
            yield from activity.event_types()
    known = {action.lower(): action for name, action in _actions() if name == table}
    if actions is None:
        kinds = [action for activity in activities() for name, action in activity.defender if name == table]
        chosen = kinds if table != "DeviceEvents" else []
    else:
        chosen = [known.get(action, action) for action in sorted(actions)]
    for action in chosen:
        yield EventType("Defender", action, title(table, action), table)
    if not chosen:
        yield EventType("Defender", ANY_ACTION, title(table, ANY_ACTION), table)


def _asim_events(
    function: str, schema: str, kinds: frozenset[str] | None, results: frozenset[str] | None = None
) -> Iterator[EventType]:  # fmt: skip
    create = "create" in function.lower()
    ends = "terminate" in function.lower()
    for activity in activities():
        failed = activity.name.endswith("failed")
        if schema == "Authentication" and results and results <= ({"success"} if failed else {"failure"}):
            continue
        for name, kind in activity.asim:
            if name != schema or (create and kind != "ProcessCreated") or (ends and kind != "ProcessTerminated"):
                continue
            if kinds is None or kind.lower() in kinds or name in ("Dns", "NetworkSession", "Authentication"):
                yield from activity.event_types()
                for table, action in activity.defender:
                    yield EventType("Defender", action, title(table, action), table)
    yield EventType("ASIM", schema, "", function)


def _windows_events(table: str, tests: Tests) -> Iterator[EventType]:
    numbers = tests.get("EventID", tests.get("EventId", frozenset()))
    named = {name for column in PROVIDER_COLUMNS for name in tests.get(column, ())}
    providers = {
        provider
        for (provider, number), (_, where) in (_titles().items() if named else ())
        if (not numbers or number in numbers) and any(_names(name, provider, where) for name in named)
    }
    if table == "SecurityEvent" and not providers:
        providers = {
            provider
            for (provider, number), (_, where) in _titles().items()
            if where == "Security" and number in numbers
        }
        providers = providers or {"Security-Auditing"}
    elif not providers and named:
        providers = {_proper(min(named, key=len))}
    if table == "SecurityEvent" and not named:
        other = {number for number in numbers if number.isdigit() and int(number) in APPLOCKER}
        for number in sorted(other):
            yield _windows("Microsoft-Windows-AppLocker", number, table)
        numbers = numbers - other
    for provider in sorted(providers):
        for number in sorted(numbers, key=lambda n: (len(n), n)):
            if table == "SecurityEvent" and not named and not _of_security(number):
                continue  # an event of System or another log, which this table does not hold
            if table != "SecurityEvent" or len(providers) == 1 or title(provider, number):
                yield _windows(provider, number, table)


SECURITY = (range(512, 700), range(1100, 1110), range(4608, 6500))
"""Event ids of the Security log, those of Windows before Vista first; others of it are known one by one.

https://learn.microsoft.com/windows-server/identity/ad-ds/plan/appendix-l--events-to-monitor
"""


def _of_security(number: str) -> bool:
    if number in _security_log():
        return True
    within = not number.isdigit() or any(int(number) in numbers for numbers in SECURITY)
    return within and number not in _other_logs()


@cache
def _security_log() -> frozenset[str]:
    return frozenset(number for (_, number), (_, where) in _titles().items() if where == "Security")


@cache
def _other_logs() -> frozenset[str]:
    return frozenset(number for (_, number), (_, where) in _titles().items() if where and where != "Security")


def _proper(name: str) -> str:
    """A provider or channel as it is spelled, short; tests hold it in lower case."""
    told = (route.provider or next(iter(route.channels), "").partition("/")[0] for route in routes())
    return next((short(each) for each in told if name in (each.lower(), short(each).lower())), short(name))


def _names(name: str, provider: str, where: str) -> bool:
    return name in (provider.lower(), (PREFIX + provider).lower(), where.lower())


def _logsource_events(text: str, tests: Tests) -> Iterator[EventType]:
    """A Sigma log source: the raw events of its routes and, for a category, the other event types of the activity."""
    logsource = parsed(text)
    wanted = tests.get("EventID")
    for route in routes_for(logsource):
        numbers = {str(number) for number in route.event_ids} or wanted or frozenset()
        for number in sorted(numbers, key=lambda n: (len(n), n)):
            if wanted is None or number in wanted:
                if route.channels and "Security" not in route.channels and number in _security_log() - _other_logs():
                    continue  # an event of the Security log alone
                asked = () if route.provider else _providers_asked(tests, number)
                for provider in asked or (short(route.provider) or _provider(route.channels, number),):
                    yield _windows(provider, number)
    for activity in activities():
        if activity.name == logsource.category and logsource.product in ("", "windows"):
            for table, action in activity.defender:
                yield EventType("Defender", action, title(table, action), table)


def _providers_asked(tests: Tests, number: str) -> tuple[str, ...]:
    """The providers a rule names, short: those known to write such an event, or all of them when none is."""
    names = {name.removeprefix(PREFIX.lower()) for name in tests.get("Provider_Name", ())}
    known = {provider.lower(): provider for provider, _ in _titles()}
    told = [known.get(name, name) for name in sorted(names)]
    return tuple(name for name in told if title(name, number)) or tuple(told)


def _provider(channels: Iterable[str], number: str) -> str:
    for (provider, other), (_, where) in _titles().items():
        if other == number and where in channels:
            return provider
    return short(next(iter(channels), "")).partition("/")[0]


def _windows(provider: str, number: str, table: str = "") -> EventType:
    return EventType(provider, number, title(provider, number), table)


def _distinct(found: Iterable[EventType]) -> Iterator[EventType]:
    seen: set[tuple[str, str, str]] = set()
    for each in found:
        key = (each.provider, each.event_id, each.table if each.provider == "Defender" else "")
        if key not in seen:
            seen.add(key)
            yield each
