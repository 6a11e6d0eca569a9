"""Kusto's query endpoint over local tables: Microsoft's clients, and ours, talk to it as to a cluster. Read-only.

Source: https://learn.microsoft.com/kusto/api/rest/request and https://learn.microsoft.com/kusto/api/rest/response-v2
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from ..errors import QuerySyntaxError, RulescopeError
from ..outputs import kusto_rest
from ..services.query import Session

log = logging.getLogger(__name__)

LONGEST_BODY = 1_000_000
MOST_ROWS = 500_000
"""Rows a result may have, as on a cluster (`notruncation` apart)."""
JSON = "application/json"
METADATA = {  # what clients ask before they sign in; here nobody does
    "AzureAD": {
        "LoginEndpoint": "https://login.microsoftonline.com",
        "LoginMfaRequired": False,
        "KustoClientAppId": "",
        "KustoClientRedirectUri": "",
        "KustoServiceResourceId": "",
        "FirstPartyAuthorityUrl": "",
    },
    "dSTS": {},
}


class Asked(msgspec.Struct, frozen=True):
    """The body of a query request; `properties` are read by clusters and not by us."""

    csl: str
    db: str = ""
    properties: Any = None


def add_kusto(app: FastAPI, session: Session) -> None:
    """`POST /v2/rest/query` over the tables of `session`, and what clients ask before it."""
    one_at_a_time = threading.Lock()

    def run(text: str) -> bytes:
        with one_at_a_time:
            found = session.results(text)
        count = sum(table.num_rows for _, table in found)
        if count > MOST_ROWS:
            raise RulescopeError(
                f"the result has {count:,} rows; at most {MOST_ROWS:,} are sent. Add a take or a summarize"
            )
        return msgspec.json.encode(kusto_rest.frames(found), enc_hook=str)

    @app.get("/v1/rest/auth/metadata", include_in_schema=False)
    def metadata() -> Response:
        return Response(msgspec.json.encode(METADATA), media_type=JSON)

    @app.post("/v2/rest/query", tags=["kusto"], summary="Run a Kusto query over the served tables, as a cluster does")
    async def query(request: Request) -> Response:
        refusal = _refused(request)
        if refusal:
            return _fault(400, "BadRequest_InvalidRequest", refusal)
        body = await request.body()
        if len(body) > LONGEST_BODY:
            return _fault(413, "BadRequest_RequestTooLarge", f"the body is over {LONGEST_BODY:,} bytes")
        try:
            asked = msgspec.json.decode(body, type=Asked)
            return Response(await run_in_threadpool(run, asked.csl), media_type=JSON)
        except msgspec.DecodeError as error:
            return _fault(400, "BadRequest_InvalidRequest", f'expected {{"db": ..., "csl": ...}}: {error}')
        except QuerySyntaxError as error:
            return _fault(400, "BadRequest_SyntaxError", str(error))
        except RulescopeError as error:
            return _fault(400, "BadRequest_SemanticError", str(error))


def _refused(request: Request) -> str:
    """Why a request is not answered: only JSON, and nothing that a page of another site makes a browser send."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        return "expected a body of application/json"
    origin = request.headers.get("origin")
    if origin and origin.partition("://")[2] != request.headers.get("host"):
        return "requests of other sites are not answered"
    return ""


def _fault(status: int, code: str, message: str) -> Response:
    return Response(msgspec.json.encode(kusto_rest.fault(message, code)), status, media_type=JSON)
