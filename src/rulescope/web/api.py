"""The API: everything the pages show as JSON, with a description (OpenAPI) made from the types that are sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from ..catalogue import FACETS, Catalogue, SearchPage, SourceFacts, Tally
from ..model import Node
from ..services import browse, feed, pages
from ..services import explain as explaining
from .answering import (
    FILTERS,
    LONE_LETTER,
    LONGEST_NAME,
    LONGEST_SEARCH,
    LONGEST_VALUE,
    SERVED,
    answer,
    asked,
    coverage_of,
    expanded,
    found,
    page,
    value_of,
)
from .contents import THINGS, Summary, summary, without_body

REFERENCES = "#/components/schemas/{name}"


class Suggestion(Node, frozen=True):
    """A rule whose words begin like what was typed: its title and the address of its page."""

    title: str
    href: str


class Suggestions(Node, frozen=True):
    results: tuple[Suggestion, ...]


class Sources(Node, frozen=True):
    """All sources with their counts, and the tally of the whole catalogue."""

    sources: tuple[SourceFacts, ...]
    tally: Tally


class Refusal(Node, frozen=True):
    """Why a request was not answered."""

    error: str


ANSWERS: dict[str, type] = {  # kind of thing: what its address gives
    "event": pages.EventPage, "table": pages.TablePage, "technique": pages.TechniquePage, "field": pages.FieldPage,
    "source": pages.SourcePage, "language": pages.LanguagePage,
}  # fmt: skip
TYPES: tuple[type, ...] = (
    SearchPage, pages.RulePage, pages.CoveragePage, pages.EventIndex, pages.TableIndex, pages.FieldIndex, pages.ValuePage,
    Sources, Suggestions, Summary, Refusal, *ANSWERS.values(),
)  # fmt: skip


def _parameter(name: str, about: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": about, "schema": schema}


PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "q": [_parameter("q", "words, \"phrases\", field:value, AND OR NOT -word, parentheses", type="string", maxLength=LONGEST_SEARCH)],
    "page": [_parameter("page", "fifty rules a page, from 1", type="integer", minimum=0, maximum=9_999_999, default=1)],
    "all": [_parameter("all", "the facet of which all values are wanted", type="string", enum=list(FACETS))],
    "version": [_parameter("version", "an ATT&CK version; the current one when it is not said", type="string")],
    "value": [_parameter("value", "what rules look for", True, type="string", minLength=1, maxLength=LONGEST_VALUE)],
    "field": [_parameter("field", "the field it is looked for in, by any of its names", type="string", maxLength=LONGEST_NAME)],
    "filters": [
        _parameter(kind, "any of these values; of several filters all must hold", type="array", items={"type": "string"}) for kind in FILTERS
    ],
}  # fmt: skip
"""What addresses take, in groups."""


def described(tag: str, summary: str, gives: type | None, *takes: str) -> dict[str, Any]:
    """What a route says of itself: its parameters by the groups of `PARAMETERS`, and the type it answers with."""
    content = {"application/json": {"schema": {"$ref": REFERENCES.format(name=gives.__name__)}}} if gives else {}
    extra = {"parameters": [parameter for group in takes for parameter in PARAMETERS[group]]}
    ok: dict[str, Any] = {"description": "What was asked for", "content": content}
    return {"tags": [tag], "summary": summary, "responses": {200: ok}, "openapi_extra": extra}


def add_api(app: FastAPI, rules: Catalogue) -> None:
    """The addresses below `/api/`, and their description at `/openapi.json` and `/docs`."""
    _rules(app, rules)
    _indexes(app, rules)
    for kind, (_, _, find) in THINGS.items():
        _thing(app, rules, kind, find)
    app.openapi = lambda: _openapi(app, plain)  # type: ignore[method-assign]
    plain = FastAPI.openapi.__get__(app)

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        return page(rules, request, "api.html", lambda: {"operations": _operations(app), "filters": FILTERS})


def _rules(app: FastAPI, rules: Catalogue) -> None:
    @app.get("/api/rules", **described("rules", "Rules that fit a search and filters", SearchPage, "q", "page", "all", "filters"))  # fmt: skip
    def listed(request: Request) -> Response:
        text, filters, number = asked(request)
        return answer(request, feed.feed(rules, text, filters, number, expanded=expanded(request)))

    @app.get("/api/rules/{key}", **described("rules", "Everything known of one rule", pages.RulePage))
    def one(request: Request, key: str) -> Response:
        shown: pages.RulePage = found(explaining.rule_page(rules, key), f"rule {key}")
        return answer(request, without_body(shown))

    @app.get("/api/suggest", **described("rules", "Rules whose words begin like what was typed so far", Suggestions, "q"))  # fmt: skip
    def suggest(request: Request) -> Response:
        typed = request.query_params.get("q", "")[:LONGEST_SEARCH]
        begun = LONE_LETTER.sub("", typed)  # one letter begins too many words to be worth a search
        cards = rules.suggest(begun) if len(begun.strip()) > 1 else ()
        rows = (Suggestion(card.title, SERVED.link("rule", key=card.key, title=card.title)) for card in cards)
        return answer(request, Suggestions(tuple(rows)))

    @app.get("/api/summary", **described("rules", "What the catalogue holds, and what was proven of it", Summary))
    def counts(request: Request) -> Response:
        return answer(request, summary(rules))

    @app.get("/api/value", **described("rules", "Who looks for a value, and who leaves it out", pages.ValuePage, "value", "field"))  # fmt: skip
    def value(request: Request) -> Response:
        return answer(request, browse.value_page(rules, *value_of(request)))


def _indexes(app: FastAPI, rules: Catalogue) -> None:
    @app.get("/api/coverage", **described("coverage", "The ATT&CK matrix with counts, by version and filters", pages.CoveragePage, "version", "filters"))  # fmt: skip
    def matrix(request: Request) -> Response:
        return answer(request, coverage_of(request, rules))

    @app.get("/api/events", **described("browse", "Event types by provider", pages.EventIndex))
    def events(request: Request) -> Response:
        return answer(request, browse.event_index(rules))

    @app.get("/api/tables", **described("browse", "Tables that rules read, by schema", pages.TableIndex))
    def tables(request: Request) -> Response:
        return answer(request, browse.table_index(rules))

    @app.get("/api/fields", **described("browse", "Fields that rules test, by their common name", pages.FieldIndex))
    def fields(request: Request) -> Response:
        return answer(request, browse.field_index(rules))

    @app.get("/api/sources", **described("browse", "Sources with their counts, languages, and the tally", Sources))
    def sources(request: Request) -> Response:
        return answer(request, Sources(rules.sources(), rules.tally()))


def _thing(app: FastAPI, rules: Catalogue, kind: str, find: Callable[..., Any]) -> None:
    about = described("browse", f"One {kind} and the rules that have it, fifty a page", ANSWERS[kind], "page")

    @app.get(f"/api/{kind}s/{{name:path}}", name=f"api-{kind}", **about)
    def view(request: Request, name: str) -> Response:
        _, _, number = asked(request)
        return answer(request, found(find(rules, name, number), f"{kind} {name[:LONGEST_NAME]}"))


# ---------------------------------------------------------------- description


def _openapi(app: FastAPI, plain: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """FastAPI's description with the schemas of our types, and with what a refusal looks like."""
    if app.openapi_schema is None:
        made = plain()
        _, schemas = msgspec.json.schema_components(
            TYPES, schema_hook=lambda _: {"type": "string"}, ref_template=REFERENCES
        )
        made["components"] = {"schemas": dict(schemas)}
        refusal = {"application/json": {"schema": {"$ref": REFERENCES.format(name=Refusal.__name__)}}}
        for path, methods in made["paths"].items():
            for operation in methods.values():
                answers = operation["responses"]
                answers.pop("422", None)
                answers["400"] = {
                    "description": "A parameter is too long, too many, or not what it should be",
                    "content": refusal,
                }
                if "{" in path:
                    answers["404"] = {"description": "There is no such thing", "content": refusal}
        app.openapi_schema = made
    return app.openapi_schema


def _operations(app: FastAPI) -> list[dict[str, Any]]:
    """(method, path, summary, parameters, type of the answer) of every address, for people."""
    rows = []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            narrowed = FILTERS[0] in names
            taken = [name for name in names if not narrowed or name not in FILTERS] + ["any filter"] * narrowed
            content = operation["responses"]["200"].get("content", {}).get("application/json", {})
            gives = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            row = {"method": method.upper(), "path": path, "summary": operation.get("summary", "")}
            rows.append({**row, "takes": taken, "gives": gives})
    return rows
