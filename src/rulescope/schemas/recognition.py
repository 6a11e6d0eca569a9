"""What a row of a log is: the Sigma log sources whose rules should see it, and the Kusto table it is a row of.

Windows events by `logsources` (channel, provider, event id); all others by the kind of log, the stream it says it is, and
the fields and values of the row (`data/recognition.tsv`); rows of Kusto tables by their columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..model import Logsource
from . import logsources
from .data import rows
from .tables import tables

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One line of `recognition.tsv`: which rows of which logs belong to a log source and a table."""

    logsource: Logsource
    kinds: frozenset[str]
    streams: frozenset[str]
    fields: tuple[tuple[str, ...], ...]
    where: tuple[tuple[str, frozenset[str]], ...]
    table: str
    aliases: tuple[tuple[str, str], ...]

    def accepts(self, row: Row, kind: str, stream: str) -> bool:
        """Whether a row of a log of that kind and stream is one of this shape."""
        if self.kinds and kind not in self.kinds:
            return False
        if self.streams and stream not in self.streams and not ("*" in self.streams and stream):
            return False
        if not all(any(_has(row, name) for name in either) for either in self.fields):
            return False
        return all(not accepted or str(row.get(name, "")).lower() in accepted for name, accepted in self.where)


def _has(row: Row, name: str) -> bool:
    if name in row:
        return True
    head, dot, rest = name.partition(".")
    inner = row.get(head) if dot else None
    return isinstance(inner, Mapping) and _has(inner, rest)


@cache
def shapes() -> tuple[Shape, ...]:
    """All shapes, in the order of the data file."""
    return tuple(
        Shape(
            Logsource(line["category"], line["product"], line["service"]),
            frozenset(line["kinds"].split()),
            frozenset(line["streams"].split()),
            tuple(tuple(cell.split("|")) for cell in line["fields"].split()),
            tuple(
                (name, frozenset(v.lower() for v in values.split("|") if v)) for name, values in _pairs(line["where"])
            ),
            line["table"],
            tuple(_pairs(line["aliases"])),
        )
        for line in rows("recognition.tsv")
    )


def _pairs(cell: str) -> Iterator[tuple[str, str]]:
    for pair in cell.split(";"):
        if pair:
            name, _, value = pair.partition("=")
            yield name, value


@cache
def telling_fields() -> tuple[str, ...]:
    """Fields whose values, not only presence, decide what a row is."""
    ours = {name for shape in shapes() for name, accepted in shape.where if accepted}
    theirs = {name for route in logsources.routes() for name, _ in route.where}
    return tuple(sorted(ours | theirs | {"Channel", "EventID", "Provider_Name"}))


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to see an event as one of a log source: `aliases` are (Sigma field, raw field) it has beside its own."""

    logsource: Logsource
    route: logsources.Route | None = None
    aliases: tuple[tuple[str, str], ...] = ()

    def seen(self, row: Row) -> Row:
        """The row with the log source's own field names beside or instead of its raw ones."""
        if self.route is not None:
            return self.route.renamed(row) if self.route.aliases else row
        if not self.aliases:
            return row
        result = dict(row)
        for name, raw in self.aliases:
            found = _path(row, raw)
            if found is not None:
                result.setdefault(name, found)
        return result


def _path(row: Any, name: str) -> Any:
    if isinstance(row, list):
        found = [inner for item in row if (inner := _path(item, name)) is not None]
        return found or None
    if not isinstance(row, Mapping):
        return None
    if name in row:
        return row[name]
    head, dot, rest = name.partition(".")
    return _path(row.get(head), rest) if dot else None


def is_windows(row: Row) -> bool:
    """Whether a row is a Windows event: it names its channel and event id."""
    return isinstance(row.get("Channel"), str) and "EventID" in row


LOGS = {name.lower(): name for name in ("Application", "Security", "Setup", "System")}
"""The first logs of Windows, which some forwarders write in small letters, by their names so."""


def channel(row: Row) -> str:
    """The log a Windows event stands in, as Windows spells it; empty when none is named."""
    name = str(row.get("Channel", ""))
    return LOGS.get(name.lower(), name)


def offers(row: Row, kind: str = "", stream: str = "") -> tuple[Offer, ...]:
    """Every log source whose rules should see the row, with the names its fields have there."""
    if is_windows(row) and str(row.get("Provider_Name", "")) != "Linux-Sysmon":
        identifier = row["EventID"]
        number = identifier if isinstance(identifier, int) else -1
        provider = str(row.get("Provider_Name") or "")
        return tuple(
            Offer(route.logsource, route)
            for route in logsources.routes()
            if route.accepts(str(row["Channel"]), number, row, provider)
        )
    found = []
    for shape in shapes():
        if shape.accepts(row, kind, stream):
            service = stream if shape.logsource.service == "*" else shape.logsource.service
            logsource = Logsource(shape.logsource.category, shape.logsource.product, service)
            if logsource != Logsource():
                found.append(Offer(logsource, None, shape.aliases))
    return tuple(found)


def wanted(logsource: Logsource) -> frozenset[Logsource]:
    """The offers that a rule of `logsource` takes: what it names must agree with what the offer names.

    An offer without a product (proxy, webserver, ...) serves rules of any product of its category.
    """
    routes = logsources.routes_for(logsource)
    named = {Logsource(r.logsource.category, r.logsource.product, r.logsource.service) for r in routes}
    for shape in shapes():
        offered = shape.logsource
        service = (
            logsource.service if offered.service == "*" and offered.product == logsource.product else offered.service
        )
        agrees = (
            (
                not logsource.product
                or offered.product == logsource.product
                or (not offered.product and logsource.category)
            )
            and (not logsource.category or offered.category == logsource.category)
            and (not logsource.service or service == logsource.service)
        )
        if agrees and (offered.product or offered.category) and service != "*":
            named.add(Logsource(offered.category, offered.product, service))
    return frozenset(named)


ENOUGH = 0.8
"""Share of a row's columns that a table must have for the row to be one of its rows."""

BORING = frozenset(
    {
        "TimeGenerated",
        "Timestamp",
        "TenantId",
        "Type",
        "SourceSystem",
        "Computer",
        "MG",
        "ManagementGroupName",
        "RawData",
    }
)


@cache
def table_of_columns(columns: frozenset[str], schema: str = "sentinel+defender", action: str = "") -> str:
    """The table whose rows have these columns; empty when none has enough of them or two have them equally well.

    Of the tables that have enough, those are preferred whose action types include `action`.
    """
    telling = {
        column for column in columns if column not in BORING and not column.startswith("_") and " [" not in column
    }
    if len(telling) < 3:
        return ""
    best: list[tuple[bool, float, float, str]] = []
    for name, known in tables(schema).items():
        shared = len(telling & known.keys())
        if shared >= ENOUGH * len(telling):
            acts = (name, action) in _acts()
            best.append((acts, shared / len(telling), shared / max(1, len(known)), name))
    best.sort(reverse=True)
    if not best or (len(best) > 1 and best[0][:3] == best[1][:3]):
        return ""
    return best[0][3]


def table_of(row: Row, kind: str = "", stream: str = "", name: str = "") -> str:
    """The Kusto table a row belongs to: by its `Type`, the name of its file, its shape or its columns; empty unknown.

    `name` is the file's name without suffix. Windows events are rows of SecurityEvent (channel Security) or Event.
    """
    known = tables("sentinel+defender")
    said = row.get("Type")
    if isinstance(said, str) and said in known:
        return said
    if name in known:
        return name
    if is_windows(row):
        return "SecurityEvent" if channel(row) == "Security" else "Event"
    for shape in shapes():
        if shape.table and shape.table in known and shape.accepts(row, kind, stream):
            return shape.table
    action = str(row.get("ActionType") or "")
    return table_of_columns(frozenset(row), action=action if any(action == known for _, known in _acts()) else "")


@cache
def _acts() -> frozenset[tuple[str, str]]:
    """Table and action type of what Defender records."""
    return frozenset((line["table"], line["action"]) for line in rows("action-types.tsv") if line["action"])
