"""The served site: each view parses a request, calls one service, renders the page; the API gives the same as JSON."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from ..catalogue import Catalogue
from ..errors import RulescopeError
from ..outputs import feeds as feed_formats
from ..services import browse, downloads, feed
from ..services import coverage as coverages
from ..services import explain as explaining
from ..services.query import Session
from .answering import SERVED, asked, coverage_of, expanded, found, page, tagged, value_of
from .api import add_api, described
from .contents import (
    THINGS,
    coverage_context,
    events_context,
    feeds_context,
    indicators_context,
    list_context,
    rule_context,
    sources_context,
    tables_context,
    thing_context,
)
from .kusto import add_kusto
from .rendering import render, static_file, warm
from .security import LOCAL_NAMES, Guard

ERRORS = {404: "Not found", 405: "Not allowed", 400: "Not understood", 422: "Not understood"}


def application(
    catalogue: str | Path | Catalogue,
    hosts: frozenset[str] = LOCAL_NAMES,
    base: str = "",
    session: Session | None = None,
) -> FastAPI:
    """The site over a catalogue. `hosts` are the host names it answers to; `base` its public address, for feeds.

    With a `session` over tables, it answers Kusto queries as a cluster does.
    """
    rules = catalogue if isinstance(catalogue, Catalogue) else Catalogue(catalogue)

    @asynccontextmanager
    async def ready(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_warm, args=(rules,), daemon=True).start()
        yield

    app = FastAPI(title="rulescope", docs_url=None, redoc_url=None, openapi_url="/openapi.json", lifespan=ready)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    app.add_middleware(Guard, hosts=hosts)
    _errors(app)
    _lists(app, rules, base)
    _things(app, rules)
    add_api(app, rules)
    if session is not None:
        add_kusto(app, session)
    return app


def _warm(rules: Catalogue) -> None:
    """Loads what the first pages need (templates, lexers, readers, schemas), so that they are as fast as later ones."""
    warm(SERVED)
    for language in rules.values("language"):
        for card in rules.search("", [("language", language)], size=1, facets=()).cards:
            explaining.rule_page(rules, card.key)
    for source in rules.values("source"):
        browse.source_page(rules, source)


def _errors(app: FastAPI) -> None:
    def told(request: Request, status: int, message: str) -> Response:
        if request.url.path.startswith("/api/"):
            return Response(msgspec.json.encode({"error": message}), status, media_type="application/json")
        body = render(
            SERVED,
            "error.html",
            there=lambda kind, name: False,
            status=status,
            heading=ERRORS.get(status, "Error"),
            message=message,
        )
        return Response(body, status, media_type="text/html; charset=utf-8")

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        messages = {
            404: "There is no such page here. The rule may have been removed at its source, or its address has a typing error."
        }
        known = error.detail if error.detail not in ("Not Found", "Method Not Allowed") else ""
        return told(request, error.status_code, known or messages.get(error.status_code, str(error.detail)))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return told(request, 422, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")

    @app.exception_handler(RulescopeError)
    async def _(request: Request, error: RulescopeError) -> Response:
        return told(request, 400, str(error))


# ---------------------------------------------------------------- pages


def _lists(app: FastAPI, rules: Catalogue, base: str) -> None:
    def listing(request: Request, heading: str) -> Response:
        text, filters, number = asked(request)
        return page(
            rules, request, "feed.html",
            lambda: list_context(rules, SERVED, feed.feed(rules, text, filters, number, expanded=expanded(request)), heading),
        )  # fmt: skip

    @app.get("/", include_in_schema=False)
    def home(request: Request) -> Response:
        return listing(request, "Rules")

    @app.get("/search", include_in_schema=False)
    def search(request: Request) -> Response:
        return listing(request, "Search")

    @app.get("/feeds", include_in_schema=False)
    def feeds(request: Request) -> Response:
        return page(rules, request, "feeds.html", lambda: feeds_context(rules, SERVED))

    @app.get(
        "/feed.{kind}", **described("feeds", "The newest rules that fit, as atom, rss or json", None, "q", "filters")
    )
    def feed_file(request: Request, kind: str) -> Response:
        if kind not in feed_formats.TYPES:
            raise HTTPException(404)
        text, filters, _ = asked(request)
        root = base or str(request.base_url).rstrip("/")
        address = f"{root}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        body = feed.written(feed.feed_page(rules, text, filters), kind, feed.Place(root), address)
        return tagged(request, body.encode(), feed_formats.TYPES[kind] + "; charset=utf-8")

    @app.get("/sources", include_in_schema=False)
    def sources(request: Request) -> Response:
        return page(rules, request, "sources.html", lambda: sources_context(rules))

    @app.get("/coverage", include_in_schema=False)
    def coverage(request: Request) -> Response:
        return page(
            rules, request, "coverage.html", lambda: coverage_context(rules, SERVED, coverage_of(request, rules))
        )

    @app.get(
        "/coverage.json", **described("feeds", "The coverage as an ATT&CK Navigator layer", None, "version", "filters")
    )
    def layer(request: Request) -> Response:
        body = coverages.layer(coverage_of(request, rules)).encode()
        return tagged(
            request, body, "application/json", **{"content-disposition": 'attachment; filename="coverage.json"'}
        )

    @app.get("/events", include_in_schema=False)
    def events(request: Request) -> Response:
        return page(rules, request, "events.html", lambda: events_context(rules))

    @app.get("/tables", include_in_schema=False)
    def tables(request: Request) -> Response:
        return page(rules, request, "index.html", lambda: tables_context(rules, SERVED))

    @app.get("/indicators", include_in_schema=False)
    def indicators(request: Request) -> Response:
        return page(rules, request, "index.html", lambda: indicators_context(rules, SERVED))

    @app.get("/static/{name}", include_in_schema=False)
    def static(request: Request, name: str) -> Response:
        body = found(static_file(name), "such file")
        kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        return tagged(request, body, kinds.get(name.rsplit(".", 1)[-1], "application/octet-stream"))


def _things(app: FastAPI, rules: Catalogue) -> None:
    for kind in THINGS:
        _thing(app, rules, kind)

    @app.get("/rules/{key}", include_in_schema=False)
    def rule(request: Request, key: str) -> Response:
        return page(
            rules, request, "rule.html", lambda: rule_context(found(explaining.rule_page(rules, key), f"rule {key}"))
        )

    @app.get("/rules/{key}/download/{kind}", **described("rules", "A rule as a file: original, json or sentinel", None))
    def download(request: Request, key: str, kind: str) -> Response:
        shown = found(explaining.rule_page(rules, key), f"rule {key}")
        if kind not in downloads.WRITERS or not shown.show_body:
            raise HTTPException(404)
        name, media, body = downloads.WRITERS[kind](shown)
        return tagged(request, body.encode(), media, **{"content-disposition": f'attachment; filename="{name}"'})

    @app.get("/value", include_in_schema=False)
    def value(request: Request) -> Response:
        value, field = value_of(request)
        return page(
            rules, request, "value.html",
            lambda: {"section": "indicators", "page": browse.value_page(rules, value, field)},
        )  # fmt: skip


def _thing(app: FastAPI, rules: Catalogue, kind: str) -> None:
    @app.get(f"/{kind}s/{{name:path}}", include_in_schema=False, name=kind)
    def view(request: Request, name: str) -> Response:
        _, _, number = asked(request)
        return page(
            rules, request, THINGS[kind][0],
            lambda: found(thing_context(rules, SERVED, kind, name, number), f"{kind} {name}"),
        )  # fmt: skip
