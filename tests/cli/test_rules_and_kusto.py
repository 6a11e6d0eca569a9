"""Commands as a user types them, over the bundled rules and logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rulescope.cli import cli
from rulescope.services.demo import LOGS, RULES


def run(*words: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], input=text)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "rules.sqlite"
    done = run("ingest", RULES, "--catalogue", path, "--format", "json")
    assert json.loads(done.stdout)["tally"]["rules"] == 34
    return path


def test_help_lists_every_command() -> None:
    assert "Run a Kusto query over local files." in run("--help").stdout


def test_a_misspelt_command_gets_a_hint() -> None:
    found = run("explian", "x")
    assert found.exit_code != 0 and "explain" in found.output


def test_search_finds_by_word_and_filter(catalogue: Path) -> None:
    found = json.loads(run("search", "bitsadmin", "-c", catalogue, "-f", "language=kusto", "--format", "json").stdout)
    assert [card["title"] for card in found["cards"]] == ["BITSAdmin download with its address taken apart"]


def test_explain_reads_a_file_and_a_key(catalogue: Path) -> None:
    file = RULES / "kusto" / "DefenderBitsadminDownload.yaml"
    page = json.loads(run("explain", file, "--format", "json").stdout)
    assert [stage["keyword"] for stage in page["stages"]] == ["source", "where", "where", "extend", "extend", "project"]
    assert "T1197 BITS Jobs" in run("explain", page["rule"]["id"], "-c", catalogue).stdout


def test_explain_shows_every_syntax_error_with_its_place() -> None:
    found = run("explain", "-", "--language", "kusto", text="T\n| where a ==\n| extend b = )\n")
    assert found.stdout.count("expected") >= 2


def test_coverage_counts_techniques(catalogue: Path) -> None:
    page = json.loads(run("coverage", "-c", catalogue, "--format", "json").stdout)
    assert page["claimed"] > 10
    assert json.loads(run("coverage", "-c", catalogue, "--format", "navigator").stdout)["domain"] == "enterprise-attack"


def test_scan_prints_alerts_and_what_did_not_run() -> None:
    found = json.loads(run("scan", LOGS, "-r", RULES, "--format", "json").stdout)
    titles = {alert["title"] for alert in found["alerts"]}
    assert {
        "BITSAdmin Starts a Transfer",
        "Burst of Failed Network Logons",
        "A downloaded program calls home",
    } <= titles
    assert {each["title"] for each in found["not_run"]} == {
        "Command lines grouped by a machine-learning plugin", "Reverse Shell Words in a Linux Log", "Script Host Without a Script",
    }  # fmt: skip


def test_scan_as_ndjson_is_one_result_a_line() -> None:
    lines = run("scan", LOGS, "-r", RULES / "sigma", "--format", "ndjson", "--no-not-run").stdout.splitlines()
    assert all(json.loads(line)["node"] == "Alert" for line in lines) and len(lines) > 20


def test_query_counts_over_a_file() -> None:
    table = f"DeviceProcessEvents={LOGS / 'DeviceProcessEvents.ndjson'}"
    found = run(
        "query",
        "DeviceProcessEvents | summarize n=count() by FileName | sort by FileName asc",
        "-t",
        table,
        "--format",
        "csv",
    )
    assert found.stdout.splitlines()[:2] == ["FileName,n", "bitsadmin.exe,1"]


def test_query_shows_several_results() -> None:
    table = f"DeviceProcessEvents={LOGS / 'DeviceProcessEvents.ndjson'}"
    text = "DeviceProcessEvents | where FileName == 'bitsadmin.exe' | fork (count | as Few) (project FileName)"
    assert run("query", text, "-t", table).stdout.split() == [
        "Few",
        "Count",
        "1",
        "result",
        "2",
        "FileName",
        "bitsadmin.exe",
    ]
    found = json.loads(run("query", text, "-t", table, "--format", "json").stdout)
    assert found == [{"name": "Few", "rows": [{"Count": 1}]}, {"name": "", "rows": [{"FileName": "bitsadmin.exe"}]}]
    refused = run("query", text, "-t", table, "--format", "csv")
    assert refused.exit_code == 2 and "2 results" in refused.output


def test_query_draws_what_render_asks_for(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    table = f"DeviceNetworkEvents={LOGS / 'DeviceNetworkEvents.ndjson'}"
    text = "DeviceNetworkEvents | summarize count() by InitiatingProcessFileName | render barchart"
    run("query", text, "-t", table, "--chart", tmp_path / "c.svg")
    assert (tmp_path / "c.svg").read_text().startswith("<svg")


def test_check_finds_the_impossible_and_exits_with_one() -> None:
    found = run("check", RULES / "kusto", "--level", "error")
    assert found.exit_code == 1 and "[path-in-name]" in found.stdout


def test_check_writes_sarif() -> None:
    found = json.loads(run("check", RULES / "kusto", "--format", "sarif").stdout)
    assert {result["ruleId"] for result in found["runs"][0]["results"]} >= {"path-in-name", "literal-wildcard"}


def test_check_takes_further_schemas(tmp_path: Path) -> None:
    (tmp_path / "Own_CL.tsv").write_text("AccountName\tstring\n")
    text = 'Own_CL | where AccountName has "x" | where AcountName == ""'
    assert "unknown-table" in run("check", "-", text=text).stdout
    found = run("check", "-", "--schemas", tmp_path, text=text).stdout
    assert "unknown-table" not in found and "did you mean AccountName?" in found


def test_fmt_formats_a_file_once(tmp_path: Path) -> None:
    file = tmp_path / "q.kql"
    file.write_text("T|where a==1 // why\n|take 5")
    assert run("fmt", "--check", file).exit_code == 1
    run("fmt", file)
    assert file.read_text().splitlines()[0] == "T" and "// why" in file.read_text()
    assert run("fmt", "--check", file).exit_code == 0


def test_a_missing_catalogue_says_what_to_do(tmp_path: Path) -> None:
    assert "rulescope ingest" in run("search", "x", "-c", tmp_path / "none.sqlite").output
