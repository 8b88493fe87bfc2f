"""The way of a draft into a version: handed in, approved by another person, assembled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geogrid.archive import audit
from geogrid.archive.assembling import assemble, drop_unused
from geogrid.archive.draft_records import DraftStatus
from geogrid.archive.draft_rows import at_revision, authors_of, change, editable, expect, note, read_record
from geogrid.archive.engine import writing
from geogrid.errors import Fault
from geogrid.workbench import unfit
from geogrid.workbench.refusals import refuse_wild_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection, Engine

    from geogrid.archive.draft_records import Actor, DraftRecord
    from geogrid.archive.records import Version
    from geogrid.archive.replays import Replays

LONGEST_DECISION = 400


class Reviews:
    """What is decided about the drafts of a store; a stale decision is refused like a stale edit."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], replays: Replays) -> None:
        self._engine = engine
        self._clock = clock
        self._replays = replays

    def submit(self, draft_id: int, *, revision: int, by: Actor) -> DraftRecord:
        """Hand a draft in for approval; from then on nobody edits it until it comes back.

        :raises RefusedError: a hard rule is broken or units have no grid; names every place.
        """
        with writing(self._engine) as connection:
            record = editable(connection, draft_id, revision)
            here = self._replays.open(connection, record)
            refused(unfit(here.bench, here.draft))
            facts = {"submitted_by": by.name, "submitted_at": self._clock(), "decision": ""}
            self._decide(connection, record, DraftStatus.SUBMITTED, **facts)
            note(connection, self._clock(), by, "submit-draft", draft_id, head=record.head)
            return read_record(connection, draft_id)

    def approve(self, draft_id: int, *, revision: int, by: Actor, decision: str = "") -> DraftRecord:
        """Approve a submitted draft; whoever worked on it cannot.

        :raises RefusedError: ``by`` began, edited or submitted it.
        :raises FrozenError: it is not submitted.
        """
        refused(refuse_wild_text("decision", decision, longest=LONGEST_DECISION))
        with writing(self._engine) as connection:
            record = at_revision(connection, draft_id, revision)
            expect(record, DraftStatus.SUBMITTED)
            if by.name in authors_of(connection, record):
                words = f"{by.name} worked on draft {draft_id}, and a second person has to approve it"
                refused((Fault("own-draft", words, "Ask another approver."),))
            self._judged(connection, record, DraftStatus.APPROVED, by, decision)
            told = decision.strip()
            note(connection, self._clock(), by, "approve-draft", draft_id, head=record.head, decision=told)
            return read_record(connection, draft_id)

    def reopen(self, draft_id: int, *, revision: int, by: Actor, decision: str = "") -> DraftRecord:
        """Give a submitted or approved draft back for editing, and say why.

        :raises FrozenError: it is open already, published or abandoned.
        """
        refused(refuse_wild_text("decision", decision, longest=LONGEST_DECISION))
        with writing(self._engine) as connection:
            record = at_revision(connection, draft_id, revision)
            expect(record, DraftStatus.SUBMITTED, DraftStatus.APPROVED)
            self._judged(connection, record, DraftStatus.OPEN, by, decision)
            note(connection, self._clock(), by, "reopen-draft", draft_id, decision=decision.strip())
            return read_record(connection, draft_id)

    def abandon(self, draft_id: int, *, revision: int, by: Actor) -> DraftRecord:
        """Give a draft up; it can still be read.

        :raises FrozenError: it is approved, published or abandoned already.
        """
        with writing(self._engine) as connection:
            record = at_revision(connection, draft_id, revision)
            expect(record, DraftStatus.OPEN, DraftStatus.SUBMITTED)
            self._decide(connection, record, DraftStatus.ABANDONED)
            note(connection, self._clock(), by, "abandon-draft", draft_id)
            return read_record(connection, draft_id)

    def assemble(
        self, city_id: str, draft_ids: Sequence[int], *, day: date, by: Actor, note: str = ""
    ) -> Version:
        """Add a version of approved drafts that shall follow the plan in force on ``day``; not yet published.

        One that was made of the same drafts before, and never published, is dropped.

        :raises FrozenError: a draft is not approved.
        :raises StaleError: another plan of a draft's community came into force since it was begun.
        :raises RefusedError: two drafts of one community, or newer data that other communities do not fit.
        """
        with writing(self._engine) as connection:
            opened = [self._replays.open(connection, read_record(connection, one)) for one in draft_ids]
            earlier = {one.record.version for one in opened} - {None}
            new = assemble(connection, city_id, opened, day, who=by.name, at=self._clock(), note=note)
            for one in draft_ids:
                change(connection, one, version_id=new.id)
            for version_id in sorted(one for one in earlier if one is not None):
                drop_unused(connection, version_id)
            subject = f"version {new.id}"
            audit.record_by(
                connection, by, at=self._clock(), what="assemble-version", subject=subject,
                drafts=list(draft_ids), digest=new.digest,
            )  # fmt: skip
            return new

    def _judged(
        self, connection: Connection, record: DraftRecord, status: DraftStatus, by: Actor, decision: str
    ) -> None:
        facts = {"decided_by": by.name, "decided_at": self._clock(), "decision": decision.strip()}
        # A version that was made of it before it came back must not be published in its name.
        self._decide(connection, record, status, version_id=None, **facts)

    def _decide(self, connection: Connection, record: DraftRecord, status: DraftStatus, **facts: Any) -> None:
        change(connection, record.id, status=status, revision=record.revision + 1, **facts)
