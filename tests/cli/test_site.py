"""serve, publish and demo on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rulescope.cli import cli
from rulescope.services import demo

STARTER = demo.RULES


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "c.sqlite"
    assert run("ingest", str(STARTER / "sigma"), "--catalogue", str(path)).exit_code == 0
    return path


def test_the_demo_tells_what_came_of_it_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "demo.sqlite"
    first = run("demo", "--once", "--catalogue", str(path))
    assert first.exit_code == 0, first.output
    assert re.search(r"\d+ rules \(\d+ sigma, \d+ kusto\)", first.stdout)
    for word in ("fired", "silent", "impossible", "not run", "equal"):
        assert re.search(rf"^ +\d+ {word}", first.stdout, re.MULTILINE), word
    assert "scanning" in first.stderr
    again = run("demo", "--once", "--catalogue", str(path))
    assert again.stdout == first.stdout
    assert (
        "scanning" not in again.stderr and "translating" not in again.stderr
    )  # nothing changed: nothing is done again


def test_the_numbers_of_the_demo_add_up(tmp_path: Path) -> None:
    found = demo.prepare(tmp_path / "demo.sqlite")
    assert found.rules == found.fired + found.silent + found.impossible + found.not_run
    assert sum(count for _, count in found.verdicts) == len(found.translations)


def test_publish_writes_a_site(catalogue: Path, tmp_path: Path) -> None:
    done = run("publish", str(tmp_path / "out"), "--catalogue", str(catalogue), "--prefix", "/rules")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "index.html").exists()
    assert 'href="/rules/static/rulescope.css"' in (tmp_path / "out" / "index.html").read_text()
    assert re.match(r"\d+ rules as [\d,]+ pages", done.stdout)


def test_publish_refuses_a_folder_of_something_else(catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = run("publish", str(tmp_path), "--catalogue", str(catalogue))
    assert done.exit_code != 0
    assert "holds other files" in str(done.exception or done.output)


@pytest.mark.parametrize(
    "arguments", [("serve", "missing.sqlite"), ("publish", "out", "--catalogue", "missing.sqlite")]
)
def test_a_missing_catalogue_is_said(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert "no catalogue at" in done.output


def test_serving_other_machines_needs_their_name_for_this_one(catalogue: Path) -> None:
    done = run("serve", str(catalogue), "--host", "0.0.0.0", "--port", "0")
    assert done.exit_code == 2
    assert "--allow-host" in done.output


def test_serve_prints_its_address_and_answers(catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "Events.ndjson").write_text('{"a": 1}\n{"a": 2}\n')
    command = [
        sys.executable,
        "-u",
        "-c",
        "from rulescope.cli import main; main()",
        "serve",
        str(catalogue),
        "--port",
        "0",
        "--tables",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/", said)
            assert found, said
            address = found[0]
            assert b"<h1>Rules</h1>" in urllib.request.urlopen(address, timeout=20).read()
            asked = urllib.request.Request(
                f"{address}v2/rest/query", b'{"csl": "Events | count"}', {"content-type": "application/json"}
            )
            assert b'"Rows":[[2]]' in urllib.request.urlopen(asked, timeout=20).read()
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(address, headers={"host": "evil.example"}), timeout=20)
            assert refused.value.code == 421
        finally:
            process.terminate()


def test_the_demo_says_what_came_of_it_for_machines(tmp_path: Path) -> None:
    found = CliRunner().invoke(cli, ["demo", "--once", "--catalogue", str(tmp_path / "d.sqlite"), "--format", "json"])
    assert json.loads(found.stdout)["rules"] == 34
