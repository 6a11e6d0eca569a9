"""User agents taken apart."""

from __future__ import annotations

import pytest

from rulescope.errors import UnsupportedError

from .answers import answer

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Mobile/15E148 Safari/604.1"
OTHER = {"Family": "Other", "MajorVersion": "", "MinorVersion": "", "Patch": ""}


def test_the_browser() -> None:
    assert answer(f"parse_user_agent('{FIREFOX}', 'browser')") == {
        "Browser": {"Family": "Firefox", "MajorVersion": "115", "MinorVersion": "0", "Patch": ""}
    }


def test_all_three() -> None:
    assert answer(f"parse_user_agent('{PHONE}', dynamic(['browser', 'os', 'device']))") == {
        "Browser": {"Family": "Mobile Safari", "MajorVersion": "16", "MinorVersion": "5", "Patch": ""},
        "OperatingSystem": {"Family": "iOS", "MajorVersion": "16", "MinorVersion": "5", "Patch": "", "PatchMinor": ""},
        "Device": {"Family": "iPhone", "Brand": "Apple", "Model": "iPhone"},
    }


@pytest.mark.parametrize("agent", ["", "größer als nichts", "\\\\"])
def test_what_is_not_known_is_other(agent: str) -> None:
    assert answer(f"parse_user_agent('{agent}', 'browser')") == {"Browser": OTHER}
    device = {"Device": {"Family": "Other", "Brand": "", "Model": ""}}
    assert answer(f"parse_user_agent('{agent}', 'device')") == device


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="unknown target 'engine'"):
        answer("parse_user_agent('x', dynamic(['os', 'engine']))")
