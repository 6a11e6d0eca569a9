"""Reading a rule: its query as far as it can be read, what it runs on, which events it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import languages
from ..errors import Fault, QuerySyntaxError, RuleError
from ..model import (
    Aggregate,
    Apply,
    As,
    Call,
    Diagnostic,
    Distinct,
    Evaluate,
    EventType,
    Expand,
    Expr,
    Extend,
    Field,
    Filter,
    Join,
    Limit,
    Literal,
    Match,
    Nested,
    Project,
    Query,
    Rename,
    Render,
    Rule,
    Scan,
    Search,
    Select,
    Serialize,
    Sort,
    Star,
    TableCall,
    Top,
    ToScalar,
    Within,
    expressions,
    queries,
    walk,
)
from ..schemas import events, platforms, tables


@dataclass(frozen=True, slots=True)
class Read:
    """A rule with what could be read of its query: `faults` when its text is not well formed."""

    rule: Rule
    query: Query | None = None
    faults: tuple[Fault, ...] = ()
    trouble: str = ""  # why there is no query, when it is no fault of the text


def read_rule(rule: Rule) -> Read:
    """The query of a rule, as far as it can be read; a language without a reader gives none and no fault."""
    if rule.language not in languages.LANGUAGES:
        return Read(rule, trouble=f"no reader for {rule.language}: its text is shown and searched as it is")
    try:
        if rule.language == "kusto":  # tables tell columns from variables of the same name
            kusto, known = languages.LANGUAGES["kusto"], tables.tables("sentinel+defender+asim")
            return Read(rule, kusto.parse(rule.text, rule.path, rule.line, known))
        return Read(rule, languages.parse(rule.text, rule.language, rule.path, rule.line))
    except QuerySyntaxError as error:
        return Read(rule, _partial(rule), tuple(_moved(fault, rule.indent) for fault in error.errors))
    except RuleError as error:
        return Read(rule, trouble=error.message)
    except RecursionError:
        return Read(rule, trouble="nested too deeply to be read")


def _partial(rule: Rule) -> Query | None:
    """What can be read of a broken text, in languages that can say it."""
    reader = getattr(languages.LANGUAGES[rule.language], "read", None)
    if reader is None:
        return None
    query: Query = reader(rule.text, rule.path, rule.line)[0]
    return query if query.stages else None


def _moved(fault: Fault, indent: int) -> Fault:
    """A fault with its column in the file, not in the query text cut out of it."""
    if not indent:
        return fault
    place = type(fault.place)(fault.place.path, fault.place.line, fault.place.column + indent)
    return Fault(fault.message, place, fault.span, fault.found, fault.expected, fault.suggestion)


def unread(read: Read) -> tuple[Diagnostic, ...]:
    """What kept a query from being read whole: faults of its text, or that its language has no reader."""
    found = tuple(
        Diagnostic(
            "syntax",
            fault.message,
            "error",
            fault.place,
            fault.span,
            f"expected {fault.expected}" if fault.expected else "",
        )
        for fault in read.faults
    )
    return (*found, Diagnostic("not-read", read.trouble, "note")) if read.trouble else found


def scopes_of(query: Query | None, rule: Rule) -> tuple[str, ...]:
    """What a rule runs on: the tables of its query or the log source; what its file names when the query is not read."""
    found: dict[str, None] = {}
    inside = tuple(queries(query)) if query else ()
    for inner in inside:
        for stage in inner.stages:
            match stage:
                case Scan(table=table, logsource=logsource):
                    found.update(dict.fromkeys(name for name in (table, logsource) if name))
                case TableCall("table", (Literal(str() as name), *_)) | TableCall(name):
                    found[name] = None
                case Evaluate("ipv4_lookup" | "ipv6_lookup", (Field(name), *_)):
                    found[name] = None
                case Search(tables=tables):
                    found.update(dict.fromkeys(tables))
                case _:
                    pass
    own = {let.name for inner in inside for let in inner.lets}
    own |= {stage.name for inner in inside for stage in inner.stages if isinstance(stage, As)}
    names = tuple(name for name in found if name not in own and not name.startswith("_GetWatchlist"))
    return names or rule.tables


def forwards(query: Query | None) -> str:
    """The product whose alerts a rule only passes on: its rows are those of tables that hold alerts, chosen by their own
    columns alone. Counting, joins that leave rows out, and lists from elsewhere are logic of its own; enriching rows, and
    taking the newest of each, are not.
    """
    scopes = _passed_on(query, {}) if query is not None else None
    products = [platforms.alert_product(scope) for scope in scopes or ()]
    if query is None or not products or not all(products):
        return ""
    tested = {match.subject.name.lower() for match in expressions(query, Match) if isinstance(match.subject, Field)}
    known = [fields for scope in scopes or () if (fields := platforms.alert_fields(scope))]
    return products[0] if all(tested <= fields for fields in known) else ""


PASSING = (As, Apply, Distinct, Expand, Extend, Limit, Project, Rename, Render, Select, Serialize, Sort, Top)


def _passed_on(query: Query, lets: Mapping[str, Query]) -> list[str] | None:
    """The tables whose rows a query gives as they are; None when it has logic of its own."""
    known = {**lets, **{let.name: let.query for let in query.lets}}
    found: list[str] = []
    for stage in query.stages:
        inner: list[str] | None = []
        match stage:
            case Scan(table) if table in known:
                inner = _passed_on(known[table], {name: each for name, each in known.items() if name != table})
            case Scan(table, logsource=logsource):
                inner = [name for name in (table, logsource) if name]
            case TableCall(name):
                inner = [name]
            case Nested(nested):
                inner = _passed_on(nested, known)
            case Filter(predicate):
                inner = None if any(isinstance(node, Within | ToScalar) for node in walk(predicate)) else []
            case Aggregate(aggregates) if aggregates and all(_newest(column.value) for column in aggregates):
                pass
            case Join(kind="leftouter"):
                pass
            case Join(right, on) if all(isinstance(key.left, Field) and key.left.name in ALERT_IDS for key in on):
                inner = _passed_on(right, known)
            case _ if isinstance(stage, PASSING):
                pass
            case _:
                inner = None
        if inner is None:
            return None
        found += inner
    return found


def _newest(expr: Expr) -> bool:
    """Of each group, one whole row, or when it was first or last seen."""
    return isinstance(expr, Call) and (
        (expr.name in ("arg_max", "arg_min", "take_any") and Star() in expr.args)
        or (expr.name in ("min", "max") and all(isinstance(arg, Field) and arg.name in TIMES for arg in expr.args))
    )


ALERT_IDS = ("AlertId", "SystemAlertId", "VendorOriginalId")
"""Columns by which the parts of one alert are put together."""
TIMES = ("TimeGenerated", "Timestamp")


def event_types(query: Query | None) -> tuple[EventType, ...]:
    return events.coverage(query) if query is not None else ()


def event_name(event: EventType) -> str:
    """`Sysmon/1`, `DeviceProcessEvents/ProcessCreated`: how an event type is written in filters and links."""
    return f"{event.table if event.provider == 'Defender' else events.short(event.provider)}/{event.event_id}"


def calls(query: Query) -> tuple[str, ...]:
    """Names of the functions a query calls that are no part of Kusto: parsers, watchlists, `FileProfile`."""
    return tuple(dict.fromkeys(call.name for call in expressions(query, TableCall)))
