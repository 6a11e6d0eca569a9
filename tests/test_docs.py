"""Documentation is complete: every command, check and language that the code has stands on its page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from rulescope.services.check import CHECKS

DOCS = Path(__file__).parents[1] / "docs"


def test_every_check_has_a_part_of_its_own_and_no_part_is_about_a_check_that_is_gone() -> None:
    parts = set(re.findall(r"^### (\S+)$", (DOCS / "checks.md").read_text(), re.MULTILINE))
    assert parts == set(CHECKS)


def test_the_page_of_commands_says_what_help_says() -> None:
    tool = DOCS.parent / "tools" / "commands.py"
    said = subprocess.run([sys.executable, str(tool), "-"], check=True, capture_output=True, text=True).stdout
    assert (DOCS / "commands.md").read_text() == said, "run python tools/commands.py"


def test_links_between_documents_lead_somewhere() -> None:
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
