"""Registries: our own modules by name, imported on first use."""

from __future__ import annotations

import pytest

from rulescope.registry import Registry

SOME = Registry("language", {"places": "rulescope.text"})


def test_a_name_gives_its_module() -> None:
    assert SOME["places"].__name__ == "rulescope.text"
    assert "places" in SOME and list(SOME)[0] == "places"


def test_an_unknown_name_lists_the_names_there_are() -> None:
    with pytest.raises(KeyError, match="no language 'spl'; there are places"):
        SOME["spl"]
