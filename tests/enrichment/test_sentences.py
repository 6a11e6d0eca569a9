"""Sentences: what is said of a rule follows from its parts, and every sentence says from which."""

from __future__ import annotations

import pytest

from rulescope.enrichment import Facts, confidence, gaps, guidance, hypothesis
from rulescope.enrichment.words import described, duration, listed
from rulescope.model import And, Diagnostic, Field, Filter, Indicator, Match, Not, Op, Or, Query, Rule, Scan

RULE = Rule(id="1", title="A rule", language="kusto", text="")
NAME = Match(Field("FileName"), Op.EQ, ("tool.exe",))
LINE = Match(Field("CommandLine"), Op.CONTAINS, ("-x", "-y"))
PARENT = Match(Field("Parent"), Op.EQ, ("updater.exe",))
COMMON = {"FileName": "process.name", "CommandLine": "process.command_line", "Parent": "process.parent.name"}


def facts(*indicators: Indicator, predicate: And | None = None, **more) -> Facts:  # type: ignore[no-untyped-def]
    query = Query((Scan("T"), Filter(predicate or And((NAME, LINE, Not(PARENT))))))
    common = tuple(COMMON.get(each.field, each.field.lower()) for each in indicators)
    return Facts(RULE, query, True, ("T",), indicators, common, **more)


WHOLE = (
    Indicator("FileName", Op.EQ, "tool.exe"),
    Indicator("CommandLine", Op.CONTAINS, "-x"),
    Indicator("CommandLine", Op.CONTAINS, "-y"),
    Indicator("Parent", Op.EQ, "updater.exe", negated=True),
)
DESCRIBED = [
    (NAME, "the process name is `tool.exe`"),
    (LINE, "the command line contains `-x` or `-y`"),
    (Match(Field("CommandLine"), Op.CONTAINS, ("a", "b"), every=True), "the command line contains `a` and `b`"),
    (And((NAME, LINE)), "the process name is `tool.exe`, and the command line contains `-x` or `-y`"),
    (And((Or((NAME, PARENT)), LINE)), "(the process name is `tool.exe` or the parent process name is `updater.exe`), and the command line contains `-x` or `-y`"),
    (Match(Field("Odd"), Op.EQ, (5,)), "`Odd` is `5`"),
    (Not(NAME), ""),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "expected"), DESCRIBED)
def test_conditions_in_words(expr, expected: str) -> None:  # type: ignore[no-untyped-def]
    assert described(expr, COMMON) == expected


def test_the_hypothesis_names_technique_place_condition_and_exceptions() -> None:
    first, second = hypothesis(facts(*WHOLE, techniques=(("T1105", "Ingress Tool Transfer"),)))
    assert first.text == (
        "If Ingress Tool Transfer (T1105) is in use, `T` should hold entries in which the process name is `tool.exe`,"
        " and the command line contains `-x` or `-y`."
    )
    assert (first.origin, first.detail) == ("techniques", "T1105")
    assert second.text == "What is taken for harmless and left out: the parent process name is `updater.exe`."


def test_a_threshold_is_said_with_its_group_and_window() -> None:
    found = hypothesis(facts(*WHOLE, thresholds=("Attempts > 10",), group_by=("User",), windows=(3600.0,)))
    assert (
        found[1].text == "Single entries are not enough: the rule waits for `Attempts > 10` per `User` within 1 hour."
    )


def test_nothing_is_supposed_of_a_query_that_was_not_read() -> None:
    unread = Facts(RULE, None, False)
    assert (hypothesis(unread), guidance(unread), gaps(unread)) == ((), (), ())


def test_gaps_are_what_the_analysis_found() -> None:
    fault = Diagnostic("class-gap", "hosts ending in 0 escape")
    style = Diagnostic("deprecated-function", "use another")
    assert [sentence.text for sentence in gaps(facts(*WHOLE, diagnostics=(fault, style)))] == [
        "hosts ending in 0 escape."
    ]


def test_a_name_alone_matches_every_start() -> None:
    found = guidance(facts(WHOLE[0], predicate=And((NAME,))))
    assert found[0].text.startswith("Every start of `tool.exe` matches")


def test_corpus_counts_tell_common_from_rare() -> None:
    texts = " ".join(sentence.text for sentence in guidance(facts(*WHOLE, counts=(900, 0, 3, 0), corpus=5000)))
    assert "`tool.exe` in the process name is asked for by 900 other rules" in texts


def test_short_fragments_are_pointed_out() -> None:
    texts = [sentence.text for sentence in guidance(facts(*WHOLE))]
    assert any(text.startswith("`-x` or `-y` is short") for text in texts)


def test_confidence_is_the_sum_of_its_reasons() -> None:
    found = confidence(facts(*WHOLE, fires="fires", tested=True, verdict="equal"))
    assert found.points == 40 + sum(points for points, _ in found.reasons) == 95
    assert found.level == "high"
    assert confidence(facts(*WHOLE, fires="impossible")).points == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(3600, "1 hour"), (5400, "90 minutes"), (86400 * 14, "14 days"), (0.5, "0.5 seconds")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c or d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c or 2 more"
