"""A served site over the starter rules, and a browser to look at it with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import served

NODE = Path(__file__).parents[1] / "node" / "node_modules"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def starter_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of the bundled rules with their translations verified and the bundled logs scanned."""
    from rulescope.services import demo

    path = tmp_path_factory.mktemp("catalogue") / "starter.sqlite"
    demo.prepare(path)
    return path


@pytest.fixture(scope="session")
def site(starter_catalogue: Path) -> Iterator[str]:
    """The address of the served site, without a slash at its end."""
    from rulescope.web import application

    with served(application(starter_catalogue)) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium; the test skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for what some people cannot use; the test skips where it is not installed."""
    script = NODE / "axe-core" / "axe.min.js"
    if not script.exists():
        pytest.skip("axe-core is not installed: npm install --prefix tests/node")
    return script.read_text()
