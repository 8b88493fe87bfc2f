"""The client that does other things while it waits."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from geogrid.client import asking
from geogrid.client.asking import PIECE, Answer, Ask, Job, Near, Place, Row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import date
    from pathlib import Path

T = TypeVar("T")


class AsyncClient:
    """Ask a service from asyncio; the same questions as `Client`."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        lang: str = "",
        timeout_s: float = 30.0,
        retries: int = 3,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = asking.headers_of(token, lang)
        self._lang = lang
        self._retries = retries
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def lookup(
        self, address: str, *, limit: int = 5, as_of: date | None = None, explain: bool = False
    ) -> Answer:
        """Return the grid of an address; with ``explain`` also how it was read."""
        ask = asking.lookup(address, limit, self._lang, as_of=as_of, explain=explain)
        return await self._do(ask)

    async def locate(
        self, *, lon: float, lat: float, crs: str = "WGS-84", as_of: date | None = None
    ) -> Answer:
        """Return the grid of a position."""
        return await self._do(asking.locate(Place(lon, lat), crs, self._lang, as_of))

    async def lookup_many(
        self,
        rows: Sequence[str | Place],
        *,
        crs: str = "WGS-84",
        as_of: date | None = None,
        limit: int = 0,
        explain: bool = False,
    ) -> list[Row]:
        """Return a row for each address or position, in order; asked in pieces of 1,000.

        ``limit`` candidates are told of each address, with ``explain`` also how it was read.
        """
        asks = asking.batches(rows, crs, as_of=as_of, limit=limit, explain=explain)
        return [row for ask in asks for row in await self._do(ask)]

    async def reverse(
        self,
        *,
        lon: float,
        lat: float,
        crs: str = "WGS-84",
        radius: float = 200,
        limit: int = 5,
        as_of: date | None = None,
    ) -> list[Near]:
        """Return buildings' addresses near a position, the nearest first."""
        return await self._do(asking.reverse(Place(lon, lat), crs, radius, limit, as_of))

    async def suggest(
        self, text: str, *, limit: int = 8, near: Place | None = None, as_of: date | None = None
    ) -> list[str]:
        """Return completions of what was typed; of as good ones the nearest to ``near`` (WGS-84) first."""
        return await self._do(asking.suggest(text, limit, near, as_of))

    async def grid(self, code: str, *, as_of: date | None = None) -> dict[str, Any]:
        """Return the card of a grid."""
        return await self._do(asking.grid(code, as_of))

    async def send_file(
        self,
        path: Path,
        *,
        address: str = "",
        lon: str = "",
        lat: str = "",
        crs: str = "WGS-84",
        as_of: date | None = None,
    ) -> Job:
        """Send a CSV or Parquet file to be assigned; it is streamed and not sent twice."""
        named = {"address": address, "lon": lon, "lat": lat, "crs": crs}
        named |= {"as_of": as_of.isoformat()} if as_of else {}
        headers = asking.media_of(path)
        response = await self._http.post("/v1/jobs", params=named, content=_stream(path), headers=headers)
        return asking.job_of(asking.checked(response).json())

    async def job(self, job_id: str) -> Job:
        """Return how far a file is."""
        return await self._do(asking.job(job_id))

    async def wait(self, job_id: str, *, every_s: float = 1.0) -> Job:
        """Return a job when it has ended."""
        while not (job := await self.job(job_id)).ended:  # noqa: ASYNC110 - it ends far away
            await asyncio.sleep(every_s)
        return job

    async def fetch(self, job_id: str, target: Path) -> None:
        """Write the result of a job to ``target``."""
        async with self._http.stream("GET", asking.result_path(job_id)) as response:
            if response.status_code >= 400:
                await response.aread()
            asking.checked(response)
            with target.open("wb") as file:
                async for piece in response.aiter_bytes(PIECE):
                    file.write(piece)

    async def cancel(self, job_id: str) -> None:
        """Cancel a job and delete everything about it."""
        await self._do(asking.cancel(job_id))

    async def _do(self, ask: Ask[T]) -> T:
        for tried in count():
            response = None
            try:
                response = await self._http.request(ask.method, ask.path, json=ask.body)
            except httpx.TransportError as error:
                if tried >= self._retries:
                    raise asking.unreachable(error) from None
            if response is not None and asking.settled(response, tried, self._retries):
                return asking.read_answer(ask, response)
            await asyncio.sleep(asking.wait_s(response, tried))
        raise AssertionError


async def _stream(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
