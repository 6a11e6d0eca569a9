"""ATT&CK: spellings, revoked techniques, the matrix."""

import pytest

from rulescope.schemas import attack


@pytest.mark.parametrize(
    "spelling", ["Persistence", "persistence", "attack.persistence", "TA0003", "ta0003", " Persistence "]
)
def test_a_tactic_is_known_by_any_spelling(spelling: str) -> None:
    found = attack.tactic(spelling)
    assert found is not None
    assert found.id == "TA0003"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("CommandAndControl", "Command and Control"),
        ("CommandandControl", "Command and Control"),
        ("command_and_control", "Command and Control"),
        ("DefenseEvasion", "Defense Evasion"),
        ("attack.defense-evasion", "Defense Evasion"),
        ("attack.stealth", "Stealth"),
        ("defense-impairment", "Defense Impairment"),
    ],
)
def test_names_of_both_versions_are_known(spelling: str, name: str) -> None:
    found = attack.tactic(spelling)
    assert found is not None
    assert found.name == name


def test_an_unknown_tactic_is_none() -> None:
    assert attack.tactic("Astrology") is None


def test_a_revoked_technique_leads_to_what_replaced_it() -> None:
    assert [each.id for each in attack.resolve("T1086")] == ["T1086", "T1059.001"]
    assert attack.current("attack.t1562.001") == "T1685"
    assert attack.current("T1562.001", "18.1") == "T1562.001"


def test_an_unknown_technique_stays_as_it_is() -> None:
    assert attack.technique("T9999") is None
    assert attack.current("t9999") == "T9999"
    assert attack.resolve("T9999") == ()


def test_a_sub_technique_has_a_parent() -> None:
    found = attack.technique("T1059.001")
    assert found is not None
    assert (found.parent, found.name) == ("T1059", "PowerShell")


@pytest.mark.parametrize(("version", "columns"), [("18.1", 14), ("19.1", 15)])
def test_the_matrix_has_the_tactics_of_its_version(version: str, columns: int) -> None:
    matrix = attack.matrix(version)
    assert len(matrix) == columns
    assert matrix[0].tactic.name == "Reconnaissance"
    assert all(top.status == "active" and not top.parent for column in matrix for top, _ in column.techniques)


def test_every_replacement_is_a_technique() -> None:
    for version in attack.VERSIONS:
        known = attack.techniques(version)
        assert all(each.revoked_by in known for each in known.values() if each.revoked_by)
