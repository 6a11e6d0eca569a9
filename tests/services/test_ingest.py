"""Ingest and the catalogue: every file is a rule or a failure, only changes are read, searches and counts are right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rule_files import SENTINEL, write_rules
from rulescope.catalogue import Catalogue, Evidence, Predicate
from rulescope.errors import CatalogueError, SourceError
from rulescope.services import browse
from rulescope.services.ingest import _roots, ingest, printed


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path)


@pytest.fixture
def catalogue(rules: Path, tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue(tmp_path / "catalogue.db") as made:
        ingest(rules, made, now="2026-01-01T00:00:00Z")
        yield made


def key(catalogue: Catalogue, number: int) -> str:
    found = catalogue.key(f"11111111-0000-4000-8000-00000000000{number}")
    assert found
    return found


def test_every_file_is_a_rule_or_a_failure(rules: Path, tmp_path: Path) -> None:
    with Catalogue(tmp_path / "a.db") as made:
        done = ingest(rules, made)
        assert (done.files, done.read, done.rules) == (7, 7, 6)
        assert made.tally().rules == 6
        reasons = {row.path: row.kind for row in made.failures()}
        assert reasons == {"LICENSE": "NotARule", "broken.kql": "QuerySyntaxError"}
        assert "6 rules" in printed(done)


def test_a_fault_of_a_query_has_its_place_and_the_rule_stays(catalogue: Catalogue) -> None:
    (row,) = [row for row in catalogue.failures() if row.path == "broken.kql"]
    assert row.line == 4
    assert catalogue.rule(row.rule) is not None


def test_unchanged_files_are_not_read_again(rules: Path, catalogue: Catalogue) -> None:
    done = ingest(rules, catalogue)
    assert (done.files, done.read) == (7, 0)
    (rules / "bits.yaml").write_text(SENTINEL)  # another time stamp, the same text
    assert ingest(rules, catalogue).read == 0


def test_a_changed_rule_says_what_changed(rules: Path, catalogue: Catalogue) -> None:
    (rules / "bits.yaml").write_text(SENTINEL.replace("severity: Medium", "severity: High"))
    assert ingest(rules, catalogue, now="2026-02-01T00:00:00Z").read == 1
    changes = [(change.what, change.detail) for change in catalogue.history(key(catalogue, 3))]
    assert changes == [("added", ""), ("changed", "severity")]
    first = catalogue.search("").cards[0]
    assert (first.key, first.time, first.retrieved) == (
        key(catalogue, 3),
        "2026-02-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
    )


def test_a_removed_file_takes_its_rule_away_but_not_its_history(rules: Path, catalogue: Catalogue) -> None:
    name = key(catalogue, 3)
    (rules / "bits.yaml").unlink()
    done = ingest(rules, catalogue, now="2026-03-01T00:00:00Z")
    assert done.removed == 1
    assert catalogue.rule(name) is None
    assert catalogue.search("device").total == 0
    assert [change.what for change in catalogue.history(name)] == ["added", "removed"]


def test_rules_found_in_many_processes_are_the_same(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulescope.services.ingest.MANY", 2)
    with Catalogue(tmp_path / "one.db") as one, Catalogue(tmp_path / "two.db") as two:
        ingest(rules, one, processes=1)
        ingest(rules, two, processes=2)
        assert one.tally() == two.tally()
        assert sorted(one.keys()) == sorted(two.keys())


def test_a_folder_that_is_not_there_is_an_error(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        ingest(tmp_path / "nothing", catalogue)


def test_copies_of_sources_are_found_levels_below_and_the_rest_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("data/corpora/sigma/rules", "data/corpora/sentinel/azure-sentinel-current/Detections", "data/logs"):
        (tmp_path / name).mkdir(parents=True)
    assert [path.relative_to(tmp_path.resolve()).as_posix() for path in _roots(tmp_path)] == [
        "data/corpora/sentinel/azure-sentinel-current",
        "data/corpora/sigma",
    ]
    assert "not logs" in caplog.text
    assert _roots(tmp_path / "data" / "logs") == [tmp_path / "data" / "logs"]


def test_a_file_of_something_else_is_no_catalogue(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, though long enough to look like one " * 50)
    with pytest.raises(CatalogueError):
        Catalogue(tmp_path / "x.db")


def test_another_version_is_rebuilt_and_keeps_the_history(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.db"
    with Catalogue(path) as first:
        ingest(rules, first, now="2025-01-01T00:00:00Z")
    monkeypatch.setattr("rulescope.catalogue.database.VERSION", "other")
    with Catalogue(path) as second:
        assert second.rebuilt
        assert len(second) == 0
        ingest(rules, second, now="2026-01-01T00:00:00Z")
        assert {change.time for change in second.history(key(second, 1))} == {"2025-01-01T00:00:00Z"}


def test_a_rule_read_otherwise_from_the_same_file_is_not_a_changed_rule(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.db"
    with Catalogue(path) as first:
        ingest(rules, first, now="2025-01-01T00:00:00Z")
        with first.writing() as session:  # as if an older reader had seen something else in every rule
            session.connection.execute("UPDATE history.seen SET hash = x'00'")
    monkeypatch.setattr("rulescope.catalogue.database.VERSION", "other")
    changed = next(file for file in rules.rglob("*.yml"))
    changed.write_text(changed.read_text() + "\n# edited\n")
    with Catalogue(path) as second:
        ingest(rules, second, now="2026-01-01T00:00:00Z")
        whats = {card.key: [each.what for each in second.history(card.key)] for card in second.search(size=200).cards}
        assert 0 < sum("changed" in what for what in whats.values()) < len(whats)


def test_rules_that_forward_alerts_are_told_only_where_they_would_stand(catalogue: Catalogue) -> None:
    assert catalogue.search("", (("language", "yaral"),)).hidden == 0
    forwarding = catalogue.search("", (("forwards", "yes"),)).cards[0]
    assert catalogue.search("", (("language", forwarding.language),)).hidden == 1
    counted = catalogue.counted("language")
    assert sum(counted.values()) == catalogue.search("").total == len(catalogue) - 1
    assert catalogue.count_of([("language", forwarding.language)]) == counted[forwarding.language]


def test_all_values_of_a_facet_when_asked_for_and_only_values_with_rules_are_counted(catalogue: Catalogue) -> None:
    few = catalogue.search("", (("language", "sigma"),), facets=("field",))
    whole = catalogue.search("", (("language", "sigma"),), facets=("field",), expanded="field")
    assert len(whole.facets[0].values) >= len(few.facets[0].values)
    assert all(value.rules for value in whole.facets[0].values) and whole.facets[0].more == 0
    for value in whole.facets[0].values:
        found = catalogue.search("", (("language", "sigma"), ("field", value.value)))
        assert found.total == value.rules, value


def test_the_place_where_words_stand_is_shown_when_title_and_description_do_not(catalogue: Catalogue) -> None:
    found = {card.key: card for card in catalogue.search("bitsadmin.exe").cards}
    shown = [card.snippet for card in found.values() if "bitsadmin" not in f"{card.title} {card.description}".lower()]
    assert shown and all("\x02" in snippet and "\x03" in snippet for snippet in shown)


def test_a_value_is_found_by_the_field_its_predicate_has_not_by_how_a_rule_writes_it(catalogue: Catalogue) -> None:
    found = browse.value_page(catalogue, "bitsadmin.exe", "process.name")
    assert {seeker.field for seeker in found.seekers} == {"Image", "FileName"}
    assert found.looked_for == len({seeker.key for seeker in found.seekers}) == sum(n for _, n in found.languages)
    assert found.languages == found.tests[0].languages == (("sigma", 2), ("kusto", 1))
    assert ("yaral", 1) in found.unread


# ------------------------------------------------------------ search

SEARCHES = [  # text, numbers of the rules it finds
    ("transfer", {1, 2, 3}),
    ('"raw address"', {2}),
    ("transf*", {1, 2, 3}),
    ("transfer -device", {1, 2}),
    ("transfer NOT address", {1, 3}),
    ("address OR device", {2, 3}),
    ("(address OR device) language:kusto", {3}),
    ("severity:>=high", {1}),
    ("severity:medium", {2, 3}),
    ("technique:T1197", {1}),
    ("technique:T1685", {2, 3}),
    ("CommandLine:*transfer*", {1, 2, 3}),
    ("process.name:bitsadmin.exe", {1, 2, 3}),
    ("ParentImage:updater", {1, 2}),
    ("value:http", {2}),
    ("title:device", {3}),
    ("modified:2025", {1}),
    ("created:>2024-05-15", {2}),
    ("event:4688 language:sigma", {1, 2}),
    ("table:DeviceProcessEvents", {3}),
    ("connector:MicrosoftThreatProtection", {3}),
    ("id:11111111-0000-4000-8000-000000000002", {2}),
    ("nothing-of-the-kind", set()),
    ('transfer AND ( "', {1, 2, 3}),
]


@pytest.mark.parametrize(("text", "expected"), SEARCHES)
def test_search(catalogue: Catalogue, text: str, expected: set[int]) -> None:
    assert {card.key for card in catalogue.search(text).cards} == {key(catalogue, number) for number in expected}


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "a:b:c",
        "* OR",
        "NOT",
        "(((",
        ")))",
        "-",
        "NEAR(a b)",
        "title:",
        "x; DROP TABLE rule",
        "\x00",
        "%",
        "_",
        "{a}",
        "^a",
        "a" * 5000,
        "- -",
        "field:*",
    ],
)
def test_any_text_is_a_search(catalogue: Catalogue, text: str) -> None:
    assert catalogue.search(text).total >= 0
    catalogue.suggest(text)


def test_facets_count_what_a_further_choice_would_leave(catalogue: Catalogue) -> None:
    page = catalogue.search("", (("language", "sigma"),))
    facets = {facet.kind: {value.value: value.rules for value in facet.values} for facet in page.facets}
    assert page.total == 2
    assert facets["language"] == {"sigma": 2, "kusto": 2, "yaral": 1}
    assert facets["severity"] == {"high": 1, "medium": 1}
    assert catalogue.search("", (("language", "sigma"), ("severity", "high"))).total == 1
    assert catalogue.search("", (("severity", "medium"), ("severity", "high"))).total == 3


def test_rules_that_forward_alerts_stay_out_unless_asked_for(catalogue: Catalogue) -> None:
    page = catalogue.search("")
    assert page.hidden == 1
    assert key(catalogue, 4) not in {card.key for card in page.cards}
    assert catalogue.search("", (("forwards", "yes"),)).total == 1


def test_a_mistyped_word_gets_a_suggestion(catalogue: Catalogue) -> None:
    assert catalogue.search("trasnfer").suggestions == (("trasnfer", "transfer"),)


def test_results_as_one_types(catalogue: Catalogue) -> None:
    assert {card.key for card in catalogue.suggest("transfer to")} == {key(catalogue, number) for number in (1, 2, 3)}


def test_paging_gives_every_rule_once(catalogue: Catalogue) -> None:
    pages = [catalogue.search("", page=number, size=2) for number in (1, 2, 3, 4)]
    seen = [card.key for page in pages for card in page.cards]
    assert len(seen) == len(set(seen)) == pages[0].total
    assert pages[0].pages == 3


# ------------------------------------------------------------ counts

TRANSFER = Predicate("process.command_line", "contains", "/transfer")
NAME = Predicate("process.name", "eq", "bitsadmin.exe")
UPDATER = Predicate("process.parent.executable", "endswith", "\\updater.exe")


def test_predicates_meet_across_languages(catalogue: Catalogue) -> None:
    transfer, name = catalogue.counts([TRANSFER, NAME])
    assert transfer.looked_for == (("sigma", 2), ("kusto", 1))
    assert name.looked_for == (("sigma", 2), ("kusto", 1))


def test_a_rule_does_not_count_itself(catalogue: Catalogue) -> None:
    (count,) = catalogue.counts([TRANSFER], key(catalogue, 1))
    assert (count.looked_for, count.rules) == ((("kusto", 1), ("sigma", 1)), 2)


def test_exclusions_are_counted_apart(catalogue: Catalogue) -> None:
    found = catalogue.field_values("process.parent.name")
    assert found == (("eq", "updater.exe", True, 2),)
    (count,) = catalogue.counts([Predicate("process.parent.name", "eq", "updater.exe")])
    assert (count.looked_for, count.excluded) == ((), (("sigma", 2),))


def test_seekers_say_who_tests_a_value_and_how(catalogue: Catalogue) -> None:
    found = {(each.key, each.field, each.negated) for each in catalogue.seekers(TRANSFER)}
    assert (key(catalogue, 3), "ProcessCommandLine", False) in found
    assert len(found) == 3


def test_evidence_holds_as_long_as_the_rule_stands(rules: Path, catalogue: Catalogue) -> None:
    name = key(catalogue, 3)
    catalogue.store_evidence([(name, Evidence("sample.evtx", "fired", 2, 2))])
    assert catalogue.search("fires:fires").total == 1
    assert catalogue.search("has:test").total == 1
    (rules / "bits.yaml").write_text(SENTINEL.replace("/transfer", "/addfile"))
    ingest(rules, catalogue)
    assert catalogue.evidence(name) == ()
    assert catalogue.search("fires:fires").total == 0


@pytest.mark.corpus
def test_every_file_of_a_real_corpus_is_accounted_for(data_root: Path, tmp_path: Path) -> None:
    with Catalogue(tmp_path / "real.db") as made:
        folder = data_root / "corpora" / "kusto-community" / "wortell"
        done = ingest(folder, made)
        known = {row.path for row in made.failures("wortell")} | {rule.path for _, rule in made.rules()}
        on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert known == on_disk
        assert done.tally.rules >= 80
