"""Which conditions the rows of a result have passed, and what is found of names and case because of it."""

from __future__ import annotations

import pytest

from rulescope import languages, model
from rulescope.analysis import faults
from rulescope.analysis.passed import asked, passes

ROWS: list[tuple[str, bool, bool]] = [  # a query, whether every row passed `x == 1`, whether some rows did
    ("A | where x == 1", True, True),
    ("A | where y == 2", False, False),
    ("A | where y == 2 | join kind=leftanti (B | where x == 1) on u", False, False),
    ("A | where y == 2 | join kind=leftouter (B | where x == 1) on u", False, False),
    ("A | where y == 2 | join kind=inner (B | where x == 1) on u", True, True),
    ("A | where x == 1 | join kind=rightanti (B | where y == 2) on u", False, True),
    ("union (A | where x == 1), (B | where y == 2)", False, True),
    ("union (A | where x == 1), (B | where x == 1)", True, True),
    ("A | where x == 1 | union (B | where y == 2)", False, True),
    ("let l = B | where x == 1 | distinct u; A | where u in (l)", True, True),
    ("let l = B | where x == 1 | distinct u; A | where u !in (l)", False, False),
    ("let l = A | where x == 1; l | take 3", True, True),
]


@pytest.mark.parametrize(("text", "every", "some"), ROWS)
def test_what_rows_have_passed(text: str, every: bool, some: bool) -> None:
    query = languages.parse(text, "kusto")

    def fits(stage: model.Step) -> bool:
        return any(
            isinstance(each.subject, model.Field) and each.subject.name == "x"
            for each in model.expressions(stage, model.Match)
            if isinstance(stage, model.Filter)
        )

    assert passes(query, fits) is every
    assert any(fits(stage) for stage in asked(query)) is some


NAMES: list[tuple[str, bool]] = [  # a query, whether a renamed copy escapes it
    ("DeviceProcessEvents | where FileName =~ 'x.exe'", True),
    ("DeviceProcessEvents | where FileName =~ 'x.exe' | union (DeviceRegistryEvents | where RegistryKey has 'k')", False),
    ("DeviceProcessEvents | where FileName =~ 'x.exe' | join (DeviceFileEvents | where FolderPath has 'f') on SHA1", False),
    ("DeviceRegistryEvents | parse RegistryKey with 'k\\\\' FileName | where FileName =~ 'x.exe'", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), NAMES)
def test_names_that_decide(text: str, told: bool) -> None:
    assert ("renamed-binary" in {each.id for each in faults(languages.parse(text, "kusto"))}) is told


def test_all_names_of_alternatives_are_said() -> None:
    text = "DeviceProcessEvents | where (FileName =~ 'x.exe' and k == 1) or (FileName =~ 'y.exe' and k == 2)"
    found = next(each for each in faults(languages.parse(text, "kusto")) if each.id == "renamed-binary")
    assert found.message.startswith("FileName is tested for x.exe, y.exe by name")


CASES: list[tuple[str, bool]] = [  # a query, whether other case escapes it
    ("A | where FileName == 'x'", True),
    ("A | extend k = iff(FileName == 'x', 1, 2)", False),
    ("A | where y == 1 | join kind=leftanti (B | where FileName == 'x') on u", False),
]


@pytest.mark.parametrize(("text", "told"), CASES)
def test_case_that_decides(text: str, told: bool) -> None:
    assert ("case-sensitive" in {each.id for each in faults(languages.parse(text, "kusto"))}) is told
