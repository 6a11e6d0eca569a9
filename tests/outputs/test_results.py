"""Alerts, diagnostics and coverage in the formats other tools read."""

from __future__ import annotations

import csv as stdlib_csv
import io
import json

from rulescope.model import Alert, Diagnostic, NotRun
from rulescope.outputs import csv, navigator, ndjson, ocsf, sarif, table
from rulescope.text import Place, Span

ALERT = Alert(
    "r-1",
    "Shell from Office",
    "2026-11-10T09:00:00Z",
    {"Image": "C:\\a.exe", "n": 1},
    {"Image": "C:\\a.exe"},
    "high",
    "/logs/x.evtx",
    7,
    1,
    ("T1059.001", "T1204"),
)
NOT_RUN = NotRun("r-2", "duckdb", "plugin autocluster", "refused by name", "Grouped")


def test_ndjson_is_one_object_a_line_and_says_what_it_is() -> None:
    first, second = map(json.loads, ndjson.lines([ALERT, NOT_RUN]))
    assert (first["kind"], first["event"], first["record"]) == ("alert", {"Image": "C:\\a.exe", "n": 1}, 7)
    assert (second["kind"], second["construct"]) == ("not-run", "plugin autocluster")


def test_csv_reads_back_and_disarms_formulas() -> None:
    hostile = Alert("r", "=HYPERLINK(1)", "", {}, {"a": 'x,"y"\n'})
    rows = list(stdlib_csv.DictReader(io.StringIO(csv.alerts([ALERT, hostile]), newline="")))
    assert rows[0]["techniques"] == "T1059.001 T1204"
    assert json.loads(rows[1]["fields"]) == {"a": 'x,"y"\n'}
    assert rows[1]["title"] == "'=HYPERLINK(1)"
    assert next(stdlib_csv.DictReader(io.StringIO(csv.not_run([NOT_RUN]))))["engine"] == "duckdb"


def test_a_table_is_aligned_and_shows_no_control_characters() -> None:
    text = table.alerts([ALERT, Alert("r", "Bell\x07 and \x1b[31m", "", {})])
    assert text.splitlines()[0].split() == ["time", "severity", "rule", "where", "matched"]
    assert "x.evtx:7" in text
    assert not any(ord(c) < 32 and c != "\n" for c in text)


def test_sarif_places_each_diagnostic() -> None:
    text = "T\n| where a = 1\n| take 5"
    found = Diagnostic("KQL001", "expected '=='", "error", Place("rules/a b.kql", 2, 11), Span(12, 13), "write a == 1")
    loose = Diagnostic("KQL002", "unknown table", "note")
    log = json.loads(
        sarif.sarif([found, loose], version="0.1.0", texts={"rules/a b.kql": text}, help_uri="https://example.org/{id}")
    )
    run = log["runs"][0]
    first, second = run["results"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == "https://example.org/KQL001"
    location = first["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "rules/a%20b.kql"
    assert location["region"] == {"startLine": 2, "startColumn": 11, "endLine": 2, "endColumn": 12}
    assert (first["level"], first["ruleIndex"], second["level"], "locations" in second) == ("error", 0, "note", False)


def test_a_sarif_region_may_go_over_lines() -> None:
    found = Diagnostic("A", "m", place=Place("x", 1, 2), span=Span(1, 5))
    region = json.loads(sarif.sarif([found], texts={"x": "abc\ndef"}))["runs"][0]["results"][0]["locations"][0]
    assert region["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 2, "endLine": 2, "endColumn": 2}


def test_a_layer_counts_rules_and_opens_parents() -> None:
    counted = navigator.counts([("T1059.001", "t1059.001"), ("T1059.001", "T1204")])
    layer = json.loads(navigator.layer(counted, name="mine", attack="18"))
    assert [(t["techniqueID"], t.get("score"), t.get("showSubtechniques")) for t in layer["techniques"]] == [
        ("T1059", None, True),
        ("T1059.001", 2, None),
        ("T1204", 1, None),
    ]
    assert (layer["versions"]["attack"], layer["gradient"]["maxValue"]) == ("18", 2)


def test_an_alert_is_an_ocsf_detection_finding() -> None:
    finding = ocsf.finding(ALERT)
    assert (finding["class_uid"], finding["type_uid"], finding["severity_id"]) == (2004, 200401, 4)
    assert finding["time"] == 1794301200000
    assert finding["finding_info"]["attacks"][0] == {
        "technique": {"uid": "T1059"},
        "sub_technique": {"uid": "T1059.001"},
    }
