"""The entries of Windows logs are those the tool makes of logsources.tsv."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "windows_mappings.py"


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("windows_mappings", TOOL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("number", [0, 1])
def test_the_entries_are_those_the_tool_makes(number: int) -> None:
    module = tool()
    target = module.TARGETS[number]
    text = (module.MAPPINGS / target.file).read_text(encoding="utf-8")
    assert module.made(target, text) == text, "run python tools/windows_mappings.py"
    assert text.count("[[map]]") > 80
