"""Machines that events name, as rows of Defender's DeviceInfo: their ids, names and the family of their operating system.

A log says no more of a machine than that. So a rule may ask these rows for a family (`OSPlatform startswith "Windows"`, as
translations do), and one that asks for more, such as a version or an exposure, is told apart from one that finds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from ..logs import Row
from ..logs.times import iso
from ..model import Aggregate, Distinct, Field, Match, Op, Project, Query, Scan, Star, expressions
from ..model.walk import walk

TABLE = "DeviceInfo"
KNOWN = frozenset({"DeviceId", "DeviceName", "OSPlatform", "Timestamp", "TimeGenerated"})
SYSTEM = "OSPlatform"
FAMILIES = {"windows": "Windows", "linux": "Linux", "macos": "macOS"}
"""Product of a Sigma log source: what `OSPlatform` begins with, for the last two all of it."""

ASKED = {  # test of OSPlatform: the families it may name
    Op.STARTSWITH: frozenset(FAMILIES),
    Op.CONTAINS: frozenset(FAMILIES),
    Op.EQ: frozenset({"linux", "macos"}),
    Op.TERM: frozenset({"linux", "macos"}),
}


def device_id(row: Row) -> str:
    """The id of the machine an event is of: forty hexadecimal digits, made from its name."""
    return hashlib.sha1(str(row.get("Computer") or "").lower().encode(), usedforsecurity=False).hexdigest()


class Devices:
    """The machines of a log, and the hours they were seen in: Defender, too, tells of each several times a day."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, datetime | None]] = set()

    def row(self, row: Row, product: str, moment: datetime | None) -> Row | None:
        """The machine of an event whose log source is of `product`, as a row; None when it was told or is not known."""
        hour = moment.replace(minute=0, second=0, microsecond=0) if moment else None
        key = (device_id(row), hour)
        if product not in FAMILIES or key in self._seen:
            return None
        self._seen.add(key)
        made = {"DeviceId": key[0], "DeviceName": str(row.get("Computer") or ""), "OSPlatform": FAMILIES[product]}
        return made | dict.fromkeys(("Timestamp", "TimeGenerated"), iso(moment))


def beyond(query: Query) -> str:
    """What `query` asks of DeviceInfo that no log says; empty when its rows made here answer it."""
    return next((lack for part in _parts(query) for lack in _beyond(part)), "")


def _parts(query: Query) -> Iterator[Query]:
    """The queries in `query` that start at DeviceInfo."""
    for each in walk(query):
        match each:
            case Query((Scan(table), *_)) if table == TABLE:
                yield each


def _beyond(part: Query) -> Iterator[str]:
    closed = any(isinstance(stage, Project | Distinct | Aggregate) for stage in part.stages)
    if not closed or next(expressions(part, Star), None) is not None:
        yield f"all columns of {TABLE}"
    asked = 0
    for match in expressions(part, Match):
        if isinstance(match.subject, Field) and match.subject.name == SYSTEM:
            known = ASKED.get(match.op, frozenset())
            asked += bool(match.values) and all(str(value).lower() in known for value in match.values)
    for field in expressions(part, Field):
        asked -= field.name == SYSTEM
        if field.name not in KNOWN:
            yield f"column {field.name} of {TABLE}"
    if asked < 0:
        yield f"more of {SYSTEM} than the family, in {TABLE}"
