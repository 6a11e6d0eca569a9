"""Verify and translate as services: folders, what cannot be read, summaries."""

from pathlib import Path

import pytest

from rulescope.errors import RuleError, SourceError, UnsupportedError
from rulescope.model import Rule, Verdict
from rulescope.services import translate, verify
from rulescope.translation import Options

PROXY = """
title: Odd agent
id: 5a9d2b7e-30c3-4b45-9d32-0f1c5c0f8a11
logsource: {category: proxy}
detection:
    sel: {c-useragent|startswith: Odd/}
    condition: sel
"""
LOGON = """
title: Shell in the root of the disk
logsource: {category: process_creation, product: windows}
detection:
    sel: {CurrentDirectory: 'C:\\', Image|endswith: '\\cmd.exe'}
    condition: sel
"""
BROKEN = """
title: No such part
logsource: {category: proxy}
detection:
    sel: {c-useragent: a}
    condition: sel and nothing
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("a.yml", PROXY), ("b.yml", LOGON), ("c.yml", BROKEN)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_folder_in_two_schemas(folder: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = verify.verify(folder, ("sentinel-asim", "defender-xdr"), progress=lambda *step: steps.append(step))
    assert [rule.title for rule in found.rules] == ["Odd agent", "Shell in the root of the disk"]
    assert [(each.schema, bool(each.text)) for each in found.translations] == [
        ("sentinel-asim", True),
        ("defender-xdr", False),
        ("sentinel-asim", True),
        ("defender-xdr", False),
    ]
    assert found.verdicts == {"equal": 2, "refused": 2}
    assert found.proven
    assert steps[-1] == (4, 4)


def test_what_cannot_be_read_is_a_failure_and_the_run_goes_on(folder: Path) -> None:
    found = verify.verify(folder, ("sentinel-asim",))
    assert [failure.path for failure in found.failures] == ["c.yml"]
    assert "nothing" in found.failures[0].message


def test_a_loss_that_shows_is_not_proven(folder: Path) -> None:
    found = verify.verify(folder / "b.yml", ("defender-xdr",), Options(allow_loss=True))
    assert found.verdicts == {"wider": 1}
    assert not found.proven


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        verify.verify(tmp_path / "none")


def test_translate_takes_text_path_and_rule(folder: Path) -> None:
    given = (PROXY, folder / "a.yml", str(folder / "a.yml"), Rule(id="r", title="t", language="sigma", text=PROXY))
    found = [translate.translate(each) for each in given]
    assert len({each.text for each in found}) == 1
    assert {each.verdict for each in found} == {Verdict.EQUAL}


def test_translate_raises_for_what_is_no_rule(folder: Path) -> None:
    with pytest.raises(RuleError):
        translate.translate(folder / "c.yml")
    with pytest.raises(SourceError):
        translate.translate(folder / "none.yml")


def test_many_keep_their_order_and_refuse_what_they_cannot_read(folder: Path) -> None:
    rules, _ = translate.load(folder)
    rules.insert(1, Rule(id="k", title="k", language="kusto", text="Heartbeat"))
    found = list(translate.translate_all(rules))
    assert [each.rule_id for each in found] == [rule.id for rule in rules]
    assert [bool(each.text) for each in found] == [True, False, True, False]
    assert "only Sigma" in found[1].losses[0].why
    assert "nothing" in found[3].losses[0].why


def test_a_language_nobody_writes_is_an_error_that_helps() -> None:
    with pytest.raises(UnsupportedError, match="pip install pysigma-backend-cobol"):
        translate.translate(PROXY, to="cobol")


def test_a_correlation_finds_its_rule_in_another_file_and_a_filter_its_rules(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text(PROXY.replace("title", "name: odd_agent\ntitle", 1))
    (tmp_path / "corr.yml").write_text(
        "title: Many\ncorrelation:\n  type: event_count\n  rules: [odd_agent]\n  group-by: [c-ip]\n  timespan: 5m\n"
        "  condition: {gte: 3}\n"
    )
    (tmp_path / "filter.yml").write_text(
        "title: Not ours\nlogsource: {category: proxy}\nfilter:\n  rules: [odd_agent]\n  own: {cs-host: ours.example}\n"
        "  condition: not own\n"
    )
    found = verify.verify(tmp_path, ("sentinel-asim",))
    assert [rule.title for rule in found.rules] == ["Odd agent", "Many"]
    assert found.verdicts == {"equal": 2}
    assert all("ours.example" in each.text for each in found.translations)
    rules, _ = translate.load(tmp_path)
    assert [bool(each.text) for each in translate.translate_all(rules)] == [True, True, False]
