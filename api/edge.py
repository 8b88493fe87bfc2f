"""What happens to every request: headers, HEAD, a log without questions, and errors without their text."""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING

import orjson

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


class Edge:
    """Wrap the application; the outermost layer, so that nothing escapes it into the server's own log."""

    def __init__(self, app: ASGIApp, *, origins: str) -> None:
        self.app = app
        self.headers = [*HEADERS, *([(b"access-control-allow-origin", origins.encode())] if origins else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        bare = scope["method"] == "HEAD"
        if bare:
            scope = {**scope, "method": "GET"}
        status = 0

        async def pass_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self.headers]
            elif bare:
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        try:
            await self.app(scope, receive, pass_on)
        except Exception as error:  # the last place: what gets past it lands in a log with the question
            _log_error(error)
            if not status:
                await problem(500)(scope, receive, pass_on)
        finally:
            _log_request(scope, status, time.perf_counter() - started)


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
