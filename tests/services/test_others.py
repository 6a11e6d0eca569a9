"""Other targets: pySigma back ends that are installed are used, and what they write is marked unverified."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulescope.errors import UnsupportedError
from rulescope.model import Rule, Verdict
from rulescope.services import others

BACK_END = '''
from sigma.conversion.base import TextQueryBackend


class ToyBackend:
    """Writes the title; breaks the rule it is given, as real ones do."""

    def convert(self, collection):
        written = []
        for rule in collection.rules:
            if "refuse" in rule.title:
                raise ValueError("a construct it has no word for")
            if "silent" not in rule.title:
                written.append(f"search title={rule.title}")
            rule.title = "broken"
        return written


class ToyTwoBackend(ToyBackend):
    def convert(self, collection):
        return "two"
'''
RULE = "title: {}\nlogsource: {{category: proxy}}\ndetection:\n    sel: {{c-useragent: a}}\n    condition: sel\n"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package = tmp_path / "sigma" / "backends" / "toy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(BACK_END)
    import sigma.backends

    monkeypatch.setattr(sigma.backends, "__path__", [*sigma.backends.__path__, str(package.parent)])
    others.targets.cache_clear()
    yield
    sys.modules.pop("sigma.backends.toy", None)
    others.targets.cache_clear()


def rule(title: str, language: str = "sigma") -> Rule:
    return Rule(id="r", title=title, language=language, text=RULE.format(title))


def test_what_a_back_end_writes_is_marked_unverified(toy: None) -> None:
    found = others.translate(rule("one"), "toy")
    assert (found.target, found.text, found.verdict) == ("toy", "search title=one", Verdict.UNTESTED)
    assert [(check.name, check.passed) for check in found.checks] == [("execute", None)]
    assert "unverified" in found.checks[0].detail


def test_a_rule_is_parsed_afresh_each_time(toy: None) -> None:
    assert others.translate(rule("one"), "toy") == others.translate(rule("one"), "toy")


def test_what_it_refuses_is_refused_in_its_words(toy: None) -> None:
    found = others.translate(rule("refuse"), "toy")
    assert found.text == ""
    assert (found.losses[0].construct, found.losses[0].why) == ("ValueError", "a construct it has no word for")


def test_writing_nothing_is_a_refusal(toy: None) -> None:
    assert others.translate(rule("silent"), "toy").losses[0].construct == "nothing written"


def test_one_class_of_several_by_name(toy: None) -> None:
    assert others.translate(rule("one"), "toy.toytwo").text == "two"
    with pytest.raises(UnsupportedError, match="toytwo"):
        others.translate(rule("one"), "toy.three")


def test_only_sigma_rules(toy: None) -> None:
    assert "only Sigma" in others.translate(rule("one", "kusto"), "toy").losses[0].why


def test_what_is_not_installed_names_how_to_install_it_and_what_there_is(toy: None) -> None:
    assert "toy" in others.targets()
    with pytest.raises(UnsupportedError, match=r"pip install pysigma-backend-nosuch.*installed: toy"):
        others.translate(rule("one"), "nosuch")


def test_a_back_end_that_does_not_load_is_an_error_of_ours(toy: None, tmp_path: Path) -> None:
    (tmp_path / "sigma" / "backends" / "old").mkdir()
    (tmp_path / "sigma" / "backends" / "old" / "__init__.py").write_text("import sigma.nothing_of_that_name")
    with pytest.raises(UnsupportedError, match="does not load"):
        others.translate(rule("one"), "old")
