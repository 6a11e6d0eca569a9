"""Where tests find shared real data, when it is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # speed is measured in benchmarks
settings.load_profile("untimed")

SHARED = Path(os.environ.get("RULESCOPE_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the code says now into the golden files")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real rule corpora, logs and cases, beside the checkout or named by RULESCOPE_SHARED."""
    if not (SHARED / "unpack.py").exists():
        pytest.skip("the shared data is not here: set RULESCOPE_SHARED")
    return SHARED


@pytest.fixture(scope="session")
def data_root(shared: Path) -> Path:
    """The unpacked packs: corpora/, logs/, knowledge/."""
    unpack = [sys.executable, str(shared / "unpack.py")]
    return Path(subprocess.run(unpack, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def kusto_cases(shared: Path) -> Path:
    """Real Kusto queries with what Microsoft's parser says of them, documentation cases and traps."""
    return shared / "kusto"


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
