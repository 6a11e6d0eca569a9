"""Compare: rules of tables by their own names, several kinds of events of one table, JSON in text and in bags."""

from __future__ import annotations

import pytest

from rulescope.services.compare import compare

MAIL = """
title: Odd mail
logsource: {product: m365, service: EmailEvents}
detection:
    a: {SenderFromAddress|endswith: '@evil.example', AttachmentCount|gte: 1}
    condition: a
"""
SERVICE = """
title: Remote control installed
logsource: {product: windows, service: security}
detection:
    a: {EventID: 4697, ServiceName|contains: vnc}
    condition: a
"""
WINDOWS = "| where DeviceId in (DeviceInfo | where OSPlatform startswith 'Windows' | distinct DeviceId)"
CASES = [
    (MAIL, "EmailEvents | where SenderFromAddress endswith '@evil.example' and AttachmentCount > 0", "equal"),
    (MAIL, "EmailEvents | where SenderFromAddress endswith '@evil.example'", "wider"),
    (MAIL, "EmailEvents | where SenderFromAddress endswith '@evil.example' and AttachmentCount > 1", "narrower"),
    (
        SERVICE,
        (
            f"DeviceEvents {WINDOWS} | where ActionType == 'ServiceInstalled'"
            " | where tostring(parse_json(AdditionalFields).ServiceName) contains 'vnc'"
        ),
        "equal",
    ),
    (
        SERVICE,
        "DeviceEvents | where ActionType == 'ServiceInstalled' and tostring(AdditionalFields.ServiceName) contains 'vnc'",
        "wider",
    ),
]


@pytest.mark.parametrize(("rule", "query", "verdict"), CASES)
def test_a_rule_meets_a_query_in_its_table(rule: str, query: str, verdict: str) -> None:
    assert compare(rule, query).verdict == verdict
