"""The site as files: the same pages from the same templates, for GitHub Pages or an intranet without a server of ours."""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from ..catalogue import Catalogue
from ..errors import RulescopeError
from ..schemas import attack
from ..services import coverage, downloads, explain, feed
from ..services.feed import Place
from .contents import (
    MOST_CHOICES,
    PLAIN_CHOICES,
    THINGS,
    coverage_context,
    coverage_page,
    events_context,
    feeds_context,
    indicators_context,
    known,
    list_context,
    rule_context,
    sources_context,
    tables_context,
    thing_context,
    without_body,
)
from .indexes import rules_index, values_index
from .links import DOWNLOADS, OWN_FEEDS, Links
from .links import THINGS as ADDRESSES
from .rendering import render

log = logging.getLogger(__name__)

MARK = ".rulescope-site"
"""Stands in a folder that we published into: only such a folder is emptied before it is written again."""
BATCH = 60
FEW = 100
"""Rules; fewer are written in this process."""

Thing = tuple[str, str]
Filters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Published:
    """What was written."""

    rules: int
    pages: int
    files: int
    bytes: int
    seconds: float
    search: str  # pagefind, or index: the list of rules that the site's own script searches


class _Site:
    """A folder being filled. Every name comes from `Links`, which makes none that leaves it."""

    def __init__(self, catalogue: Catalogue, folder: Path, prefix: str, base: str) -> None:
        self.rules = catalogue
        self.folder = folder
        self.base = base.rstrip("/")
        self.made: set[Thing] = set()
        self.links = Links(prefix, static=True, made=self.made)
        self.there = known(catalogue)
        self.pages = self.files = self.bytes = 0

    def page(self, address: str, template: str, context: dict[str, Any]) -> None:
        """Writes the page that stands at `address`."""
        path = self.path(address)
        self.write(
            f"{path}/index.html" if path else "index.html", render(self.links, template, there=self.there, **context)
        )
        self.pages += 1

    def path(self, address: str) -> str:
        """Where in the folder an address of the site lies."""
        return address.removeprefix(self.links.prefix).strip("/")

    def write(self, path: str, body: str | bytes) -> None:
        target = self.folder / path
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        try:
            target.write_bytes(data)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        self.files += 1
        self.bytes += len(data)

    def rule(self, key: str) -> None:
        """The page of a rule and its files."""
        found = explain.rule_page(self.rules, key)
        if found is None:
            return
        self.page(self.links.link("rule", key=key), "rule.html", rule_context(found))
        shown = without_body(found)
        self.write(f"rules/{key}/{DOWNLOADS['json']}", msgspec.json.encode(shown, enc_hook=str))
        if found.show_body:
            self.write(f"rules/{key}/{DOWNLOADS['original']}", downloads.original(found)[2])
            if found.rule.language == "kusto" or found.translations:
                self.write(f"rules/{key}/{DOWNLOADS['sentinel']}", downloads.sentinel(found)[2])

    def thing(self, thing: Thing) -> None:
        """The pages of a table, event, technique, field or source: its rules fifty at a time."""
        kind, name = thing
        first = thing_context(self.rules, self.links, kind, name)
        if first is None:
            log.warning("no page kind=%s name=%r", kind, name)
            return
        self.page(self.links.link(kind, **{ADDRESSES[kind][1]: name}), THINGS[kind][0], first)
        for number in range(2, first["last"] + 1):
            context = thing_context(self.rules, self.links, kind, name, number)
            if context is not None:
                self.page(self.links.further(kind, name, number), THINGS[kind][0], context)
        if kind == "field":
            address = self.links.link("field", name=name)
            self.write(f"{self.path(address)}/values.json", values_index(self.rules, name))

    def counts(self) -> tuple[int, int, int, set[Thing]]:
        return self.pages, self.files, self.bytes, self.made


def publish(
    catalogue: str | Path,
    folder: str | Path,
    base: str = "",
    prefix: str = "",
    processes: int = 2,
    progress: Callable[[int, int, str], None] | None = None,
) -> Published:
    """Writes the site over the catalogue at `catalogue` into `folder`.

    `prefix` is the path below which the folder will stand on its host (`/rules`), `base` its public address with scheme
    and host, for feeds. What was published into the folder before is replaced. `progress` gets (done, all, what).
    Raises RulescopeError when the folder holds something else.
    """
    started = time.monotonic()
    target = Path(folder)
    prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
    tell = progress or (lambda done, total, what: None)
    if not base:
        log.warning("the links in feeds have no host: give the address of the site to make feeds that readers accept")
    _emptied(target)
    with Catalogue(catalogue) as rules:
        site = _Site(rules, target, prefix, base)
        keys = rules.keys()
        _fixed(site)
        _lists(site, tell)
        work = _Work(Path(catalogue), target, prefix, base, processes if len(keys) > FEW else 0, site)
        with work:
            work.run("rule", keys, partial(_told, tell, len(keys), "rules"))
            written: set[Thing] = set()
            while todo := sorted(site.made - written):
                written.update(todo)
                work.run("thing", todo, partial(_told, tell, len(todo), "tables, events, fields, techniques"))
    found = _pagefind(target)
    seconds = time.monotonic() - started
    log.info("published rules=%d pages=%d files=%d seconds=%.1f", len(keys), site.pages, site.files, seconds)
    return Published(len(keys), site.pages, site.files, site.bytes, seconds, "pagefind" if found else "index")


def _told(tell: Callable[[int, int, str], None], total: int, what: str, done: int) -> None:
    tell(done, total, what)


def _emptied(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RulescopeError(f"{folder}: not a folder")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise RulescopeError(f"{folder}: holds other files; publish into a new or empty folder")
        for child in folder.iterdir():
            if child.name.startswith(".git") or child.name == "CNAME":
                continue  # of the repository the site is published from
            shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


# ---------------------------------------------------------------- pages beside the rules


def _fixed(site: _Site) -> None:
    """Pages without parameters, coverage per version, static files, the index that searches use."""
    links, rules = site.links, site.rules
    for file in files("rulescope.web").joinpath("static").iterdir():
        site.write(f"static/{file.name}", file.read_bytes())
    site.write(".nojekyll", "")
    site.page(links.link("events"), "events.html", events_context(rules))
    site.page(links.link("tables"), "index.html", tables_context(rules, links))
    site.page(links.link("indicators"), "index.html", indicators_context(rules, links))
    site.page(links.link("sources"), "sources.html", sources_context(rules))
    site.page(links.link("feeds"), "feeds.html", feeds_context(rules, links))
    for version in attack.VERSIONS:
        _coverage(site, version, ())
    for kind in PLAIN_CHOICES:
        for value in rules.counted(kind):
            _coverage(site, attack.CURRENT, ((kind, value),))
    site.page(
        links.link("search"),
        "search.html",
        {"index": links.file("rules.json"), "pagefind": bool(find_spec("pagefind"))},
    )
    site.write("static/rules.json", rules_index(rules))
    context = {"status": 404, "heading": "Not found", "message": "There is no such page here."}
    site.write("404.html", render(links, "error.html", there=site.there, **context))
    _feeds(site, ())
    for kind in OWN_FEEDS:
        for value in list(rules.counted(kind))[:MOST_CHOICES]:
            _feeds(site, ((kind, value),))


def _coverage(site: _Site, version: str, filters: Filters) -> None:
    """The ATT&CK matrix of a version over the rules that fit, and its layer."""
    found = coverage_page(site.rules, version, filters)
    address = site.links.coverage(version, attack.CURRENT, filters)
    site.page(address, "coverage.html", coverage_context(site.rules, site.links, found))
    site.write(site.path(address) + "/layer.json", coverage.layer(found))


def _feeds(site: _Site, filters: Filters) -> None:
    """The feeds of the rules that fit, in every format."""
    newest = feed.feed_page(site.rules, "", filters)
    place = Place(site.base + site.links.prefix, "/rules/{}/")
    for kind, address in site.links.feeds("", filters).items():
        site.write(site.path(address), feed.written(newest, kind, place, site.base + address))


def _lists(site: _Site, tell: Callable[[int, int, str], None]) -> None:
    """The feed, fifty rules a page."""
    number, last = 1, 1
    while number <= last:
        found = feed.feed(site.rules, page=number)
        last = found.pages
        context = list_context(site.rules, site.links, found, "Rules")
        site.page(site.links.listed("", (), number), "feed.html", context)
        tell(number, last, "feed")
        number += 1


def _pagefind(folder: Path) -> bool:
    """Full-text search over the written pages, when the pagefind package is there."""
    if find_spec("pagefind") is None:
        return False
    command = [sys.executable, "-m", "pagefind", "--site", str(folder), "--glob", "rules/**/*.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        log.warning("pagefind failed: %s", done.stderr.strip()[-500:])
    return done.returncode == 0


# ---------------------------------------------------------------- many pages, on several processes


class _Work:
    """Runs batches of pages here or in processes of their own, and adds up what they wrote and led to."""

    def __init__(self, catalogue: Path, folder: Path, prefix: str, base: str, processes: int, site: _Site) -> None:
        self.site = site
        self.pool = (
            ProcessPoolExecutor(
                processes,
                multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(catalogue, folder, prefix, base),
            )
            if processes > 1
            else None
        )

    def __enter__(self) -> _Work:
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)

    def run(self, what: str, items: Sequence[Any], told: Callable[[int], None]) -> None:
        if self.pool is None or len(items) <= FEW:
            for number, item in enumerate(items):
                getattr(self.site, what)(item)
                told(number + 1)
            return
        done = 0
        batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
        for batch, (pages, written, size, made) in zip(
            batches, self.pool.map(_batch, [what] * len(batches), batches), strict=True
        ):
            self.site.pages += pages
            self.site.files += written
            self.site.bytes += size
            self.site.made |= made
            done += len(batch)
            told(done)


_site: list[_Site] = []
"""The one site a working process fills."""


def _start(catalogue: Path, folder: Path, prefix: str, base: str) -> None:
    _site[:] = [_Site(Catalogue(catalogue), folder, prefix, base)]


def _batch(what: str, items: Iterable[Any]) -> tuple[int, int, int, set[Thing]]:
    site = _site[0]
    site.pages = site.files = site.bytes = 0
    site.made.clear()
    for item in items:
        getattr(site, what)(item)
    pages, written, size, made = site.counts()
    return pages, written, size, set(made)
