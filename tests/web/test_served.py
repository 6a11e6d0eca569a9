"""The served site: what it answers, with which headers, and what it refuses."""

from __future__ import annotations

import gzip
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from crawl import inner, parsed
from hostile_rules import SENTINEL, SIGMA
from rulescope.catalogue import Catalogue
from rulescope.services import ingest
from rulescope.web import application
from rulescope.web.security import LONGEST_BODY, POLICY

PAGES = (
    "/", "/search?q=bitsadmin", "/coverage", "/coverage?version=18.1", "/events", "/tables", "/indicators", "/sources", "/feeds",
    "/docs", "/techniques/T1197", "/techniques/T1059.001", "/fields/CommandLine", "/tables/DeviceProcessEvents",
    "/events/Sysmon/1", "/value?value=bitsadmin.exe", "/?severity=high", "/?language=kusto&severity=medium",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(starter_catalogue: Path) -> TestClient:
    return TestClient(application(starter_catalogue))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "rules").mkdir()
    (folder / "rules" / "sigma.yml").write_text(SIGMA)
    (folder / "rules" / "sentinel.yaml").write_text(SENTINEL)
    with Catalogue(folder / "c.sqlite") as catalogue:
        ingest.ingest([folder / "rules"], catalogue)
    return TestClient(application(folder / "c.sqlite"))


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_with_a_strict_policy(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    page = parsed(answer.text)
    assert not page.inline
    assert answer.text.count("<h1") == 1
    assert "unsafe" not in POLICY and "*" not in POLICY


def test_no_link_of_the_served_site_is_dead(client: TestClient) -> None:
    root = "http://testserver"
    todo, seen = [f"{root}/"], set()
    while todo:
        address = todo.pop()
        if address in seen or "page=" in address or address.count("=") > 1:
            continue  # filters of filters are the same pages
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code == 200, address
        if answer.headers["content-type"].startswith("text/html"):
            todo.extend(inner(answer.text, address))
    assert len(seen) > 300


def test_every_fragment_on_a_rule_page_leads_to_a_section(client: TestClient) -> None:
    for card in client.get("/api/rules").json()["cards"]:
        page = parsed(client.get(f"/rules/{card['key']}").text)
        targets = {link[1:] for link in page.found if link.startswith("#")}
        assert targets <= page.ids


def test_a_page_that_did_not_change_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/coverage")
    again = client.get("/coverage", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-security-policy"] == POLICY


def test_a_reader_may_ask_for_the_head_alone(client: TestClient) -> None:
    for address in ("/", "/feed.atom", "/api/rules", "/nope"):
        whole, head = client.get(address), client.head(address)
        assert head.status_code == whole.status_code
        assert head.content == b""
        assert head.headers.get("etag") == whole.headers.get("etag")


def test_pages_are_compressed(client: TestClient) -> None:
    with client.stream("GET", "/", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert b"<h1>" in gzip.decompress(raw)


def test_a_changed_catalogue_shows_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text(SIGMA.replace("Hostile", "First"))
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest.ingest([tmp_path / "one.yml"], catalogue)
        client = TestClient(application(tmp_path / "c.sqlite"))
        assert "First" in client.get("/").text
        (tmp_path / "one.yml").write_text(SIGMA.replace("Hostile", "Second"))
        ingest.ingest([tmp_path / "one.yml"], catalogue)
    assert "Second" in client.get("/").text


@pytest.mark.parametrize("address", ["/nope", "/rules/nope", "/tables/Nope", "/techniques/T9999", "/fields/nope", "/sources/nope",
                                     "/events/No/1", "/static/nope.css", "/feed.exe", "/rules/x/download/original", "/?page=2/x".replace("?page=2/x", "x/y/z")])  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("address", ["/?page=x", "/?page=-1", f"/search?q={'a' * 301}", "/?" + "&".join(f"table=t{n}" for n in range(21)),
                                     "/value", f"/value?value={'a' * 4001}", "/coverage?version=1.0"])  # fmt: skip
def test_bad_parameters_are_refused_with_a_page(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "Not understood" in answer.text


def test_the_api_refuses_in_json(client: TestClient) -> None:
    assert client.get("/api/rules/nope").json() == {"error": "This catalogue knows no rule nope."}
    assert client.get("/api/value").status_code == 400


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/....//app.py",
                                  "/static/..%5capp.py", "/static//etc/passwd", "/rules/..%2f..%2fetc%2fpasswd",
                                  "/sources/..%2f..%2fetc", "/fields/../../etc/passwd", "/tables/%00"])  # fmt: skip
def test_no_path_leaves_the_site(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text and "import" not in answer.text


def test_foreign_hosts_are_not_answered(client: TestClient) -> None:
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/", headers={"host": "localhost:9"}).status_code == 200
    assert client.get("/", headers={"host": "[::1]:8484"}).status_code == 200


def test_hosts_that_are_allowed_are_answered(starter_catalogue: Path) -> None:
    client = TestClient(application(starter_catalogue, frozenset({"rules.example"})))
    assert client.get("/", headers={"host": "rules.example"}).status_code == 200
    assert client.get("/", headers={"host": "localhost"}).status_code == 421


def test_oversized_requests_are_refused(client: TestClient) -> None:
    assert client.get("/?q=" + "a" * 9_000).status_code == 414
    assert client.post("/", content=b"x" * (LONGEST_BODY + 1)).status_code == 413
    assert client.post("/").status_code == 405
    assert client.delete("/rules/x").status_code == 405


# ---------------------------------------------------------------- hostile rules


def hostile_pages(client: TestClient) -> list[str]:
    pages = ["/", "/search?q=alert", "/search?q=Hostile", "/sources", "/tables", "/indicators", "/events", "/coverage",
             "/search?q=" + "%3Cscript%3Ealert(1)%3C/script%3E", "/value?value=%3Cscript%3Ealert(1)%3C/script%3E", "/%3Cscript%3E"]  # fmt: skip
    for card in client.get("/api/rules?forwards=yes").json()["cards"] + client.get("/api/rules").json()["cards"]:
        page = client.get(f"/rules/{card['key']}").text
        pages += [
            f"/rules/{card['key']}",
            *(link for link in parsed(page).found if link.startswith("/") and "download" not in link),
        ]
    return list(dict.fromkeys(pages))


def test_hostile_rules_are_shown_as_text_everywhere(hostile: TestClient) -> None:
    pages = [page for page in hostile_pages(hostile) if not page.startswith(("/static", "/openapi"))]
    assert len(pages) > 15
    seen = 0
    for address in pages:
        answer = hostile.get(address)
        page = parsed(answer.text)
        assert not page.inline, (address, page.inline)
        assert "<img" not in answer.text, address
        assert "49" not in [part.strip() for part in answer.text.split("<code>")], address
        seen += "&lt;script&gt;" in answer.text
    assert seen > 5


def test_only_web_addresses_become_links(hostile: TestClient) -> None:
    key = hostile.get("/api/rules?q=Hostile").json()["cards"][0]["key"]
    page = parsed(hostile.get(f"/rules/{key}").text)
    outside = [link for link in page.found if not link.startswith(("/", "#"))]
    assert outside and all(link.startswith("https://") for link in outside)
    assert "javascript:alert(3)" in hostile.get(f"/rules/{key}").text  # as text


def test_a_marked_word_of_a_hostile_text_stays_text(hostile: TestClient) -> None:
    found = hostile.get("/search?q=backwards").text
    assert "<mark>" in found
    assert "<style>" not in found


@pytest.mark.parametrize("kind", ["atom", "rss", "json"])
def test_feeds_hold_hostile_text_as_text(hostile: TestClient, kind: str) -> None:
    answer = hostile.get(f"/feed.{kind}")
    assert answer.headers["content-type"].startswith(f"application/{'feed+json' if kind == 'json' else kind + '+xml'}")
    if kind == "json":
        assert any("<script>" in item["title"] for item in answer.json()["items"])
    else:
        ElementTree.fromstring(answer.content)
        assert b"<script>" not in answer.content


# ---------------------------------------------------------------- what pages say


def test_any_filter_has_its_feeds(client: TestClient) -> None:
    page = parsed(client.get("/?severity=high&language=sigma").text)
    feeds = [link for link in page.found if link.startswith("/feed.")]
    assert {
        "/feed.atom?severity=high&language=sigma",
        "/feed.rss?severity=high&language=sigma",
        "/feed.json?severity=high&language=sigma",
    } <= set(feeds)
    items = client.get("/feed.json?severity=high&language=sigma").json()["items"]
    assert items and all("high" in item["tags"] and "sigma" in item["tags"] for item in items)


def test_a_filter_counts_what_it_would_leave(client: TestClient) -> None:
    found = client.get("/api/rules?severity=high").json()
    languages = {
        value["value"]: value["rules"]
        for facet in found["facets"]
        if facet["kind"] == "language"
        for value in facet["values"]
    }
    for language, rules in languages.items():
        assert client.get(f"/api/rules?severity=high&language={language}").json()["total"] == rules


def test_coverage_is_narrowed_and_exported(client: TestClient) -> None:
    whole, sigma = client.get("/api/coverage").json(), client.get("/api/coverage?language=sigma").json()
    assert 0 < sigma["claimed"] < whole["techniques"]
    assert sigma["claimed"] <= whole["claimed"] and whole["verified"] <= whole["claimed"]
    layer = client.get("/coverage.json?language=sigma&version=18.1")
    assert layer.headers["content-disposition"] == 'attachment; filename="coverage.json"'
    assert layer.json()["versions"]["attack"] == "18"
    assert len(layer.json()["techniques"]) > 3


def test_a_misspelt_word_gets_a_suggestion(client: TestClient) -> None:
    assert "Did you mean" in client.get("/search?q=proces").text or client.get("/api/rules?q=proces").json()["total"]


def test_suggestions_come_as_one_types(client: TestClient) -> None:
    found = client.get("/api/suggest?q=bitsa").json()["results"]
    assert found
    assert all(client.get(each["href"]).status_code == 200 for each in found)
    assert client.get("/api/suggest?q=b").json()["results"] == []


def test_downloads_are_files(client: TestClient) -> None:
    key = client.get("/api/rules?language=kusto").json()["cards"][0]["key"]
    original = client.get(f"/rules/{key}/download/original")
    assert original.headers["content-type"].startswith("text/plain")
    assert original.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/rules/{key}/download/json").json()["key"] == key
    assert "query: |" in client.get(f"/rules/{key}/download/sentinel").text


def test_the_api_describes_itself(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert "/api/rules/{key}" in described["paths"]
    assert all(path in client.get("/docs").text for path in described["paths"])


def test_a_rule_page_has_its_sections_in_order(client: TestClient) -> None:
    for card in client.get("/api/rules").json()["cards"]:
        text = client.get(f"/rules/{card['key']}").text
        listed = list(
            dict.fromkeys(link[1:] for link in parsed(text).found if link.startswith("#") and link != "#main")
        )
        places = [text.index(f'id="{name}"') for name in listed]
        assert places == sorted(places), card["title"]
