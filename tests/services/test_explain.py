"""Explain: a rule's page from text, file or catalogue; never raises for what a rule holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rule_files import BROKEN, SENTINEL, SIGMA_BITS, write_rules
from rulescope.catalogue import Catalogue
from rulescope.errors import RuleError, SourceError
from rulescope.services import browse, coverage, feed
from rulescope.services.explain import explain, rule_page
from rulescope.services.ingest import ingest
from rulescope.services.translate import translate


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    folder = tmp_path_factory.mktemp("rules")
    with Catalogue(folder / "catalogue.db") as made:
        ingest(write_rules(folder), made, now="2026-01-01T00:00:00Z")
        yield made


def facts(page) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {fact.name: fact.value for fact in page.facts}


def test_heartbeats_come_from_agents() -> None:
    (row,) = explain("Heartbeat | where Computer == 'a'", "kusto").data
    assert row.connectors == ("the agent of each machine",)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("IdentityInfo | where TimeGenerated > ago(1d) | where AccountUPN == AccountUpn", []),
        ("IdentityInfo | where TimeGenerated > ago(1d) | where AccountUpx == 'a'", ["AccountUpx"]),
        ("DeviceInfo | where TimeGenerated > ago(1d) | where Timestamp > ago(1d)", ["Timestamp"]),
        ("AADSignInEventsBeta | where RiskLevelDuringSignIn == 100", []),
    ],
)
def test_columns_of_either_platform_are_known_but_for_its_time(text: str, columns: list[str]) -> None:
    found = [each.message for each in explain(text, "kusto").diagnostics if each.id == "unknown-column"]
    assert [message.split()[2] for message in found] == columns


def test_a_sentinel_rule() -> None:
    page = explain(SENTINEL)
    assert facts(page)["Schedule"] == "every 1h over 1d"
    assert facts(page)["Trigger"] == "more than 0 results"
    assert [stage.keyword for stage in page.stages] == ["source", "where", "extend", "project"]
    assert [group.text for group in page.indicator_groups][:2] == [
        "FileName eq bitsadmin.exe",
        "ProcessCommandLine contains /transfer",
    ]
    assert page.columns is not None
    assert [(column.name, column.type) for column in page.columns] == [
        ("TimeGenerated", "datetime"),
        ("DeviceName", "string"),
        ("Way", "string"),
    ]
    assert {row.field.name: (row.entities, row.details) for row in page.output_rows}["DeviceName"] == (
        (("Host", "HostName"),),
        (),
    )
    assert {row.field.name: row.details for row in page.output_rows}["Way"] == ("Way",)
    assert [(row.tagged, row.name) for row in page.tactics] == [("DefenseEvasion", "Defense Evasion")]
    assert [(row.id, row.status, row.now) for row in page.techniques] == [("T1562.001", "revoked", "T1685")]
    assert page.data[0].connectors == ("MicrosoftThreatProtection",)
    assert {event.name for event in page.events} >= {"Sysmon/1", "Security-Auditing/4688"}
    assert page.opaque == ()


def test_a_sigma_rule_has_exclusions_apart() -> None:
    page = explain(SIGMA_BITS)
    assert [(each.field, each.value) for each in page.exclusions] == [("ParentImage", "\\updater.exe")]
    assert [each.value for each in page.indicators] == ["\\bitsadmin.exe", "/transfer"]


def test_sentences_know_where_they_come_from() -> None:
    page = explain(SIGMA_BITS)
    assert "BITS Jobs (T1197)" in page.hypothesis[0].text
    assert page.hypothesis[0].origin == "techniques"
    assert page.hypothesis[-1].origin == "exclusions"
    assert "renamed copy" in page.gaps[0].text
    assert page.gaps[0].detail == "renamed-binary"
    assert all(sentence.origin for sentence in (*page.hypothesis, *page.guidance, *page.gaps))
    assert page.confidence is not None
    assert page.confidence.points == max(0, min(100, 40 + sum(weight for weight, _ in page.confidence.reasons)))


def test_an_event_that_lacks_a_needed_field_is_not_covered() -> None:
    text = SIGMA_BITS.replace("Image|endswith: '\\bitsadmin.exe'", "OriginalFileName: bitsadmin.exe")
    page = explain(text)
    events = {event.name: (event.covered, event.lacks) for event in page.events}
    assert events["Sysmon/1"] == (True, ())
    assert events["Security-Auditing/4688"] == (False, ("OriginalFileName",))


def test_a_file_can_be_explained_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SENTINEL)
    assert explain(str(tmp_path / "a.yaml")).rule.path == "a.yaml"
    assert explain(tmp_path / "a.yaml").rule.title == "Transfer tool on a device"


def test_a_broken_query_has_diagnostics_with_places() -> None:
    page = explain(BROKEN, "kusto")
    assert page.diagnostics[0].severity == "error"
    assert page.diagnostics[0].place is not None
    assert page.diagnostics[0].place.line == 4


def test_places_point_into_the_file() -> None:
    text = SENTINEL.replace('contains "/transfer"', "contains")
    found = [each for each in explain(text).diagnostics if each.id == "syntax"]
    assert found[0].place is not None
    assert (
        found[0].place.line
        == text.splitlines().index('  | extend Way = iff(ProcessCommandLine has "upload", "out", "in")') + 1
    )
    assert found[0].place.column == 3


def test_given_tables_come_first() -> None:
    page = explain("Mine | extend b = a + 1", "kusto", tables={"Mine": {"a": "long"}})
    assert page.columns is not None
    assert [(column.name, column.type) for column in page.columns] == [("a", "long"), ("b", "long")]
    assert explain("Mine | extend b = 1", "kusto").columns is None


@pytest.mark.parametrize(
    "text", ["", "\x00", "title: x", "{", "T | where", "detection:\n  a: 1\n", "query: 5", "[rule]\nquery = 5"]
)
def test_nothing_a_rule_holds_raises(text: str) -> None:
    for language in (None, "kusto", "sigma", "spl", "klingon"):
        explain(text, language)


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    explain(text + "\n")
    explain(text + "\n", "kusto")


def test_a_rule_is_translated_or_says_why_not() -> None:
    assert "imProcessCreate" in translate(SIGMA_BITS).text or translate(SIGMA_BITS).losses
    with pytest.raises((RuleError, SourceError)):
        translate("no rule\nat all\n")


# ------------------------------------------------------------ with a catalogue


def test_a_stored_page_has_counts_and_history(catalogue: Catalogue) -> None:
    page = rule_page(catalogue, "11111111-0000-4000-8000-000000000003")
    assert page is not None
    rows = {row.value: row.count for group in page.indicator_groups for row in group.rows}
    assert rows["bitsadmin.exe"].looked_for == (("sigma", 2),)
    assert [change.what for change in page.history] == ["added"]


def test_neighbours_are_proven_across_languages(catalogue: Catalogue) -> None:
    page = rule_page(catalogue, "11111111-0000-4000-8000-000000000001")
    assert page is not None
    found = {near.card.id[-1]: near for near in page.neighbours}
    assert found["2"].relation == "narrower"
    assert found["2"].witness is not None
    assert "http" not in found["2"].witness["process.command_line"].lower()
    assert found["3"].relation == "broader"


def test_rules_of_the_same_technique_and_event_are_named(catalogue: Catalogue) -> None:
    technique, cards = catalogue.alongside("11111111-0000-4000-8000-000000000002")
    assert technique == "T1685"
    assert [card.id[-1] for card in cards] == ["3"]


def test_a_rule_that_forwards_alerts_has_a_banner(catalogue: Catalogue) -> None:
    page = rule_page(catalogue, "11111111-0000-4000-8000-000000000004")
    assert page is not None
    assert page.banner == "Microsoft security products"


def test_rows_held_against_a_list_are_no_feed() -> None:
    text = "SecurityAlert | where ProviderName == 'IPC'"
    lists = "let l = toscalar(_GetWatchlist('v') | summarize make_list(SearchKey)); "
    assert explain(text, "kusto").banner
    assert not explain(f"{lists}{text} | where CompromisedEntity in (l)", "kusto").banner


def test_coverage_counts_under_the_ids_of_each_version(catalogue: Catalogue) -> None:
    new = {cell.id: cell.claimed for column in coverage.coverage(catalogue).columns for cell in column.cells}
    old_columns = coverage.coverage(catalogue, "18.1").columns
    old = {cell.id: cell.claimed for column in old_columns for top in column.cells for cell in (top, *top.below)}
    assert (new["T1197"], new["T1685"]) == (1, 2)
    assert old["T1562.001"] == 2
    assert '"techniqueID": "T1197"' in coverage.layer(coverage.coverage(catalogue))


def test_pages_beside_the_rules(catalogue: Catalogue) -> None:
    event = browse.event_page(catalogue, "Sysmon/1")
    assert event is not None
    assert {row.name: (row.rules, row.everywhere) for row in event.fields}["CommandLine"] == (2, 3)
    table = browse.table_page(catalogue, "DeviceProcessEvents")
    assert table is not None
    assert {row.name: (row.rules, row.everywhere) for row in table.columns}["ProcessCommandLine"] == (1, 3)
    technique = browse.technique_page(catalogue, "T1562.001")
    assert technique is not None
    assert technique.became == (("T1685", "Disable or Modify Tools"),)
    assert technique.rules.total == 2
    value = browse.value_page(catalogue, "updater.exe", "process.parent.name")
    assert (len(value.seekers), len(value.excluders)) == (0, 2)
    field = browse.field_page(catalogue, "ProcessCommandLine")
    assert field is not None
    assert field.rules.total == 3
    source = browse.source_page(catalogue, "mine")
    assert source is not None
    assert source.source.rules == 6
    assert browse.table_page(catalogue, "NoSuchTable") is None


@pytest.mark.parametrize("kind", ["atom", "rss", "json"])
def test_feeds_escape_what_rules_hold(catalogue: Catalogue, kind: str) -> None:
    page = feed.feed_page(catalogue, "", (("language", "sigma"),))
    text = feed.written(page, kind, feed.Place("https://site.example"), "https://site.example/feed")
    assert text.count("https://site.example/rules/") == 2
    assert "<script" not in text


@pytest.mark.corpus
def test_the_transfer_rule_of_the_acceptance_list(data_root: Path) -> None:
    folder = data_root / "corpora" / "sentinel" / "azure-sentinel-current"
    page = explain(next(folder.rglob("BITSAdminActivity.yaml")))
    assert page.rule.severity == "medium"
    assert page.rule.kind == "Scheduled"
    assert facts(page)["Schedule"] == "every 1h over 1h"
    assert [row.name for row in page.tactics] == ["Persistence", "Command and Control", "Exfiltration"]
    assert [row.id for row in page.techniques] == ["T1197", "T1105", "T1048"]
    stages = ["source", "where", "extend", "extend", "project-reorder", "extend", "extend"]
    assert [stage.keyword for stage in page.stages] == stages
    assert {event.name for event in page.events} >= {"Sysmon/1", "Security-Auditing/4688"}
    assert [group.text for group in page.indicator_groups][:3] == [
        "FileName eq bitsadmin.exe",
        "ProcessVersionInfoOriginalFileName eq bitsadmin.exe",
        "ProcessCommandLine term-any /Transfer /AddFile /AddFileSet /AddFileWithRanges",
    ]
    assert [field.name for field in page.outputs] == [
        "ParsedCommandLine",
        "RemoteUrl",
        "LocalFile",
        "Direction",
        "HostName",
        "DnsDomain",
    ]
    assert all(known for row in page.entities for _, _, known in row.joined)
