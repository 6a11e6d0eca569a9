"""Commands over logs as a user types them, and the examples of docs/logs.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rulescope.cli import cli
from rulescope.logs import KINDS
from rulescope.services.demo import LOGS, RULES

PAGE = Path(__file__).parents[2] / "docs" / "logs.md"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulescope.services.rule_cache.default_folder", lambda: tmp_path / "cache")


def blocks(kind: str) -> list[tuple[str, str]]:
    """(name, text) of the fenced blocks of a kind."""
    return re.findall(rf"^```{kind} ?(\S*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_page_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in blocks("file"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    ((_, query),) = blocks("kusto")
    Path("query.kql").write_text(query)
    done = run("query", "@query.kql", "--tables", "tables", "--functions", "functions")
    assert done.stdout == blocks("output")[0][1]


def test_every_kind_of_log_stands_on_the_page() -> None:
    assert [kind for kind in KINDS if kind != "lines" and f"`{kind}`" not in PAGE.read_text()] == []


def test_the_options_the_page_names_exist() -> None:
    helps = "".join(run(command, "--help").output for command in ("scan", "query", "shell"))
    assert [option for option in set(re.findall(r"--[a-z][a-z-]*", PAGE.read_text())) if option not in helps] == []


def test_a_scan_prints_alerts_and_what_did_not_run() -> None:
    done = run("scan", LOGS, "--rules", RULES)
    assert done.exit_code == 0
    assert "BITSAdmin" in done.stdout and "rule not run" in done.stdout
    assert re.search(r"\d+ alerts of \d+ rules; \d+ rules not run; 0 records unreadable", done.stderr)


def test_a_scan_of_a_catalogue_is_recorded(tmp_path: Path) -> None:
    catalogue = tmp_path / "c.sqlite"
    run("ingest", RULES, "-c", catalogue)
    done = run("scan", LOGS, "-c", catalogue, "--record", "--label", "starter", "--format", "ndjson", "--no-not-run")
    fired = {json.loads(line)["title"] for line in done.stdout.splitlines()}
    found = json.loads(run("search", "-c", catalogue, "-f", "fires=fires", "--size", "100", "--format", "json").stdout)
    assert {card["title"] for card in found["cards"]} == fired


def test_broken_records_go_to_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_text('{"a": 1}\n{"a": \n')
    done = run("scan", tmp_path / "log.ndjson", "--rules", RULES, "--broken", tmp_path / "broken", "--format", "json")
    (kept,) = map(json.loads, (tmp_path / "broken").read_text().splitlines())
    assert (kept["number"], "JSON" in kept["reason"]) == (2, True)
    assert json.loads(done.stdout)["broken"][0]["number"] == 2


WRONG = [  # words, what is said
    (["scan", LOGS], "--rules or with --catalogue"),
    (["scan", LOGS, "--rules", RULES, "--record"], "--record needs --catalogue"),
    (["scan", "--rules", RULES], "Missing argument"),
    (["scan", LOGS, "--rules", RULES, "--engine", "kusto"], "go together"),
    (["query", "print 1", "-t", "T"], "expected NAME=PATH"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_does_not_go_together_is_said(words: list[str], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
