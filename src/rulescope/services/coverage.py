"""Coverage: the ATT&CK matrix over a catalogue's rules, what they claim and what was verified on an event counted apart."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalogue import Catalogue
from ..errors import SchemaError
from ..outputs import navigator
from ..schemas import attack
from .pages import CoverageCell, CoverageColumn, CoveragePage

VERIFIED = ("fires", "fires")


def coverage(
    catalogue: Catalogue, version: str = attack.CURRENT, filters: Iterable[tuple[str, str]] = ()
) -> CoveragePage:
    """The matrix of one ATT&CK version over the rules that fit `filters` (language, source, table, platform, ...).

    Rules that only forward a product's alerts are left out. Raises SchemaError for a version we do not have.
    """
    if version not in attack.VERSIONS:
        raise SchemaError(f"no ATT&CK version {version[:40]!r} here; there are {', '.join(attack.VERSIONS)}")
    chosen = tuple(filters)
    claimed = _moved(catalogue.matrix("technique", chosen), version)
    verified = _moved(catalogue.matrix("technique", (*chosen, VERIFIED)), version)
    columns = tuple(_column(column, claimed, verified) for column in attack.matrix(version))
    cells = {cell.id: cell for column in columns for top in column.cells for cell in (top, *top.below)}
    return CoveragePage(
        version=version,
        versions=attack.VERSIONS,
        filters=chosen,
        columns=columns,
        rules=sum(catalogue.matrix("language", chosen).values()),
        techniques=len(cells),
        claimed=sum(cell.claimed > 0 for cell in cells.values()),
        verified=sum(cell.verified > 0 for cell in cells.values()),
        most=max((cell.claimed for cell in cells.values()), default=0),
    )


def counted_as(id: str, version: str) -> str:
    """The current id a technique of `version` is counted by: its own, or that of what it became."""
    if version == attack.CURRENT:
        return id
    known = attack.techniques().get(id)
    return id if known and known.status == "active" else attack.current(id)


def _moved(counts: dict[str, int], version: str) -> dict[str, int]:
    """Counts by the current ids, as counts by the ids of `version`: what was split or renamed since counts under its old id."""
    if version == attack.CURRENT:
        return counts
    return {id: counts.get(counted_as(id, version), 0) for id in attack.techniques(version)}


def _column(column: attack.MatrixColumn, claimed: dict[str, int], verified: dict[str, int]) -> CoverageColumn:
    cells = tuple(
        CoverageCell(
            top.id,
            top.name,
            claimed.get(top.id, 0),
            verified.get(top.id, 0),
            tuple(
                CoverageCell(each.id, each.name, claimed.get(each.id, 0), verified.get(each.id, 0)) for each in below
            ),
        )
        for top, below in column.techniques
    )
    return CoverageColumn(
        column.tactic.id,
        column.tactic.name,
        cells,
        sum(cell.claimed > 0 for cell in cells),
        sum(cell.verified > 0 for cell in cells),
    )


def layer(page: CoveragePage, name: str = "rulescope coverage") -> str:
    """The coverage as an ATT&CK Navigator layer: score is the number of rules, the comment says how many fired."""
    cells = {
        cell.id: cell for column in page.columns for top in column.cells for cell in (top, *top.below) if cell.claimed
    }
    return navigator.layer(
        {id: cell.claimed for id, cell in cells.items()},
        name=name,
        attack=page.version.split(".")[0],
        description=", ".join(f"{kind} {value}" for kind, value in page.filters) or "all rules",
        comments={id: f"{cell.claimed} rules, {cell.verified} of them fired on an event" for id, cell in cells.items()},
    )
