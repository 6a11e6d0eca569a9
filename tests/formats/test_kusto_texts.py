"""Kusto in bare files and in Markdown: where queries begin and end, what the prose around them says."""

from __future__ import annotations

import pytest

from rulescope import formats
from rulescope.formats.duration import seconds
from rulescope.formats.kustotext import looks_like_kusto, split_queries
from rulescope.model import Failure, Rule, RuleFile, Trigger


def read(path: str, text: str | bytes) -> tuple[list[Rule], list[Failure]]:
    return formats.read(RuleFile("mine", path, text.encode() if isinstance(text, str) else text))


def test_the_comment_above_a_query_is_its_title_and_description() -> None:
    (rule,), _ = read(
        "Sign-ins/a.kql",
        "// Sign-ins from two countries within an hour\n// https://example.org/x\nSigninLogs\n| take 5\n",
    )
    assert rule.title == "Sign-ins from two countries within an hour"
    assert rule.references == ("https://example.org/x",)
    assert (rule.line, rule.kind, rule.language) == (1, "Hunting", "kusto")


def test_keyed_comments_are_metadata() -> None:
    text = "// Name: Sound recorder\n// Description: Somebody\n// listens.\n// Severity: High\n// QueryFrequency: 1h\n//\n// Tactics: #Collection\nSysmon | where EventID == 1\n"
    (rule,), _ = read("T1123_Audio.txt", text)
    assert (rule.title, rule.severity, rule.tactics, rule.techniques) == (
        "Sound recorder",
        "high",
        ("Collection",),
        ("T1123",),
    )
    assert rule.description == "Somebody listens."
    assert rule.schedule is not None
    assert rule.schedule.frequency == 3600


def test_a_threshold_counts_with_its_operator_only() -> None:
    text = "// Name: x\n// AlertTriggerThreshold: 3\n{}SecurityEvent\n| where EventID == 4625\n"
    (alone,), _ = read("a.kql", text.format(""))
    (with_operator,), _ = read("a.kql", text.format("// AlertTriggerOperator: Greater Than\n"))
    assert alone.trigger is None
    assert with_operator.trigger == Trigger("gt", 3)


def test_a_heading_is_no_title() -> None:
    (rule,), _ = read("DnsParser.kql", "// Usage Instructions :\n// Save it.\nDnsEvents\n| where Name has 'x'\n")
    assert rule.title == "DnsParser"


def test_each_query_of_a_collection_has_its_own_title() -> None:
    text = "// ======\n// Sign-ins by country and day\n// ======\nSigninLogs\n| count\n\n// -----\n// Sign-ins without a device name\nSigninLogs\n| take 5\n\n// Advanced Hunting query\nT\n| take 1\n"
    rules, _ = read("many.kql", text)
    titles = [rule.title for rule in rules]
    assert titles == [
        "Sign-ins by country and day",
        "Sign-ins without a device name",
        "Sign-ins by country and day (Defender XDR)",
    ]


def test_a_file_without_comments_is_named_after_itself() -> None:
    (rule,), _ = read("a/KQL_two words", "SigninLogs | count")
    assert rule.title == "KQL two words"


SPLITS = [
    ("T\n| take 1", [0]),
    ("T\n| take 1\n\nU\n| take 2", [0, 3]),
    ("T\n| take 1\n\n// Advanced hunting\nU\n| take 2", [0, 3]),
    ("let a = 1;\n\nT\n| where x == a", [0]),
    ("T\n| where x == 1\n\n| take 5", [0]),
    ("T\n| join (\n\nU\n| take 1\n) on x", [0]),
    ("T\n| where a in (\n\n1, 2)\n\nand b == 1", [0]),
    ("T\n| sort by x desc\n\nU\n| count", [0, 3]),
    ('T | where a == "x\n\ny"', [0]),
    ("T\n| take 1\n\nlet a = U;\na | take 2", [0, 3]),
]


@pytest.mark.parametrize(("text", "starts"), SPLITS)
def test_where_queries_start(text: str, starts: list[int]) -> None:
    assert [start for start, _ in split_queries(text)] == starts


KUSTO = [
    ("SigninLogs | where x == 1", True),
    ("let a = 5; print a", True),
    ("_GetWatchlist('x')", True),
    ("MIT License\n\nCopyright (c) somebody", False),
    ("# A heading\ntext | more text", False),
    ('{"a": 1}', False),
    ("// only a comment", False),
    ("Get-Process | where Name -eq 'x'", False),
]


@pytest.mark.parametrize(("text", "expected"), KUSTO[:-1])
def test_what_looks_like_kusto(text: str, expected: bool) -> None:
    assert looks_like_kusto(text) is expected


MARKDOWN = """\
# Proxy *tools* on servers

## Query Information

#### Description
Finds proxy tools. See [T1090](https://attack.mitre.org/techniques/T1090/).

| Tactic | Technique | Sub |
|---|---|---|
| TA0011 - Command and Control | T1090 | 001 |

#### References
- https://example.org/post.

## Defender XDR
```KQL
DeviceProcessEvents
| where FileName =~ "plink.exe"
```
## Sentinel
```kusto
SecurityEvent
| where Process =~ "plink.exe"
```
```powershell
Get-Process | where Name -eq x
```
"""


def test_every_fenced_query_is_a_rule() -> None:
    rules, failures = read("Hunt/proxy.md", MARKDOWN)
    assert failures == []
    assert [rule.title for rule in rules] == [
        "Proxy tools on servers (Defender XDR)",
        "Proxy tools on servers (Sentinel)",
    ]
    assert [rule.id for rule in rules] == ["Hunt/proxy.md", "Hunt/proxy.md#1"]
    assert [MARKDOWN.splitlines()[rule.line - 1] for rule in rules] == ["DeviceProcessEvents", "SecurityEvent"]
    assert rules[0].techniques == ("T1090", "T1090.001")
    assert rules[0].tactics == ("TA0011",)
    assert rules[0].references == ("https://example.org/post",)
    assert rules[0].description.startswith("Finds proxy tools.")


def test_markdown_without_a_query_is_a_failure() -> None:
    rules, (failure,) = read("README.md", "# Nothing here\n\n```json\n{}\n```\n")
    assert rules == []
    assert failure.kind == "NotARule"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.txt", b""),
        ("a.txt", b"\x00" * 50),
        ("a.evtx", b"ElfFile\x00\x01\x02\x03"),
        ("LICENSE", b"MIT License"),
        ("b.yml", b"a: 1\n"),
        ("c.bin", bytes(range(256))),
    ],
)
def test_a_file_that_is_no_rule_says_so(path: str, data: bytes) -> None:
    rules, (failure,) = read(path, data)
    assert rules == []
    assert failure.message


def test_stray_nul_bytes_are_spaces() -> None:
    (rule,), _ = read("a.txt", b"SigninLogs\n| take 5\n" + b"\x00" * 3)
    assert rule.text == "SigninLogs\n| take 5"


DURATIONS = [
    ("1h", 3600), ("PT1H", 3600), ("P14D", 1209600), ("14d", 1209600), ("1h10m", 4200), ("00:05:00", 300), ("1.00:00:00", 86400),
    ("now-9m", 540), ("1H", 3600), ("P1W", 604800), ("soon", None), ("P1M", None), ("PT5M", 300), ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DURATIONS)
def test_durations(text: str, expected: int | None) -> None:
    assert seconds(text) == expected
