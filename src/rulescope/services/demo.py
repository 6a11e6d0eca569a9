"""The main job on the bundled rules and logs: ingest, scan, verify, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ..catalogue import Catalogue, Evidence
from ..model import Alert, NotRun, Translation
from . import ingest, scan, verify

STARTER = Path(str(files("rulescope") / "starter"))
RULES = STARTER / "rules"
LOGS = STARTER / "logs"


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of rules by what they did on the bundled logs, and of translations by verdict."""

    rules: int
    alerts: int
    fired: int
    silent: int
    impossible: int
    not_run: int
    verdicts: tuple[tuple[str, int], ...]
    missing: tuple[NotRun, ...]
    translations: tuple[Translation, ...]


def prepare(path: str | Path, progress: Callable[[str], None] | None = None) -> Summary:
    """Fills the catalogue at `path` with the bundled rules, what they did on the bundled logs, and their translations."""
    tell = progress or (lambda step: None)
    with Catalogue(path) as catalogue:
        tell("reading rules")
        ingest.ingest([RULES], catalogue)
        tell("scanning logs")
        alerts, missing = record_scan(catalogue, [LOGS], [RULES], label="bundled logs")
        tell("verifying translations")
        translations = tuple(verify.store(catalogue, ("sentinel-asim", "defender-xdr", "windows-events")))
        fires = catalogue.values("fires")
        verdicts = Counter(str(found.verdict) if found.text else "refused" for found in translations)
        return Summary(
            rules=len(catalogue),
            alerts=sum(alerts.values()),
            fired=fires.get("fires", 0),
            silent=fires.get("silent", 0),
            impossible=fires.get("impossible", 0),
            not_run=len(missing),
            verdicts=tuple(sorted(verdicts.items(), key=lambda item: -item[1])),
            missing=missing,
            translations=translations,
        )


def record_scan(
    catalogue: Catalogue, logs: list[str | Path], rules: list[str | Path], label: str
) -> tuple[Counter[str], tuple[NotRun, ...]]:
    """Scans, and stores what each rule of the catalogue did as evidence; alerts by rule id, and what did not run."""
    alerts: Counter[str] = Counter()
    missing: list[NotRun] = []
    for result in scan.scan(logs, rules):
        if isinstance(result, Alert):
            alerts[result.rule_id] += 1
        else:
            missing.append(result)
    lacking = {each.rule_id: each for each in missing}
    catalogue.store_evidence(list(_evidence(catalogue, alerts, lacking, label)))
    return alerts, tuple(missing)


def _evidence(
    catalogue: Catalogue, alerts: Counter[str], lacking: dict[str, NotRun], label: str
) -> Iterator[tuple[str, Evidence]]:
    for key, rule in catalogue.rules():
        if rule.id in alerts:
            yield key, Evidence(label, "fired", alerts[rule.id])
        elif rule.id in lacking:
            why = lacking[rule.id]
            yield key, Evidence(label, "not-run", 0, detail=f"{why.construct}: {why.why}" if why.why else why.construct)
        else:
            yield key, Evidence(label, "silent", 0)


def printed(summary: Summary) -> str:
    """The summary as a few lines for a terminal."""
    silent = f"{summary.silent} silent, {summary.impossible} impossible"
    verdicts = ", ".join(f"{count} {name}" for name, count in summary.verdicts)
    return "\n".join(
        [
            f"{summary.rules} rules: {summary.fired} fired ({summary.alerts} alerts), {silent}, {summary.not_run} not run",
            f"{len(summary.translations)} translations to Kusto: {verdicts}",
        ]
    )
