"""Values of Sigma placeholders from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulescope.cli import cli
from rulescope.errors import FormatError
from rulescope.services import placeholders

RULE = """\
title: An administrator's tool on another host
logsource: {category: process_creation, product: windows}
detection:
  selection:
    Image|endswith: '\\psexec.exe'
    User|expand: '%administrators%'
  condition: selection
"""


def test_names_have_a_value_or_a_list(tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text("administrators: [amara, 'ivo*']\n'%one%': 7\n")
    assert placeholders.read(file) == {"administrators": ("amara", "ivo*"), "one": ("7",)}


@pytest.mark.parametrize("text", ["- a\n", "a: {b: c}\n", "a: [true]\n", ""])
def test_anything_else_says_what_was_expected(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.yml"
    file.write_text(text)
    with pytest.raises(FormatError):
        placeholders.read(file)


def test_a_rule_is_translated_with_their_values_and_refused_without(tmp_path: Path) -> None:
    rule, values = tmp_path / "rule.yml", tmp_path / "p.yml"
    rule.write_text(RULE)
    values.write_text("administrators: [amara, ivo]\n")
    words = ["translate", str(rule), "--schema", "windows-events"]
    assert "refused" in CliRunner().invoke(cli, words).stdout
    found = CliRunner().invoke(cli, [*words, "--placeholders", str(values)])
    assert found.exit_code == 0 and '"amara"' in found.stdout and "equal" in found.stdout


def test_a_scan_uses_them(tmp_path: Path) -> None:
    rule, values, log = tmp_path / "rule.yml", tmp_path / "p.yml", tmp_path / "log.ndjson"
    rule.write_text(RULE)
    values.write_text("administrators: amara\n")
    event = {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Image": "C:\\psexec.exe",
        "User": "amara",
    }
    log.write_text(json.dumps(event) + "\n")
    words = ["scan", str(log), "-r", str(rule), "--no-cache", "--format", "json"]
    without = json.loads(CliRunner().invoke(cli, words).stdout)
    assert (len(without["alerts"]), without["not_run"][0]["construct"]) == (0, "placeholder")
    found = json.loads(CliRunner().invoke(cli, [*words, "--placeholders", str(values)]).stdout)
    assert (len(found["alerts"]), found["not_run"]) == (1, [])
