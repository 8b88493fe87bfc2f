"""What happens to every request: headers, HEAD, a log without questions, and errors without their text."""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from api.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("geogrid.api")
# Styles of single elements are set by script (the CSS object model), which the policy does not concern.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
# What another site's script may ask before it sends a question as JSON.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class Edge:
    """Wrap the application; the outermost layer, so that nothing escapes it into the server's own log."""

    def __init__(self, app: ASGIApp, *, origins: str) -> None:
        self.app = app
        self.origins = origins
        self.headers = [*HEADERS, *([(b"access-control-allow-origin", origins.encode())] if origins else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and self.origins and scope["path"].startswith("/v1/"):
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, self._with_headers(send))
            return
        started = time.perf_counter()
        bare = scope["method"] == "HEAD"
        if bare:
            scope = {**scope, "method": "GET"}
        status = 0
        dressed = self._with_headers(send)

        async def pass_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif bare:
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await dressed(message)

        try:
            await self.app(scope, receive, pass_on)
        except Exception as error:  # the last place: what gets past it lands in a log with the question
            _log_error(error)
            if not status:
                await problem(500)(scope, receive, pass_on)
        finally:
            _log_request(scope, status, time.perf_counter() - started)

    def _with_headers(self, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
            await send(message)

        return dressed


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    """Log the route's pattern, never the path, the query or the asker."""
    if not log.isEnabledFor(logging.INFO):
        return
    route = getattr(scope.get("route"), "path", "unmatched")
    line = {"method": scope["method"], "route": route, "status": status, "ms": round(seconds * 1000, 2)}
    log.info(orjson.dumps(line).decode())


def _log_error(error: Exception) -> None:
    """Log the kind and the place of an error; its message may hold a question."""
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    log.error(orjson.dumps({"error": type(error).__name__, "at": frames[-12:]}).decode())
