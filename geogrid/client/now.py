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
    from pathlib import Path

T = TypeVar("T")


class Client:
    """Ask a service. Positions are WGS-84 degrees unless ``crs`` says GCJ-02, BD-09 or CGCS2000."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout_s: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = asking.headers_of(token)
        self._retries = retries
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def lookup(self, address: str, *, limit: int = 5) -> Answer:
        """Return the grid of an address."""
        return self._do(asking.lookup(address, limit))

    def locate(self, *, lon: float, lat: float, crs: str = "WGS-84") -> Answer:
        """Return the grid of a position."""
        return self._do(asking.locate(lon, lat, crs))

    def lookup_many(self, rows: Sequence[str | Place], *, crs: str = "WGS-84") -> list[Row]:
        """Return a row for each address or position, in order; asked in pieces of 1,000."""
        return [row for ask in asking.batches(rows, crs) for row in self._do(ask)]

    def reverse(
        self, *, lon: float, lat: float, crs: str = "WGS-84", radius: float = 200, limit: int = 5
    ) -> list[Near]:
        """Return buildings' addresses near a position, the nearest first."""
        return self._do(asking.reverse(lon, lat, crs, radius, limit))

    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Return completions of what was typed."""
        return self._do(asking.suggest(text, limit))

    def grid(self, code: str) -> dict[str, Any]:
        """Return the card of a grid."""
        return self._do(asking.grid(code))

    def send_file(
        self, path: Path, *, address: str = "", lon: str = "", lat: str = "", crs: str = "WGS-84"
    ) -> Job:
        """Send a CSV or Parquet file to be assigned; it is streamed and not sent twice."""
        named = {"address": address, "lon": lon, "lat": lat, "crs": crs}
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
