"""What happens to every request: headers, HEAD, a log without questions, and errors without their text."""

from __future__ import annotations

import logging
import math
import secrets
import time
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from api.arriving import in_time
from api.deadline import answer_in_time
from api.limits import UnknownToken, scheme_of
from api.logged import kind_and_place
from api.problems import PLANNING, Refusal, problem
from api.words import language_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.limits import Gate
    from api.metrics import Metrics
    from api.settings import Settings

log = logging.getLogger("geogrid.api")
# One answer in so many ends its connection. A proxy keeps connections, and the worker that took most of them
# would stay the busiest: a new one is taken by whoever has time, a worker that has just started too.
RENEWED = 1000
CLOSE = (b"connection", b"close")
AGAIN_S = "10"  # after which to ask again for what took too long
SHEET_REQUESTS = 10  # what printing a sheet counts as
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
# Told only over TLS, as RFC 6797 asks; sent by whoever ends TLS before us too, it says the same.
STRICT = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
OURS = (PLANNING, "/planner", "/metrics")  # what no other site's script may read
# What another site's script may ask before it sends a question as JSON.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class Edge:
    """Wrap the application; the outermost layer, so that nothing escapes it into the server's own log."""

    def __init__(self, app: ASGIApp, *, settings: Settings, gate: Gate, metrics: Metrics) -> None:
        self.app = app
        self.gate = gate
        self.metrics = metrics
        self.body_s = settings.body_s
        self.answer_s = settings.answer_s
        self.proxies = settings.proxies
        self.origins = origins = settings.origins
        self.headers = HEADERS
        self.open_headers = (
            [*HEADERS, (b"access-control-allow-origin", origins.encode())] if origins else HEADERS
        )
        self.name = secrets.token_hex(4)
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        self.asked += 1
        number = f"{self.name}-{self.asked:x}"
        bare = scope["method"] == "HEAD"
        if bare:
            scope = {**scope, "method": "GET"}
        scope["scheme"] = scheme_of(scope, self.proxies)
        headers = self._headers(scope, number)
        renewed = self.asked % RENEWED == 0
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}  # a route may know better
                closing = [CLOSE] if renewed and status < 400 else []  # what refuses may not have read all
                told = [one for one in (*headers, *closing) if one[0] not in own]
                message["headers"] = [*message["headers"], *told]
            elif bare:
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        try:
            await self._answer(scope, receive, dressed)
        except Refusal as refusal:
            if not status:
                again = {"Retry-After": AGAIN_S} if refusal.status == 504 else None
                await problem(refusal.status, refusal.detail, headers=again, language=language_of(scope))(
                    scope, receive, dressed
                )
        except Exception as error:  # the last place: what gets past it lands in a log with the question
            _log_error(error, number)
            if not status:
                await problem(500, language=language_of(scope))(scope, receive, dressed)
        finally:
            seconds = time.perf_counter() - started
            route: str = scope.get("geogrid.route") or str(getattr(scope.get("route"), "path", "unmatched"))
            self.metrics.note("HEAD" if bare else scope["method"], route, status, seconds)
            level = logging.WARNING if _is_attempt(scope, status) else logging.INFO
            if log.isEnabledFor(level):
                _log_request(level, scope["method"], route, status, seconds, number)

    def _headers(self, scope: Scope, number: str) -> list[tuple[bytes, bytes]]:
        others = not scope["path"].startswith(OURS)
        headers = [*(self.open_headers if others else self.headers), (b"x-request-id", number.encode())]
        if scope["scheme"] == "https":
            headers.append(STRICT)
        return headers

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = scope["path"].startswith("/v1/") and not scope["path"].startswith(OURS)
        if scope["method"] == "OPTIONS" and self.origins and shared:
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, send)
            return
        try:
            wait = self.gate.wait_s(scope)
        except UnknownToken:
            told = {"WWW-Authenticate": "Bearer"}
            await problem(401, headers=told, language=language_of(scope))(scope, receive, send)
            return
        if wait:
            self.metrics.refused()
            told = {"Retry-After": str(math.ceil(wait))}
            await problem(429, headers=told, language=language_of(scope))(scope, receive, send)
            return
        heard = receive if scope["method"] == "GET" else in_time(receive, self.body_s)
        if scope["path"].startswith(PLANNING):  # to solve and to publish takes as long as it takes
            await self.app(scope, heard, send)
        else:
            await answer_in_time(self.app, scope, heard, send, self.answer_s)
        rows = scope.get("geogrid.rows")
        if rows:
            self.metrics.rows(rows)
            self.gate.charge(scope, rows)
        sheets = scope.get("geogrid.sheets")
        if sheets:
            self.gate.charge_requests(scope, sheets * SHEET_REQUESTS)


def _is_attempt(scope: Scope, status: int) -> bool:
    """Tell whether somebody tried to come in or to do more than is allowed; to ask who one is, is neither."""
    if status != 401 or scope["method"] != "GET":
        return status in {401, 403}
    return any(name == b"authorization" for name, _ in scope["headers"])


def _log_request(level: int, method: str, route: str, status: int, seconds: float, number: str) -> None:
    """Log the route's pattern, never the path, the query or the asker."""
    line = {"request": number, "method": method, "route": route, "status": status}
    log.log(level, orjson.dumps({**line, "ms": round(seconds * 1000, 2)}).decode())


def _log_error(error: Exception, number: str) -> None:
    """Log the kind and the place of an error; its message may hold a question."""
    log.error(orjson.dumps({"request": number, **kind_and_place(error)}).decode())
