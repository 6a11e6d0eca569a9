"""What is asked of computed numbers: told wherever it is a condition, with its sign, and by the part that asks it."""

from __future__ import annotations

import pytest

from rulescope.model import Rule
from rulescope.services.explain import explain

SERIES = "T | make-series N = count() on TimeGenerated from ago(30d) to now() step 1h by User | extend (Odd, Score, Usual) = series_decompose_anomalies(N) | mv-expand N, Odd, Score"
TOLD: list[tuple[str, tuple[str, ...]]] = [
    (f"{SERIES} | where Odd > 0", (
        "The rule sums up entries of `T`, one row per `User`.", "It keeps only results in which `Odd` is more than `0`.")),
    (f"{SERIES} | where Odd != 0 and Score >= 10", (
        "The rule sums up entries of `T`, one row per `User`.",
        "It keeps only results in which `Odd` is not `0` and `Score` is at least `10`.")),
    (SERIES, ("The rule looks for no value of its own: it sums up entries of `T`, one row per `User`, for a person to judge.",)),
    ("T | summarize N = count() by User | where N > 0", (
        "The rule looks for no value of its own: it sums up entries of `T`, one row per `User`, for a person to judge.",)),
    ("T | where A == 1 | summarize Good = countif(B == 2), N = count() by User | where Good > 0", (
        "The rule looks in `T` for entries in which `A` is `1`.", "It keeps only results in which `Good` is more than `0`.")),
    ("T | where A == 1 | summarize First = min(TimeGenerated), Last = max(TimeGenerated) by User | where First < Last", (
        "The rule looks in `T` for entries in which `A` is `1`.", "It keeps only results in which `First` is before `Last`.")),
    ("T | where A == 1 | summarize N = count(), M = dcount(B) by User | where N > M * 3", (
        "The rule looks in `T` for entries in which `A` is `1`.", "It keeps only results in which `N` is more than `M * 3`.")),
    ("T | where A == 1 | extend D = datetime_diff('second', X, Y) | where D between (0 .. 20)", (
        "The rule looks in `T` for entries in which `A` is `1`.",
        "It keeps only results in which `D` is at least `0` and `D` is at most `20`.")),
    ("union (T | where A == 1 | summarize N = sum(B) by C | where N > 5), (U | where D == 2)", (
        "The rule looks in `T` for entries in which `A` is `1`.", "It also looks in `U` for entries in which `D` is `2`.",
        "In parts of it, only results are kept in which `N` is more than `5`.")),
    ("T | summarize N = sum(B) by C | where N >= toscalar(U | summarize avg(B))", (
        "The rule sums up entries of `T`, one row per `C`.", "It keeps only results in which `N` is at least what a second query gives.")),
    ("T | summarize N = count() by C | join kind=inner (U | where A == 1) on C | where strcat(C, N) == 'x'", (
        "The rule looks in `U` for entries in which `A` is `1`.", "They are matched by `C` with results of `T`.",
        "Of its results it keeps those in which `strcat(C, N)` is `x`.")),
    ("let Odd = T | summarize N = count() by C | where N > 5 | where N < M * 2 | project C; U | where A == 1 | where C in (Odd)", (
        "The rule looks in `U` for entries in which `A` is `1`, and `C` is among those of `Odd`.",
        "`Odd` comes from results of `T`, with more than 5 of them per `C`, kept where `N` is less than `M * 2`.")),
    ("let Known = T | where TimeGenerated < ago(7d) | distinct C; T | where TimeGenerated > ago(7d) | where C !in (Known)", (
        "The rule lists entries of `T`.", "`Known` comes from entries of `T`, over a time window of its own.",
        "Left out are entries in which `C` is among those of `Known`.")),
    ("T | where isnotempty(A) and isnotnull(B)", ("The rule lists entries of `T` in which `A` and `B` are not empty.",)),
    ("T | where A == 1 | join kind=inner (U | where B == 2 | join kind=leftanti (V | where D == 3) on C) on C", (
        "The rule looks in `T` for entries in which `A` is `1`.", "They are matched by `C` with entries of `U` in which `B` is `2`.",
        "Partners with the same `C` among entries of `V` in which `D` is `3` do not count.")),
    ("union (T | where A == 1), (U | where B == 2 | join kind=inner (V | where D == 3 | summarize N = count() by C | where N > 5) on C)", (
        "The rule looks in `T` for entries in which `A` is `1`.", "It also looks in `U` for entries in which `B` is `2`.",
        "They are matched by `C` with results of `V` in which `D` is `3`.",
        "In `V`, single entries are not enough: the rule waits for more than 5 of them per `C`.")),
    ("T | where A == 1 | join kind=rightsemi (U | where B == 2) on C | where isempty(D) | summarize N = count() by C | where E == 3", (
        "The rule looks in `T` for entries in which `A` is `1`.",
        "What it reports are results of `U` in which `B` is `2`, and `D` is empty that match them by `C`, kept where `E` is `3`.")),
    ("T | where A == 1 | mv-apply V = Values on (where V !has 'x' | where V startswith 'y')", (
        "The rule looks in `T` for entries in which `A` is `1`, and `Values` starts with `y`.",)),
    ("T | join kind=leftouter (U | where B == 2) on C, D | where C == 'x'", (
        "The rule looks in `T` for entries in which `C` is `x`.",)),
    ("T | join kind=leftouter (U | where B == 2) on C, D | extend C = E | where C == 'x'", (
        "The rule looks in `T` and `U` together for entries in which `E` is `x`.",)),
    ("T | join kind=inner U on C", ("The rule lists entries of `T`.", "They are matched by `C` with entries of `U`.")),
    ("T | where A == 1 | top 3 by TimeGenerated desc", (
        "The rule looks in `T` for entries in which `A` is `1`.", "Of its results it gives the 3 with the latest `TimeGenerated`.")),
    ("let New = A | where p == 1 | join kind=rightanti (B | where q == 2) on u; T | where A == 1 | join kind=inner New on u", (
        "The rule looks in `T` for entries in which `A` is `1`.", "They are matched by `u` with entries of `B` in which `q` is `2`.",
        "Partners with the same `u` among entries of `A` in which `p` is `1` do not count.")),
    ("T | where A == 1 | join kind=inner (U | where B == 2) on u | where C != 3 and u != 'x'", (
        "The rule looks in `T` for entries in which `A` is `1`.", "They are matched by `u` with entries of `U` in which `B` is `2`.",
        "Of what the joined entries give together, it keeps that in which `C` is not `3`.",
        "Of the entries named first, those are left out in which `u` is `x`.")),
    ("T | where A == 1 | mv-apply r = B on (extend p = r.p | mv-apply q = p on (where q.name == 'x'))", (
        "The rule looks in `T` for entries in which `A` is `1`, and `B.p.name` is `x`.",)),
    ("T | where A == 1 | summarize N = count(), M = max(B) by C, D | where C == 'x' and M == 'y' and D != 'z'", (
        "The rule looks in `T` for entries in which `A` is `1`, and `C` is `x`.",
        "Of what it sums up, it keeps results in which `M` is `y`.", "Left out are entries in which `D` is `z`.")),
    ("Spray(window = 1h)", ("The rule gives what the function `Spray` gives, which is defined elsewhere.",)),
    ("imDns | summarize count() by SrcIpAddr", (
        "The rule looks for no value of its own: it sums up entries of `imDns`, one row per `SrcIpAddr`, for a person to judge.",)),
    ("_Im_WebSession(starttime=ago(1d), eventresult='Success') | summarize count() by SrcIpAddr", (
        "The rule sums up entries of `_Im_WebSession`, one row per `SrcIpAddr`.",
        "Of `_Im_WebSession` it takes what its parameter `eventresult` `Success` lets through.")),
    ("let Odd = toscalar(U | summarize max(p)); T | where C matches regex Odd", (
        "The rule looks in `T` for entries in which `C` matches the pattern that a second query gives.",)),
    ("search * | summarize count() by $table", (
        "The rule looks for no value of its own: it sums up entries of every table, one row per `$table`, for a person to judge.",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TOLD)
def test_conditions_on_what_is_computed(text: str, expected: tuple[str, ...]) -> None:
    page = explain(Rule(id="", title="", language="kusto", text=text))
    assert tuple(each.text for each in page.hypothesis) == expected


WINDOWS = [
    (SERIES, "30d"),
    ("T | make-series N = count() on TimeGenerated in range(startofday(ago(7d)), now(), 1h)", "7d"),
    ("T | make-series N = count() on TimeGenerated step 1h", ""),
    ("T | extend Apart = EndTime - StartTime | where Apart <= 30m", "30m"),
    ("T | extend Apart = abs(EndTime - StartTime) | where Apart < 1d", "1d"),
    ("T | where EndTime - StartTime > 1h", ""),
    ("T | join U on C | where Made + 1d > Used", "1d"),
    ("T | join U on C | where Used < Made + 1d", "1d"),
    ("T | join U on C | where Used > Made - 2h", "2h"),
    ("T | join U on C | where Used > Made + 5m", ""),
    ("T | where TimeGenerated > ago(2d) | summarize count() by bin(TimeGenerated, 1h)", "1h and 2d"),
]


@pytest.mark.parametrize(("text", "expected"), WINDOWS)
def test_the_step_of_a_series_is_no_window(text: str, expected: str) -> None:
    page = explain(Rule(id="", title="", language="kusto", text=text))
    assert next((fact.value for fact in page.facts if fact.name == "Time window"), "") == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not(N > 5)", "N <= 5"),
        ("N !between (2 .. 5)", "N < 2, N > 5"),
        ("N != 3", "N != 3"),
        ("not(not(N >= 5))", "N >= 5"),
    ],
)
def test_the_sign_of_a_threshold(condition: str, expected: str) -> None:
    text = f"T | summarize N = count() by User | where {condition}"
    page = explain(Rule(id="", title="", language="kusto", text=text))
    assert ", ".join(each.text for each in page.thresholds) == expected


@pytest.mark.parametrize(("text", "expected"), [("T | distinct *", ""), ("T | distinct User, Host", "User, Host")])
def test_rows_each_once_are_no_groups(text: str, expected: str) -> None:
    page = explain(Rule(id="", title="", language="kusto", text=text))
    assert next((fact.value for fact in page.facts if fact.name == "Group by"), "") == expected


def test_tables_of_the_collector_have_its_columns() -> None:
    page = explain(Rule(id="", title="", language="kusto", text="QualysKB_CL | project Computer, RawData, Nowhere"))
    assert [each.message for each in page.diagnostics if each.id == "unknown-column"] == ["no column Nowhere here"]


def test_patterns_beside_their_rows() -> None:
    text = "datatable (A: string, B: long) [] | reduce kind=source by A | project Pattern, B, Count"
    page = explain(Rule(id="", title="", language="kusto", text=text))
    assert [each.message for each in page.diagnostics if each.id == "unknown-column"] == ["no column Count here"]
    page = explain(Rule(id="", title="", language="kusto", text="T | reduce by A"))
    assert [row.field.name for row in page.output_rows] == ["Pattern", "Count", "Representative"]


def test_of_further_alternatives_one_is_enough() -> None:
    text = "T | where " + " or ".join(f"(A{n} == 1 and B{n} == 2)" for n in range(9))
    page = explain(Rule(id="", title="", language="kusto", text=text))
    assert page.hypothesis[0].text.endswith("(6) one of 4 more tests holds.")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("IdentityInfo | project EmailAddress", []),
        ("IdentityInfo | project MailAddress", []),
        ("IdentityInfo | where TimeGenerated > ago(1d) | project EmailAddress", []),
        ("IdentityInfo | project Nowhere", ["Nowhere"]),
    ],
)
def test_columns_of_either_platform_are_known(text: str, unknown: list[str]) -> None:
    page = explain(Rule(id="", title="", language="kusto", text=text))
    told = [each.message.removeprefix("no column ").split(" ")[0] for each in page.diagnostics]
    assert told == unknown
