"""Golden rules: `golden/case.rule` reads as `golden/case.outline`; run with --update-golden to write, review with git diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulescope.languages.sigma import parse
from rulescope.model import normal, outline

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("case", sorted(GOLDEN.glob("*.rule")), ids=lambda path: path.stem)
def test_golden(case: Path, update_golden: bool) -> None:
    query = parse(case.read_text(encoding="utf-8"), case.name)
    found = outline(query) + "\n"
    expected = case.with_suffix(".outline")
    if update_golden:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
    assert normal(normal(query)) == normal(query)
