"""The client that waits for its answers."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from geogrid.client import asking
from geogrid.client.asking import PIECE, Answer, Ask, Job, Near, Place, Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

T = TypeVar("T")


class Client:
    """Ask a service. Positions are WGS-84 degrees unless ``crs`` says GCJ-02, BD-09 or CGCS2000.

    ``lang`` (zh-Hans, zh-Hant, en) is the language of refusals and reasons; with it answers are told as a
    sentence, too. ``as_of`` asks the plan in force on a day.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        lang: str = "",
        timeout_s: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = asking.headers_of(token, lang)
        self._lang = lang
        self._retries = retries
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def lookup(
        self, address: str, *, limit: int = 5, as_of: date | None = None, explain: bool = False
    ) -> Answer:
        """Return the grid of an address; with ``explain`` also how it was read."""
        ask = asking.lookup(address, limit, self._lang, as_of=as_of, explain=explain)
        return self._do(ask)

    def locate(self, *, lon: float, lat: float, crs: str = "WGS-84", as_of: date | None = None) -> Answer:
        """Return the grid of a position."""
        return self._do(asking.locate(Place(lon, lat), crs, self._lang, as_of))

    def lookup_many(
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
        return [row for ask in asks for row in self._do(ask)]

    def reverse(
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
        return self._do(asking.reverse(Place(lon, lat), crs, radius, limit, as_of))

    def suggest(
        self, text: str, *, limit: int = 8, near: Place | None = None, as_of: date | None = None
    ) -> list[str]:
        """Return completions of what was typed; of as good ones the nearest to ``near`` (WGS-84) first."""
        return self._do(asking.suggest(text, limit, near, as_of))

    def grid(self, code: str, *, as_of: date | None = None) -> dict[str, Any]:
        """Return the card of a grid."""
        return self._do(asking.grid(code, as_of))

    def send_file(
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
        with path.open("rb") as file:
            response = self._http.post("/v1/jobs", params=named, content=file, headers=asking.media_of(path))
        return asking.job_of(asking.checked(response).json())

    def job(self, job_id: str) -> Job:
        """Return how far a file is."""
        return self._do(asking.job(job_id))

    def wait(self, job_id: str, *, every_s: float = 1.0) -> Job:
        """Return a job when it has ended."""
        while not (job := self.job(job_id)).ended:
            time.sleep(every_s)
        return job

    def fetch(self, job_id: str, target: Path) -> None:
        """Write the result of a job to ``target``."""
        with self._http.stream("GET", asking.result_path(job_id)) as response:
            if response.status_code >= 400:
                response.read()
            asking.checked(response)
            with target.open("wb") as file:
                for piece in response.iter_bytes(PIECE):
                    file.write(piece)

    def cancel(self, job_id: str) -> None:
        """Cancel a job and delete everything about it."""
        self._do(asking.cancel(job_id))

    def _do(self, ask: Ask[T]) -> T:
        for tried in count():
            response = None
            try:
                response = self._http.request(ask.method, ask.path, json=ask.body)
            except httpx.TransportError as error:
                if tried >= self._retries:
                    raise asking.unreachable(error) from None
            if response is not None and asking.settled(response, tried, self._retries):
                return asking.read_answer(ask, response)
            time.sleep(asking.wait_s(response, tried))
        raise AssertionError
