"""Whose count it is: of partners that must not be, of another grouping, of lists; and which tests are made together."""

from __future__ import annotations

import pytest

from rulescope.services.explain import explain


def told(query: str) -> list[str]:
    page = explain(query, "kusto")
    return [each.text for each in (*page.hypothesis, *page.guidance)]


def trust(query: str) -> str:
    page = explain(query, "kusto")
    assert page.confidence is not None
    return page.confidence.reasons[-1][1].text


def test_a_count_of_partners_is_none_of_what_is_reported() -> None:
    text = """let changes = AuditLogs | where OperationName == "a";
changes | where TimeGenerated between (ago(14d) .. ago(1d)) | summarize n = count() by Actor | where n >= 5
| join kind=rightanti (changes | where TimeGenerated > ago(1d)) on Actor"""
    found = told(text)
    assert found[1] == (
        "What it reports are entries of `AuditLogs` like them, over a time window of its own, that have no such partner by "
        "`Actor`; a partner needs at least 5 of them per `Actor`."
    )
    assert len(found) == 2


def test_a_count_after_the_join_is_one_of_what_is_reported() -> None:
    text = """A | where x == 1 | summarize n = count() by k | where n >= 5
| join kind=rightanti (B | where y == 2 | summarize m = count() by k) on k | where m > 7"""
    assert any(
        "What it reports are results of `B` in which `y` is `2`, with more than 7 of them per `k`," in each
        for each in told(text)
    )
    assert not any("at least 5" in each and each.startswith("Single") for each in told(text))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "A | where x == 1 | summarize n = count() by u | join kind=leftouter (B | summarize arg_max(t, *) by v) on $left.u == $right.v | where n > 5",
            "Single entries are not enough: the rule waits for more than 5 of them per `u`.",
        ),
        (
            "A | where x == 1 | summarize n = count() by u, bin(TimeGenerated, 1h) | where n > 5",
            "Single entries are not enough: the rule waits for more than 5 of them per `u` within 1 hour.",
        ),
        (
            "let base = A | summarize c = count() by u, bin(TimeGenerated, 1d) | summarize m = avg(c) by u; A | where x == 1 | summarize n = count() by u | where n > 5 | join kind=leftouter base on u",
            "Single entries are not enough: the rule waits for more than 5 of them per `u`.",
        ),
    ],
)
def test_a_count_is_told_by_what_it_is_counted_by(query: str, sentence: str) -> None:
    assert sentence in told(query)


def test_a_list_of_all_but_some_says_which_not() -> None:
    text = "let few = B | where y != 2 | distinct u; A | where x == 1 | where u in (few)"
    assert "`few` comes from entries of `B` except those in which `y` is `2`." in told(text)


def test_two_computed_values_are_told_by_how_each_is_made() -> None:
    text = "A | where x == 1 | where trim('.a', p) == trim('.b', q)"
    assert told(text)[0].endswith('and `trim(".a", p)` is `trim(".b", q)`.')


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("A | where f == 1 or c == 2 | where c == 3", "It asks for a match in one field only."),
        ("A | where f == 1 or g == 2 | where c == 3", "It takes a match in at least 2 fields."),
        ("A | where f == 1 and c == 3", "It looks at 2 fields together."),
        ("A | where (f == 1 or c == 2) and (c == 3 or g == 4)", "It asks for a match in one field only."),
    ],
)
def test_fields_are_counted_by_the_way_that_tests_fewest(query: str, words: str) -> None:
    assert trust(query) == words


def test_fields_of_a_query_within_a_test_are_none_of_the_row() -> None:
    text = "let few = toscalar(B | where y == 2 | summarize make_list(v)); A | where u in (few)"
    assert trust(text).startswith("It rests on a single field")


def test_a_count_of_a_function_is_one_of_every_table_it_is_called_for() -> None:
    text = """let f = (t: string) { table(t) | where x == 1 | summarize n = count() by u | where n > 5 };
union (f("A")), (f("B"))"""
    assert "Single entries are not enough: the rule waits for more than 5 of them per `u`." in told(text)


def test_a_column_it_is_joined_by_is_the_first_tables() -> None:
    page = explain("A | join kind=inner (B | distinct k, w) on k | project k, w", "kusto")
    assert [(row.field.name, row.field.source) for row in page.output_rows] == [("k", "source"), ("w", "join")]


def test_long_values_are_counted_though_they_are_cut_alike() -> None:
    long = "a" * 70
    text = f"A | where c has_any ('{long}1', '{long}2', '{long}3', 'x')"
    assert told(text)[0].endswith(f"`{long[:59]}…`, `x` or 2 more.")


def test_a_librarys_original_name_is_none_of_the_program_that_loads_it() -> None:
    text = "title: T\nlogsource:\n  product: windows\n  category: {}\ndetection:\n  a:\n    Image|endswith: '\\tool.exe'\n  condition: a\n"
    for category, advice in (("image_load", False), ("process_creation", True)):
        found = [each for each in explain(text.format(category), "sigma").diagnostics if each.id == "renamed-binary"]
        assert [bool(each.suggestion) for each in found] == [advice]
