"""Answer plain lookups before the framework: the same answers, without its work for each request.

Only what is plainly right is answered here. Whatever is unusual (another parameter, a value to refuse, a
compressed or conditional answer) goes on to the route, which is the one place that refuses.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import msgspec

from api.problems import Refusal
from api.replies import PRIVATE, WORTH_PACKING
from api.routes.lookup import answer
from api.shapes import Question
from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.served import Desk
    from api.settings import Settings

PATH = "/v1/lookup"
DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?").fullmatch
COUNT = re.compile(r"[0-9]{1,2}").fullmatch
SYSTEMS = {"WGS-84", "CGCS2000", "GCJ-02", "BD-09"}
JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
PRIVATE_CACHE = (b"cache-control", PRIVATE.encode())
VARY = (b"vary", b"Accept-Encoding")


class Hot:
    """Stands before the routes and answers ``/v1/lookup`` by GET and POST."""

    def __init__(self, app: ASGIApp, *, desk: Desk, settings: Settings) -> None:
        self.app = app
        self.desk = desk
        self.settings = settings
        self.decode = msgspec.json.Decoder(Question).decode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
        elif scope["method"] == "GET":
            question = asked_by_link(scope)
            content = self._content(question) if question else None
            if content is None:
                await self.app(scope, receive, send)
                return
            tag = b'"' + sha256(content).hexdigest()[:20].encode() + b'"'
            headers = [(b"etag", tag), PRIVATE_CACHE]
            if len(content) >= WORTH_PACKING:
                headers.append(VARY)
            await _send(scope, send, content, headers)
        elif scope["method"] == "POST" and JSON in scope["headers"]:
            await self._post(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = await receive()
        content = None
        body = first.get("body", b"")
        if not first.get("more_body") and len(body) <= self.settings.max_body:
            try:
                question = self.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                question = None
            content = self._content(question) if question else None
        if content is not None:
            await _send(scope, send, content, [NO_STORE])
            return
        waiting: Message | None = first

        async def again() -> Message:
            nonlocal waiting
            message, waiting = waiting, None
            return message if message is not None else await receive()

        await self.app(scope, again, send)

    def _content(self, question: Question) -> bytes | None:
        """Return the answer; None where a route has to refuse, to find words or to look into the past."""
        if question.as_of is not None or question.lang is not None:
            return None
        try:
            return answer(self.desk.now(), question, self.settings)
        except (Refusal, GeogridError):
            return None


def asked_by_link(scope: Scope) -> Question | None:  # noqa: PLR0911 - one way out for each doubt
    """Return the question in a query string where it is plain; None where a route has to look at it."""
    for name, value in scope["headers"]:
        if name == b"if-none-match" or (name == b"accept-encoding" and b"gzip" in value):
            return None
    given: dict[str, str] = {}
    for part in scope["query_string"].decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        if name in given:
            return None
        given[name] = unquote_plus(value) if "%" in value or "+" in value else value
    address, crs = given.pop("address", None), given.pop("crs", "WGS-84")
    lon, lat, limit = given.pop("lon", None), given.pop("lat", None), given.pop("limit", "5")
    if given or crs not in SYSTEMS or not COUNT(limit) or not 1 <= int(limit) <= 20:
        return None
    if address is not None:
        plain = lon is None and lat is None and address.isprintable()
        return Question(address, None, None, crs, int(limit)) if plain else None  # type: ignore[arg-type]
    if lon is None or lat is None or not DEGREES(lon) or not DEGREES(lat):
        return None
    x, y = float(lon), float(lat)
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        return None
    return Question(None, x, y, crs, int(limit))  # type: ignore[arg-type]


async def _send(scope: Scope, send: Send, content: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    scope["geogrid.route"] = PATH
    length = (b"content-length", str(len(content)).encode())
    start = {"type": "http.response.start", "status": 200, "headers": [*headers, length, JSON]}
    await send(start)
    await send({"type": "http.response.body", "body": content})
