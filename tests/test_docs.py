"""Documentation is complete: every command, check and language that the code has stands on its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulescope.cli import COMMANDS
from rulescope.services.check import CHECKS

DOCS = Path(__file__).parents[1] / "docs"


def test_every_check_has_a_part_of_its_own_and_no_part_is_about_a_check_that_is_gone() -> None:
    parts = set(re.findall(r"^### (\S+)$", (DOCS / "checks.md").read_text(), re.MULTILINE))
    assert parts == set(CHECKS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert re.search(rf"^## `rulescope {name}", (DOCS / "commands.md").read_text(), re.MULTILINE)


def test_links_between_documents_lead_somewhere() -> None:
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
