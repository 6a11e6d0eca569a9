"""translate, verify and compare on the command line: what is printed and the exit code."""

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rulescope.cli import cli
from rulescope.translation import Options

RULE = """
title: Shell of a web server
id: 9a0d5f3a-3e52-4d0a-9d5c-2b0a3f9d0f11
author: A. Author
logsource: {category: process_creation, product: windows}
detection:
    sel: {ParentImage|endswith: '\\w3wp.exe', Image|endswith: '\\cmd.exe'}
    condition: sel
"""
LOSSY = RULE.replace("{ParentImage", "{CurrentDirectory: 'C:\\', ParentImage")


def run(*args: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(args), input=text)


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    return path


def test_translate_prints_the_query_and_its_proof(rule: Path) -> None:
    done = run("translate", str(rule), "--header")
    assert done.exit_code == 0, done.output
    assert "// Author: A. Author" in done.stdout
    assert "imProcessCreate\n| where" in done.stdout
    assert "// equal on " in done.stdout
    assert "// execute duckdb: passed" in done.stdout


def test_what_translate_prints_is_kusto(rule: Path) -> None:
    from rulescope.languages import kusto

    kusto.parse(run("translate", str(rule), "--schema", "defender-xdr", "--lookback", "1d").stdout)


def test_translate_reads_standard_input_and_writes_one_line() -> None:
    done = run("translate", "-", "--style", "short", "--prefix", "_Im_", "--no-prove", text=RULE)
    assert done.exit_code == 0
    assert done.stdout.startswith("_Im_ProcessEvent_Create | where")


def test_a_refusal_says_why_and_where_it_could_be_said(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(LOSSY)
    done = run("translate", str(path), "--schema", "defender-xdr")
    assert done.exit_code == 1
    assert "refused" in done.stdout
    assert "CurrentDirectory" in done.stdout
    assert "sentinel-asim" in done.stdout


def test_a_loss_is_shown_with_its_witness(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(LOSSY)
    done = run("translate", str(path), "--schema", "defender-xdr", "--allow-loss")
    assert done.exit_code == 1
    assert "// wider on " in done.stdout
    assert "// witness: query matches, rule does not" in done.stdout


def test_translate_as_json(rule: Path) -> None:
    (entry,) = json.loads(run("translate", str(rule.parent), "--format", "json").stdout)
    assert entry["title"] == "Shell of a web server"
    assert entry["translation"]["verdict"] == "equal"
    assert len(run("translate", str(rule.parent), "--format", "ndjson").stdout.splitlines()) == 1


def test_translate_to_a_language_that_is_not_installed(rule: Path) -> None:
    done = run("translate", str(rule), "--to", "cobol")
    assert "pip install pysigma-backend-cobol" in str(done.exception)


def test_translate_without_a_file_says_so(tmp_path: Path) -> None:
    done = run("translate", str(tmp_path / "none.yml"))
    assert done.exit_code == 2
    assert "no such file" in done.output


def test_verify_sums_up_each_schema(rule: Path) -> None:
    done = run("verify", str(rule.parent))
    assert done.exit_code == 0, done.output
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines == [["schema", "equal"], ["sentinel-asim", "1"], ["defender-xdr", "1"], ["windows-events", "1"]]
    assert "1 rules, 3 translations written, 0 refused, 0 not equal" in done.stderr


def test_verify_one_schema_as_json(rule: Path) -> None:
    answer = json.loads(run("verify", str(rule), "--schema", "defender-xdr", "--format", "json").stdout)
    assert answer["summary"] == {"defender-xdr": {"equal": 1}}
    assert len(answer["translations"]) == 1


def test_verify_names_why_rules_were_refused(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(LOSSY)
    done = run("verify", str(tmp_path), "--schema", "defender-xdr")
    assert done.exit_code == 0
    assert "CurrentDirectory" in done.stdout


def test_verify_without_events_claims_nothing_and_fails_nothing(rule: Path) -> None:
    done = run("verify", str(rule), "--no-prove")
    assert done.exit_code == 0
    assert "untested" in done.stdout


def test_compare_says_how_and_shows_an_event(rule: Path) -> None:
    done = run("compare", str(rule), r'DeviceProcessEvents | where FolderPath endswith @"\cmd.exe"')
    assert done.exit_code == 1
    assert done.stdout.startswith("wider\n")
    assert "met in: DeviceProcessEvents" in done.stdout
    assert "witness: B matches, A does not" in done.stdout


def test_compare_of_equals_ends_well(rule: Path) -> None:
    done = run("compare", str(rule), "-", text=RULE.replace("Shell of", "A shell of"))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "equal")


def test_compare_as_json() -> None:
    done = run("compare", 'Syslog | where Facility == "a"', 'Syslog | where Facility =~ "a"', "--format", "json")
    answer = json.loads(done.stdout)
    assert (answer["verdict"], answer["only_a"]) == ("wider", None)
    assert answer["only_b"]["mapped"]["Facility"].lower() == "a"


def test_compare_with_a_file_that_is_not_there(rule: Path) -> None:
    done = run("compare", str(rule), "none.kql")
    assert done.exit_code == 2
    assert "no such file" in done.output


def test_verify_keeps_the_verdicts_of_a_catalogue(tmp_path: Path) -> None:
    from rulescope.catalogue import Catalogue
    from rulescope.services import ingest
    from rulescope.services.demo import RULES

    path = tmp_path / "rules.sqlite"
    with Catalogue(path) as catalogue:
        ingest.ingest([RULES / "sigma" / "proxy_bits_unusual_host.yml"], catalogue)
    found = CliRunner().invoke(
        cli, ["verify", "--catalogue", str(path), "--schema", "sentinel-asim", "--format", "json"]
    )
    assert found.exit_code == 0
    with Catalogue(path) as catalogue:
        (key,) = catalogue.keys()
        assert [str(each.verdict) for each in catalogue.translations(key)] == ["equal"]


PROCESS = {
    "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon", "EventID": 1, "Computer": "H1",
    "TimeCreated": "2026-11-10T09:00:00Z", "Image": "C:\\cmd.exe", "ParentImage": "C:\\w3wp.exe", "CurrentDirectory": "D:\\",
}  # fmt: skip
ALIKE = ("--schema", "defender-xdr", "--schema", "windows-events")


@pytest.fixture
def log_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    rows = (PROCESS, {**PROCESS, "Image": "C:\\x.exe"})
    (folder / "log.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def lossy_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Translations that leave out what a table does not have, as `verify` itself never writes them."""
    from rulescope.services import verify

    def lossy(paths: object, schemas: object, options: Options, *more: object) -> verify.Verified:
        return plain(paths, schemas, dataclasses.replace(options, allow_loss=True), *more)  # type: ignore[arg-type]

    plain = verify.verify
    monkeypatch.setattr(verify, "verify", lossy)


def test_verify_over_logs_ends_well_when_both_sides_alert_alike(rule: Path, log_folder: Path) -> None:
    done = run("verify", str(rule), *ALIKE, "--logs", str(log_folder))
    assert done.exit_code == 0, done.output
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[-4:] == [
        ["Alerts in 2 records, 2 of them distinct:"],
        ["schema", "queries", "rules", "both", "missing", "extra", "elsewhere", "empty"],
        ["defender-xdr", "1", "1", "1", "0", "0", "0", "0"],
        ["windows-events", "1", "1", "1", "0", "0", "0", "0"],
    ]


def test_verify_over_logs_as_json(rule: Path, log_folder: Path) -> None:
    given = ("verify", str(rule), "--schema", "defender-xdr", "--logs", str(log_folder), "--format")
    found = json.loads(run(*given, "json").stdout)["logs"]
    counts = {"queries": 1, "rules": 1, "both": 1, "missing": 0, "extra": 0, "elsewhere": 0, "empty": 0}
    assert found == {
        "records": 2, "distinct": 2, "schemas": {"defender-xdr": counts}, "differences": [], "not_run": [], "unread": {},
    }  # fmt: skip
    assert json.loads(run(*given, "ndjson").stdout.splitlines()[-1]) == {"logs": found}


@pytest.mark.usefixtures("lossy_translation")
def test_verify_over_logs_fails_on_a_record_one_side_alerts_on_alone(tmp_path: Path, log_folder: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(LOSSY)
    (log_folder / "broken.evtx").write_bytes(b"no event log")
    given = ("verify", str(path), "--schema", "defender-xdr", "--no-prove", "--logs", str(log_folder))
    done = run(*given)
    assert done.exit_code == 1, done.output
    assert "extra  defender-xdr  rule.yml\n" in done.stdout
    assert "log.json, record 1\n" in done.stdout
    assert "not read: 1 files, the first " in done.stdout
    assert done.stdout.splitlines()[-1].split("\t") == ["defender-xdr", "1", "0", "0", "0", "1", "0", "0"]
    done = run(*given, "--format", "json")
    (difference,) = json.loads(done.stdout)["logs"]["differences"]
    assert done.exit_code == 1
    assert (difference["kind"], difference["record"], difference["table"]) == ("extra", 1, "DeviceProcessEvents")
    assert difference["event"]["CurrentDirectory"] == "D:\\"
    assert difference["row"]["FolderPath"] == "C:\\cmd.exe"


def test_verify_of_a_catalogue_takes_no_logs(tmp_path: Path, log_folder: Path) -> None:
    (tmp_path / "rules.sqlite").touch()
    done = run("verify", "--catalogue", str(tmp_path / "rules.sqlite"), "--logs", str(log_folder))
    assert done.exit_code == 2
    assert "--logs goes with PATHS" in done.output
