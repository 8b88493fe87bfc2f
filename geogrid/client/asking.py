"""Every question as data: what is sent, and how the answer is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import httpx

T = TypeVar("T")
AGAIN = (429, 502, 503, 504)
MOST_ROWS = 1000
LONGEST_WAIT_S = 60.0
PIECE = 1 << 16
MEDIA = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}


# What an answer is told under the same names.
SAME = ("status", "match_level", "score", "margin", "missing", "candidates")


class ServiceError(GeogridError):
    """The service refused, or could not be reached (``status`` 0). It never repeats the question."""

    def __init__(self, status: int, title: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        self.status = status
        self.title = title
        self.errors = tuple(dict(one) for one in errors)
        super().__init__(f"{status} {title}" if status else title)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question; ``told`` is all of it, as docs/api.md shows it.

    ``explain`` and ``sentence`` are empty unless they were asked for.
    """

    status: str
    match_level: str
    grid_code: str
    grid_name: str
    score: float | None
    margin: float | None
    missing: Sequence[str]
    candidates: Sequence[Mapping[str, Any]]
    explain: Sequence[Mapping[str, str]]
    sentence: str
    told: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a batch is told: the columns that a file would get."""

    status: str
    reason: str
    grid_code: str
    grid_name: str
    match_level: str
    score: float | None
    margin: float | None
    missing: Sequence[str]
    candidates: Sequence[Mapping[str, Any]] = ()
    explain: Sequence[Mapping[str, str]] = ()


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
    warnings: Sequence[str]
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


def lookup(address: str, limit: int, lang: str, *, as_of: date | None, explain: bool) -> Ask[Answer]:
    """Ask for the grid of an address."""
    body = _given(address=address, limit=limit, lang=lang, as_of=as_of, explain=explain)
    return Ask("POST", "/v1/lookup", _answer, body)


def locate(place: Place, crs: str, lang: str, as_of: date | None) -> Ask[Answer]:
    """Ask for the grid of a position."""
    body = _given(lon=place.lon, lat=place.lat, crs=crs, lang=lang, as_of=as_of)
    return Ask("POST", "/v1/lookup", _answer, body)


def batches(
    rows: Sequence[str | Place], crs: str, *, as_of: date | None, limit: int, explain: bool
) -> Iterator[Ask[list[Row]]]:
    """Ask for many, in pieces that a batch may have."""
    told = [{"address": row} if isinstance(row, str) else {"lon": row.lon, "lat": row.lat} for row in rows]
    for start in range(0, len(told), MOST_ROWS):
        piece = told[start : start + MOST_ROWS]
        body = _given(rows=piece, crs=crs, as_of=as_of, limit=limit, explain=explain)
        yield Ask("POST", "/v1/lookup/batch", _rows, body)


def reverse(place: Place, crs: str, radius: float, limit: int, as_of: date | None) -> Ask[list[Near]]:
    """Ask for buildings' addresses near a position."""
    body = _given(lon=place.lon, lat=place.lat, crs=crs, radius=radius, limit=limit, as_of=as_of)
    return Ask("POST", "/v1/reverse", _near, body)


def suggest(text: str, limit: int, near: Place | None, as_of: date | None) -> Ask[list[str]]:
    """Ask for completions of what was typed."""
    place = {"lon": near.lon, "lat": near.lat} if near else {}
    return Ask("POST", "/v1/suggest", _texts, _given(q=text, limit=limit, as_of=as_of, **place))


def grid(code: str, as_of: date | None) -> Ask[dict[str, Any]]:
    """Ask for the card of a grid."""
    day = f"?as_of={as_of.isoformat()}" if as_of else ""
    return Ask("GET", f"/v1/grids/{_part(code)}{day}", lambda told: dict(told["grid"]))


def _given(*, as_of: date | None, **told: Any) -> dict[str, Any]:
    """Return a body of what was said; what was left open the service decides."""
    day = {"as_of": as_of.isoformat()} if as_of else {}
    return day | {name: value for name, value in told.items() if value != "" and value is not False}


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
    names = ("id", "status", "rows_done", "rows", "by_status", "warnings", "plan", "errors")
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


def headers_of(token: str, lang: str) -> dict[str, str]:
    """Return what every request carries."""
    signed = {"Authorization": f"Bearer {token}"} if token else {}
    return signed | ({"Accept-Language": lang} if lang else {})


def _part(text: str) -> str:
    if not text.replace("-", "").isalnum():
        raise ValueError("a code or an id has letters, digits and hyphens")
    return text


def _answer(told: Any) -> Answer:
    card = told["grid"] or {"code": "", "name": ""}
    return Answer(
        **{name: told[name] for name in SAME},
        explain=told.get("explain", ()),
        sentence=told.get("sentence", ""),
        grid_code=card["code"],
        grid_name=card["name"],
        told=told,
    )


def _rows(told: Any) -> list[Row]:
    return [Row(**row) for row in told["rows"]]


def _near(told: Any) -> list[Near]:
    return [
        Near(one["address"], one["distance_m"], one["lon"], one["lat"], (one["grid"] or {"code": ""})["code"])
        for one in told["addresses"]
    ]


def _texts(told: Any) -> list[str]:
    return [str(one["text"]) for one in told["suggestions"]]
