"""The served site: each view parses a request, calls one service, renders the page; the API gives the same as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from ..catalogue import FACETS, Catalogue
from ..errors import RulescopeError
from ..model import Node
from ..outputs import feeds as feed_formats
from ..services import browse, downloads, feed, pages
from ..services import coverage as coverages
from ..services import explain as explaining
from .links import Links
from .rendering import filters_of, render, static_file
from .security import LOCAL_NAMES, Guard, etag

SERVED = Links()
LONGEST_SEARCH = 300
MOST_FILTERS = 20
MORE_FILTERS = ("forwards", "kind", "status")
CHOICES = ("language", "source", "platform")
SECTIONS = (  # id, label, and whether the page has it
    ("facts", "Facts", lambda p: True),
    ("description", "Description", lambda p: p.rule.description),
    ("hypothesis", "Hunt hypothesis", lambda p: p.hypothesis),
    ("gaps", "What escapes", lambda p: p.gaps),
    ("attack", "ATT&CK", lambda p: p.tactics or p.techniques),
    ("events", "Event coverage", lambda p: p.events),
    ("data", "Required data", lambda p: p.data),
    ("body", "Rule", lambda p: True),
    ("parameters", "Parameters", lambda p: p.parameters),
    ("stages", "Stages", lambda p: p.stages),
    ("exclusions", "Exclusions", lambda p: p.exclusion_groups),
    ("indicators", "Indicators", lambda p: p.indicator_groups),
    ("outputs", "Output fields", lambda p: p.output_rows or p.entities),
    ("false-positives", "False positives", lambda p: p.guidance or p.rule.false_positives),
    ("evidence", "Evidence", lambda p: p.evidence),
    ("confidence", "Confidence", lambda p: p.confidence),
    ("findings", "Findings", lambda p: p.diagnostics),
    ("neighbours", "Neighbours", lambda p: p.neighbours or p.family),
    ("references", "References", lambda p: p.rule.references or p.rule.related),
    ("history", "History", lambda p: p.history),
)
ERRORS = {404: "Not found", 405: "Not allowed", 400: "Not understood", 422: "Not understood"}


def application(catalogue: str | Path | Catalogue, hosts: frozenset[str] = LOCAL_NAMES, base: str = "") -> FastAPI:
    """The site over a catalogue. `hosts` are the host names it answers to; `base` its public address, for feeds."""
    rules = catalogue if isinstance(catalogue, Catalogue) else Catalogue(catalogue)
    app = FastAPI(title="rulescope", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    app.add_middleware(Guard, hosts=hosts)
    _errors(app)
    _lists(app, rules, base)
    _things(app, rules)
    _api(app, rules)
    return app


# ---------------------------------------------------------------- answers


def page(request: Request, template: str, **context: Any) -> Response:
    """A rendered page, with an entity tag; 304 when the reader has it."""
    return _tagged(request, render(SERVED, template, **context).encode(), "text/html; charset=utf-8")


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
        body = render(SERVED, "error.html", status=status, heading=ERRORS.get(status, "Error"), message=message)
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
        found = feed.feed(rules, text, filters, number)
        named = filters_of(found)
        plain = not text and not filters and number == 1
        return page(
            request, "feed.html", page=found, section="feed", q=text, error="",
            heading=f"{heading}: {named}" if named else heading,
            intro="Detection rules taken apart, translated, and proven on events." if plain else "",
            figures=_figures(rules) if plain else (), feeds=SERVED.feeds(text, filters),
        )  # fmt: skip

    @app.get("/", include_in_schema=False)
    def home(request: Request) -> Response:
        return listing(request, "Rules")

    @app.get("/search", include_in_schema=False)
    def search(request: Request) -> Response:
        return listing(request, "Search")

    @app.get("/feeds", include_in_schema=False)
    def feeds(request: Request) -> Response:
        return page(request, "feeds.html", feeds=SERVED.feeds())

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
        return page(request, "sources.html", section="sources", sources=rules.sources(), tally=rules.tally())

    @app.get("/coverage", include_in_schema=False)
    def coverage(request: Request) -> Response:
        found = _coverage(request, rules)
        facets = rules.search(facets=CHOICES, size=1).facets
        query = urlencode([("version", found.version), *found.filters])
        return page(
            request, "coverage.html", section="coverage", page=found, navigator=SERVED.prefixed(f"/coverage.json?{query}"),
            choices=[(facet.kind, facet.values) for facet in facets],
        )  # fmt: skip

    @app.get("/coverage.json", include_in_schema=False)
    def layer(request: Request) -> Response:
        body = coverages.layer(_coverage(request, rules)).encode()
        return _tagged(
            request, body, "application/json", **{"content-disposition": 'attachment; filename="coverage.json"'}
        )

    @app.get("/events", include_in_schema=False)
    def events(request: Request) -> Response:
        found = browse.event_index(rules)
        return page(request, "events.html", section="events", page=found)

    @app.get("/tables", include_in_schema=False)
    def tables(request: Request) -> Response:
        return page(request, "index.html", section="tables", **tables_context(rules, SERVED))

    @app.get("/indicators", include_in_schema=False)
    def indicators(request: Request) -> Response:
        return page(request, "index.html", section="indicators", **indicators_context(rules, SERVED))

    @app.get("/static/{name}", include_in_schema=False)
    def static(request: Request, name: str) -> Response:
        body = _found(static_file(name), "such file")
        kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        return _tagged(request, body, kinds.get(name.rsplit(".", 1)[-1], "application/octet-stream"))


def _coverage(request: Request, rules: Catalogue) -> pages.CoveragePage:
    _, filters, _ = asked(request)
    version = request.query_params.get("version", "")
    return coverages.coverage(rules, version, filters) if version else coverages.coverage(rules, filters=filters)


def _figures(rules: Catalogue) -> list[tuple[str, int, str]]:
    fires, verdicts = rules.values("fires"), rules.values("verdict")
    figures = [("rules", len(rules), "")]
    figures += [
        (
            f"rules {name}" if name != "impossible" else "impossible rules",
            fires[name],
            SERVED.listed("", [("fires", name)]),
        )
        for name in ("fires", "silent", "impossible")
        if fires.get(name)
    ]
    figures += [
        (f"translations {name}", verdicts[name], SERVED.listed("", [("verdict", name)]))
        for name in ("equal", "wider", "narrower", "differs")
        if verdicts.get(name)
    ]
    return [
        (label.replace("rules fires", "fire on events").replace("rules silent", "silent on events"), count, href)
        for label, count, href in figures
    ]


class Row(Node, frozen=True):
    """A line of an index page."""

    name: str
    href: str
    about: str = ""
    rules: int = 0


def tables_context(rules: Catalogue, links: Links) -> dict[str, Any]:
    """What the index of tables shows."""
    rows = [Row(name, links.link("table", name=name), rules=count) for name, count in rules.values("table").items()]
    return {
        "heading": "Tables", "intro": "Tables that rules read, with columns, types and who fills them.",
        "columns": ("Table", "Rules"), "groups": [("", rows)],
    }  # fmt: skip


def indicators_context(rules: Catalogue, links: Links) -> dict[str, Any]:
    """What the index of fields shows."""
    rows = [
        Row(name, links.link("field", name=name), rules=count)
        for name, count in list(rules.values("field").items())[:500]
    ]
    return {
        "heading": "Indicators", "columns": ("Field", "Rules"), "groups": [("Fields that rules test, by their common name", rows)],
        "intro": "What rules look for, field by field; each field lists the values asked of it in every language.",
    }  # fmt: skip


def rule_context(found: pages.RulePage) -> dict[str, Any]:
    """What a rule's template needs beside its page."""
    return {
        "page": found,
        "section": "feed",
        "sections": [(id, label, bool(there(found))) for id, label, there in SECTIONS],
    }


def _things(app: FastAPI, rules: Catalogue) -> None:
    def thing(path: str, template: str, find: Callable[..., Any], section: str, kind: str) -> None:
        @app.get(path, include_in_schema=False, name=template)
        def view(request: Request, name: str) -> Response:
            _, _, number = asked(request)
            found = _found(find(rules, name, number), f"{kind} {name}")
            everything = SERVED.listed("", [(kind, name)])
            context: dict[str, Any] = {"page": found, "section": section, "all_rules": everything}
            if kind == "source":
                context.update(source=found.source, tally=found.tally, failures=found.failures)
            return page(request, template, **context)

    thing("/events/{name:path}", "event.html", browse.event_page, "events", "event")
    thing("/tables/{name}", "table.html", browse.table_page, "tables", "table")
    thing("/techniques/{name}", "technique.html", browse.technique_page, "coverage", "technique")
    thing("/fields/{name:path}", "field.html", browse.field_page, "indicators", "field")
    thing("/sources/{name:path}", "source.html", browse.source_page, "sources", "source")

    @app.get("/rules/{key}", include_in_schema=False)
    def rule(request: Request, key: str) -> Response:
        found = _found(explaining.rule_page(rules, key), f"rule {key}")
        return page(request, "rule.html", **rule_context(found))

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
        return page(request, "value.html", section="indicators", page=browse.value_page(rules, value, field))


# ---------------------------------------------------------------- API


def _api(app: FastAPI, rules: Catalogue) -> None:
    @app.get("/api/suggest", tags=["rules"], summary="Rules whose words begin like what was typed so far")
    def suggest(request: Request, q: str = "") -> Response:
        found = rules.suggest(q[:LONGEST_SEARCH]) if len(q.strip()) > 1 else ()
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
        if not found.show_body:
            found = msgspec.structs.replace(found, rule=msgspec.structs.replace(found.rule, text=""), stages=())
        return answer(request, found)

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

    finders = (
        ("event", browse.event_page), ("table", browse.table_page), ("technique", browse.technique_page),
        ("field", browse.field_page), ("source", browse.source_page),
    )  # fmt: skip
    for kind, find in finders:
        _api_thing(app, rules, kind, find)

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        return page(request, "api.html", paths=_operations(app))


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
