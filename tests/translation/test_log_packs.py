"""Rules of the public corpus and their translations over real logs: both alert on the same records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rulescope.services import verify
from rulescope.services.agreement import Agreement
from rulescope.translation import Options


@dataclass(frozen=True)
class Pack:
    """Logs, the rules that are asked of them (every `step`-th below a folder) in some schemas, and what is found at least.

    `alerts` are those of both sides in all schemas, `rules` the rules with such alerts: what says that something was compared.
    """

    name: str
    logs: Sequence[str]
    schemas: Sequence[str]
    folder: str
    step: int
    rules: int
    alerts: int


PACKS = (
    Pack("windows", ("evtx/EVTX-ATTACK-SAMPLES", "mixed"), ("windows-events", "defender-xdr"), "windows", 6, 50, 150),
    Pack("cloud", ("cloud", "otrf/atomic/aws"), ("sentinel-tables", "defender-xdr"), "cloud/aws", 1, 10, 300),
)

EXCEPTIONS: dict[tuple[str, str, str], str] = {}
"""Differences that were looked at and stay: (schema, kind, title of the rule) -> why."""


def compared(pack: Pack, data_root: Path) -> Agreement:
    rules = sorted((data_root / "corpora" / "sigma" / "rules" / pack.folder).rglob("*.yml"))[:: pack.step]
    logs = [data_root / "logs" / name for name in pack.logs]
    found = verify.verify(rules, pack.schemas, Options(prove=False), logs=logs).real
    assert found is not None
    return found


@pytest.mark.corpus
@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_rules_and_translations_alert_on_the_same_records(pack: Pack, data_root: Path) -> None:
    found = compared(pack, data_root)
    assert {key: f"{lack.title}: {lack.construct}: {lack.why}" for key, lack in found.not_run.items()} == {}
    differences = Counter(
        (each.schema, each.kind, each.rule.title) for each in found.differences if each.kind in ("missing", "extra")
    )
    assert {each: count for each, count in differences.items() if each not in EXCEPTIONS} == {}
    assert len(set().union(*found.rules.values())) >= pack.rules
    assert found.both.total() >= pack.alerts
