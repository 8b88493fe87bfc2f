"""Every question as data: what is sent, and how the answer is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import httpx

T = TypeVar("T")
AGAIN = (429, 502, 503, 504)
MOST_ROWS = 1000
LONGEST_WAIT_S = 60.0
PIECE = 1 << 16
MEDIA = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}


class ServiceError(GeogridError):
    """The service refused, or could not be reached (``status`` 0). It never repeats the question."""

    def __init__(self, status: int, title: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        self.status = status
        self.title = title
        self.errors = tuple(dict(one) for one in errors)
        super().__init__(f"{status} {title}" if status else title)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question; ``told`` is all of it, as docs/api.md shows it."""

    status: str
    match_level: str
    grid_code: str
    grid_name: str
    told: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a batch is told: the columns that a file would get."""

    status: str
    reason: str
    grid_code: str
    grid_name: str


@dataclass(frozen=True, slots=True)
class Near:
    """One building's address near a position; WGS-84."""

    address: str
    distance_m: float
    lon: float
    lat: float
    grid_code: str


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is being assigned. Whoever knows ``id`` may fetch and cancel it."""

    id: str
    status: str
    rows_done: int
    rows: int | None
    by_status: Mapping[str, int]
    plan: int | None
    errors: Sequence[Mapping[str, str]]

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.status in ("done", "failed")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in degrees, for a batch."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One question."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Mapping[str, Any] | None = None


def lookup(address: str, limit: int) -> Ask[Answer]:
    """Ask for the grid of an address."""
    return Ask("POST", "/v1/lookup", _answer, {"address": address, "limit": limit})


def locate(lon: float, lat: float, crs: str) -> Ask[Answer]:
    """Ask for the grid of a position."""
    return Ask("POST", "/v1/lookup", _answer, {"lon": lon, "lat": lat, "crs": crs})


def batches(rows: Sequence[str | Place], crs: str) -> Iterator[Ask[list[Row]]]:
    """Ask for many, in pieces that a batch may have."""
    told = [{"address": row} if isinstance(row, str) else {"lon": row.lon, "lat": row.lat} for row in rows]
    for start in range(0, len(told), MOST_ROWS):
        body = {"rows": told[start : start + MOST_ROWS], "crs": crs}
        yield Ask("POST", "/v1/lookup/batch", _rows, body)


def reverse(lon: float, lat: float, crs: str, radius: float, limit: int) -> Ask[list[Near]]:
    """Ask for buildings' addresses near a position."""
    body = {"lon": lon, "lat": lat, "crs": crs, "radius": radius, "limit": limit}
    return Ask("POST", "/v1/reverse", _near, body)


def suggest(text: str, limit: int) -> Ask[list[str]]:
    """Ask for completions of what was typed."""
    return Ask("POST", "/v1/suggest", _texts, {"q": text, "limit": limit})


def grid(code: str) -> Ask[dict[str, Any]]:
    """Ask for the card of a grid."""
    return Ask("GET", f"/v1/grids/{_part(code)}", lambda told: dict(told["grid"]))


def job(job_id: str) -> Ask[Job]:
    """Ask how far a file is."""
    return Ask("GET", f"/v1/jobs/{_part(job_id)}", job_of)


def cancel(job_id: str) -> Ask[None]:
    """Ask to forget a file."""
    return Ask("DELETE", f"/v1/jobs/{_part(job_id)}", lambda _: None)


def result_path(job_id: str) -> str:
    """Return where the result of a job is."""
    return f"/v1/jobs/{_part(job_id)}/result"


def media_of(path: Path) -> dict[str, str]:
    """Return the header that says what a file is.

    :raises ValueError: the service does not take its kind.
    """
    found = MEDIA.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"a file is one of {', '.join(MEDIA)}")
    return {"Content-Type": found}


def job_of(told: Any) -> Job:
    """Return a job as the service tells of it."""
    names = ("id", "status", "rows_done", "rows", "by_status", "plan", "errors")
    return Job(**{name: told[name] for name in names})


def checked(response: httpx.Response) -> httpx.Response:
    """Return a good answer.

    :raises ServiceError: it is a problem.
    """
    if response.status_code < 400:
        return response
    try:
        told = response.json()
        title, errors = str(told.get("detail") or told["title"]), told.get("errors", ())
    except (ValueError, KeyError, AttributeError):
        title, errors = "the service refused", ()
    raise ServiceError(response.status_code, title, errors)


def read_answer(ask: Ask[T], response: httpx.Response) -> T:
    """Return the answer to a question.

    :raises ServiceError: it is a problem.
    """
    return ask.read(checked(response).json() if response.status_code != 204 else None)


def settled(response: httpx.Response | None, tried: int, retries: int) -> bool:
    """Tell whether a response is not worth asking again."""
    return response is not None and (response.status_code not in AGAIN or tried >= retries)


def unreachable(error: Exception) -> ServiceError:
    """Return what is raised where no answer came."""
    return ServiceError(0, f"no answer: {type(error).__name__}")


def wait_s(response: httpx.Response | None, tried: int) -> float:
    """Return the seconds before a question is asked again."""
    told = response.headers.get("retry-after", "") if response is not None else ""
    return min(float(told) if told.isdecimal() else 0.2 * 2**tried, LONGEST_WAIT_S)


def headers_of(token: str) -> dict[str, str]:
    """Return what every request carries."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def _part(text: str) -> str:
    if not text.replace("-", "").isalnum():
        raise ValueError("a code or an id has letters, digits and hyphens")
    return text


def _answer(told: Any) -> Answer:
    card = told["grid"] or {"code": "", "name": ""}
    return Answer(told["status"], told["match_level"], card["code"], card["name"], told)


def _rows(told: Any) -> list[Row]:
    return [Row(**row) for row in told["rows"]]


def _near(told: Any) -> list[Near]:
    return [
        Near(one["address"], one["distance_m"], one["lon"], one["lat"], (one["grid"] or {"code": ""})["code"])
        for one in told["addresses"]
    ]


def _texts(told: Any) -> list[str]:
    return [str(one["text"]) for one in told["suggestions"]]
