"""The shapes of many questions at once: batches, addresses near a point, jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from api.shapes import (  # noqa: TC001 - read at run time by msgspec
    AsOfDay,
    Candidate,
    GridName,
    PlanInForce,
    Reading,
)

MOST_ROWS = 1000


class AskedRow(Struct, forbid_unknown_fields=True):
    """One row: an address, or a position."""

    address: str | None = None
    lon: float | None = None
    lat: float | None = None


class Batch(Struct, forbid_unknown_fields=True):
    """Up to 1,000 questions; ``crs`` is of all their positions."""

    rows: Annotated[list[AskedRow], Meta(max_length=MOST_ROWS)]
    crs: Literal["WGS-84", "CGCS2000", "GCJ-02", "BD-09"] = "WGS-84"
    as_of: AsOfDay | None = None
    limit: Annotated[int, Meta(ge=0, le=20, description="candidates told of each address")] = 0
    explain: Annotated[bool, Meta(description="say how each address was read")] = False


class Row(Struct):
    """What one row is told, the same as in a file; ``grid_code`` is empty where no grid is certain.

    The rest is as in a single answer: a position has no score.
    """

    status: Literal["matched", "ambiguous", "partial", "historical", "outside", "none", "invalid", "empty"]
    reason: str
    grid_code: str
    grid_name: str
    match_level: str
    score: float | None
    margin: float | None
    missing: tuple[str, ...]
    candidates: list[Candidate] | UnsetType = UNSET
    explain: list[Reading] | UnsetType = UNSET


class BatchAnswer(Struct):
    """One row for each question, in their order."""

    rows: list[Row]
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool


class Around(Struct, forbid_unknown_fields=True):
    """A position, and how far around it to look."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    crs: Literal["WGS-84", "CGCS2000", "GCJ-02", "BD-09"] = "WGS-84"
    radius: Annotated[float, Meta(gt=0, le=1000, description="metres")] = 200.0
    limit: Annotated[int, Meta(ge=1, le=20)] = 5
    as_of: AsOfDay | None = None


class NearAddress(Struct):
    """One building's address, never finer; WGS-84."""

    address: str
    distance_m: float
    lon: float
    lat: float
    grid: GridName | None


class ReverseAnswer(Struct):
    """Addresses near a position, the nearest first."""

    addresses: list[NearAddress]
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool


class Job(Struct):
    """A file that is being assigned. Whoever has its ``id`` may read and cancel it: keep it.

    ``rows`` is null until the file was opened, and for formats that do not state it. ``plan`` is the version
    that answers all rows. ``warnings`` are about the file as a whole: positions that seem to be in another
    system than was said. ``errors`` says why it failed.
    """

    id: str
    status: Literal["waiting", "running", "done", "failed"]
    format: Literal["csv", "parquet"]
    created: str
    expires: str
    rows_done: int
    rows: int | None
    by_status: dict[str, int]
    warnings: list[str]
    plan: int | None
    errors: list[dict[str, Any]]


BATCH_SHAPES = (AskedRow, Batch, Row, BatchAnswer, Around, NearAddress, ReverseAnswer, Job)
