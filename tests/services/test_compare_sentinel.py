"""Comparing rules of Windows' Security log, Okta and GitHub with queries of Sentinel's functions."""

import pytest

from rulescope.model import Verdict
from rulescope.services.compare import compare

ACCOUNT = 'imUserManagement | where EventVendor == "Microsoft" and EventProduct == "Security Events"'
CREATED = "title: t\nlogsource: {product: windows, service: security}\ndetection: {a: {EventID: 4720}, condition: a}"
OKTA = "title: t\nlogsource: {product: okta, service: okta}\ndetection: {a: {eventType: zone.delete}, condition: a}"
GITHUB = "title: t\nlogsource: {product: github, service: audit}\ndetection: {a: {action: repo.destroy}, condition: a}"


@pytest.mark.parametrize(
    ("rule", "query", "verdict"),
    [
        (CREATED, f'{ACCOUNT} and EventType == "UserCreated"', Verdict.EQUAL),
        (CREATED, f'{ACCOUNT} and EventType in ("UserCreated", "UserDeleted")', Verdict.WIDER),
        (CREATED, f'{ACCOUNT} and EventType == "UserDeleted"', Verdict.DIFFERS),
        (OKTA, 'OktaSSO | where eventType_s =~ "zone.delete"', Verdict.EQUAL),
        (OKTA, 'OktaV2_CL | where EventOriginalType =~ "zone.delete"', Verdict.EQUAL),
        (OKTA, 'OktaSSO | where eventType_s == "zone.delete"', Verdict.NARROWER),
        (GITHUB, 'GitHubAuditData | where Action in~ ("repo.destroy", "repo.transfer")', Verdict.WIDER),
    ],
)
def test_a_rule_is_compared_in_the_function_a_query_reads(rule: str, query: str, verdict: Verdict) -> None:
    assert compare(rule, query).verdict is verdict
