"""What the archive tells of drafts, their comments and their shared links."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from geogrid.workbench import Bench, Draft, History


class DraftStatus(StrEnum):
    """Where a draft stands. Rejected ones go back to open; abandoned ones are kept and can be read."""

    OPEN = "open"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    ABANDONED = "abandoned"


class Subject(StrEnum):
    """What a comment is pinned on."""

    DRAFT = "draft"
    GRID = "grid"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where (an address of the network; empty on the command line)."""

    name: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """One draft of one community.

    ``base`` is the version it was begun from, ``revision`` grows with every write to it, and a write names
    the revision that it saw. ``head`` is the step that it stands on, None for its beginning.
    """

    id: int
    city_id: str
    community_id: str
    base: int
    title: str
    status: DraftStatus
    head: int | None
    revision: int
    created_by: str
    created_at: datetime
    saved_at: datetime
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: str = ""
    effective_from: date | None = None
    version: int | None = None


@dataclass(frozen=True)
class OpenDraft:
    """A draft with everything that lies on the bench: its units, its history and the state it stands in."""

    record: DraftRecord
    bench: Bench
    history: History
    draft: Draft


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark pinned on a draft, a grid or a unit; resolved once somebody says so."""

    id: int
    draft_id: int
    subject: Subject
    subject_id: str
    text: str
    who: str
    at: datetime
    resolved_by: str | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A link that shows a draft to whoever has it, until it expires; the secret itself is not kept."""

    id: int
    draft_id: int
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
