"""Field names across schemas: Sigma `CommandLine`, Kusto `ProcessCommandLine` and EQL `process.command_line` are one field.

The common names are those of the Elastic Common Schema where it has one. What a name means may depend on what the rule
runs on: `FileName` is a process's in DeviceProcessEvents and a file's in DeviceFileEvents.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from .data import rows

PATH_NAMES = {  # field of a whole path -> field of its last part
    "process.executable": "process.name",
    "process.parent.executable": "process.parent.name",
    "file.path": "file.name",
    "dll.path": "dll.name",
    "target.process.executable": "target.process.name",
    "source.process.executable": "source.process.name",
}


@cache
def _aliases() -> dict[str, tuple[tuple[str, str], ...]]:
    """Lower-case name -> (scope pattern, common name), scoped rows before those for any scope."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows("fields.tsv"):
        for name in row["names"].split():
            for scope in row["scopes"].split(","):
                found.setdefault(name.lower(), []).append((scope.strip().lower(), row["field"]))
    return {name: tuple(sorted(pairs, key=lambda pair: pair[0] == "*")) for name, pairs in found.items()}


@lru_cache(maxsize=50_000)
def canonical(name: str, scopes: tuple[str, ...] = ()) -> str:
    """The common name of a field in rules over `scopes` (table names or `category=...`); its own, lower case, when none.

    A name that means different fields in a rule's scopes keeps its own name: nothing is guessed.
    """
    own = name.lower()
    aliases = _aliases().get(own)
    if aliases is None:
        return own
    meant = {_in_scope(aliases, scope.lower()) for scope in scopes} if scopes else {_in_scope(aliases, "")}
    meant.discard("")
    return meant.pop() if len(meant) == 1 else own


def _in_scope(aliases: Iterable[tuple[str, str]], scope: str) -> str:
    return next((field for pattern, field in aliases if pattern == "*" or fnmatchcase(scope, pattern)), "")


def name_of(field: str) -> str:
    """The field that holds the file name of a path field, "" when `field` holds no path."""
    return PATH_NAMES.get(field, "")


@cache
def common() -> tuple[str, ...]:
    """Every common field name, in the order of the data file."""
    return tuple(dict.fromkeys(row["field"] for row in rows("fields.tsv")))


@cache
def spellings() -> dict[str, tuple[str, ...]]:
    """Common field -> every name it has somewhere."""
    found: dict[str, dict[str, None]] = {}
    for row in rows("fields.tsv"):
        found.setdefault(row["field"], {}).update(dict.fromkeys(row["names"].split()))
    return {field: tuple(names) for field, names in found.items()}
