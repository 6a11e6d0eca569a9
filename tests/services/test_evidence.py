"""Evidence: what rules did is kept with them; recorded events beside rules are run at ingest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rulescope.catalogue import Catalogue
from rulescope.model import Alert, NotRun
from rulescope.services import evidence
from rulescope.services.ingest import ingest

EVENT = {
    "Channel": "Microsoft-Windows-Sysmon/Operational",
    "Provider_Name": "Microsoft-Windows-Sysmon",
    "EventID": 1,
    "TimeCreated": "2026-11-10T09:00:00Z",
    "Image": "C:\\Windows\\System32\\whoami.exe",
}
RULE = """\
title: {title}
id: 00000000-0000-0000-0000-00000000000{number}
logsource: {{category: {category}, product: windows}}
detection:
  sel: {{Image|endswith: '{image}'}}
  condition: sel
level: low
tags: [attack.t1033]
"""
INFO = """\
rule_metadata: [{{id: 00000000-0000-0000-0000-00000000000{number}, title: any}}]
regression_tests_info: [{{name: Positive, type: json, path: {path}{count}}}]
"""


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    written(folder / "a.yml", RULE.format(title="Fires", number=1, category="process_creation", image="whoami.exe"))
    written(folder / "b.yml", RULE.format(title="Silent", number=2, category="process_creation", image="nmap.exe"))
    written(folder / "c.yml", RULE.format(title="No log", number=3, category="driver_load", image="x.sys"))
    return folder


def kept(catalogue: Catalogue) -> dict[str, list[tuple[Any, ...]]]:
    return {
        rule.title: [(each.log, each.kind, each.events, each.expected) for each in catalogue.evidence(key)]
        for key, rule in catalogue.rules()
    }


def test_a_scan_of_a_catalogue_is_kept_with_its_rules(rules: Path, tmp_path: Path) -> None:
    log = written(tmp_path / "logs" / "attack.ndjson", json.dumps(EVENT) + "\n" + json.dumps(EVENT) + "\n")
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(rules, catalogue)
        results = list(evidence.scan(catalogue, log))
        assert [type(each) for each in results] == [Alert, Alert, NotRun]
        assert kept(catalogue) == {
            "Fires": [("attack.ndjson", "fired", 2, None)],
            "Silent": [("attack.ndjson", "silent", 0, None)],
            "No log": [("attack.ndjson", "not-run", 0, None)],
        }
        assert catalogue.values("fires") == {"fires": 1, "silent": 1, "untested": 1}
        assert catalogue.matrix("technique", (("fires", "fires"),)) == {"T1033": 1}


def test_scanning_again_replaces_what_was_known_of_the_log(rules: Path, tmp_path: Path) -> None:
    log = written(tmp_path / "x.ndjson", json.dumps(EVENT))
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(rules, catalogue)
        list(evidence.scan(catalogue, log, label="lab"))
        written(log, json.dumps({**EVENT, "Image": "C:\\nmap.exe"}))
        list(evidence.scan(catalogue, log, label="lab"))
        assert kept(catalogue)["Fires"] == [("lab", "silent", 0, None)]
        assert kept(catalogue)["Silent"] == [("lab", "fired", 1, None)]


def test_firing_on_a_baseline_verifies_nothing(rules: Path, tmp_path: Path) -> None:
    log = written(tmp_path / "x.ndjson", json.dumps(EVENT))
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(rules, catalogue)
        list(evidence.scan(catalogue, log, label="baseline", expect="silent"))
        (found,) = catalogue.evidence("00000000-0000-0000-0000-000000000001")
        assert (found.kind, found.expected, found.detail) == (
            "fired", 0, "expected to stay silent: these are ordinary events",
        )  # fmt: skip
        assert "fires" not in catalogue.values("fires")
        assert not catalogue.values("test")


def test_nothing_is_kept_unless_asked_for(rules: Path, tmp_path: Path) -> None:
    log = written(tmp_path / "x.ndjson", json.dumps(EVENT))
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(rules, catalogue)
        assert len(list(evidence.scan(catalogue, log, record=False))) == 2
        assert kept(catalogue) == {"Fires": [], "Silent": [], "No log": []}


def test_rules_of_one_id_are_told_apart(tmp_path: Path) -> None:
    one = written(
        tmp_path / "one" / "a.yml", RULE.format(title="One", number=1, category="process_creation", image="whoami.exe")
    )
    two = written(
        tmp_path / "two" / "b.yml", RULE.format(title="Two", number=1, category="process_creation", image="x.exe")
    )
    log = written(tmp_path / "x.ndjson", json.dumps(EVENT))
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest([one, two], catalogue)
        list(evidence.scan(catalogue, log))
        assert {title: found[0][1] for title, found in kept(catalogue).items()} == {"One": "fired", "Two": "silent"}


def test_recorded_events_are_run_when_their_rules_come_in(rules: Path, tmp_path: Path) -> None:
    for number, name, count, event in (
        (1, "whoami", ", match_count: 1", EVENT),
        (2, "nmap", "", EVENT),  # the event is not one of this rule
    ):
        path = f"regression_data/{name}/events.json"
        written(rules / path, json.dumps(event))
        written(rules / "regression_data" / name / "info.yml", INFO.format(number=number, path=path, count=count))
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(rules, catalogue)
        assert kept(catalogue)["Fires"] == [("regression_data/whoami/events.json", "fired", 1, 1)]
        assert kept(catalogue)["Silent"] == [("regression_data/nmap/events.json", "silent", 0, 1)]
        assert catalogue.values("test") == {"yes": 2}
        assert catalogue.values("fires") == {"fires": 1, "silent": 1, "untested": 1}


def test_a_test_case_reads_nothing_outside_its_source(rules: Path, tmp_path: Path) -> None:
    written(tmp_path / "secret.json", json.dumps(EVENT))
    written(rules / "regression_data" / "x" / "info.yml", INFO.format(number=1, path="../secret.json", count=""))
    written(rules / "regression_data" / "y" / "info.yml", "regression_tests_info: nonsense")
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(rules, catalogue)
        assert kept(catalogue)["Fires"] == []


@pytest.mark.corpus
def test_every_recorded_event_of_the_public_corpus_fires_its_rule(data_root: Path, tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest(data_root / "corpora" / "sigma" / "rules" / "windows" / "registry", catalogue)
        found = evidence.record_tests(catalogue, data_root / "corpora" / "sigma", "sigma")
        assert found.rules >= 20
        assert (found.silent, found.not_run) == (0, 0)
