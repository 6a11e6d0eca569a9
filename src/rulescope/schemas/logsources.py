"""Sigma log sources on raw Windows events: which channels and event ids they cover and what their fields are called there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from ..model import Logsource
from .data import rows

Reading = tuple[re.Pattern[str], str]
"""Values that fit the pattern, and how they are written under a Sigma name."""


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of raw event a log source covers; empty parts accept anything.

    `channels` and `provider` are compared without case; `where` holds (field, accepted values); `aliases` gives the
    raw field (or two, joined by a backslash) for a Sigma field that is called otherwise in this event; `values` how a Sigma
    field's values are written there (`data/log-values.tsv`).
    """

    logsource: Logsource
    channels: tuple[str, ...] = ()
    provider: str = ""
    event_ids: frozenset[int] = frozenset()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    values: tuple[tuple[str, tuple[Reading, ...]], ...] = ()

    def accepts(self, channel: str, event_id: int, fields: Mapping[str, Any] | None = None, provider: str = "") -> bool:
        """Whether an event of that channel and id, with those fields, is one of this route's."""
        if self.channels and channel.lower() not in (name.lower() for name in self.channels):
            return False
        if self.event_ids and event_id not in self.event_ids:
            return False
        if self.provider and provider and provider.lower() != self.provider.lower():
            return False
        return all(
            str((fields or {}).get(name, "")).lower() in (value.lower() for value in values)
            for name, values in self.where
        )

    def renamed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """`fields` of a raw event, and the Sigma names they have on this route beside or instead of their own."""
        result = dict(fields)
        for name, raw in self.aliases:
            values = [fields[part] for part in raw if fields.get(part) is not None]
            if len(values) == len(raw):
                result[name] = values[0] if len(raw) == 1 else "\\".join(map(str, values))
            elif any(raw_name == name for _, other in self.aliases for raw_name in other):
                result.pop(name, None)  # its own value has moved to another name
        for name, readings in self.values:
            value = result.get(name)
            if isinstance(value, str | int):
                result[name] = _read(str(value), readings, value)
        return result


def _dword(text: str) -> str:
    return f"DWORD (0x{int(text, 0):08x})"


def _qword(text: str) -> str:
    number = int(text, 0)
    return f"QWORD (0x{number >> 32:08x}-0x{number & 0xFFFFFFFF:08x})"


FORMS = {"=dword": _dword, "=qword": _qword}
"""Ways to write a value that no replacement can: of the first group of the pattern."""


def _read(text: str, readings: tuple[Reading, ...], otherwise: Any) -> Any:
    for pattern, value in readings:
        found = pattern.fullmatch(text)
        if found:
            return FORMS[value](found[1]) if value in FORMS else found.expand(value)
    return otherwise


@cache
def routes() -> tuple[Route, ...]:
    """All routes, in the order of the data file."""
    return tuple(_routes())


def _routes() -> Iterator[Route]:
    for row in rows("logsources.tsv"):
        yield Route(
            Logsource(row["category"], row["product"], row["service"]),
            tuple(row["channel"].split(";")) if row["channel"] else (),
            row["provider"],
            frozenset(int(number) for number in row["event_ids"].split()),
            tuple((name, tuple(values.split("|"))) for name, values in _pairs(row["where"])),
            tuple((name, tuple(raw.split("\\"))) for name, raw in _pairs(row["aliases"])),
            _values(row["category"], row["event_ids"]) if row["aliases"] else (),
        )


@cache
def _values(category: str, event_id: str) -> tuple[tuple[str, tuple[Reading, ...]], ...]:
    found: dict[str, list[Reading]] = {}
    for row in rows("log-values.tsv"):
        if row["event_id"] == event_id and fnmatchcase(category, row["category"]):
            found.setdefault(row["field"], []).append((re.compile(row["pattern"], re.IGNORECASE), row["value"]))
    return tuple((name, tuple(readings)) for name, readings in found.items())


def _pairs(cell: str) -> Iterator[tuple[str, str]]:
    for pair in cell.split(";"):
        if pair:
            name, _, value = pair.partition("=")
            yield name, value


def routes_for(logsource: Logsource) -> tuple[Route, ...]:
    """The raw events a rule's log source covers; empty when none is known. A missing product is taken as Windows.

    Category and service together (`category: process_creation, service: security`) narrow each other.
    """
    if logsource.product and logsource.product not in ("windows", "rpc_firewall"):
        return ()
    named = [route for route in routes() if not logsource.product or route.logsource.product in ("", logsource.product)]
    by_category = [r for r in named if logsource.category and r.logsource.category == logsource.category]
    by_service = [r for r in named if logsource.service and r.logsource.service == logsource.service]
    if logsource.category and logsource.service:
        channels = {channel for route in by_service for channel in route.channels}
        return tuple(route for route in by_category if channels & set(route.channels)) or tuple(by_category)
    if logsource.category or logsource.service:
        return tuple(by_category or by_service)
    return tuple(r for r in named if not r.logsource.category and not r.logsource.service) if logsource.product else ()


@cache
def _by_channel() -> dict[str, tuple[Route, ...]]:
    found: dict[str, list[Route]] = {}
    for route in routes():
        for channel in route.channels:
            found.setdefault(channel.lower(), []).append(route)
    return {channel: tuple(listed) for channel, listed in found.items()}


def routes_of(
    channel: str, event_id: int, fields: Mapping[str, Any] | None = None, provider: str = ""
) -> tuple[Route, ...]:
    """The routes an event of that channel and id belongs to: the log sources whose rules should see it."""
    listed = _by_channel().get(channel.lower(), ())
    return tuple(route for route in listed if route.accepts(channel, event_id, fields, provider))


def scan_text(logsource: Logsource) -> str:
    """A log source as it stands in `Scan.logsource`: `category=x product=y service=z`, empty parts left out."""
    parts = (("category", logsource.category), ("product", logsource.product), ("service", logsource.service))
    return " ".join(f"{name}={value}" for name, value in parts if value)


def parsed(text: str) -> Logsource:
    """The log source of a `Scan.logsource` text."""
    parts = dict(part.partition("=")[::2] for part in text.split())
    return Logsource(parts.get("category", ""), parts.get("product", ""), parts.get("service", ""))
