"""What every answer carries and every request must keep to: a strict policy, no sniffing, no framing, bounded requests."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
LONGEST_QUERY_STRING = 8_000
LONGEST_BODY = 2_000_000
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "[::1]", "testserver"})


class Guard:
    """Refuses oversized requests and foreign host names, puts the security headers on every answer, answers HEAD like GET.

    `hosts` are the names the site may be asked for by; a page of another origin that resolves to this address is refused.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = LOCAL_NAMES) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        only_head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            elif only_head:
                message = {**message, "body": b""}
            await send(message)

        refusal = self._refusal(scope)
        if refusal:
            await _plain(guarded, *refusal)
            return
        await self.app({**scope, "method": "GET"} if only_head else scope, _bounded(receive), guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        name = (
            headers.get("host", "").rsplit(":", 1)[0] if not headers.get("host", "").endswith("]") else headers["host"]
        )
        if self.hosts and "*" not in self.hosts and name.lower() not in self.hosts:
            return 421, f"this site does not answer for the host {name[:100]!r}\n"
        if len(scope.get("query_string", b"")) > LONGEST_QUERY_STRING:
            return 414, f"the query string is over {LONGEST_QUERY_STRING} bytes\n"
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 12 or int(length) > LONGEST_BODY:
            return 413, f"the body is over {LONGEST_BODY} bytes\n"
        return None


def _bounded(receive: Receive) -> Receive:
    """`receive`, ending the request when a body without a length grows past the limit."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > LONGEST_BODY else message

    return bounded


async def _plain(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def etag(body: bytes) -> str:
    """A strong entity tag of `body`."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
