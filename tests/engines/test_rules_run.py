"""Real rules over empty typed tables: nearly all run, with the columns Microsoft's analyser gives them.

A sample by default, all with RULESCOPE_WHOLE=1; `python tools/conformance.py` tells what is refused.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.corpus

WHOLE = os.environ.get("RULESCOPE_WHOLE") == "1"
EVERY = 1 if WHOLE else 60
LEAST = 0.97 if WHOLE else 0.9
"""Share that must run; of a small sample one rule is some percent."""


@pytest.fixture(scope="module")
def conformance() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "tools" / "conformance.py"
    spec = importlib.util.spec_from_file_location("conformance", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_rules_the_analyser_binds(conformance: ModuleType, kusto_cases: Path) -> None:
    tally = conformance.analysed(kusto_cases, EVERY)
    same, other = (tally.counts[f"runs, with {which} columns"] for which in ("the same", "other"))
    assert same + other >= LEAST * tally.all, tally.refused
    assert other <= 0.03 * tally.all + 1, tally.differs


@pytest.mark.parametrize("pack", ["sentinel", "kusto-community"])
def test_rules_of_packs(conformance: ModuleType, data_root: Path, pack: str) -> None:
    tally = conformance.corpus(data_root / "corpora" / pack, EVERY * 2 if not WHOLE else 1)
    assert tally.all - tally.counts["refused"] - tally.counts["stopped by limits"] >= LEAST * tally.all, tally.refused


def test_another_engines_tests(conformance: ModuleType, kusto_cases: Path) -> None:
    from engines.known_differences import PEER

    tally = conformance.other_engine(kusto_cases, PEER)
    assert not {"disagrees", "refused"} & set(tally.counts), tally.differs
