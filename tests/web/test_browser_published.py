"""What readers do on a published site, in a real browser: search, filter, look up a value, narrow the coverage, without a server of ours."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rulescope.catalogue import Catalogue
from rulescope.services import browse, coverage, feed
from rulescope.web.publish import publish

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
COUNTED = "() => !document.querySelector('[data-part=status]').textContent.startsWith('Reading')"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing of each request."""


@pytest.fixture(scope="module")
def published_site(starter_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a published site served as plain files, without a slash at its end."""
    root = tmp_path_factory.mktemp("files")
    publish(starter_catalogue, root / "team", prefix="/team", processes=1)
    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/team"
    server.shutdown()


@pytest.fixture
def opened(browser: Any, published_site: str) -> Iterator[Open]:
    """Opens a page; when the test ends, no page may have told an error or broken the policy."""
    contexts: list[Any] = []
    told: list[str] = []

    def open_(address: str, width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(published_site + address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert told == []


@pytest.fixture(scope="module")
def rules(starter_catalogue: Path) -> Iterator[Catalogue]:
    with Catalogue(starter_catalogue) as catalogue:
        yield catalogue


@pytest.mark.parametrize(
    "filters",
    [
        [("language", "sigma")],
        [("language", "kusto"), ("severity", "high"), ("severity", "medium")],
        [("tactic", "Execution")],
        [("field", "process.command_line"), ("verdict", "equal")],
        [("fires", "fires"), ("platform", "Windows")],
        [("topic", "Process"), ("language", "sigma")],
    ],
)  # fmt: skip
def test_filters_count_what_the_served_site_counts(opened: Open, rules: Catalogue, filters: list[tuple[str, str]]) -> None:  # fmt: skip
    page = opened("/search/?" + "&".join(f"{kind}={value}" for kind, value in filters))
    page.wait_for_function(COUNTED)
    expected = feed.feed(rules, "", filters)
    assert page.inner_text("[data-part=status]").startswith(f"{expected.total:,} rule")
    for facet in expected.facets:
        shown = page.eval_on_selector_all(
            f"#facet-{facet.kind} .facet .number",
            "nodes => nodes.map(node => +node.textContent.replaceAll(',', ''))",
        )
        assert sorted(shown) == sorted(value.rules for value in facet.values), facet.kind


@pytest.mark.parametrize("text", ["technique:T1197", "language:kusto OR language:yaral", "-language:sigma severity:>=medium", "(table:Device* OR table:SigninLogs) -severity:low", 'title:"bitsadmin"'])  # fmt: skip
def test_operators_find_what_the_served_search_finds(opened: Open, rules: Catalogue, text: str) -> None:
    page = opened("/search/")
    page.wait_for_function(COUNTED)
    page.fill("#q", text)
    page.wait_for_function("() => location.search.length > 1")
    page.wait_for_timeout(50)
    total = feed.feed(rules, text).total
    page.wait_for_function(
        f"() => document.querySelector('[data-part=status]').textContent.startsWith('{total:,} rule')"
    )


def test_filters_are_chosen_taken_back_and_kept_in_the_address(opened: Open) -> None:
    page = opened("/search/")
    page.wait_for_function(COUNTED)
    everything = page.inner_text("[data-part=status]")
    page.click(".facet:has-text('Kusto')")
    page.wait_for_url("**/search/?language=kusto")
    assert page.inner_text("[data-part=status]") != everything
    assert page.locator(".facet[aria-current=true]").count() == 1
    page.go_back()
    page.wait_for_function("() => !location.search")
    assert page.inner_text("[data-part=status]") == everything


def test_a_misspelt_word_gets_a_suggestion(opened: Open) -> None:
    page = opened("/search/?q=bitsadmn")
    page.wait_for_function(COUNTED)
    assert page.inner_text("[data-part=suggestions] a") == "bitsadmin"
    page.click("[data-part=suggestions] a")
    page.wait_for_selector("[data-part=results] article mark")


def test_rules_are_suggested_as_one_types_on_every_page(opened: Open) -> None:
    page = opened("/sources/")
    page.fill("#q", "bitsadm")
    page.wait_for_selector("#suggestions a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/*/")
    assert page.locator("h1").count() == 1


def test_the_coverage_is_narrowed_as_the_served_one(opened: Open, rules: Catalogue) -> None:
    page = opened("/coverage/")
    page.wait_for_function("() => !document.querySelector('select[name=language]').disabled")
    page.select_option("select[name=language]", "kusto")
    expected = coverage.coverage(rules, filters=(("language", "kusto"),))
    page.wait_for_function(f"() => document.querySelector('[data-part=lead]').textContent.startsWith('{expected.claimed} of {expected.techniques} ')")  # fmt: skip
    shown = dict(page.eval_on_selector_all("#matrix .cell", "nodes => nodes.map(node => [node.dataset.id, +node.querySelector('[data-part=claimed]').textContent])"))  # fmt: skip
    assert shown == {cell.id: cell.claimed for column in expected.columns for cell in column.cells}
    assert page.url.endswith("?language=kusto")
    with page.expect_download() as download:
        page.click("a[download]")
    layer = json.loads(Path(download.value.path()).read_text())
    assert layer["description"] == "language kusto"
    expected_layer = json.loads(coverage.layer(expected))
    assert {each["techniqueID"]: each["score"] for each in layer["techniques"] if "score" in each} == {
        each["techniqueID"]: each["score"] for each in expected_layer["techniques"] if "score" in each
    }


def test_the_coverage_of_a_language_can_be_read_without_scripts(opened: Open, rules: Catalogue) -> None:
    page = opened("/coverage/language/kusto/", java_script_enabled=False)
    expected = coverage.coverage(rules, filters=(("language", "kusto"),))
    assert page.inner_text("[data-part=lead]").startswith(f"{expected.claimed} of ")
    assert page.locator("select").first.is_hidden()


def test_who_looks_for_a_value_is_told_on_the_page_of_its_field(opened: Open, rules: Catalogue) -> None:
    page = opened("/fields/process.name/?value=bitsadmin.exe")
    page.wait_for_selector("#value-here h2")
    expected = browse.value_page(rules, "bitsadmin.exe", "process.name")
    assert page.inner_text("#value-here p").startswith(f"{expected.looked_for} rule")
    assert page.locator("#value-here tbody tr").count() == expected.looked_for + expected.left_out


@pytest.mark.parametrize("address", ["/search/?language=sigma", "/coverage/?language=sigma", "/fields/process.name/?value=bitsadmin.exe", "/languages/sigma/", "/feeds/"])  # fmt: skip
def test_axe_finds_nothing_and_no_page_is_wider_than_a_phone(opened: Open, axe: str, address: str) -> None:
    page = opened(address, 360, bypass_csp=True, reduced_motion="reduce")
    page.wait_for_timeout(400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(found => found.violations.map(each => [each.id, each.nodes.slice(0, 3).map(node => node.html)]))")  # fmt: skip
    assert found == []
