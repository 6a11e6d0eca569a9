"""What readers do, in a real browser: search, filter, copy, change the theme, use the keyboard, do without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rulescope.catalogue import Catalogue

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/search?q=bitsadmin", "/search?q=nothing-like-it", "/coverage", "/events", "/tables", "/indicators", "/sources", "/sources/rules",
    "/feeds", "/docs", "/techniques/T1197", "/fields/process.command_line", "/tables/DeviceProcessEvents", "/events/Sysmon/1",
    "/value?value=bitsadmin.exe", "/nope",
)  # fmt: skip
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def rules(starter_catalogue: Path) -> dict[str, str]:
    """Addresses of a Sigma and a Kusto rule's pages with most sections, by language."""
    with Catalogue(starter_catalogue) as catalogue:
        return {
            language: f"/rules/{catalogue.search(f'bitsadmin language:{language}').cards[0].key}"
            for language in ("sigma", "kusto")
        }


@pytest.fixture
def opened(browser: Any, site: str) -> Iterator[Open]:
    """Opens a page; when the test ends, no page may have told an error or broken the policy."""
    contexts: list[Any] = []
    told: list[str] = []

    def open_(address: str, width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: told.append(f"{address}: {message.text}") if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: told.append(f"{address}: {error}"))
        page.goto(site + address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in told if "404 (Not Found)" not in line] == []


def test_no_page_is_wider_than_a_phone(opened: Open, site: str, rules: dict[str, str]) -> None:
    page = opened("/", 360, 740)
    for address in (*PAGES, *rules.values()):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Open, site: str, axe: str, rules: dict[str, str], scheme: str) -> None:
    page = opened("/", bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")
    for address in (*PAGES, *rules.values()):
        page.goto(site + address)
        page.evaluate(axe)
        found = page.evaluate(
            "axe.run().then(found => found.violations.map(each => [each.id, each.nodes.slice(0, 3).map(node => node.html + node.failureSummary)]))"
        )
        assert found == [], address


def test_axe_finds_nothing_on_a_phone(opened: Open, site: str, axe: str, rules: dict[str, str]) -> None:
    page = opened("/", 360, 740, bypass_csp=True, reduced_motion="reduce")
    for address in ("/", "/coverage", *rules.values()):
        page.goto(site + address)
        page.evaluate(axe)
        assert (
            page.evaluate(
                "axe.run().then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.html)]))"
            )
            == []
        ), address


def test_search_shows_rules_as_one_types(opened: Open) -> None:
    page = opened("/")
    page.keyboard.press("/")
    page.keyboard.type("bitsadm")
    page.wait_for_selector("#suggestions a")
    assert "BITSAdmin" in page.inner_text("#suggestions")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('#suggestions') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/*")
    assert page.locator("h1").count() == 1


def test_escape_closes_the_suggestions_and_goes_back(opened: Open) -> None:
    page = opened("/")
    page.fill("#q", "bitsadm")
    page.wait_for_selector("#suggestions a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert page.locator("#suggestions").is_hidden()
    assert page.evaluate("document.activeElement.id") == "q"


def test_enter_searches_and_marks_the_words(opened: Open) -> None:
    page = opened("/")
    page.fill("#q", "bitsadmin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=bitsadmin")
    assert page.locator("article mark").count() > 0


def test_filters_combine_and_can_be_taken_back(opened: Open) -> None:
    page = opened("/")
    everything = page.inner_text("[role=status]")
    page.click(".facet:has-text('Sigma')")
    page.click(".facet:has-text('high')")
    page.wait_for_url("**/?language=sigma&severity=high")
    shown = page.locator("article").count()
    assert page.inner_text("[role=status]").startswith(f"{shown} rule")
    assert page.locator(".facet[aria-current=true]").count() == 2
    page.click("text=Clear all")
    assert page.inner_text("[role=status]") == everything


def test_filters_open_on_a_phone(opened: Open) -> None:
    page = opened("/", 360, 740)
    assert page.locator(".facet").first.is_hidden()
    page.click("summary:has-text('Filters')")
    assert page.locator(".facet").first.is_visible()


def test_the_rule_is_copied(opened: Open, rules: dict[str, str], starter_catalogue: Path) -> None:
    page = opened(rules["kusto"], permissions=["clipboard-read", "clipboard-write"])
    page.click("[data-copy=original]")
    page.wait_for_selector("text=Copied")
    with Catalogue(starter_catalogue) as catalogue:
        rule = catalogue.rule(rules["kusto"].rsplit("/", 1)[1])
    assert rule is not None
    assert page.evaluate("navigator.clipboard.readText()").strip() == rule.text.strip()


def test_the_theme_is_changed_and_kept(opened: Open, site: str) -> None:
    page = opened("/", color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("[data-action=theme]")
    page.wait_for_function(f"getComputedStyle(document.body).backgroundColor !== {before!r}")
    page.goto(f"{site}/coverage")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_first_key_skips_to_the_content(opened: Open) -> None:
    page = opened("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_control_can_be_reached_by_keyboard_and_shows_it(opened: Open) -> None:
    page = opened("/")
    names = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        names.add(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"Rules", "Coverage", "Sources", "q"} <= names


def test_sections_are_reached_from_the_side(opened: Open, rules: dict[str, str]) -> None:
    page = opened(rules["sigma"])
    page.click(".toc a:has-text('Indicators')")
    assert page.evaluate("document.getElementById('indicators').getBoundingClientRect().top") < 700
    assert page.url.endswith("#indicators")


def test_everything_can_be_read_without_scripts(opened: Open, site: str, rules: dict[str, str]) -> None:
    page = opened("/", java_script_enabled=False)
    page.fill("#q", "bitsadmin")
    page.press("#q", "Enter")
    page.wait_for_url("**/search?q=bitsadmin")
    assert page.locator("article.rule-card").count() > 1
    page.click(".facet:has-text('Kusto')")
    page.wait_for_url("**language=kusto*")
    page.goto(site + rules["sigma"])
    assert page.locator("pre.code").count() > 1
    assert page.locator("[data-copy]").first.is_hidden()  # what needs a script is not shown
    assert page.locator("[data-action=theme]").is_hidden()


def test_pages_do_not_jump_while_they_load(opened: Open, site: str, rules: dict[str, str]) -> None:
    page = opened("/")
    for address in ("/", "/coverage", rules["sigma"]):
        page.goto(site + address)
        page.wait_for_timeout(200)
        shift = page.evaluate("""() => new Promise(done => { let sum = 0;
            new PerformanceObserver(list => { for (const each of list.getEntries()) sum += each.value; }).observe({type: 'layout-shift', buffered: true});
            setTimeout(() => done(sum), 100); })""")
        assert shift < 0.02, address


def test_a_rule_prints_without_the_frame(opened: Open, rules: dict[str, str]) -> None:
    page = opened(rules["kusto"])
    page.emulate_media(media="print")
    assert page.locator("header.bar").is_hidden()
    assert page.locator("pre.code").first.is_visible()


@pytest.mark.parametrize("chosen", ["system", "by hand"])
def test_what_is_printed_is_dark_on_light_also_from_a_dark_page(
    opened: Open, rules: dict[str, str], chosen: str
) -> None:
    page = opened(rules["kusto"], color_scheme="dark" if chosen == "system" else "light")
    if chosen == "by hand":
        page.click("[data-action=theme]")
    page.emulate_media(media="print")
    names = ("--ink", "--paper", "--card", "--code")
    ink, *papers = page.evaluate("names => names.map(name => getComputedStyle(document.documentElement).getPropertyValue(name).trim())", list(names))  # fmt: skip
    assert ink == "#17202b"
    assert all(int(paper[1:3], 16) > 0xE0 for paper in papers)
