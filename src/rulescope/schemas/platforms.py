"""What a rule's tables and log sources tell of: the platform, the topic, and whether they hold alerts a product already raised."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from .data import rows


@cache
def _patterns(name: str, column: str) -> tuple[tuple[str, str], ...]:
    return tuple((row["pattern"].lower(), row[column]) for row in rows(name))


@cache
def platform(scope: str) -> str:
    """The platform of a table or log source (`category=x product=y`), "" when we cannot tell."""
    low = scope.lower()
    return next((name for pattern, name in _patterns("platforms.tsv", "platform") if fnmatchcase(low, pattern)), "")


@cache
def alert_product(scope: str) -> str:
    """The product whose alerts a table or log source holds, "" for ordinary events."""
    low = scope.lower()
    return next((name for pattern, name in _patterns("alert-tables.tsv", "product") if fnmatchcase(low, pattern)), "")


@cache
def alert_fields(scope: str) -> frozenset[str]:
    """The fields by which alerts are known in a log that holds more than alerts, lower case; empty when it holds nothing else."""
    low = scope.lower()
    listed = next(
        (names for pattern, names in _patterns("alert-tables.tsv", "fields") if fnmatchcase(low, pattern)), ""
    )
    return frozenset(listed.lower().split())


@cache
def topic(scope: str) -> str:
    """What a table or log source is about (Process, Identity, Email, ...), "" when we cannot tell."""
    low = scope.lower()
    return next((name for pattern, name in _patterns("topics.tsv", "topic") if fnmatchcase(low, pattern)), "")


def topics(scopes: Iterable[str]) -> tuple[str, ...]:
    """The topics of these tables and log sources, each once, in order."""
    return tuple(dict.fromkeys(name for scope in scopes if (name := topic(scope))))


def platforms(scopes: Iterable[str]) -> tuple[str, ...]:
    """The platforms of these tables and log sources, each once, in order."""
    return tuple(dict.fromkeys(name for scope in scopes if (name := platform(scope))))
