"""Where harmless activity matches and what escapes: sentences of rules of our own, whole."""

from __future__ import annotations

import pytest

from rulescope.services.explain import explain

SIGMA = """title: A rule
logsource: {{ category: {category}, product: windows }}
detection:
{detection}
"""

STARTS: list[tuple[str, str]] = [  # detection of process creation, what is said of its name
    ("  a:\n    Image|endswith: '\\x.exe'\n  condition: a", "Every start of `x.exe` matches, whatever its arguments: ordinary use of it shows up too."),
    ("  a:\n    - Image|endswith: '\\x.exe'\n    - OriginalFileName: x.c\n  condition: a", "Every start of `x.exe`, or of a binary whose original file name is `x.c`, matches, whatever its arguments: ordinary use of it shows up too."),
    ("  a:\n    Image|endswith: '\\x.exe'\n  b:\n    Image|startswith: 'C:\\p\\'\n  condition: a and not b", "Every start of `x.exe` matches but for the exceptions: measure first what they leave."),
    ("  a:\n    OriginalFileName: x.exe\n  b:\n    Image|endswith: '\\x.exe'\n  condition: a and not b", ""),
]  # fmt: skip


@pytest.mark.parametrize(("detection", "told"), STARTS)
def test_what_is_said_of_a_name(detection: str, told: str) -> None:
    page = explain(SIGMA.format(category="process_creation", detection=detection), "sigma")
    assert [each.text for each in page.guidance if "tart of" in each.text] == ([told] if told else [])


ADVICE: list[tuple[str, str]] = [  # a query of ours, its only advice
    (
        "DeviceNetworkEvents | where InitiatingProcessFileName =~ 'x.exe' | extend found = extract('a(b)', 1, InitiatingProcessCommandLine) | where isnotempty(found)",
        "",
    ),
    (
        "A | where x == 1 | summarize n = count_distinct(coalesce(p, q)) by u | where n > 4",
        "The count (`n > 4`) is fixed: measure first how many different values (counted in `n`) per `u` your busiest harmless sources make.",
    ),
    (
        "A | where RemoteIP == '100.200.1.2'",
        "The address `100.200.1.2` can change hands in time: check who holds it now before you trust a match.",
    ),
    ("Syslog | where Computer == '100.200.1.2'", ""),
]


@pytest.mark.parametrize(("text", "told"), ADVICE)
def test_what_is_advised(text: str, told: str) -> None:
    assert [each.text for each in explain(text, "kusto").guidance] == ([told] if told else [])


MEETS = "The exceptions can be met on purpose"
EXCEPTIONS: list[tuple[str, bool]] = [  # a query of ours, whether its exceptions can be met on purpose
    ("DeviceProcessEvents | where FileName in~ ('a.exe', 'b.exe') | where FileName !~ 'c.exe'", False),
    ("DeviceProcessEvents | where FileName in~ ('a.exe', 'b.exe') | where FileName !~ 'b.exe'", True),
    ("DeviceProcessEvents | where ProcessCommandLine has 'x' and FileName !~ 'b.exe'", True),
    ("SecurityEvent | where EventID == 4616 | where ProcessName !has ':\\\\Windows\\\\System32\\\\b.exe'", False),
    ("DeviceFileEvents | where FileName == 'x' | where InitiatingProcessFileName != 'System'", False),
    ("A | where x == 1 and FileName !~ 'b.exe' | union (B | where y == 2)", False),
    ("DeviceProcessEvents | where FileName !in ('b.exe') | join kind=rightanti (DeviceInfo | where x == 1) on DeviceId", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), EXCEPTIONS)
def test_exceptions_at_will(text: str, told: bool) -> None:
    assert any(each.text.startswith(MEETS) for each in explain(text, "kusto").gaps) is told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("SHA1=" + "ab" * 20, "It knows files by one hash alone: a file that is rebuilt or changed escapes."),
        ("IMPHASH=" + "ab" * 16, "It knows files by one import hash alone: a file that is built with other imports escapes."),
    ],
)  # fmt: skip
def test_what_hashes_miss(value: str, told: str) -> None:
    detection = f"  a:\n    Hashes|contains: {value}\n  condition: a"
    page = explain(SIGMA.format(category="image_load", detection=detection), "sigma")
    assert told in [each.text for each in page.gaps]


RESTS: list[tuple[str, str]] = [  # a query of ours, what it rests on
    ("A | where x == 1", "It rests on a single field."),
    ("A | where x == 1 | join B on u", "It rests on a single field and on other entries it is compared with."),
    ("A | where x == 1 | join kind=leftouter B on u", "It rests on a single field."),
    ("SecurityEvent | where EventID == 4624", "It rests on the kind of event alone."),
    ("let l = B | where TimeGenerated > ago(9d) | distinct u; SecurityEvent | where EventID == 4624 and Account !in (l)", "It rests on the kind of event and on other entries it is compared with."),
    ("A | where x == 1 | summarize n = count() by u | where n > 4 | join kind=leftanti B on u", "It rests on a single field, on what is counted and on other entries it is compared with."),
    ("A | extend p = extract('a(b)', 1, y) | where x has 'q' or isnotempty(p)", "For one of its alternatives it is enough that a field holds a value."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), RESTS)
def test_what_a_rule_rests_on(text: str, told: str) -> None:
    assert told in [each.text for _, each in explain(text, "kusto").confidence.reasons]
