"""The main job on the bundled rules and logs: ingest, scan, verify, and what came of it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from ..catalogue import Catalogue
from ..model import NotRun, Rule, Translation
from . import evidence, ingest, verify

PACKAGE = Path(str(files("rulescope")))
STARTER = PACKAGE / "starter"
RULES = STARTER / "rules"
LOGS = STARTER / "logs"
LABEL = "bundled logs"
SCHEMAS = verify.SCHEMAS
SHOWN = 3
"""Examples of a kind in the printed summary."""
ORDER = ("equal", "wider", "narrower", "differs", "untested", "refused")


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
    fires: tuple[tuple[str, int], ...] = ()  # title, alerts; most first
    never: tuple[str, ...] = ()  # titles of impossible rules
    titles: tuple[tuple[str, str], ...] = ()  # rule id, title
    languages: tuple[tuple[str, int], ...] = ()


def place() -> Path:
    """Where the demo keeps its catalogue: in the user's cache, one file per state of this code and its bundled rules."""
    state = hashlib.blake2b(version("rulescope").encode(), digest_size=6)
    for file in sorted(PACKAGE.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            facts = file.stat()
            state.update(f"{file.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    name = f"demo-{state.hexdigest()}.sqlite"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    for folder in (
        Path(home) / "rulescope",
        Path(tempfile.gettempdir()) / f"rulescope-{os.getuid() if hasattr(os, 'getuid') else 0}",
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for older in folder.glob("demo-*.sqlite*"):
                if not older.name.startswith(Path(name).stem):
                    older.unlink(missing_ok=True)
            if os.access(folder, os.W_OK):
                return folder / name
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="rulescope-")) / name


def prepare(path: str | Path, progress: Callable[[str], None] | None = None) -> Summary:
    """Fills the catalogue at `path` with the bundled rules, what they did on the bundled logs, and their translations.

    What is there already is not done again.
    """
    tell = progress or (lambda step: None)
    with Catalogue(path) as catalogue:
        tell("reading rules")
        ingest.ingest([RULES], catalogue)
        if not all(
            any(each.log == LABEL for each in catalogue.evidence(key))
            for key, rule in catalogue.rules()
            if rule.kind != "filter"
        ):
            tell("scanning logs")
            for _ in evidence.scan(catalogue, [LOGS], label=LABEL):
                pass
        if not all(
            catalogue.translations(key) for key, rule in catalogue.rules() if _translatable(catalogue, key, rule)
        ):
            tell("translating and verifying")
            for _ in verify.store(catalogue, SCHEMAS):
                pass
        return summary(catalogue)


def _translatable(catalogue: Catalogue, key: str, rule: Rule) -> bool:
    return rule.language == "sigma" and catalogue.query(key) is not None


def summary(catalogue: Catalogue) -> Summary:
    """What the catalogue holds of the bundled rules."""
    alerts: list[tuple[str, int]] = []
    missing: list[NotRun] = []
    never: list[str] = []
    titles: list[tuple[str, str]] = []
    translations: list[Translation] = []
    for key, rule in catalogue.rules():
        titles.append((rule.id, rule.title))
        translations.extend(catalogue.translations(key))
        card = catalogue.card(key)
        if card and card.fires == "impossible":
            never.append(rule.title)
        for each in catalogue.evidence(key):
            if each.kind == "fired":
                alerts.append((rule.title, each.events))
            elif each.kind == "not-run":
                construct, _, why = each.detail.partition(": ")
                missing.append(NotRun(rule.id, "", construct, why, rule.title))
    verdicts = Counter(str(found.verdict) if found.text else "refused" for found in translations)
    fires = catalogue.values("fires")
    return Summary(
        rules=len(catalogue),
        alerts=sum(count for _, count in alerts),
        fired=fires.get("fires", 0),
        silent=fires.get("silent", 0),
        impossible=fires.get("impossible", 0),
        not_run=len(missing),
        verdicts=tuple((name, verdicts[name]) for name in ORDER if verdicts[name]),
        missing=tuple(missing),
        translations=tuple(translations),
        fires=tuple(sorted(alerts, key=lambda item: -item[1])),
        never=tuple(never),
        titles=tuple(titles),
        languages=tuple(catalogue.values("language").items()),
    )


def printed(summary: Summary) -> str:
    """The summary for a terminal: numbers, and a few rules of every outcome with the reason."""
    spoken = ", ".join(f"{count} {name}" for name, count in summary.languages)
    lines = [
        f"{summary.rules} rules ({spoken}) over the bundled logs:",
        f"  {summary.fired:>3} fired, {summary.alerts} alerts{_examples(f'{title} ×{count}' for title, count in summary.fires)}",
        f"  {summary.silent:>3} silent",
        f"  {summary.impossible:>3} impossible{_examples(summary.never)}",
        f"  {summary.not_run:>3} not run{_examples(f'{each.title}: {each.construct}' for each in summary.missing)}",
        "",
        f"{len(summary.translations)} translations of Sigma to Kusto, each run beside its source on the same events:",
    ]
    titles = dict(summary.titles)
    for verdict, count in summary.verdicts:
        found = [each for each in summary.translations if (str(each.verdict) if each.text else "refused") == verdict]
        reasons = (f"{titles.get(each.rule_id, '')} for {each.schema}{_reason(each)}" for each in _spread(found))
        lines.append(f"  {count:>3} {verdict}{_examples(reasons) if verdict != 'equal' else ''}")
    return "\n".join(lines)


def _examples(texts: Iterator[str] | tuple[str, ...]) -> str:
    shown = [text if len(text) <= 150 else text[:149] + "…" for text, _ in zip(texts, range(SHOWN), strict=False)]
    return "".join(f"\n        {text}" for text in shown)


def _spread(found: list[Translation]) -> Iterator[Translation]:
    """One translation of each rule."""
    seen: set[str] = set()
    for each in found:
        if each.rule_id not in seen:
            seen.add(each.rule_id)
            yield each


def _reason(translation: Translation) -> str:
    for loss in translation.losses:
        return f": {loss.construct}: {loss.why}"
    for check in translation.checks:
        if check.passed is not True and check.detail:
            return f": {check.detail}"
    return ""
