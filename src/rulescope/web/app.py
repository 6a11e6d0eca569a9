"""The served site: each view parses a request, calls one service, renders the page; the API gives the same as JSON."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from ..catalogue import FACETS, Catalogue
from ..errors import RulescopeError
from ..outputs import feeds as feed_formats
from ..services import browse, downloads, feed, pages
from ..services import coverage as coverages
from ..services import explain as explaining
from ..services.query import Session
from .contents import (
    THINGS,
    coverage_context,
    coverage_page,
    events_context,
    indicators_context,
    known,
    list_context,
    rule_context,
    sources_context,
    tables_context,
    thing_context,
    without_body,
)
from .keeping import kept
from .kusto import add_kusto
from .links import Links
from .rendering import render, static_file, warm
from .security import LOCAL_NAMES, Guard, etag

SERVED = Links()
LONGEST_SEARCH = 300
MOST_FILTERS = 20
LONE_LETTER = re.compile(r"\s+\w$")
MORE_FILTERS = ("forwards", "kind", "status")
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
    _api(app, rules)
    if session is not None:
        add_kusto(app, session)
    return app


def _warm(rules: Catalogue) -> None:
    """Loads what the first pages need (templates, lexers, readers, schemas), so that they are as fast as later ones."""
    warm(SERVED)
    for language in rules.values("language"):
        for card in rules.search("", [("language", language)], size=1, facets=()).cards:
            explaining.rule_page(rules, card.key)


# ---------------------------------------------------------------- answers


def page(rules: Catalogue, request: Request, template: str, make: Callable[[], dict[str, Any]]) -> Response:
    """A rendered page, with an entity tag; 304 when the reader has it. `make` gives what the template receives."""
    address = f"{request.url.path}?{request.url.query}"
    body = kept(rules, address, lambda: render(SERVED, template, there=known(rules), **make()).encode())
    return _tagged(request, body, "text/html; charset=utf-8")


def answer(request: Request, value: Any) -> Response:
    """A value as JSON, with an entity tag."""
    return _tagged(request, msgspec.json.encode(value, enc_hook=str), "application/json")


def _tagged(request: Request, body: bytes, kind: str, **headers: str) -> Response:
    tag = etag(body)
    every = {"etag": tag, "cache-control": "no-cache", **headers}
    if request.headers.get("if-none-match", "").replace("W/", "") == tag:
        return Response(status_code=304, headers=every)
    return Response(body, media_type=kind, headers=every)


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


# ---------------------------------------------------------------- requests


def asked(request: Request) -> tuple[str, list[tuple[str, str]], int]:
    """Search text, filters and page number of a list's address. Raises HTTPException 400 on too much of anything."""
    text = request.query_params.get("q", "").strip()
    filters = [
        (kind, value)
        for kind, value in request.query_params.multi_items()
        if kind in (*FACETS, *MORE_FILTERS) and value
    ]
    number = request.query_params.get("page", "1")
    if len(text) > LONGEST_SEARCH or len(filters) > MOST_FILTERS or not number.isdigit() or len(number) > 7:
        raise HTTPException(
            400, f"A search has at most {LONGEST_SEARCH} characters and {MOST_FILTERS} filters, and pages have numbers."
        )
    return text, filters, max(1, int(number))


def _found(value: Any, what: str) -> Any:
    if value is None:
        raise HTTPException(404, f"This catalogue knows no {what}.")
    return value


# ---------------------------------------------------------------- pages


def _lists(app: FastAPI, rules: Catalogue, base: str) -> None:
    def listing(request: Request, heading: str) -> Response:
        text, filters, number = asked(request)
        return page(
            rules, request, "feed.html",
            lambda: list_context(rules, SERVED, feed.feed(rules, text, filters, number), heading),
        )  # fmt: skip

    @app.get("/", include_in_schema=False)
    def home(request: Request) -> Response:
        return listing(request, "Rules")

    @app.get("/search", include_in_schema=False)
    def search(request: Request) -> Response:
        return listing(request, "Search")

    @app.get("/feeds", include_in_schema=False)
    def feeds(request: Request) -> Response:
        return page(rules, request, "feeds.html", lambda: {"feeds": SERVED.feeds()})

    @app.get("/feed.{kind}", include_in_schema=False)
    def feed_file(request: Request, kind: str) -> Response:
        if kind not in feed_formats.TYPES:
            raise HTTPException(404)
        text, filters, _ = asked(request)
        root = base or str(request.base_url).rstrip("/")
        address = f"{root}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        body = feed.written(feed.feed_page(rules, text, filters), kind, root, address)
        return _tagged(request, body.encode(), feed_formats.TYPES[kind] + "; charset=utf-8")

    @app.get("/sources", include_in_schema=False)
    def sources(request: Request) -> Response:
        return page(rules, request, "sources.html", lambda: sources_context(rules))

    @app.get("/coverage", include_in_schema=False)
    def coverage(request: Request) -> Response:
        return page(rules, request, "coverage.html", lambda: coverage_context(rules, SERVED, _coverage(request, rules)))

    @app.get("/coverage.json", include_in_schema=False)
    def layer(request: Request) -> Response:
        body = coverages.layer(_coverage(request, rules)).encode()
        return _tagged(
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
        body = _found(static_file(name), "such file")
        kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        return _tagged(request, body, kinds.get(name.rsplit(".", 1)[-1], "application/octet-stream"))


def _coverage(request: Request, rules: Catalogue) -> pages.CoveragePage:
    _, filters, _ = asked(request)
    return coverage_page(rules, request.query_params.get("version", ""), filters)


def _things(app: FastAPI, rules: Catalogue) -> None:
    for kind in THINGS:
        _thing(app, rules, kind)

    @app.get("/rules/{key}", include_in_schema=False)
    def rule(request: Request, key: str) -> Response:
        return page(
            rules, request, "rule.html", lambda: rule_context(_found(explaining.rule_page(rules, key), f"rule {key}"))
        )

    @app.get("/rules/{key}/download/{kind}", include_in_schema=False)
    def download(request: Request, key: str, kind: str) -> Response:
        found = _found(explaining.rule_page(rules, key), f"rule {key}")
        if kind not in downloads.WRITERS or not found.show_body:
            raise HTTPException(404)
        name, media, body = downloads.WRITERS[kind](found)
        return _tagged(request, body.encode(), media, **{"content-disposition": f'attachment; filename="{name}"'})

    @app.get("/value", include_in_schema=False)
    def value(request: Request, value: str = "", field: str = "") -> Response:
        if not value or len(value) > 4_000 or len(field) > 300:
            raise HTTPException(400, "A value page needs a value of at most 4,000 characters.")
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
            lambda: _found(thing_context(rules, SERVED, kind, name, number), f"{kind} {name}"),
        )  # fmt: skip


# ---------------------------------------------------------------- API


def _api(app: FastAPI, rules: Catalogue) -> None:
    @app.get("/api/suggest", tags=["rules"], summary="Rules whose words begin like what was typed so far")
    def suggest(request: Request, q: str = "") -> Response:
        begun = LONE_LETTER.sub("", q[:LONGEST_SEARCH])  # one letter begins too many words to be worth a search
        found = rules.suggest(begun) if len(begun.strip()) > 1 else ()
        listed = [{"title": card.title, "href": SERVED.link("rule", key=card.key, title=card.title)} for card in found]
        return answer(request, {"results": listed})

    @app.get(
        "/api/rules",
        tags=["rules"],
        summary="Rules that fit a search (q) and filters (language, source, technique, ...)",
    )
    def listed(request: Request) -> Response:
        text, filters, number = asked(request)
        return answer(request, feed.feed(rules, text, filters, number))

    @app.get("/api/rules/{key}", tags=["rules"], summary="Everything known of one rule")
    def one(request: Request, key: str) -> Response:
        found: pages.RulePage = _found(explaining.rule_page(rules, key), f"rule {key}")
        return answer(request, without_body(found))

    @app.get("/api/coverage", tags=["coverage"], summary="The ATT&CK matrix with counts, by version and filters")
    def matrix(request: Request) -> Response:
        return answer(request, _coverage(request, rules))

    @app.get("/api/events", tags=["browse"], summary="Event types by provider")
    def events(request: Request) -> Response:
        return answer(request, browse.event_index(rules))

    @app.get("/api/sources", tags=["browse"], summary="Sources with their counts, and the tally")
    def sources(request: Request) -> Response:
        return answer(request, {"sources": rules.sources(), "tally": rules.tally()})

    @app.get("/api/value", tags=["browse"], summary="Who looks for a value, and who leaves it out")
    def value(request: Request, value: str, field: str = "") -> Response:
        return answer(request, browse.value_page(rules, value, field))

    for kind, (_, _, find) in THINGS.items():
        _api_thing(app, rules, kind, find)

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        return page(rules, request, "api.html", lambda: {"paths": _operations(app)})


def _api_thing(app: FastAPI, rules: Catalogue, kind: str, find: Callable[..., Any]) -> None:
    @app.get(
        f"/api/{kind}s/{{name:path}}",
        tags=["browse"],
        summary=f"One {kind} and the rules that use it",
        name=f"api-{kind}",
    )
    def view(request: Request, name: str) -> Response:
        return answer(request, _found(find(rules, name), f"{kind} {name}"))


def _operations(app: FastAPI) -> list[dict[str, str]]:
    paths = app.openapi()["paths"]
    return [
        {"method": method.upper(), "path": path, "summary": operation.get("summary", "")}
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
