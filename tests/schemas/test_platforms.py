"""What tables and log sources tell of: platform, topic, whether they hold a product's alerts."""

from __future__ import annotations

import pytest

from rulescope.schemas import platforms

TABLE = [  # table or log source, platform, topic, product whose alerts it holds
    ("category=process_creation product=windows", "Windows", "Process", ""),
    ("category=registry_set product=windows", "Windows", "Registry", ""),
    ("product=windows service=security", "Windows", "Audit", ""),
    ("product=aws service=cloudtrail", "AWS", "Cloud", ""),
    ("DeviceProcessEvents", "", "Process", ""),
    ("imWebSession", "", "Web", ""),
    ("SigninLogs", "", "Identity", ""),
    ("EmailEvents", "", "Email", ""),
    ("SecurityAlert", "", "Alerts", "any"),
    ("SomethingOfOurs_CL", "", "", ""),
]


@pytest.mark.parametrize(("scope", "platform", "topic", "product"), TABLE)
def test_what_a_scope_tells_of(scope: str, platform: str, topic: str, product: str) -> None:
    assert platforms.topic(scope) == topic
    if platform:
        assert platforms.platform(scope) == platform
    assert bool(platforms.alert_product(scope)) == bool(product)


def test_topics_of_several_scopes_stand_once_in_order() -> None:
    assert platforms.topics(["DeviceProcessEvents", "DeviceNetworkEvents", "imProcessCreate"]) == ("Process", "Network")
