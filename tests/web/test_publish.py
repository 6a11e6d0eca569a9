"""The published site: every file, every link, and names that try to leave the folder."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from crawl import inner, parsed
from hostile_rules import SENTINEL, SIGMA
from rulescope.catalogue import Catalogue
from rulescope.errors import RulescopeError
from rulescope.services import ingest
from rulescope.web import application
from rulescope.web.links import Links, file_name
from rulescope.web.publish import publish

ROOT = "http://site"


@pytest.fixture(scope="module")
def published(starter_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "out"
    done = publish(starter_catalogue, folder, base="https://rules.example", prefix="/team/rules", processes=1)
    assert done.rules > 30
    assert done.files == sum(1 for file in folder.rglob("*") if file.is_file()) - 1  # without our mark
    return folder


def file_at(folder: Path, address: str, prefix: str) -> Path:
    path = urlsplit(address).path
    assert path.startswith(prefix), address
    file = folder / path.removeprefix(prefix).lstrip("/")
    return file / "index.html" if path.endswith("/") else file


def test_no_link_of_a_published_site_is_dead(published: Path) -> None:
    for file in published.rglob("*.html"):
        at = f"{ROOT}/team/rules/{file.relative_to(published).as_posix().removesuffix('index.html')}"
        for address in inner(file.read_text(), at):
            assert file_at(published, address, "/team/rules").is_file(), (at, address)


def test_every_published_page_can_be_reached(published: Path) -> None:
    todo, seen = [f"{ROOT}/team/rules/"], set()
    while todo:
        address = todo.pop().partition("?")[0]
        if address not in seen:
            seen.add(address)
            file = file_at(published, address, "/team/rules")
            if file.suffix == ".html":
                todo.extend(inner(file.read_text(), address))
    reached = {file_at(published, address, "/team/rules") for address in seen}
    assert {file for file in published.rglob("*.html") if file.name != "404.html"} <= reached


def test_published_pages_hold_no_inline_code_and_need_no_server(published: Path) -> None:
    for file in published.rglob("*.html"):
        text = file.read_text()
        assert not parsed(text).inline
        assert "Content-Security-Policy" in text
        assert "/api/" not in text


def test_each_rule_is_published_as_json_and_as_its_author_wrote_it(published: Path, starter_catalogue: Path) -> None:
    with Catalogue(starter_catalogue) as catalogue:
        for key, rule in catalogue.rules():
            page = json.loads((published / "rules" / key / "rule.json").read_text())
            assert page["rule"]["title"] == rule.title
            assert (published / "rules" / key / "original.txt").read_text().strip() == rule.text.strip()


def test_feeds_and_layers_are_published(published: Path) -> None:
    feed = json.loads((published / "feed.json").read_text())
    assert all(item["url"].startswith("https://rules.example/team/rules/rules/") for item in feed["items"])
    assert (published / "feed.atom").exists() and (published / "feed.rss").exists()
    assert json.loads((published / "coverage" / "layer.json").read_text())["techniques"]
    assert (published / "coverage" / "18.1" / "index.html").exists()


def test_the_search_index_holds_every_rule(published: Path, starter_catalogue: Path) -> None:
    index = json.loads((published / "static" / "rules.json").read_text())
    with Catalogue(starter_catalogue) as catalogue:
        assert {row[0] for row in index["rules"]} == set(catalogue.keys())
    assert all(len(row) == len(index["columns"]) for row in index["rules"])


def test_publishing_again_replaces_what_was_there(starter_catalogue: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(SIGMA)
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest.ingest([tmp_path / "rules"], catalogue)
    publish(tmp_path / "c.sqlite", folder)
    (folder / "rules" / "gone").mkdir()
    (folder / "CNAME").write_text("rules.example")
    publish(tmp_path / "c.sqlite", folder)
    assert not (folder / "rules" / "gone").exists()
    assert (folder / "CNAME").exists()


def test_a_folder_of_something_else_is_left_alone(starter_catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RulescopeError, match="holds other files"):
        publish(starter_catalogue, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(SIGMA)
    (tmp_path / "rules" / "b.yaml").write_text(SENTINEL)
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest.ingest([tmp_path / "rules"], catalogue)
    before = {file for file in tmp_path.rglob("*") if "out" not in file.parts}
    publish(tmp_path / "c.sqlite", tmp_path / "out")
    assert {file for file in tmp_path.rglob("*") if "out" not in file.relative_to(tmp_path).parts} <= before | {
        tmp_path / "out"
    } | {file for file in tmp_path.iterdir() if file.name.startswith("c.")}
    for file in (tmp_path / "out").rglob("*.html"):
        text = file.read_text()
        assert not parsed(text).inline
        at = f"{ROOT}/{file.relative_to(tmp_path / 'out').as_posix().removesuffix('index.html')}"
        for address in inner(text, at):
            assert file_at(tmp_path / "out", address, "").is_file(), (at, address)


def test_working_processes_write_the_same_site(
    starter_catalogue: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulescope.web.publish.FEW", 5)
    monkeypatch.setattr("rulescope.web.publish.BATCH", 20)
    publish(starter_catalogue, tmp_path / "out", base="https://rules.example", prefix="/team/rules", processes=2)
    names = {file.relative_to(published): file for file in published.rglob("*") if file.is_file()}
    assert {
        file.relative_to(tmp_path / "out") for file in (tmp_path / "out").rglob("*") if file.is_file()
    } == names.keys()


@given(st.text(min_size=1, max_size=300))
def test_a_file_name_is_plain_whatever_the_name(name: str) -> None:
    made = file_name(name)
    assert made.isascii() and len(made) < 280
    assert all(part and part not in (".", "..") and len(part) < 130 for part in made.split("/"))
    assert not made.startswith("/") and "\\" not in made and ":" not in made


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) is (one == other)


@pytest.mark.parametrize("name", ["../x", "a/../../b", "/etc/passwd", "x\0y", "..", ".", "con", "NUL.txt", "a" * 500, "é", "page", "a/b/c/d/e/f", "x.html", "C:\\x"])  # fmt: skip
def test_names_that_would_leave_or_clash_are_replaced(name: str) -> None:
    assert file_name(name) != name
    assert ".." not in Links(static=True).link("table", name=name)


def test_a_source_named_to_break_out_stays_text_in_pages_feeds_and_lists(tmp_path: Path) -> None:
    folder = tmp_path / "\"'><img src=x onerror=alert(1)>"
    folder.mkdir()
    (folder / "a.yml").write_text(SIGMA)
    (folder / "b.yaml").write_text(SENTINEL)
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest.ingest([folder], catalogue)
        source = next(iter(catalogue.values("source")))
    assert "<img" in source
    publish(tmp_path / "c.sqlite", tmp_path / "out", base="https://rules.example")
    served = TestClient(application(tmp_path / "c.sqlite"))
    pages = {file: file.read_text() for file in (tmp_path / "out").rglob("*.html")}
    pages |= {
        Path(address): served.get(address).text
        for address in ("/", "/sources", f"/sources/{quote(source)}", f"/coverage?source={quote(source)}", f"/?source={quote(source)}", "/feeds")
    }  # fmt: skip
    for place, text in pages.items():
        assert not parsed(text).inline, place
        assert "<img" not in text, place
    feeds = [*(tmp_path / "out").rglob("*.atom"), *(tmp_path / "out").rglob("*.rss")]
    assert len(feeds) > 5
    for file in feeds:
        ElementTree.fromstring(file.read_bytes())
    for file in (tmp_path / "out").rglob("*.json"):
        json.loads(file.read_text())


def test_published_feeds_lead_to_published_pages(published: Path) -> None:
    for file in published.rglob("feed.json"):
        feed = json.loads(file.read_text())
        assert feed["feed_url"] == f"https://rules.example/team/rules/{file.relative_to(published).as_posix()}"
        for item in feed["items"]:
            assert item["url"].startswith("https://rules.example/team/rules/rules/") and item["url"].endswith("/")
            assert (published / "rules" / item["url"].rstrip("/").rsplit("/", 1)[1] / "index.html").is_file()


def test_the_bodies_of_rules_that_may_not_be_shown_are_not_quoted_in_search_results(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(SIGMA)
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        ingest.ingest([tmp_path / "rules"], catalogue)
        word = "condition"
        assert any("\x02" in card.snippet for card in catalogue.search(word).cards)
        with catalogue.writing() as session:
            session.connection.execute("UPDATE source SET show_bodies = 0")
            session.changed = True
        assert not any(card.snippet for card in catalogue.search(word).cards)
