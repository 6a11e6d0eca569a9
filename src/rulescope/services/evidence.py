"""Evidence: what the rules of a catalogue did on logs (fired, silent, could not run), kept with them.

Logs are attacks or baselines scanned by hand (`scan`), or the recorded events that a source's authors keep beside their
rules (`record_tests`): SigmaHQ's `regression_data`, an `info.yml` beside each file of events.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from .. import yamltext
from ..catalogue import Catalogue, Evidence
from ..errors import LogError, RulescopeError
from ..model import Alert, NotRun
from . import scan as scanning
from .ingest import TESTS
from .scan_loading import Prepared, of_catalogue

log = logging.getLogger(__name__)

Expect = Literal["", "fired", "silent"]


@dataclass(frozen=True, slots=True)
class Tests:
    """What a source's recorded events showed: rules with such events, and of them those that did as their authors say."""

    rules: int = 0
    as_stated: int = 0
    silent: int = 0
    not_run: int = 0


class Recorder:
    """Collects what each rule of a scan did, by its number."""

    def __init__(self) -> None:
        self.alerts: Counter[int] = Counter()
        self.lacking: dict[int, NotRun] = {}

    def take(self, number: int, result: Alert | NotRun) -> None:
        """The next result of `scan.run`."""
        if isinstance(result, Alert):
            self.alerts[number] += 1
        else:
            self.lacking.setdefault(number, result)

    def evidence(self, number: int, label: str, expected: int | None = None) -> Evidence:
        """What a rule did. It fired when it alerted at all; it is silent only when it saw all there was to see."""
        count = self.alerts[number]
        lacking = self.lacking.get(number)
        if count:
            return Evidence(label, "fired", count, expected, detail=_detail(count, expected))
        if lacking is not None:
            why = f"{lacking.construct}: {lacking.why}" if lacking.why else lacking.construct
            return Evidence(label, "not-run", 0, expected, detail=why)
        return Evidence(label, "silent", 0, expected, detail=_detail(0, expected))


def _detail(count: int, expected: int | None) -> str:
    if expected is None or (not expected and not count):
        return ""
    if not expected:
        return "expected to stay silent: these are ordinary events"
    return "" if count == expected else f"its authors state {expected}"


def scan(
    catalogue: Catalogue,
    logs: scanning.Logs,
    settings: scanning.Settings | None = None,
    label: str = "",
    expect: Expect = "",
    record: bool = True,
) -> Iterator[Alert | NotRun]:
    """What `scan.scan` gives for the rules of a catalogue; with `record` it is stored as evidence once all was read.

    `label` names the logs in the evidence, their paths without it. `expect` says what a good rule does there: nothing on a
    baseline (`silent`); it is asked of every rule, so `fired` is for logs of one thing only.
    Raises LogError when a path of `logs` does not exist.
    """
    keys, prepared = of_catalogue(catalogue)
    recorder = Recorder()
    for number, result in scanning.run(logs, prepared, settings or scanning.Settings()):
        recorder.take(number, result)
        yield result
    if record:
        expected = {"": None, "fired": 1, "silent": 0}[expect]
        named = label or label_of(logs)
        ran = {number for number, _, _ in prepared.ready} | {number for number, _ in prepared.missing}
        found = [(keys[number - 1], recorder.evidence(number, named, expected)) for number in sorted(ran) if number]
        catalogue.store_evidence(found)
        log.info("recorded label=%s rules=%d fired=%d", named, len(found), len(recorder.alerts))


def label_of(logs: scanning.Logs) -> str:
    """The names of logs, for evidence that was given no label."""
    paths = [logs] if isinstance(logs, str | Path) else list(logs)
    return ", ".join(Path(path).name or str(path) for path in paths)


# ------------------------------------------------------------ recorded events beside rules


class _Named(msgspec.Struct):
    id: str = ""


class _Case(msgspec.Struct):
    path: str = ""
    match_count: int | None = None


class _Info(msgspec.Struct):
    rule_metadata: list[_Named] = []
    regression_tests_info: list[_Case] = []


def record_tests(catalogue: Catalogue, root: Path, source: str) -> Tests:
    """Runs each rule of `source` over the events recorded for it below `root`, and stores what it did.

    The evidence is named by the path of its events; expected is what the authors state, without that any number of
    alerts is as expected. Cases whose rule is
    not in the catalogue, or whose file is gone or lies outside `root`, are left out.
    """
    if not (root / TESTS).is_dir():
        return Tests()
    cases = list(_cases(root))
    wanted = {rule for rule, _, _ in cases}
    keys = {rule.id: key for key, rule in catalogue.rules() if rule.source == source and rule.id in wanted}
    listed, prepared = of_catalogue(catalogue, sorted(keys.values()))
    numbers = {key: number for number, key in enumerate(listed, 1)}
    found = []
    for rule, path, stated in cases:
        if rule in keys:
            number = numbers[keys[rule]]
            recorder = _run(prepared, number, path)
            name = path.relative_to(root).as_posix()
            expected = stated or max(1, recorder.alerts[number])
            found.append((keys[rule], recorder.evidence(number, name, expected)))
    catalogue.store_evidence(found)
    kinds = Counter(each.kind for _, each in found)
    rules = len({key for key, _ in found})
    exact = sum(each.kind == "fired" and not each.detail for _, each in found)
    log.info("recorded tests source=%s rules=%d fired=%d silent=%d", source, rules, kinds["fired"], kinds["silent"])
    return Tests(rules, exact, kinds["silent"], kinds["not-run"])


def _run(prepared: Prepared, number: int, path: Path) -> Recorder:
    alone = Prepared(
        tuple(each for each in prepared.ready if each[0] == number),
        tuple(each for each in prepared.missing if each[0] == number),
        1,
    )
    recorder = Recorder()
    try:
        for found, result in scanning.run(path, alone):
            recorder.take(found, result)
    except LogError as error:
        recorder.take(number, NotRun("", "reader", "events", str(error)))
    return recorder


def _cases(root: Path) -> Iterator[tuple[str, Path, int | None]]:
    """(rule id, file of events, how many of them match) of every case that can be read."""
    inside = root.resolve()
    for info in sorted((root / TESTS).rglob("info.yml")):
        try:
            said = msgspec.convert(yamltext.document(info.read_text(encoding="utf-8"), str(info)), _Info, strict=False)
        except (OSError, UnicodeDecodeError, RulescopeError, msgspec.ValidationError) as error:
            log.warning("test case unreadable path=%s error=%s", info, error)
            continue
        for case in said.regression_tests_info:
            path = root / case.path
            if case.path and path.resolve().is_relative_to(inside) and path.is_file():
                for rule in said.rule_metadata:
                    yield rule.id, path, case.match_count
