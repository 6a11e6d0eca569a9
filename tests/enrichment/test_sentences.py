"""Sentences: what is said of a rule follows from its parts, and every sentence says from which."""

from __future__ import annotations

import pytest

from rulescope.enrichment import Counted, Facts, confidence, gaps, guidance, hypothesis, parts
from rulescope.enrichment.phrases import Speaker, described
from rulescope.enrichment.words import code, duration, listed
from rulescope.model import (
    Aggregate,
    And,
    Call,
    Column,
    Diagnostic,
    Entity,
    Expr,
    Extend,
    Field,
    Filter,
    Index,
    Indicator,
    Join,
    JoinKey,
    Literal,
    Match,
    Not,
    Op,
    Or,
    Query,
    Rule,
    Scan,
    Schedule,
    Union,
    Within,
    replace,
)
from rulescope.schemas import fields
from rulescope.services.explain import explain

RULE = Rule(id="1", title="A rule", language="kusto", text="")
NAME = Match(Field("FileName"), Op.EQ, ("tool.exe",))
LINE = Match(Field("CommandLine"), Op.CONTAINS, ("-x", "-y"))
PARENT = Match(Field("ParentProcessName"), Op.EQ, ("updater.exe",))
SPEAKER = Speaker(("DeviceProcessEvents",))


def facts(*indicators: Indicator, query: Query | None = None, **more) -> Facts:  # type: ignore[no-untyped-def]
    found = query or Query((Scan("DeviceProcessEvents"), Filter(And((NAME, LINE, Not(PARENT))))))
    common = tuple(fields.canonical(each.field, ("DeviceProcessEvents",)) for each in indicators)
    return Facts(RULE, found, True, ("DeviceProcessEvents",), parts(found), indicators, common, **more)


WHOLE = (
    Indicator("FileName", Op.EQ, "tool.exe"),
    Indicator("CommandLine", Op.CONTAINS, "-x"),
    Indicator("CommandLine", Op.CONTAINS, "-y"),
    Indicator("ParentProcessName", Op.EQ, "updater.exe", negated=True),
)
OTHER = Match(Field("CommandLine"), Op.STARTSWITH, ("a",))
DESCRIBED: list[tuple[Expr, str]] = [
    (NAME, "the process name is `tool.exe`"),
    (Not(NAME), "the process name is not `tool.exe`"),
    (LINE, "the command line contains `-x` or `-y`"),
    (Match(Field("CommandLine"), Op.TERM, ("a", "b"), every=True), "the command line has the terms `a` and `b`"),
    (And((NAME, LINE)), "the process name is `tool.exe`, and the command line contains `-x` or `-y`"),
    (And((Or((NAME, PARENT)), LINE)), "the command line contains `-x` or `-y`, and either the process name is `tool.exe` or the path of the parent process is `updater.exe`"),
    (Or((And((OTHER, LINE)), NAME)), "the command line starts with `a` and contains `-x` or `-y`, or the process name is `tool.exe`"),
    (Not(Or((NAME, LINE))), "the process name is not `tool.exe`, and the command line does not contain `-x` or `-y`"),
    (Match(Field("Odd"), Op.EQ, (5,)), "`Odd` is `5`"),
    (Match(Field("Odd"), Op.EQ, ("a`b",)), "`Odd` is “a`b”"),
    (Match(Field("IsAdmin"), Op.EQ, (True,)), "`IsAdmin` is `true`"),
    (Match(Index(Field("Bag"), Literal("key")), Op.EQ, ("v",)), "`Bag.key` is `v`"),
    (Match(Field("Image"), Op.ENDSWITH, ("\\a.exe", "\\b.exe")), "the process name is `a.exe` or `b.exe`"),
    (Match(Field("Image"), Op.ENDSWITH, ("\\dir\\a.exe",)), "the path of the process ends with `\\dir\\a.exe`"),
    (And((Match(Index(Field("Bag"), Literal("key")), Op.EQ, ("a",)), Match(Index(Field("Bag"), Literal("key")), Op.EQ, ("b",)))), "`Bag.key` is `a` and is `b` in different elements"),
    (Call("ipv4_is_in_range", (Field("RemoteIP"), Literal("10.0.0.0/8"))), "the remote address is in the network `10.0.0.0/8`"),
    (Within(Field("Odd"), Op.EQ, Query((Scan("List"),))), "`Odd` is among those of `List`"),
    (And((NAME, Call("odd", (Field("x"),)))), "the process name is `tool.exe`, and one more test holds"),
    (Call("odd", (Field("x"),)), ""),
    (Or((Match(Field("Id"), Op.EQ, (1,)), Match(Field("Id"), Op.EQ, (2,)))), "`Id` is `1` or `2`"),
    (Or((And((NAME, LINE)), And((PARENT, LINE)))), "one of these holds: (1) the process name is `tool.exe`, and the command line contains `-x` or `-y`; (2) the path of the parent process is `updater.exe`, and the command line contains `-x` or `-y`"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "expected"), DESCRIBED)
def test_conditions_in_words(expr: Expr, expected: str) -> None:
    assert described(expr, SPEAKER) == expected


def test_the_hypothesis_names_technique_place_condition_and_exceptions() -> None:
    first, second = hypothesis(facts(*WHOLE, techniques=(("T1105", "Ingress Tool Transfer"),)))
    assert first.text == (
        "If Ingress Tool Transfer (T1105) is in use, `DeviceProcessEvents` should hold entries in which the process name is"
        " `tool.exe`, and the command line contains `-x` or `-y`."
    )
    assert (first.origin, first.detail) == ("techniques", "T1105")
    assert second.text == "Left out are entries in which the path of the parent process is `updater.exe`."


def test_a_threshold_is_said_with_its_group_and_window() -> None:
    count = Counted("Attempts", "count()", "gt", 10, "Attempts > 10", ("User",), within=3600.0)
    found = hypothesis(facts(*WHOLE, counted=(count,)))
    assert (
        found[1].text
        == "Single entries are not enough: the rule waits for more than 10 of them per `User` within 1 hour."
    )
    assert any("`Attempts > 10`" in each.text for each in guidance(facts(*WHOLE, counted=(count,))))


def test_the_second_side_of_a_join_is_told_apart() -> None:
    right = Query((Scan("Other"), Filter(LINE)))
    query = Query((Scan("Some"), Filter(NAME), Join(right, (JoinKey(Field("Id"), Field("Id")),), "inner")))
    assert [each.text for each in hypothesis(facts(query=query))] == [
        "The rule looks in `Some` for entries in which `FileName` is `tool.exe`.",
        "They are matched by `Id` with entries of `Other` in which the command line contains `-x` or `-y`.",
    ]
    absent = replace(query, stages=(*query.stages[:2], replace(query.stages[2], kind="leftanti")))
    assert "are left out" in hypothesis(facts(query=absent))[1].text


def test_each_part_of_a_union_is_told() -> None:
    one, two = Query((Scan("A"), Filter(NAME))), Query((Scan("B"), Filter(LINE)))
    texts = [each.text for each in hypothesis(facts(query=Query((Union((one, two)),))))]
    assert texts[0].startswith("The rule looks in `A`")
    assert texts[1].startswith("It also looks in `B`")


def test_columns_are_said_by_what_they_stand_for() -> None:
    renamed = Extend((Column(("C",), Field("ProcessCommandLine")),))
    query = Query((Scan("DeviceProcessEvents"), renamed, Filter(Match(Field("C"), Op.CONTAINS, ("-x",)))))
    assert "the command line contains `-x`" in hypothesis(facts(query=query))[0].text


def test_a_list_without_a_test_is_left_to_a_person() -> None:
    query = Query((Scan("SigninLogs"), Aggregate((Column((), Call("count")),), (Column((), Field("User")),))))
    assert [each.text for each in hypothesis(facts(query=query, group_by=("User",)))] == [
        "The rule looks for no value of its own: it sums up entries of `SigninLogs`, one row per `User`, for a person to judge."
    ]


def test_exceptions_at_will_are_a_gap() -> None:
    chosen = Match(Field("ProcessCommandLine"), Op.CONTAINS, ("--update",))
    fixed = Match(Field("FolderPath"), Op.STARTSWITH, ("C:\\Program Files\\",))
    for left, told in ((chosen, True), (fixed, False), (And((chosen, fixed)), False)):
        query = Query((Scan("DeviceProcessEvents"), Filter(And((NAME, Not(left))))))
        texts = [each.text for each in gaps(facts(query=query))]
        assert any("can be met on purpose" in text for text in texts) is told


def test_a_schedule_that_gives_less_than_the_query_asks_is_a_gap() -> None:
    rule = replace(RULE, kind="Scheduled", schedule=Schedule(3600, 3600))
    found = facts(*WHOLE, lookbacks=(86400.0 * 14,))
    texts = [each.text for each in gaps(Facts(rule, found.query, True, lookbacks=found.lookbacks))]
    assert texts == [
        "The query looks back 14 days, but its schedule gives it 1 hour of data: what is older is never seen."
    ]


def test_a_broken_query_is_no_unread_language() -> None:
    broken = Diagnostic("syntax", "no", "error")
    reasons = [sentence.text for _, sentence in confidence(Facts(RULE, None, False, diagnostics=(broken,))).reasons]
    assert "Its query is not well formed." in reasons


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
    query = Query((Scan("DeviceProcessEvents"), Filter(NAME)))
    told = (("DeviceProcessEvents", "Process creation"),)
    found = guidance(facts(WHOLE[0], query=query, activities=told))
    assert found[0].text.startswith("Every start of `tool.exe` matches, whatever its arguments")


def test_corpus_counts_tell_what_is_common() -> None:
    texts = " ".join(sentence.text for sentence in guidance(facts(*WHOLE, counts=(900, 0, 3, 0), corpus=5000)))
    assert "`tool.exe` as the process name is looked for by 900 other rules" in texts


def test_short_fragments_are_pointed_out() -> None:
    texts = [sentence.text for sentence in guidance(facts(*WHOLE))]
    assert any(text.startswith("`-x` and `-y` are so short") for text in texts)


def test_confidence_is_the_sum_of_its_reasons() -> None:
    found = confidence(facts(*WHOLE, fires="fires", tested=True, verdict="equal"))
    assert found.points == 40 + sum(points for points, _ in found.reasons) == 95
    assert found.level == "high"
    assert confidence(facts(*WHOLE, fires="impossible")).points == 0


def test_columns_of_one_field_with_other_values_are_said_by_their_own_names() -> None:
    both = And((Match(Field("Before"), Op.EQ, ("up",)), Match(Field("After"), Op.EQ, ("down",))))
    speaker = Speaker((), {"Before": "State", "After": "State"})
    assert described(both, speaker) == "`Before` is `up`, and `After` is `down`"
    alike = And((Match(Field("Before"), Op.CONTAINS, ("u",)), Match(Field("After"), Op.CONTAINS, ("d",))))
    assert described(alike, speaker) == "`State` contains `u` and contains `d`"


def test_what_nothing_can_satisfy_is_said_to_be_so() -> None:
    said = [each.text for each in hypothesis(facts(*WHOLE, fires="impossible", techniques=(("T1059", "A technique"),)))]
    assert said[0].startswith("The rule looks in") and said[-1] == "No event can satisfy all of this."


@pytest.mark.parametrize(
    ("seconds", "text"), [(3600, "1 hour"), (5400, "90 minutes"), (86400 * 14, "14 days"), (0.5, "0.5 seconds")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c or d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c or 2 more"


def test_code_is_one_line_between_one_pair_of_backticks() -> None:
    assert code("a\nb") == "`a b`"
    assert code("x" * 80) == f"`{'x' * 59}…`"


# ---------------------------------------------------------------- from the pages of rules, read whole

KUSTO: list[tuple[str, tuple[str, ...]]] = [  # a query of ours, what its hypothesis says
    (  # what is asked after a union is asked of all its tables
        "union SigninLogs, AADNonInteractiveUserSignInLogs | where ResultType == 0",
        ("looks in `SigninLogs` and `AADNonInteractiveUserSignInLogs` for entries in which `ResultType` is `0`",),
    ),
    (  # counts of a union's parts are alternatives
        "union (A | where x == 1 | summarize n = count() by u | where n > 5), (B | where x == 2 | summarize m = count() | where m > 9)",
        ("waits for more than 5 of them per `u`, or for more than 9 of them.",),
    ),
    (  # bins of time are no group
        "A | where x == 1 | summarize n = count() by u, bin(TimeGenerated, 15m) | where n > 5",
        ("more than 5 of them per `u`",),
    ),
    (  # a list to stand in
        "A | where x == 1 | join kind=inner _GetWatchlist('vips') on $left.u == $right.SearchKey",
        ("They are kept where `u` stands in the watchlist `vips` too.",),
    ),
    (  # lists are told
        "let l = B | where y == 'b' | distinct u; A | where x == 1 and u !in (l)",
        ("`l` comes from entries of `B` in which `y` is `b`.", "Left out are entries in which `u` is among those of `l`."),
    ),
    (  # the same table, earlier
        "A | where TimeGenerated > ago(1d) | where x == 1 | join kind=leftanti (A | where TimeGenerated < ago(1d) | where x == 1) on u",
        ("Those with the same `u` among entries of `A` like them, over a time window of its own, are left out.",),
    ),
    (  # what is asked once tables are joined
        "A | where x == 1 | join B on u | where z == 2",
        ("Of what the joined entries give together, it keeps that in which `z` is `2`.",),
    ),
    (  # columns that are true or not
        "A | extend odd = x has 'q' | where x == 'p' or odd",
        ("`x` is `p` or `odd` is true",),
    ),
    (  # computed numbers, in their own words
        "A | where x == 1 | extend n = strlen(y) | where n > 100",
        ("It keeps only results in which `n` is more than `100`.",),
    ),
    (  # what is asked of constants is no condition
        'let who = "7"; A | where (isempty(who) and x == 1) or (isnotempty(who) and k == who)',
        ("`k` is `7`.",),
    ),
    (  # a table that more than one part takes is told once
        "let a = A | where x == 1; union (a | summarize n = count() by u | where n > 5), (a | summarize m = count() | where m > 9)",
        ("waits for more than 5 of them per `u`, or for more than 9 of them.",),
    ),
    (  # a list whose terms are looked for
        "let l = B | where y == 'b' | distinct u; A | where x has_any (l) and z !in (_GetWatchlist('vips'))",
        ("`x` has one of the terms in `l`.", "`z` is in the watchlist `vips`."),
    ),
    (  # the one value of a second query
        "let l = toscalar(_GetWatchlist('vips') | summarize make_list(SearchKey)); A | where x == 1 and u in (l)",
        ("`x` is `1`, and `u` is in the watchlist `vips`.",),
    ),
    (  # a watchlist with rows of the query's own
        "union _GetWatchlist('vips'), (datatable(u: string)['a']) | where u == 'x'",
        ("looks in the watchlist `vips` for entries in which `u` is `x`.",),
    ),
    (  # two counts, each by its name
        "A | where x == 1 | summarize n = count() by u | where n >= 3 | join (B | where y == 2 | summarize k = count() by u) on u | where k > 10",
        ("waits for at least 3 in `n` and more than 10 in `k` per `u`.",),
    ),
    (  # what is asked of the sums of a union
        "union (A | where x == 1), (B | where x == 2) | summarize s = make_set(r) by u | join (C | where x == 3) on u | where s !contains r",
        ("it keeps those in which `s` does not contain `r`.",),
    ),
    (  # the values of a list, each asked of
        "A | where x == 1 | mv-apply t = Targets on (where t.kind == 'p' | extend q = t.q)",
        ("`x` is `1`, and `Targets.kind` is `p`.",),
    ),
    (  # bins of a list are not those of what is counted; what is computed is called by its name
        "let l = B | summarize n = count() by u, bin(TimeGenerated, 1d) | where n > 3; A | where x == 1 and u !in (l) | summarize k = dcount(split(y, '/')[1]) by u, bin(TimeGenerated, 1h) | where k > 5",
        ("waits for more than 5 in `k` per `u` within 1 hour.",),
    ),
    (  # what is left out is something that entries hold
        "A | where x != 0 | summarize n = count() by u | where n > 5",
        ("counts entries of `A`.", "Left out are entries in which `x` is `0`."),
    ),
    (  # addresses that must stand in a list
        "let L = externaldata(n: string)['https://a.example/b.csv']; A | where x == 1 | evaluate ipv4_lookup(L, Ip, n)",
        ("They are kept where `Ip` stands in a list fetched from elsewhere.",),
    ),
    (  # the first of an order, before more is joined
        "A | where x == 1 | top 3 by n | join B on u",
        ("It goes on with the 3 results that have the highest `n`.",),
    ),
    (  # conditions that decide between true and false
        "A | where case(x == 1 and y == 2, false, z == 3, false, true) | where w == 4",
        ("`w` is `4`.", "Left out are entries in which (1) `x` is `1`, and `y` is `2`; (2) `z` is `3`."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), KUSTO)
def test_what_a_query_supposes(text: str, expected: tuple[str, ...]) -> None:
    said = [each.text for each in explain(text, "kusto").hypothesis]
    for part in expected:
        assert any(part in sentence for sentence in said), said
    assert len(said) == len(set(said))


SIGMA = """title: A rule
logsource: {{ category: {category}, product: windows, definition: 'Requirements: an agent' }}
detection:
{detection}
"""
REASONS: list[tuple[str, str]] = [  # detection, what it rests on
    ("  a:\n    Image|endswith: '\\x.exe'\n    CommandLine|contains: y\n  condition: a", "It looks at 2 fields together."),
    ("  a:\n    - Image|endswith: '\\x.exe'\n    - OriginalFileName: x.exe\n  condition: a", "It asks for a match in one field only."),
    ("  a:\n    - Image|endswith: '\\x.exe'\n    - Description: d\n  b:\n    CommandLine|contains: y\n  condition: a and b", "It takes a match in at least 2 fields."),
    ("  a:\n    - some words\n  condition: a", "It rests on words anywhere in an entry."),
]  # fmt: skip


@pytest.mark.parametrize(("detection", "expected"), REASONS)
def test_what_a_rule_rests_on(detection: str, expected: str) -> None:
    page = explain(SIGMA.format(category="process_creation", detection=detection), "sigma")
    assert page.confidence is not None
    assert expected in [sentence.text for _, sentence in page.confidence.reasons]
    assert page.data[0].settings[0] == "an agent"


def test_nothing_is_said_of_what_rules_that_are_missing_rest_on() -> None:
    text = "title: A\ncorrelation: {type: value_avg, rules: [r], timespan: 1d, condition: {field: Bytes, gt: 5}}"
    page = explain(text, "sigma")
    assert page.confidence is not None
    assert [sentence.text for _, sentence in page.confidence.reasons] == [
        "No recorded event was run against it.",
        "Rules that it correlates are not in its text.",
    ]


RENAMED: list[tuple[str, bool]] = [  # detection, whether a renamed copy escapes it
    ("  a:\n    Image|endswith: '\\x.exe'\n  condition: a", True),
    ("  a:\n    - Image|endswith: '\\x.exe'\n    - Description: d\n  condition: a", False),
    ("  a:\n    - Image|endswith: '\\x.exe'\n    - CommandLine|contains: 'x '\n  condition: a", False),
    ("  a:\n    ParentImage|endswith: '\\x.exe'\n  condition: a", False),
    ("  a:\n    Image|endswith: '\\svchost.exe'\n  condition: a", False),
    ("  a:\n    Image|endswith: '\\fxssvc.exe'\n  condition: a", False),
]  # fmt: skip


@pytest.mark.parametrize(("detection", "escapes"), RENAMED)
def test_renamed_copies_are_told_where_one_would_be_made(detection: str, escapes: bool) -> None:
    page = explain(SIGMA.format(category="process_creation", detection=detection), "sigma")
    assert any("renamed copy" in sentence.text for sentence in page.gaps) is escapes


def test_an_event_of_defender_lacks_what_its_table_has_no_column_for() -> None:
    detection = "  a:\n    CallTrace|contains: x.dll\n  condition: a"
    page = explain(SIGMA.format(category="process_access", detection=detection), "sigma")
    assert {row.name: row.lacks for row in page.events}["DeviceEvents/OpenProcessApiCall"] == ("CallTrace",)


def test_events_of_other_logs_are_not_seen_by_a_table() -> None:
    page = explain("DeviceProcessEvents | where FileName =~ 'x.exe'", "kusto")
    assert {row.name: row.elsewhere for row in page.events} == {
        "Sysmon/1": True,
        "Security-Auditing/4688": True,
        "DeviceProcessEvents/ProcessCreated": False,
    }


def test_the_table_of_security_events_holds_those_of_applocker() -> None:
    page = explain("SecurityEvent | where EventID in (8003, 4688)", "kusto")
    assert [row.name for row in page.events] == ["AppLocker/8003", "Security-Auditing/4688"]


def test_the_table_of_security_events_does_not_hold_those_of_the_system_log() -> None:
    page = explain("SecurityEvent | where EventID in (7036, 4688)", "kusto")
    assert [row.name for row in page.events] == ["Security-Auditing/4688"]


def test_an_event_is_held_against_the_alternatives_that_ask_for_it() -> None:
    detection = "  a:\n    EventID: 4624\n    ServiceFileName: x\n  b:\n    EventID: 4697\n  condition: a or b"
    page = explain(SIGMA.replace("category: {category}", "service: security").format(detection=detection), "sigma")
    assert {row.name: row.lacks for row in page.events} == {
        "Security-Auditing/4624": ("ServiceFileName",),
        "Security-Auditing/4697": (),
    }


@pytest.mark.parametrize(("number", "told"), [(4769, False), (4697, True)])
def test_the_service_of_a_ticket_is_not_at_will(number: int, told: bool) -> None:
    page = explain(f"SecurityEvent | where EventID == {number} | where ServiceName !contains 'x'", "kusto")
    assert any("can be met on purpose" in sentence.text for sentence in page.gaps) is told


FILLED: list[tuple[str, str, tuple[str, ...]]] = [  # a query, what kind its data is, what fills it
    ("AzureDiagnostics | where ResourceType =~ 'VAULTS'", "table", ("AzureKeyVault",)),
    ("AzureDiagnostics | where Category == 'x'", "table", ("diagnostic settings of the resources",)),
    ("resources | where type == 'x'", "table of Azure Resource Graph", ()),
]


@pytest.mark.parametrize(("text", "kind", "fillers"), FILLED)
def test_what_fills_a_table(text: str, kind: str, fillers: tuple[str, ...]) -> None:
    assert [(row.kind, row.connectors) for row in explain(text, "kusto").data] == [(kind, fillers)]


def test_which_of_two_moments_comes_first_is_no_threshold() -> None:
    first, last = "A | summarize a = min(TimeGenerated) by u", "B | summarize b = max(TimeGenerated), n = count() by u"
    page = explain(f"{first} | join ({last}) on u | where b > a and n > 5", "kusto")
    assert [each.text for each in page.thresholds] == ["n > 5"]


def test_kinds_of_action_are_found_by_a_part_of_their_name() -> None:
    page = explain("DeviceEvents | where ActionType startswith 'Screenshot'", "kusto")
    assert [row.name for row in page.events] == ["DeviceEvents/ScreenshotTaken"]


def test_tests_that_only_name_rows_are_no_exclusions() -> None:
    page = explain("A | where x == 1 | summarize n = countif(y != 'b') by u", "kusto")
    assert page.exclusion_groups == ()
    assert [(group.field, group.op, group.within) for group in page.indicator_groups] == [
        ("x", "eq", ""),
        ("y", "not eq", "summarize"),
    ]


FORWARDS: list[tuple[str, bool]] = [  # query, whether it passes on alerts only
    ("SecurityAlert | where AlertName == 'x' | project Entities", True),
    ("AADUserRiskEvents | where RiskEventType == 'x' | summarize min(TimeGenerated), arg_max(TimeGenerated, *) by Id", True),
    ("AlertInfo | where Title == 'x' | join AlertEvidence on AlertId", True),
    ("SecurityAlert | where AlertName == 'x' | join kind=leftouter (SigninLogs) on TenantId", True),
    ("SecurityAlert | summarize count() by AlertName", False),
    ("let old = SecurityAlert | where TimeGenerated < ago(7d) | distinct AlertName; SecurityAlert | where AlertName !in (old)", False),
    ("AlertInfo | join DeviceNetworkEvents on DeviceId", False),
    ("SigninLogs | where ResultType == 0", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORWARDS)
def test_rules_that_pass_on_alerts(text: str, expected: bool) -> None:
    assert bool(explain(text, "kusto").banner) is expected


NEEDS: list[tuple[str, list[tuple[str, str]]]] = [  # query, (what it reads, what kind of thing that is)
    ("A_CL | where x == 1", [("A_CL", "table")]),
    ("SigninLogs | as Kept | join (Kept) on UserId", [("SigninLogs", "table")]),
    ("SigninLogs | join _GetWatchlist('vips') on $left.UserId == $right.SearchKey", [("SigninLogs", "table"), ("vips", "watchlist")]),
    ("let f = externaldata(a: string)[@'https://files.example/a.csv?sig=s']; SigninLogs | where UserId in (f)", [("SigninLogs", "table"), ("files.example/a.csv", "external data")]),
    ("Words of a sentence | where", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NEEDS)
def test_what_a_query_needs(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(row.name, row.kind) for row in explain(text, "kusto").data] == expected


def test_parts_of_a_union_in_parentheses_are_asked_what_follows_it() -> None:
    text = "(union isfuzzy=true (A), (B | where y == 'b')) | where x == 'q'"
    said = [each.text for each in explain(text, "kusto").hypothesis]
    assert said == [
        "The rule looks in `A` and `B` for entries in which `x` is `q`.",
        "From `B` it takes only entries in which `y` is `b`.",
    ]


def test_a_table_may_be_named_by_a_text() -> None:
    page = explain('let f = (t: string) { table(t) | where x == 1 }; union f("SigninLogs"), f("AuditLogs")', "kusto")
    assert [row.name for row in page.data] == ["SigninLogs", "AuditLogs"]
    assert "`SigninLogs`" in page.hypothesis[0].text


def test_a_parser_fills_what_events_carry_under_other_names() -> None:
    page = explain("imAuthentication | where EventType == 'Logon' and EventResult == 'Failure'", "kusto")
    names = {row.name: row.covered for row in page.events}
    assert names["Security-Auditing/4625"] is True
    assert "Security-Auditing/4624" not in names


def test_the_cases_of_a_label_stand_together() -> None:
    page = explain("A | where x == 1 | extend what = case(y == 'a', 'one', y == 'b', 'two', 'three')", "kusto")
    assert [group.text for group in page.indicator_groups] == ["x eq 1", "y eq-any a b"]


def test_names_that_must_both_fit_are_not_each_enough() -> None:
    detection = "  a:\n    OriginalFileName: a.exe\n    Image|endswith: '\\b.exe'\n  condition: a"
    page = explain(SIGMA.format(category="process_creation", detection=detection), "sigma")
    assert not any("Every start" in sentence.text for sentence in page.guidance)


def test_many_alike_findings_are_told_once() -> None:
    tests_ = " or ".join(f'Url contains "*{word}*a"' for word in ("one", "two", "three", "four"))
    told = [each.text for each in explain(f"A | where {tests_}", "kusto").gaps if "asterisk" in each.text]
    assert len(told) == 1
    assert told[0].endswith("it is the same with 3 more tests.")


WORDED: list[tuple[str, str]] = [  # query, what its hypothesis says
    ("A | where isnotempty(x) and y != ''", "lists entries of `A` in which `x` and `y` are not empty."),
    (
        "A | summarize by User, Computer",
        "it lists entries of `A`, one row per `User` and `Computer`, for a person to judge.",
    ),
    (
        "A | distinct User, Computer",
        "it lists entries of `A`, one row per `User` and `Computer`, for a person to judge.",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WORDED)
def test_what_little_a_rule_asks_is_said(text: str, expected: str) -> None:
    assert expected in " ".join(each.text for each in explain(text, "kusto").hypothesis)


def test_a_field_that_must_hold_something_is_no_exclusion() -> None:
    page = explain("A | where x == 1 and y != ''", "kusto")
    assert page.exclusion_groups == ()


def test_values_of_cases_are_told_once() -> None:
    text = (
        "A | where x == 1 | extend what = case(y == 'a', 'one', y == 'b' and z == 2, 'two', y == 'a', 'three', 'four')"
    )
    assert "y eq-any a b" in [group.text for group in explain(text, "kusto").indicator_groups]


def test_a_label_of_the_query_is_no_field_of_the_log() -> None:
    text = "DeviceProcessEvents | extend FileName = iff(DeviceName == 'a', 'one', 'two') | where FileName == 'one'"
    assert not any("Image" in sentence.text for sentence in explain(text, "kusto").guidance)
    found = explain(text, "kusto").hypothesis
    assert not any("program" in sentence.text for sentence in found)


HOPS = "A | where x == 1 | extend First = Computer, FirstHop = TimeGenerated | join (A | where x == 1 | extend Second = Computer, SecondHop = TimeGenerated) on User | where First != Second and SecondHop <= FirstHop + 30m | join kind=leftanti (A | summarize n = dcount(Computer) by User | where n >= 5) on User"


def test_counts_of_what_is_left_out_are_not_waited_for() -> None:
    page = explain(HOPS, "kusto")
    said = " ".join(each.text for each in page.hypothesis)
    assert "waits for" not in said
    assert "with at least 5 different values of `Computer` per `User`, are left out" in said
    assert not any("busiest" in each.text for each in page.guidance)


def test_two_columns_of_one_field_are_told_apart() -> None:
    page = explain(HOPS, "kusto")
    assert "`First` differs from `Second`" in " ".join(each.text for each in page.hypothesis)
    assert next(fact.value for fact in page.facts if fact.name == "Time window") == "30m"


def test_the_first_of_an_order() -> None:
    page = explain("A | where x == 1 | summarize n = count() by User | top 10 by n", "kusto")
    assert page.hypothesis[-1].text == "Of its results it gives the 10 with the highest `n`."


def test_connectors_nobody_filled_in() -> None:
    text = "id: 1\nname: a\nkind: Scheduled\nrequiredDataConnectors:\n  - connectorId: YourConnectorId\n    dataTypes: [YourDataType]\nquery: |\n  AuditLogs | where x == 1\n"
    page = explain(text)
    assert [row.name for row in page.data] == ["AuditLogs"]
    assert page.connectors == ()


def test_a_list_that_is_fetched_is_matched() -> None:
    text = "let r = externaldata(a: string)['https://x.example/a.csv']; r | where a != '' | join kind=inner T on $left.a == $right.b"
    said = explain(text, "kusto").hypothesis[0].text
    assert said == "The rule keeps entries of `T` that stand in a list fetched from elsewhere (matched by `a`)."


def test_a_watchlist_under_a_name_is_told() -> None:
    text = "let E = _GetWatchlist('Cop') | project U; A | where x == 1 | where y !in (E)"
    assert "`E` is taken from the watchlist `Cop`." in [each.text for each in explain(text, "kusto").hypothesis]


def test_an_exclusion_of_one_alternative_is_marked() -> None:
    page = explain("A | where (y == 2 and z != 3) or y == 4 | where w != 7", "kusto")
    assert [(group.field, group.alternative) for group in page.exclusion_groups] == [("z", True), ("w", False)]


def test_events_lack_what_others_of_the_same_activity_carry() -> None:
    detection = "  a:\n    FileVersion|contains: '18.'\n    Product: 'x'\n  b:\n    Hashes|contains: 'MD5=1'\n  condition: a or b"
    page = explain(SIGMA.format(category="process_creation", detection=detection), "sigma")
    covered = {row.name: row.covered for row in page.events}
    assert covered["Sysmon/1"] is True
    assert covered["Security-Auditing/4688"] is False


def test_an_array_that_was_collected_is_counted() -> None:
    text = "A | where x == 1 | summarize c = makeset(z) by u | extend n = arraylength(c) | where n > 3"
    assert [group.text for group in explain(text, "kusto").indicator_groups] == ["x eq 1"]


LISTS: list[tuple[str, str]] = [  # what follows a list that is fetched, what its hypothesis says last
    ("T | where b in (F)", "`F` is taken from a list fetched from elsewhere."),
    ("T | where x == 1 | join F on $left.b == $right.a", "They are kept where `b` stands in a list fetched from elsewhere."),
    ("T | join F on $left.b == $right.a", "The rule keeps entries of `T` that stand in a list fetched from elsewhere (matched by `b`)."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LISTS)
def test_lists_from_elsewhere(text: str, expected: str) -> None:
    whole = f"let F = externaldata(a: string)['https://x.example/a.csv'] | where a matches regex '[0-9]'; {text}"
    assert explain(whole, "kusto").hypothesis[-1].text == expected


def test_what_is_only_looked_up_is_joined_with_is_not_told() -> None:
    text = "A | where x == 1 | join kind=leftouter (B | where y == 2 | join (C | where z == 3) on q) on p"
    assert len(explain(text, "kusto").hypothesis) == 1


def test_threat_indicators_come_from_the_common_connectors() -> None:
    row = explain("ThreatIntelIndicators | where IsActive == true", "kusto").data[0]
    assert set(row.connectors) == {
        "ThreatIntelligence",
        "ThreatIntelligenceTaxii",
        "MicrosoftDefenderThreatIntelligence",
    }


def test_what_is_counted_is_named_without_its_conversion() -> None:
    text = "A | where x == 1 | summarize n = dcount(tostring(Conn)) by User | where n > 4"
    page = explain(text, "kusto")
    assert "more than 4 different values of `Conn` per `User`" in page.hypothesis[1].text
    assert "different values of `Conn` per" in page.guidance[0].text


def test_an_empty_list_leaves_nothing_out() -> None:
    page = explain("let L = dynamic([]); A | where x == 1 | where y !in (L)", "kusto")
    assert [each.text for each in page.hypothesis] == ["The rule looks in `A` for entries in which `x` is `1`."]
    assert page.gaps == ()
    assert [each.id for each in page.diagnostics] == ["empty-list"]


def test_a_switch_of_the_query_is_no_indicator() -> None:
    page = explain("let On = false; A | where x == 1 | extend z = iff(On == true, y, '')", "kusto")
    assert [group.text for group in page.indicator_groups] == ["x eq 1"]


def test_a_constant_of_the_query_is_no_field() -> None:
    call = "let f = (c: string) { let p = iff(c startswith '\"', substring(c, 1, strlen(c) - 2), tostring(split(c, ' ')[0])); T | where P has p }; f('<Line>')"
    page = explain(call, "kusto")
    assert page.indicator_groups == ()
    assert page.hypothesis[0].text.endswith("`P` has a term computed from `<Line>`.")


def test_rules_that_are_missing_give_no_reason() -> None:
    text = "title: A\ncorrelation:\n  type: temporal\n  rules:\n    - a\n    - b\n  group-by:\n    - User\n  timespan: 5m\n"
    page = explain(text, "sigma")
    assert page.confidence is not None
    assert not any("rests on" in each.text for _, each in page.confidence.reasons)


def test_a_query_waits_for_two() -> None:
    page = explain("A | join B on k | where t == 'x' | summarize n = dcount(f) by d | where n > 1", "kusto")
    said = [each.text for each in page.hypothesis]
    assert said == [
        "The rule looks in `A` and `B` together for entries in which `t` is `x`.",
        "Single entries are not enough: the rule waits for at least 2 different values of `f` per `d`.",
    ]


def test_what_is_computed_is_no_count() -> None:
    text = "A | summarize arg_max(T, x) by D | extend days = datetime_diff('day', now(), T) | where days > 30"
    page = explain(text, "kusto")
    assert not any("counts" in each.text for each in page.hypothesis)
    assert page.confidence is not None
    assert not any("counting" in each.text for _, each in page.confidence.reasons)


def test_parts_of_a_joined_union_are_alternatives() -> None:
    text = "A | where x == 1 | join (union (B | where y == 2), (C | where z == 3)) on k"
    assert [each.text for each in explain(text, "kusto").hypothesis][1:] == [
        "They are matched by `k` with entries of `B` in which `y` is `2`.",
        "Or they are matched by `k` with entries of `C` in which `z` is `3`.",
    ]


def test_a_joined_part_of_other_events_is_not_held_against_the_first() -> None:
    text = """let started = SecurityEvent | where EventID == 4688 | where ParentProcessName endswith "wmiprvse.exe";
SecurityEvent | where EventID == 4624 and LogonType == 3 | join kind=inner started on Computer"""
    rows = {row.name: (row.covered, row.lacks) for row in explain(text, "kusto").events}
    assert rows == {"Security-Auditing/4624": (True, ()), "Security-Auditing/4688": (True, ())}


def test_what_is_put_into_one_case_is_not_cased() -> None:
    page = explain("SigninLogs | extend H = tolower(DeviceDetail.displayName) | where H == 'host'", "kusto")
    assert [(group.field, group.cased) for group in page.indicators] == [("DeviceDetail.displayName", False)]


def test_a_joined_part_that_asks_for_a_value_says_so() -> None:
    text = """EmailEvents | where Subject has "invoice"
| join kind=inner (EmailAttachmentInfo | where isnotempty(ThreatTypes)) on NetworkMessageId"""
    said = " ".join(sentence.text for sentence in explain(text, "kusto").hypothesis)
    assert "in an entry of `EmailAttachmentInfo` in which `ThreatTypes` is not empty" in said


def test_the_original_name_is_advised_only_where_it_is_logged() -> None:
    detection = "  a:\n    SourceImage|endswith: \\\\evil.exe\n  condition: a"
    for category, advised in (("process_access", False), ("process_creation", True)):
        found = explain(
            SIGMA.format(category=category, detection=detection.replace("Source", "Source" * (not advised))), "sigma"
        )
        (gap,) = [each for each in found.diagnostics if each.id == "renamed-binary"]
        assert bool(gap.suggestion) is advised


def test_a_program_named_in_two_cases_is_one() -> None:
    detection = "  a:\n    - Image|endswith: \\evil.exe\n    - OriginalFileName: EVIL.EXE\n  condition: a"
    said = " ".join(
        each.text for each in explain(SIGMA.format(category="process_creation", detection=detection), "sigma").guidance
    )
    assert "EVIL.EXE" not in said or "evil.exe" not in said


def test_events_of_several_tables_are_held_against_what_each_is_asked() -> None:
    text = """union (DeviceFileEvents | where MD5 == 'x'), (DeviceProcessEvents | where FileName =~ 'x.exe')"""
    rows = {row.name: row.lacks for row in explain(text, "kusto").events}
    assert rows["Sysmon/11"] == ("MD5",)
    assert rows["Security-Auditing/4688"] == () == rows["DeviceFileEvents/FileCreated"]


def test_what_is_asked_after_a_let_narrows_its_events() -> None:
    text = """let files = DeviceFileEvents | extend Name = tolower(FileName);
files | where ActionType == 'FileRenamed' and Name == 'x.exe'"""
    assert [row.name for row in explain(text, "kusto").events] == ["DeviceFileEvents/FileRenamed"]


def test_a_column_of_the_query_is_no_channel() -> None:
    text = "WindowsEvent | where EventID == 104 | project Channel = tostring(EventData.Channel) | where Channel == 'App/Operational'"
    assert explain(text, "kusto").events == ()


def test_a_registry_event_that_tells_key_value_and_data_apart() -> None:
    text = "DeviceRegistryEvents | where ActionType == 'RegistryValueSet' and RegistryKey has 'Run' and RegistryValueData has 'x'"
    rows = {row.name: row.lacks for row in explain(text, "kusto").events}
    assert rows["Security-Auditing/4657"] == () == rows["Sysmon/13"]
    detection = "  a:\n    TargetObject|contains: \\Run\\x\n  condition: a"
    rows = {
        row.name: row.covered
        for row in explain(SIGMA.format(category="registry_set", detection=detection), "sigma").events
    }
    assert rows["Security-Auditing/4657"] is True  # by the name log sources have for it, as a scan reads it


@pytest.mark.parametrize(
    ("number", "setting"),
    [("4663", "by the kind of object"), ("4634", "Audit Logoff"), ("5157", "Audit Filtering Platform Connection")],
)
def test_what_must_be_audited(number: str, setting: str) -> None:
    (row,) = explain(f"SecurityEvent | where EventID == {number}", "kusto").events
    assert setting in row.setting


COMPUTED = [
    ('where Url matches regex strcat_array(dynamic(["first[.]example", "second[.]example", "third[.]example"]), "|")', "matches a pattern computed from `first[.]example`, `second[.]example` and `third[.]example`"),
    ('where Url has strcat("https://some.example/", tolower(Account), "/", tolower(Folder), "/index.html")', "has a term computed from `Account` and `Folder`"),
    ("where Url startswith strcat('https://', toscalar(_GetWatchlist('Hosts') | summarize strcat_array(make_list(SearchKey), 'x')))", "starts with a value computed from the watchlist `Hosts`"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "said"), COMPUTED)
def test_a_long_computed_value_is_told_by_what_it_is_made_of(asked: str, said: str) -> None:
    (sentence,) = explain(f"T | {asked}", "kusto").hypothesis
    assert said in sentence.text


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("union A, B", "together, as one table"),
        ("union (A | extend x = 1), B", "another form"),
        ("A | project-rename y = x", "another form"),
    ],
)
def test_what_a_parser_gives(text: str, given: str) -> None:
    (sentence,) = explain(Rule(id="1", title="P", kind="Parser", language="kusto", text=text)).hypothesis
    assert sentence.text.endswith(f"{given}.")


def test_the_first_of_an_order_inside_a_function() -> None:
    said = explain("let f = () { T | where x == 1 | summarize n = count() by y | top 5 by n }; f()", "kusto").hypothesis
    assert said[-1].text == "Of its results it gives the 5 with the highest `n`."


def test_exceptions_by_a_label_may_be_about_arguments() -> None:
    text = "DeviceProcessEvents | where FileName =~ 'net.exe' | extend k = iff(ProcessCommandLine has 'user', 'USER', 'other') | where k != 'other'"
    assert [each.text for each in explain(text, "kusto").guidance] == [
        "Every start of `net.exe` matches but for the exceptions: measure first what they leave."
    ]


RESTS = [
    ("AuditLogs | where OperationName == 'x' | where Result == 'y'", "It rests on a single field beside the kind of event."),
    ("T | where Result == 'y'", "It rests on a single field."),
    ("T | where a == 'y' | join kind=leftouter (T | where a == 'z' | summarize n = count() by k) on k | where n < 5 or isempty(n)", "It rests on a single field."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), RESTS)
def test_the_kind_of_event_and_counts_are_no_fields(text: str, expected: str) -> None:
    trust = explain(text, "kusto").confidence
    assert trust is not None and expected in [sentence.text for _, sentence in trust.reasons]


def test_a_query_that_asks_for_more_than_its_schedule_gives_is_not_without_fault() -> None:
    rule = Rule(
        id="1",
        title="A",
        kind="Scheduled",
        language="kusto",
        text="T | where TimeGenerated > ago(7d) | where x == 1",
        schedule=Schedule(3600, 86400),
    )
    trust = explain(rule).confidence
    assert trust is not None and (-5, "Its schedule gives it less data than it asks for.") in [
        (points, each.text) for points, each in trust.reasons
    ]


COUNTED = [
    ("T | where x == 1 | summarize n = count() by u, bin(TimeGenerated, 5m) | summarize k = countif(n > 50) by u | where k >= 3", "waits for at least 3 groups of them in `k` per `u`."),
    ("T | where x == 1 | extend h = bin(TimeGenerated, 1h) | summarize n = count() by u, h | where n > 9", "waits for more than 9 of them per `u` within 1 hour."),
    ("T | where x == 1 | summarize arg_max(TimeGenerated, *) by i | summarize n = count() by u | where n > 9", "waits for more than 9 of them per `u`."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), COUNTED)
def test_what_is_counted_and_within_which_time(text: str, said: str) -> None:
    assert explain(text, "kusto").hypothesis[1].text.endswith(said)


def test_a_column_is_told_by_what_it_stood_for_when_it_was_asked() -> None:
    text = """DeviceProcessEvents | where InitiatingProcessFileName =~ 'winword.exe' | project Other = InitiatingProcessFileName
| join kind=leftouter (DeviceProcessEvents | project InitiatingProcessFileName = FileName, k) on k
| where InitiatingProcessFileName =~ 'cmd.exe'"""
    said = [each.text for each in explain(text, "kusto").hypothesis]
    assert "the parent process name is `winword.exe`" in said[0]
    assert "the process name is `cmd.exe`" in said[1]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("rightouter", "What it reports are entries of `B` in which `y` is `2`, whether they have such a partner by `k` or not."),
        ("fullouter", "It reports entries of `B` in which `y` is `2` as well, whether they have such a partner by `k` or not."),
    ],
)  # fmt: skip
def test_outer_joins_keep_the_other_side(kind: str, said: str) -> None:
    text = f"A | where x == 1 | join kind={kind} (B | where y == 2) on k"
    assert explain(text, "kusto").hypothesis[1].text == said


def test_exceptions_are_those_of_the_first_entries() -> None:
    said = explain("A | where x == 1 and z != 3 | join (B | where y == 2) on k", "kusto").hypothesis
    assert said[-1].text == "Of the entries named first, those are left out in which `z` is `3`."


def test_a_log_does_not_hold_the_events_of_the_security_log() -> None:
    detection = "  a:\n    EventID:\n      - 4624\n      - 7045\n  condition: a"
    page = explain(SIGMA.replace("category: {category}", "service: system").format(detection=detection), "sigma")
    assert [row.name for row in page.events] == ["Service Control Manager/7045"]


def test_a_list_is_no_entry() -> None:
    text = """let relays = externaldata(Ip: string, Kind: string)['https://some.example/list.csv'] | where Kind == 'v4';
relays | join DeviceNetworkEvents on $left.Ip == $right.RemoteIP"""
    trust = explain(text, "kusto").confidence
    assert trust is not None and trust.reasons[-1][1].text.startswith("It rests on values that other data give it")


def test_a_table_that_a_plugin_looks_up_in_is_needed() -> None:
    page = explain("SigninLogs | evaluate ipv4_lookup(Networks, IPAddress, Subnet)", "kusto")
    assert [row.name for row in page.data] == ["SigninLogs", "Networks"]
    said = " ".join(each.text for each in page.hypothesis)
    assert "Networks" in said


def test_a_column_of_joined_rows_is_told_apart_from_that_of_the_first() -> None:
    text = """A | where x == 1 | where Role != 'Owner' | summarize min(TimeGenerated) by u, Role | project u, Before = Role
| join (A | where x == 2 | project u, After = Role) on u | where After == 'Owner'"""
    assert any("`After` is `Owner`" in each.text for each in explain(text, "kusto").hypothesis)


def test_percentiles_are_no_counts() -> None:
    trust = explain("T | summarize d = percentile(x, 90) by u | where d > 5", "kusto").confidence
    assert trust is not None and trust.reasons[-1][1].text == "It rests on values it computes alone."


def test_standard_columns_are_returned() -> None:
    entities = (Entity("Account", (("AadTenantId", "TenantId"), ("Name", "Odd"))),)
    rule = Rule(id="1", title="A", language="kusto", text="SigninLogs | where ResultType == 0", entities=entities)
    (row,) = explain(rule).entities
    assert [known for _, _, known in row.joined] == [True, False]


def test_a_search_in_tables_is_not_one_of_every_table() -> None:
    page = explain("find in (A, B) where x == 1", "kusto")
    assert page.hypothesis[0].text == "The rule looks in `A` and `B` for entries in which `x` is `1`."


def test_ids_that_no_security_log_has_are_not_of_its_table() -> None:
    page = explain("SecurityEvent | where EventID in (7035, 4688)", "kusto")
    assert [row.name for row in page.events] == ["Security-Auditing/4688"]


def test_a_column_of_a_fetched_list_is_not_told_of_the_entries() -> None:
    text = """let bad = externaldata(AppId: string, Severity: string)['https://some.example/list.csv'];
CloudAppEvents | extend AppId = tostring(RawEventData.AppId) | join kind=leftouter bad on AppId | where Severity == 'Red'"""
    said = explain(text, "kusto").hypothesis[0].text
    assert said.startswith(
        "The rule looks in `CloudAppEvents` and a list fetched from elsewhere together for entries in which `Severity`"
    )


def test_a_set_holds_its_element() -> None:
    said = explain("T | where set_has_element(Categories, 'identity')", "kusto").hypothesis[0].text
    assert said == "The rule looks in `T` for entries in which `Categories` holds `identity`."


def test_lists_that_nothing_reads_are_not_required() -> None:
    text = "let f = externaldata(a: string)['https://files.example/a.csv']; SigninLogs | where UserId == 'x'"
    assert [row.name for row in explain(text, "kusto").data] == ["SigninLogs"]


def test_where_a_numbered_list_ends_is_seen() -> None:
    text = "T | where (a == 1 and b == 2) or (c == 3 and d == 4) | where (e == 1 and f == 2) or (g == 3 and h == 4)"
    said = explain(text, "kusto").hypothesis[0].text
    assert said == (
        "The rule looks in `T` for entries in which all of these hold: (i) one of these holds: (1) `a` is `1` and `b` is `2`; "
        "(2) `c` is `3` and `d` is `4`; (ii) one of these holds: (1) `e` is `1` and `f` is `2`; (2) `g` is `3` and `h` is `4`."
    )
