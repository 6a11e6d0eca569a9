"""What a hypothesis says of the further parts of a query, whole."""

from __future__ import annotations

import pytest

from rulescope.services.explain import explain

WHOLE: list[tuple[str, tuple[str, ...]]] = [  # a query of ours, its hypothesis
    (  # a time window that is the main part's is not its own
        (
            "let l = B | where TimeGenerated > ago(1d) | where y == 'b' | distinct u; "
            "A | where TimeGenerated >= ago(1d) | where x == 1 and u in (l)"
        ),
        (
            "The rule looks in `A` for entries in which `x` is `1`, and `u` is among those of `l`.",
            "`l` comes from entries of `B` in which `y` is `b`.",
        ),
    ),
    (  # alike are only those that are like the main part's
        "A | where x == 1 | join (B | where y == 2) on u | join (C | where y == 2) on v",
        (
            "The rule looks in `A` for entries in which `x` is `1`.",
            "They are matched by `u` with entries of `B` in which `y` is `2`.",
            "They are matched by `v` with entries of `C` in which `y` is `2`.",
        ),
    ),
    (  # what a joined part stands for is told of what it is joined with, once of a union
        (
            "let f = (start: datetime) { A | where isnotempty(u) | join kind=leftanti (W | where w == 3) on u "
            "| join (B | where TimeGenerated > start | where y == 2) on u }; union f(ago(1d)), f(ago(2d))"
        ),
        (
            "The rule looks in `B` for entries in which `y` is `2`.",
            "They are matched by `u` with entries of `A`.",
            "Those with the same `u` among entries of `W` in which `w` is `3` are left out.",
        ),
    ),
    (  # alternatives whose main part was told already
        "union (A | where x == 1 | join (B | where y == 2) on u), (A | where x == 1 | join (C | where z == 3) on u)",
        (
            "The rule looks in `A` for entries in which `x` is `1`.",
            "They are matched by `u` with entries of `B` in which `y` is `2`.",
            "Or they are matched by `u` with entries of `C` in which `z` is `3`.",
        ),
    ),
    (  # parts that ask nothing
        "let f = (start: datetime) { A | where isnotempty(u) | join (B | where TimeGenerated > start) on u | summarize n = count() by u }; union f(ago(1d)), f(ago(2d))",
        ("The rule looks in `B` for entries matched by `u` with entries of `A`.",),
    ),
    (
        "union (A | summarize n = count() by u), (B | summarize n = count() by u)",
        ("The rule sums up entries of `A` and `B`.",),
    ),
    (
        "externaldata(u: string)['https://a.example/b.csv'] | join kind=rightsemi A on u",
        (
            "The rule starts from a list fetched from elsewhere.",
            "What it reports are entries of `A` that match them by `u`.",
        ),
    ),
    (  # rows that were given a name
        "A | where x == 1 | as rows | join kind=leftsemi (rows | where y == 2) on u",
        (
            "The rule looks in `A` for entries in which `x` is `1`.",
            "They are matched by `u` with entries of `A` in which `x` is `1`, and `y` is `2`.",
        ),
    ),
    (  # what is summed up later was matched entry by entry
        "let l = A | where x == 1; B | join kind=inner l on u | summarize n = count() by u",
        (
            "The rule looks in `A` for entries in which `x` is `1`.",
            "They are matched by `u` with entries of `B`.",
        ),
    ),
    (
        "A | where x == 1 | where TimeGenerated > ago(7d) | join kind=rightanti (A | where x == 1 | where TimeGenerated > ago(1d)) on u",
        (
            "The rule looks in `A` for entries in which `x` is `1`.",
            "What it reports are entries of `A` like them, over a time window of its own, that have no such partner by `u`.",
        ),
    ),
]


@pytest.mark.parametrize(("text", "expected"), WHOLE)
def test_what_further_parts_add(text: str, expected: tuple[str, ...]) -> None:
    assert tuple(each.text for each in explain(text, "kusto").hypothesis) == expected


def test_that_a_pattern_fits_is_a_condition() -> None:
    text = "A | where x == 1 | extend found = extract('a(b)', 1, y) | where isnotempty(found) and isnotempty(z)"
    assert [each.text for each in explain(text, "kusto").hypothesis] == [
        "The rule looks in `A` for entries in which `x` is `1`, and `found` is not empty."
    ]


SAID: list[tuple[str, str]] = [  # a query of ours, a sentence of its hypothesis
    (
        "union (A | where x == 1 and y != 2), (B | where x == 3)",
        "Of the entries named first, those are left out in which `y` is `2`.",
    ),
    (
        "union (A | where x == 1 | summarize s = make_set(r) by u | where s has 'q'), (B | where x == 3)",
        "Of what it sums up of `A`, it keeps results in which `r` has the term `q`.",
    ),
    (
        "A | where x == 1 | summarize s = make_set(r) by u | join (B | where y == 2) on u | where z has 'q'",
        "Of its results it keeps those in which `z` has the term `q`.",
    ),
    (
        "union (A | extend w = p), (B | extend w = q) | where w has 'x'",
        "The rule looks in `A` and `B` for entries in which `w` has the term `x`.",
    ),
    (
        "union (A | extend w = p), (B | extend w = p) | where w has 'x'",
        "The rule looks in `A` and `B` for entries in which `p` has the term `x`.",
    ),
    (
        "A | where x == 1 | project a = t, u | join kind=leftouter (B | where y == 2 | project b = t, u) on u | where b has 'q'",
        "Of what the joined entries give together, it keeps that in which `b` has the term `q`.",
    ),
    (
        "A | where x contains 'Ab' and x !contains_cs 'Ab'",
        "Left out are entries in which `x` contains `Ab`.",
    ),
    (
        "A | where y == 1 or (x contains 'Ab' and x !contains_cs 'Ab')",
        "The rule looks in `A` for entries in which `y` is `1`, or `x` contains `Ab` and does not contain `Ab` in this case.",
    ),
]


@pytest.mark.parametrize(("text", "told"), SAID)
def test_what_is_said_of_a_part(text: str, told: str) -> None:
    assert told in [each.text for each in explain(text, "kusto").hypothesis]


def test_what_an_alert_is_passed_on_by() -> None:
    text = "AlertInfo | where Title has 'x' | join AlertEvidence on AlertId | where EntityType == 'Url'"
    assert [each.text for each in explain(text, "kusto").hypothesis] == [
        "This rule has no logic of its own: it passes on what Microsoft Defender XDR reports, where `Title` has the term `x`, and `EntityType` is `Url`."
    ]


OWN: list[tuple[str, str]] = [  # a query with a list of its own, what is said of it
    ("A | where x == 1 | join kind=leftanti (datatable(u: string)['a']) on u", "Those with the same `u` among entries of a list of its own are left out."),
    ("A | where x == 1 | join kind=inner (datatable(u: string)['a']) on u", "They are kept where `u` stands in a list of its own."),
    ("datatable(u: string)['a'] | join kind=rightsemi (A | where x == 1) on u", "They are matched by `u` with entries of a list of its own."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), OWN)
def test_lists_in_the_query_itself(text: str, told: str) -> None:
    page = explain(text, "kusto")
    assert told in [each.text for each in page.hypothesis]
    assert "It rests on a single field." in [each.text for _, each in page.confidence.reasons]


ORDER: list[tuple[str, str]] = [  # a query, its conditions in words
    (
        "A | where (x has 'a' and x has 'b') or (x has 'c' and x has 'd') or x has 'e' or y == 1",
        "`y` is `1`, or `x` meets one of: (a) has the term `a` and has the term `b`; (b) has the term `c` and has the term `d`; (c) has the term `e`",
    ),
    (
        "A | where ((x has 'a' and x has 'b') or (x has 'c' and x has 'd') or x has 'e') and (y == 1 or z == 2)",
        "either `y` is `1` or `z` is `2`, and `x` meets one of: (a) has the term `a` and has the term `b`; (b) has the term `c` and has the term `d`; (c) has the term `e`",
    ),
]


@pytest.mark.parametrize(("text", "told"), ORDER)
def test_what_is_counted_stands_last(text: str, told: str) -> None:
    assert explain(text, "kusto").hypothesis[0].text == f"The rule looks in `A` for entries in which {told}."
