"""The API keeps to its own description: every answer is of the type it names, and no input breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from fastapi.testclient import TestClient

from rulescope.services import pages
from rulescope.web import application
from rulescope.web.answering import FILTERS
from rulescope.web.api import ANSWERS, TYPES, Refusal

NAMES = {
    "event": "Sysmon/1", "table": "DeviceProcessEvents", "technique": "T1197", "field": "process.command_line",
    "source": "rules", "language": "sigma",
}  # fmt: skip
BAD = (
    "", "0", "-1", "99999999", "²", "٣", "None", "'", '"', "\\", "%", "*", "a*b*c", "(", "((((", "OR", "NOT", "-", "- -x", "a OR", "field:",
    "severity:>", "severity:>=high", "created:>2020", "created:<", "id:", "value:*", 'title:"x', "\x00", "x\x00y", b"\xff\xfe", b"\xed\xa0\x80",
    "é" * 100, "a" * 301, "a" * 5000, "<script>alert(1)</script>", "../../etc/passwd", "..%2f", "/", "🦊" * 50, "\u202e", "a NEAR b",
    "{title}:x", "^x", '"a" "b', "' OR 1=1 --", "\n\r\t", " " * 200, "[a-z]", "(?i)x", "-(a OR b)", "(a (b (c", "18.1/../19.1",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(starter_catalogue: Path) -> TestClient:
    return TestClient(application(starter_catalogue), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def described(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def addresses(client: TestClient) -> dict[str, str]:
    """An address that answers, for every path of the description."""
    key = client.get("/api/rules?language=kusto").json()["cards"][0]["key"]
    things = {f"/api/{kind}s/{{name}}": f"/api/{kind}s/{name}" for kind, name in NAMES.items()}
    return {
        **things,
        "/api/rules/{key}": f"/api/rules/{key}",
        "/api/value": "/api/value?value=bitsadmin.exe",
        "/feed.{kind}": "/feed.json",
        "/rules/{key}/download/{kind}": f"/rules/{key}/download/json",
    }


def test_every_answer_is_of_the_type_it_is_said_to_be(client: TestClient, described: dict[str, Any]) -> None:
    types = {each.__name__: each for each in TYPES}
    known = addresses(client)
    for path, methods in described["paths"].items():
        answer = client.get(known.get(path, path))
        assert answer.status_code == 200, path
        schema = methods["get"]["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
        if schema:
            msgspec.json.decode(answer.content, type=types[schema["$ref"].rpartition("/")[2]])


def test_every_schema_that_is_named_is_there(described: dict[str, Any]) -> None:
    text = msgspec.json.encode(described).decode()
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == named & described["components"]["schemas"].keys()
    assert {each.__name__ for each in TYPES} <= described["components"]["schemas"].keys()
    assert not [
        path for path, methods in described["paths"].items() for each in methods.values() if not each["summary"]
    ]


def test_everything_a_page_shows_has_its_json(described: dict[str, Any]) -> None:
    paths = described["paths"]
    for page in (
        "rules",
        "rules/{key}",
        "coverage",
        "events",
        "tables",
        "fields",
        "sources",
        "value",
        "suggest",
        "summary",
    ):
        assert f"/api/{page}" in paths
    assert all(f"/api/{kind}s/{{name}}" in paths for kind in ANSWERS)
    filters = {each["name"] for each in paths["/api/rules"]["get"]["parameters"]}
    assert {*FILTERS, "q", "page", "all"} == filters


def test_no_input_breaks_an_address(client: TestClient, described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        operation = methods["get"]
        names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        for bad in BAD:
            typed = quote(bad, safe="")
            tried = path.replace("{key}", typed).replace("{name}", typed).replace("{kind}", typed)
            wanted = [tried] if "{" in path else []
            plain = path.replace("{key}", "x").replace("{name}", "x").replace("{kind}", "json")
            wanted += [
                f"{plain}?{name}={typed}" for name in names if name not in FILTERS or name in ("event", "forwards")
            ]
            for address in wanted:
                answer = client.get(address, follow_redirects=False)
                assert answer.status_code in (200, 307, 400, 404, 414), (address, answer.status_code)
                if answer.status_code in (400, 404) and path.startswith("/api/"):
                    msgspec.json.decode(answer.content, type=Refusal)


def test_things_have_further_pages(client: TestClient) -> None:
    first = msgspec.json.decode(client.get("/api/languages/sigma").content, type=pages.LanguagePage)
    assert first.rules.total >= len(first.rules.cards) > 0
    second = msgspec.json.decode(client.get("/api/languages/sigma?page=999").content, type=pages.LanguagePage)
    assert second.rules.cards == ()


@pytest.mark.parametrize("kind", ["atom", "rss", "json"])
def test_ids_of_a_feed_stay_when_the_site_moves(starter_catalogue: Path, kind: str) -> None:
    here = TestClient(application(starter_catalogue)).get(f"/feed.{kind}?language=sigma").text
    there = (
        TestClient(application(starter_catalogue, base="https://rules.example"))
        .get(f"/feed.{kind}?language=sigma")
        .text
    )
    ids = [part[:36] for part in here.split("urn:uuid:")[1:]]
    assert ids == [part[:36] for part in there.split("urn:uuid:")[1:]]
    assert len(set(ids)) == len(ids) > 3
    assert "https://rules.example/rules/" in there


def test_a_page_held_by_any_of_several_tags_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/coverage").headers["etag"]
    assert client.get("/coverage", headers={"if-none-match": f'"other", W/{tag}'}).status_code == 304
    assert client.get("/coverage", headers={"if-none-match": '"other"'}).status_code == 200


def test_all_values_of_a_filter_can_be_reached(client: TestClient) -> None:
    page = client.get("/?all=technique").text
    assert "show fewer" in page
    listed = client.get("/api/rules?all=technique").json()["facets"]
    techniques = next(facet["values"] for facet in listed if facet["kind"] == "technique")
    assert len(techniques) > 12
    assert all(f"/?technique={value['value']}" in page for value in techniques)
