"""MITRE ATT&CK Enterprise, versions 18 and 19: tactics, techniques, and what became of revoked ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from .data import rows

VERSIONS = ("18.1", "19.1")
CURRENT = VERSIONS[-1]


@dataclass(frozen=True, slots=True)
class Tactic:
    """A column of the matrix; `shortname` as in tags, `command-and-control`."""

    id: str
    shortname: str
    name: str


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique. `status` is active, revoked or deprecated; `tactics` are shortnames."""

    id: str
    name: str
    tactics: tuple[str, ...]
    status: str = "active"
    revoked_by: str = ""
    platforms: tuple[str, ...] = ()

    @property
    def parent(self) -> str:
        """Id of the technique a sub-technique belongs to; "" for a technique."""
        return parent(self.id)


def parent(id: str) -> str:
    """`T1059` for `T1059.001`; "" for an id without a dot."""
    return id.partition(".")[0] if "." in id else ""


@cache
def techniques(version: str = CURRENT) -> dict[str, Technique]:
    """All techniques of one version by id, revoked and deprecated ones too. Raises SchemaError for other versions."""
    return {
        row["id"]: Technique(
            row["id"],
            row["name"],
            tuple(row["tactics"].split()),
            row["status"],
            row["revoked_by"],
            tuple(row["platforms"].split(",")) if row["platforms"] else (),
        )
        for row in rows(f"attack-{version}.tsv")
    }


def technique(id: str, version: str = CURRENT) -> Technique | None:
    """The technique of that id (`T1059.001`, `t1059.001`, `attack.t1059.001`); an older version's when only it knows."""
    key = id.strip().removeprefix("attack.").upper()
    for wanted in (version, *reversed(VERSIONS)):
        if found := techniques(wanted).get(key):
            return found
    return None


def resolve(id: str, version: str = CURRENT) -> tuple[Technique, ...]:
    """The technique and what replaced it, in order; one item when it is not revoked, none when unknown."""
    chain: list[Technique] = []
    found = technique(id, version)
    while found is not None and found not in chain:
        chain.append(found)
        found = technique(found.revoked_by, version) if found.revoked_by else None
    return tuple(chain)


def current(id: str, version: str = CURRENT) -> str:
    """The id that stands for `id` in `version`: the end of its chain of replacements; `id` itself when unknown."""
    chain = resolve(id, version)
    return chain[-1].id if chain else id.strip().upper()


@cache
def tactics(version: str = CURRENT) -> tuple[Tactic, ...]:
    """The tactics of one version, in matrix order."""
    return tuple(
        Tactic(row["id"], row["shortname"], row["name"]) for row in rows("tactics.tsv") if row["version"] == version
    )


def tactic(spelling: str, version: str = CURRENT) -> Tactic | None:
    """The tactic meant by a name, shortname, id or tag in any spelling; names of other versions are accepted.

    `Persistence`, `CommandAndControl`, `command_and_control`, `attack.persistence`, `TA0003`. A name that only another
    version has (`DefenseEvasion`) gives that version's tactic, so that both names stay visible.
    """
    key = _folded(spelling)
    for wanted in (version, *reversed(VERSIONS)):
        if found := _by_spelling(wanted).get(key):
            return found
    return None


@cache
def _by_spelling(version: str) -> dict[str, Tactic]:
    return {_folded(spelling): each for each in tactics(version) for spelling in (each.id, each.shortname, each.name)}


def _folded(spelling: str) -> str:
    return re.sub(r"[^a-z0-9]", "", spelling.strip().lower().removeprefix("attack."))


@dataclass(frozen=True, slots=True)
class MatrixColumn:
    """A tactic with its active techniques, each with its active sub-techniques, in order of id."""

    tactic: Tactic
    techniques: tuple[tuple[Technique, tuple[Technique, ...]], ...]


@cache
def matrix(version: str = CURRENT) -> tuple[MatrixColumn, ...]:
    """The matrix of one version: active techniques under each tactic, sub-techniques under their technique.

    A sub-technique stands below its parent in the tactics it has itself.
    """
    active = sorted((each for each in techniques(version).values() if each.status == "active"), key=lambda t: t.id)
    columns = []
    for column in tactics(version):
        here = [each for each in active if column.shortname in each.tactics]
        below: dict[str, list[Technique]] = {}
        for each in here:
            if each.parent:
                below.setdefault(each.parent, []).append(each)
        columns.append(
            MatrixColumn(column, tuple((top, tuple(below.get(top.id, ()))) for top in here if not top.parent))
        )
    return tuple(columns)
