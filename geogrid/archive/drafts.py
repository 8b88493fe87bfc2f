"""Drafts: begun from a version, edited step by step, submitted, and approved by another person.

Every write is one transaction and names the revision that it saw; a stale one is refused and nothing is
lost. Steps are only ever added, so undo and redo move the head of a draft.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from geogrid.archive import audit, graphs, versions
from geogrid.archive.assembling import assemble, drop_unused
from geogrid.archive.carrying import carried
from geogrid.archive.cities import current_edition
from geogrid.archive.draft_records import DraftStatus, OpenDraft
from geogrid.archive.draft_rows import (
    JOINED,
    at_revision,
    authors_of,
    base_version,
    change,
    expect,
    read_bench,
    read_record,
    read_steps,
    record_of,
    untitled,
)
from geogrid.archive.draft_schema import draft as draft_table
from geogrid.archive.draft_schema import draft_step
from geogrid.archive.engine import reading, writing
from geogrid.errors import Fault, NotFoundError
from geogrid.policy import EIGHT_TO_TEN, policy_table
from geogrid.workbench import History, apply, operation_to_json, refuse_broken_locks, replay, unfit
from geogrid.workbench.refusals import refuse_wild_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection, Engine

    from geogrid.archive.draft_records import Actor, DraftRecord
    from geogrid.archive.records import Version
    from geogrid.policy import Policy
    from geogrid.workbench import Bench, Draft, Operation

REMEMBERED = 64
LONGEST_DECISION = 400


class Drafts:
    """The drafts of a store."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        # A draft at a step never changes, so what was replayed once is kept.
        self._replayed: OrderedDict[tuple[int, int | None], tuple[Bench, Draft]] = OrderedDict()

    def all(
        self, city_id: str, *, community_id: str | None = None, status: DraftStatus | None = None
    ) -> tuple[DraftRecord, ...]:
        """Return the drafts of a city, the one saved last first."""
        query = JOINED.where(draft_table.c.city_id == city_id)
        if community_id is not None:
            query = query.where(draft_table.c.community_id == community_id)
        query = query.order_by(draft_table.c.saved_at.desc(), draft_table.c.id.desc())
        with reading(self._engine) as connection:
            found = [record_of(row) for row in connection.execute(query)]
        return tuple(one for one in found if status in (None, one.status))

    def record(self, draft_id: int) -> DraftRecord:
        """Return where a draft stands.

        :raises NotFoundError: no such draft.
        """
        with reading(self._engine) as connection:
            return read_record(connection, draft_id)

    def open(self, draft_id: int) -> OpenDraft:
        """Return a draft with all that lies on its bench.

        :raises NotFoundError: no such draft.
        """
        with reading(self._engine) as connection:
            return self._opened(connection, read_record(connection, draft_id))

    def open_at(self, draft_id: int, step: int | None) -> OpenDraft:
        """Return a draft as it was after a step of its history, None: at its beginning.

        :raises NotFoundError: no such draft or step.
        """
        with reading(self._engine) as connection:
            record = read_record(connection, draft_id)
            history = History(read_steps(connection, draft_id), record.head)
            return OpenDraft(record, *self._state(connection, draft_id, history, step))

    def _opened(self, connection: Connection, record: DraftRecord) -> OpenDraft:
        history = History(read_steps(connection, record.id), record.head)
        return OpenDraft(record, *self._state(connection, record.id, history, record.head))

    def _state(
        self, connection: Connection, draft_id: int, history: History, step: int | None
    ) -> tuple[Bench, History, Draft]:
        """Return the bench, the history and the draft after ``step``, from its parent where that is known."""
        path = history.path(step)
        known = self._replayed.get((draft_id, step))
        if known is None and path:
            before = self._replayed.get((draft_id, path[-1].parent))
            known = before and (before[0], apply(*before, path[-1].operation))
        if known is None:
            bench = read_bench(connection, draft_id)
            known = bench, replay(bench, path)
        self._replayed[draft_id, step] = known
        self._replayed.move_to_end((draft_id, step))
        while len(self._replayed) > REMEMBERED:
            self._replayed.popitem(last=False)
        return known[0], history, known[1]

    def begin(
        self,
        city_id: str,
        community_id: str,
        *,
        title: str,
        by: Actor,
        base: int | None = None,
        policy: Policy | None = None,
    ) -> DraftRecord:
        """Begin a draft on the newest units of a community.

        It starts as the plan of ``base`` (the version in force today). Where the city's data are newer than
        that version, each unit starts in the grid that most of its homes lay in; what is new has no grid.

        :raises NotFoundError: no such city, community or version, or nothing is published.
        :raises RefusedError: the title is empty, too long or cannot be printed.
        """
        refused(refuse_wild_text("title", title) if title.strip() else (untitled(),))
        with writing(self._engine) as connection:
            now = self._clock()
            old = base_version(connection, city_id, base, now)
            stored = versions.read_stored(connection, old.id, community_id)
            edition = current_edition(connection, city_id)
            if edition is None:
                raise NotFoundError("city", city_id)
            set_id = graphs.current_set(connection, edition.id, community_id)
            graph = graphs.read_graph(connection, set_id)
            reference = carried(stored.division.plan, stored.graph, graph)
            values = {
                "city_id": city_id,
                "community_id": community_id,
                "base_id": old.id,
                "unit_set_id": set_id,
                "reference": dict(reference.assignment),
                "policy": policy_table(policy or stored.policy or EIGHT_TO_TEN),
                "title": title.strip(),
                "status": DraftStatus.OPEN,
                "revision": 1,
                "created_by": by.name,
                "created_at": now,
                "saved_at": now,
            }
            new = connection.execute(insert(draft_table).values(**values)).inserted_primary_key
            assert new is not None
            self._note(connection, by, "begin-draft", new[0], base=old.id, community=community_id)
            return read_record(connection, new[0])

    def do(self, draft_id: int, operation: Operation, *, revision: int, by: Actor) -> OpenDraft:
        """Add a step after the head and return the draft as it stands then.

        :raises StaleError: somebody else changed the draft since ``revision``.
        :raises FrozenError: the draft is not open.
        :raises RefusedError: the operation cannot be done; carries all faults.
        """
        with writing(self._engine) as connection:
            record = self._editable(connection, draft_id, revision)
            here = self._opened(connection, record)
            apply(here.bench, here.draft, operation)
            told = operation_to_json(operation)
            values = {"draft_id": draft_id, "parent_id": record.head, "operation": told}
            row = insert(draft_step).values(**values, who=by.name, at=self._clock())
            step = connection.execute(row).inserted_primary_key
            assert step is not None
            self._move_head(connection, record, step[0])
            self._note(connection, by, "draft-step", draft_id, step=step[0], operation=told)
            return self._opened(connection, read_record(connection, draft_id))

    def undo(self, draft_id: int, *, revision: int, by: Actor, force: bool = False) -> OpenDraft:
        """Go back one step.

        :raises RefusedError: the draft stands at its beginning, or it breaks a lock and ``force`` is not set.
        """
        return self._jump(draft_id, History.undone, revision, by, force=force)

    def redo(self, draft_id: int, *, revision: int, by: Actor, force: bool = False) -> OpenDraft:
        """Go forward to the newest of the steps that were made after the head.

        :raises RefusedError: no step was made after it, or it breaks a lock and ``force`` is not set.
        """
        return self._jump(draft_id, History.redone, revision, by, force=force)

    def jump(
        self, draft_id: int, step: int | None, *, revision: int, by: Actor, force: bool = False
    ) -> OpenDraft:
        """Go to any step of the draft's history, None for its beginning.

        :raises NotFoundError: the draft has no such step.
        :raises RefusedError: it breaks a lock and ``force`` is not set.
        """
        return self._jump(draft_id, lambda _: step, revision, by, force=force)

    def _jump(
        self, draft_id: int, aim: Callable[[History], int | None], revision: int, by: Actor, *, force: bool
    ) -> OpenDraft:
        with writing(self._engine) as connection:
            record = self._editable(connection, draft_id, revision)
            here = self._opened(connection, record)
            head = aim(here.history)
            _, _, there = self._state(connection, draft_id, here.history, head)
            if not force:
                refuse_broken_locks(here.draft, there)
            self._move_head(connection, record, head)
            self._note(connection, by, "draft-jump", draft_id, before=record.head, after=head)
            return self._opened(connection, read_record(connection, draft_id))

    def retitle(self, draft_id: int, title: str, *, revision: int, by: Actor) -> DraftRecord:
        """Give a draft another title.

        :raises RefusedError: it is empty, too long or cannot be printed.
        """
        refused(refuse_wild_text("title", title) if title.strip() else (untitled(),))
        with writing(self._engine) as connection:
            record = self._editable(connection, draft_id, revision)
            change(connection, draft_id, title=title.strip(), revision=revision + 1)
            self._note(connection, by, "retitle-draft", draft_id, before=record.title, after=title.strip())
            return read_record(connection, draft_id)

    def submit(self, draft_id: int, *, revision: int, by: Actor) -> DraftRecord:
        """Hand a draft in for approval; from then on nobody edits it until it comes back.

        :raises RefusedError: a hard rule is broken or units have no grid; names every place.
        """
        with writing(self._engine) as connection:
            record = self._editable(connection, draft_id, revision)
            here = self._opened(connection, record)
            refused(unfit(here.bench, here.draft))
            facts = {"submitted_by": by.name, "submitted_at": self._clock(), "decision": ""}
            self._decide(connection, record, DraftStatus.SUBMITTED, **facts)
            self._note(connection, by, "submit-draft", draft_id, head=record.head)
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
            self._note(connection, by, "approve-draft", draft_id, head=record.head, decision=decision.strip())
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
            self._note(connection, by, "reopen-draft", draft_id, decision=decision.strip())
            return read_record(connection, draft_id)

    def abandon(self, draft_id: int, *, revision: int, by: Actor) -> DraftRecord:
        """Give a draft up; it can still be read.

        :raises FrozenError: it is approved, published or abandoned already.
        """
        with writing(self._engine) as connection:
            record = at_revision(connection, draft_id, revision)
            expect(record, DraftStatus.OPEN, DraftStatus.SUBMITTED)
            self._decide(connection, record, DraftStatus.ABANDONED)
            self._note(connection, by, "abandon-draft", draft_id)
            return read_record(connection, draft_id)

    def _editable(self, connection: Connection, draft_id: int, revision: int) -> DraftRecord:
        record = at_revision(connection, draft_id, revision)
        expect(record, DraftStatus.OPEN)
        return record

    def _move_head(self, connection: Connection, record: DraftRecord, head: int | None) -> None:
        change(connection, record.id, head=head, revision=record.revision + 1, saved_at=self._clock())

    def _judged(
        self, connection: Connection, record: DraftRecord, status: DraftStatus, by: Actor, decision: str
    ) -> None:
        facts = {"decided_by": by.name, "decided_at": self._clock(), "decision": decision.strip()}
        # A version that was made of it before it came back must not be published in its name.
        self._decide(connection, record, status, version_id=None, **facts)

    def _decide(self, connection: Connection, record: DraftRecord, status: DraftStatus, **facts: Any) -> None:
        change(connection, record.id, status=status, revision=record.revision + 1, **facts)

    def _note(self, connection: Connection, by: Actor, what: str, draft_id: int, **details: Any) -> None:
        audit.record_by(connection, by, at=self._clock(), what=what, subject=f"draft {draft_id}", **details)

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
            opened = [self._opened(connection, read_record(connection, one)) for one in draft_ids]
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
