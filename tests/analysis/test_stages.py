"""Stages, conditions as trees, output fields, windows, thresholds: what a page shows of a query."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import yaml

from rulescope.analysis import (
    Tree,
    canonical,
    group_by,
    indicators,
    output_fields,
    placed,
    stages,
    thresholds,
    time_windows,
)
from rulescope.analysis.subjects import spoken
from rulescope.languages import kusto, sigma

TRANSFER = """DeviceProcessEvents
| where FileName =~ "curl.exe" and ProcessCommandLine has_any ("--upload", "-T")
| extend Target = extract("https?://[^ ]+", 0, ProcessCommandLine),
    Direction = iff(ProcessCommandLine has "-T", "out", "in")
| project-reorder TimeGenerated, DeviceName
| extend Kind = case(Target has ".onion", "hidden", Target has "10.", "inside", "open")
"""


def drawn(tree: Tree) -> str:
    parts = ", ".join(drawn(part) for part in tree.parts)
    return f"{tree.kind}[{parts}]" if tree.parts else f"{tree.kind}:{tree.text}"


def test_stages_keep_the_words_of_the_author() -> None:
    shown = stages(kusto.parse(TRANSFER), TRANSFER)
    assert [stage.keyword for stage in shown] == ["source", "where", "extend", "project-reorder", "extend"]
    assert shown[3].text == "project-reorder TimeGenerated, DeviceName"
    assert shown[2].made == ("Target", "Direction")


def test_conditions_are_trees() -> None:
    shown = stages(kusto.parse(TRANSFER), TRANSFER)
    assert drawn(shown[1].conditions[0]) == (
        'and[leaf:FileName =~ "curl.exe", leaf:ProcessCommandLine has_any ("--upload", "-T")]'
    )
    assert drawn(shown[2].conditions[0]) == 'if[leaf:ProcessCommandLine has "-T", value:"out", value:"in"]'
    assert shown[2].conditions[0].text == "Direction"
    assert drawn(shown[4].conditions[0]) == (
        'if[leaf:Target has ".onion", value:"hidden", leaf:Target has "10.", value:"inside", value:"open"]'
    )


def test_canonical_words_are_the_same_for_all_languages() -> None:
    text = 'T | where column_ifexists("F", "") has_any ("/a", "/b")'
    condition = kusto.parse(text).stages[1].predicate  # type: ignore[union-attr]
    assert canonical(condition) == "F term-any /a /b"


def test_a_list_of_yaml_stands_on_one_line() -> None:
    text = """title: T
logsource: {category: process_creation, product: windows}
detection:
  program:
    Image|endswith:
      - '\\curl.exe'
      - '\\wget.exe'
    CommandLine|contains: 'x: - y'
  condition: program
"""
    tree = stages(sigma.parse(text), text)[1].conditions[0]
    assert [part.text for part in tree.parts] == [
        "Image|endswith: '\\curl.exe', '\\wget.exe'", "CommandLine|contains: 'x: - y'"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("(a + b) * 2", "(a + b) * 2"),
        ("a - (b - 1)", "a - (b - 1)"),
        ("a * 2 + 1.5", "a * 2 + 1.5"),
        ("-(a + b)", "-(a + b)"),
        ('iff(isempty(a) or b == "x", c[0].d, e[tostring(f)])', 'iff(a is empty or b == "x", c[0].d, e[tostring(f)])'),
        ('countif(a in ("x", "y"))', 'countif(a in ("x", "y"))'),
        ("toscalar(U | count) + a", "toscalar(…) + a"),
        ("ago(1d)", "ago(1d)"),
        ('not(a has "x")', 'not(a has "x")'),
    ],
)
def test_a_computation_is_shown_as_people_write_it(written: str, said: str) -> None:
    stage = kusto.parse(f"T | extend x = {written}").stages[1]
    assert spoken(stage.columns[0].value) == said  # type: ignore[union-attr]


def test_what_another_query_gives_is_no_indicator() -> None:
    assert (
        indicators(kusto.parse('T | where toscalar(U | count) == 3 and substring(a, 1) == "y" and "x" == "x"'))[0].value
        == "y"
    )


OUTPUTS = [
    ("T | extend A = 1, B = x.y", [("A", "extend"), ("B", "extend")]),
    ("T | extend A = 1 | project A, C, D = 2", [("A", "extend"), ("C", "source"), ("D", "project")]),
    ("T | summarize count(), dcount(U), M = max(x) by bin(TimeGenerated, 1h), Host",
     [("TimeGenerated", "summarize"), ("Host", "source"), ("count_", "summarize"), ("dcount_U", "summarize"),
      ("M", "summarize")]),
    ("T | extend A = 1, B = 2 | project-away A", [("B", "extend")]),
    ("T | extend A = 1 | project-rename Z = A", [("Z", "project-rename")]),
    ("T | parse M with * \"u=\" User \" \" Id:long", [("User", "parse"), ("Id", "parse")]),
    ("T | project A, B | join (U | project A, C = 1) on A",
     [("A", "source"), ("B", "source"), ("A1", "join"), ("C", "project")]),
    ("let L = T | project X = 1; L | extend Y = 2", [("X", "project"), ("Y", "extend")]),
    ("T | count", [("Count", "count")]),
    ("union (T | project A), (U | project A, B)", [("A", "source"), ("B", "source")]),
    ("T | where a == 1", []),
    ("T | summarize avg(x), percentiles(x, 50, 99.9) by y",
     [("y", "source"), ("avg_x", "summarize"), ("percentile_x_50", "summarize"), ("percentile_x_99_9", "summarize")]),
    ('T | project strcat(x, "a"), a + b, tostring(c)', [("Column1", "project"), ("Column2", "project"), ("c", "project")]),
    ("T | project TimeGenerated, A | summarize count() by bin(TimeGenerated, 1h), A",
     [("TimeGenerated", "summarize"), ("A", "source"), ("count_", "summarize")]),
    ('T | extend x startswith "a"', [("Column1", "extend")]),
    ("print 1, strlen('x'), z = 3", [("print_0", "print"), ("print_1", "print"), ("z", "print")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OUTPUTS)
def test_output_fields(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(field.name, field.source) for field in output_fields(kusto.parse(text))] == expected


def test_time_windows() -> None:
    text = """let back = 2 * 7d;
T | where TimeGenerated > ago(back) and Size > 5
| where Timestamp between (datetime(2024-01-01) .. datetime(2024-01-02))
| summarize count() by bin(TimeGenerated, 90m)"""
    assert [(w.field, w.op, w.bound, w.seconds) for w in time_windows(kusto.parse(text))] == [
        ("TimeGenerated", "gt", "ago(2 * 7d)", 1_209_600.0),
        ("Timestamp", "ge", "2024-01-01T00:00:00Z", None),
        ("Timestamp", "le", "2024-01-02T00:00:00Z", None),
        ("TimeGenerated", None, "90m", 5400.0),
    ]


def test_thresholds_and_grouping() -> None:
    text = """let least = 50;
T | summarize Total = count(), dcount(User) by Host, Source = tolower(Ip)
| where Total >= least and dcount_User < 3 and Host != "x"
| extend Share = Total * 1.0 / 7
| where Share > 0.5"""
    query = kusto.parse(text)
    assert [(t.field, t.how, t.op, t.value) for t in thresholds(query)] == [
        ("Total", "count()", "ge", 50),
        ("dcount_User", "dcount(User)", "lt", 3),
        ("Share", "/(*(Total, real(1.0)), 7)", "gt", 0.5),
    ]
    assert group_by(query) == ("Host", "Source")
    assert [i.field for i in indicators(query)][0] == "Host"


@pytest.mark.corpus
def test_the_bitsadmin_rule_explains_as_it_should(data_root: Path) -> None:
    [path] = (data_root / "corpora/sentinel/azure-sentinel-current").rglob("BITSAdminActivity.yaml")
    text = yaml.safe_load(path.read_text())["query"]
    query = kusto.parse(text)
    assert [place.stage.keyword for place in placed(query)] == [
        "source", "where", "extend", "extend", "project-reorder", "extend", "extend",
    ]  # fmt: skip
    found = [i for i in indicators(query) if i.stage == 1]
    assert [(i.field, i.op, i.value) for i in found] == [
        ("FileName", "eq", "bitsadmin.exe"),
        ("ProcessVersionInfoOriginalFileName", "eq", "bitsadmin.exe"),
        ("ProcessCommandLine", "term", "/Transfer"),
        ("ProcessCommandLine", "term", "/AddFile"),
        ("ProcessCommandLine", "term", "/AddFileSet"),
        ("ProcessCommandLine", "term", "/AddFileWithRanges"),
    ]
    assert [field.name for field in output_fields(query)] == [
        "ParsedCommandLine", "RemoteUrl", "LocalFile", "Direction", "HostName", "DnsDomain",
    ]  # fmt: skip
    trees = {tree.text: tree.kind for stage in stages(query, text) for tree in stage.conditions if tree.text}
    assert trees == {"Direction": "if", "HostName": "if", "DnsDomain": "if"}


@pytest.mark.corpus
def test_output_fields_are_columns_of_the_result(kusto_cases: Path) -> None:
    with gzip.open(kusto_cases / "rules.jsonl.gz", "rt") as lines:
        cases = [case for case in map(json.loads, lines) if case["accepted"] and case.get("output_columns")]
    wrong = []
    for case in cases:
        names = {column[0] for column in case["output_columns"]}
        if not {field.name for field in output_fields(kusto.parse(case["query"]))} <= names:
            wrong.append(case["id"])
    assert len(wrong) <= 0.005 * len(cases), wrong
