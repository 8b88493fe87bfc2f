"""What the archive tells about its versions, grids and its audit trail."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

    from geogrid.addresses import KnownName
    from geogrid.adjacency import UnitGraph
    from geogrid.partition import Division
    from geogrid.policy import Policy

NOBODY = "geogrid"  # whoever acts without saying who it is


class Status(StrEnum):
    """Where a plan version stands; it only ever moves to the right."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class StoredCity:
    """One city in this store, and what its newest data is called."""

    id: str
    name: str
    edition: int
    digest: str
    stored_at: datetime
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One plan version of a city.

    ``effective_from`` counts from 00:00 in Asia/Shanghai; ``effective_until`` is the first day on which
    another version is in force. ``revision`` grows with every edit of a draft: an edit names the revision
    it started from. ``digest`` is a hash of every assignment in it.
    """

    id: int
    city_id: str
    edition: int
    status: Status
    revision: int
    digest: str
    note: str
    created_by: str
    created_at: datetime
    published_at: datetime | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    copy_of: int | None = None

    @property
    def frozen(self) -> bool:
        """Tell whether nobody may edit it any more."""
        return self.status in (Status.PUBLISHED, Status.RETIRED)

    def status_on(self, day: date) -> Status:
        """Return the status as seen on ``day``: a published version is retired once another is in force."""
        over = self.effective_until is not None and self.effective_until <= day
        return Status.RETIRED if self.status is Status.PUBLISHED and over else self.status


@dataclass(frozen=True, slots=True)
class StoredDivision:
    """The division of one community in a version, with the units and the graph it stands on."""

    graph: UnitGraph
    division: Division
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class GridLink:
    """That a grid takes over homes and land of an earlier grid; ``main`` marks the largest share."""

    replaces_id: int
    replaces_code: str
    replaces_version: int
    households: int
    area_m2: float
    main: bool


@dataclass(frozen=True, slots=True)
class GridRecord:
    """One grid of a version: its surrogate id, its code, and the grids it replaces."""

    id: int
    version_id: int
    community_id: str
    number: int
    code: str
    replaces: tuple[GridLink, ...] = ()


@dataclass(frozen=True, slots=True)
class DatedCode:
    """A code of an area in one scheme, valid on days ``valid_from <= day < valid_to``."""

    area_id: int
    level: str
    source_id: str
    scheme: str
    code: str
    name: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class LearntName:
    """A name that a reviewer taught, in use on days ``since <= day < until``; who taught it, and when."""

    id: int
    name: KnownName
    since: date
    until: date | None
    learnt_by: str
    learnt_at: datetime


@dataclass(frozen=True, slots=True)
class DeskEdit:
    """That somebody asked, at a desktop program, for another grid of a unit; ``refusal`` says why not."""

    id: int
    version_id: int
    community_id: str
    unit_id: str
    number: int
    who: str
    at: datetime
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the append-only trail; ``hash`` covers the line and the hash of the line before it."""

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    before: str
    after: str
    details: dict[str, Any] = field(default_factory=dict)
    hash: str = ""
