"""What every view does: reads a list's address, answers with bytes that carry an entity tag, refuses what is too much."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import Request, Response
from starlette.exceptions import HTTPException

from ..catalogue import FACETS, Catalogue
from ..services import pages
from .contents import coverage_page, known
from .keeping import kept
from .links import Links
from .rendering import render
from .security import etag

SERVED = Links()
LONGEST_SEARCH = 300
LONGEST_VALUE = 4_000
LONGEST_NAME = 300
MOST_FILTERS = 20
MORE_FILTERS = ("forwards", "kind", "status")
FILTERS = (*FACETS, *MORE_FILTERS)
LONE_LETTER = re.compile(r"\s+\w$")
PAGE_NUMBER = re.compile("[0-9]{1,7}")


def page(rules: Catalogue, request: Request, template: str, make: Callable[[], dict[str, Any]]) -> Response:
    """A rendered page, with an entity tag; 304 when the reader has it. `make` gives what the template receives."""
    address = f"{request.url.path}?{request.url.query}"
    body = kept(rules, address, lambda: render(SERVED, template, there=known(rules), **make()).encode())
    return tagged(request, body, "text/html; charset=utf-8")


def answer(request: Request, value: Any) -> Response:
    """A value as JSON, with an entity tag."""
    return tagged(request, msgspec.json.encode(value, enc_hook=str), "application/json")


def tagged(request: Request, body: bytes, kind: str, **headers: str) -> Response:
    """Bytes of a media type with their entity tag; 304 without them when the reader has them."""
    tag = etag(body)
    every = {"etag": tag, "cache-control": "no-cache", **headers}
    known_tags = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known_tags or "*" in known_tags:
        return Response(status_code=304, headers=every)
    return Response(body, media_type=kind, headers=every)


def asked(request: Request) -> tuple[str, list[tuple[str, str]], int]:
    """Search text, filters and page number of a list's address. Raises HTTPException 400 on too much of anything."""
    text = request.query_params.get("q", "").strip()
    filters = [(kind, value) for kind, value in request.query_params.multi_items() if kind in FILTERS and value]
    number = request.query_params.get("page", "1")
    if len(text) > LONGEST_SEARCH or len(filters) > MOST_FILTERS or not PAGE_NUMBER.fullmatch(number):
        raise HTTPException(
            400, f"A search has at most {LONGEST_SEARCH} characters and {MOST_FILTERS} filters, and pages have numbers."
        )
    return text, filters, max(1, int(number))


def expanded(request: Request) -> str:
    """The facet a list's address wants all values of; "" for none."""
    kind = request.query_params.get("all", "")
    return kind if kind in FACETS else ""


def value_of(request: Request) -> tuple[str, str]:
    """The value and the field a value page is asked for. Raises HTTPException 400 without a value, or with too long ones."""
    value, field = request.query_params.get("value", ""), request.query_params.get("field", "")
    if not value or len(value) > LONGEST_VALUE or len(field) > LONGEST_NAME:
        raise HTTPException(400, f"A value page needs a value of at most {LONGEST_VALUE:,} characters.")
    return value, field


def coverage_of(request: Request, rules: Catalogue) -> pages.CoveragePage:
    """The ATT&CK matrix an address asks for."""
    _, filters, _ = asked(request)
    return coverage_page(rules, request.query_params.get("version", ""), filters)


def found(value: Any, what: str) -> Any:
    """`value`. Raises HTTPException 404 when it is None."""
    if value is None:
        raise HTTPException(404, f"This catalogue knows no {what}.")
    return value
