"""Answers as bytes: compressed once, named by their content, not sent twice."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

JSON = "application/json"
GEOJSON = "application/geo+json"
CSV = "text/csv; charset=utf-8"
EVENTS = "text/event-stream"
HTML = "text/html; charset=utf-8"
PRIVATE = "private, no-cache"  # may be kept by the asker's own browser, asked about each time
FOREVER = "public, max-age=31536000, immutable"
WORTH_PACKING = 1024


@dataclass(frozen=True)
class Body:
    """A fixed answer with its content hash and its compressed form."""

    content: bytes
    media_type: str

    @cached_property
    def tag(self) -> str:
        """Return the strong entity tag."""
        return f'"{sha256(self.content).hexdigest()[:20]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """Return the gzip form, None where it saves nothing."""
        if len(self.content) < WORTH_PACKING:
            return None
        packed = gzip.compress(self.content, 6, mtime=0)
        return packed if len(packed) < len(self.content) else None


class Events(StreamingResponse):
    """Server-sent events, which nothing keeps back; where the service stops, the stream ends in order."""

    media_type = EVENTS

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events as they come."""
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def reply(request: Request, body: Body, cache: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return ``body``, or 304 where the asker has it already."""
    tag = body.tag
    said = {"ETag": tag, "Cache-Control": cache, **(headers or {})}
    if len(body.content) >= WORTH_PACKING:
        said["Vary"] = ", ".join(filter(None, (said.get("Vary"), "Accept-Encoding")))
    if has_already(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=said)
    if "gzip" in request.headers.get("accept-encoding", "") and body.packed is not None:
        said |= {"Content-Encoding": "gzip", "ETag": f"W/{tag}"}
        return Response(body.packed, headers=said, media_type=body.media_type)
    return Response(body.content, headers=said, media_type=body.media_type)


def has_already(sent: str | None, tag: str) -> bool:
    """Tell whether an If-None-Match header names ``tag`` (weak comparison, RFC 9110 section 8.8.3.2)."""
    if sent is None:
        return False
    return sent.strip() == "*" or tag in (item.strip().removeprefix("W/") for item in sent.split(","))
