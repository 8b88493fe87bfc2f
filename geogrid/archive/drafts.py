"""Drafts: begun from a version and edited step by step.

Every write is one transaction and names the revision that it saw; a stale one is refused and nothing is
lost. Steps are only ever added, so undo and redo move the head of a draft.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import insert

from geogrid.archive import graphs, versions
from geogrid.archive.carrying import carried
from geogrid.archive.cities import current_edition
from geogrid.archive.draft_records import DraftStatus, OpenDraft
from geogrid.archive.draft_rows import (
    JOINED,
    base_version,
    change,
    editable,
    in_force_on,
    note,
    read_record,
    record_of,
    shown_as_draft,
    untitled,
)
from geogrid.archive.draft_schema import draft as draft_table
from geogrid.archive.draft_schema import draft_step
from geogrid.archive.engine import reading, writing
from geogrid.clock import SHANGHAI
from geogrid.errors import Fault, NotFoundError, RefusedError
from geogrid.policy import EIGHT_TO_TEN, policy_table
from geogrid.workbench import (
    Bench,
    History,
    Opening,
    Step,
    apply,
    begin,
    opened_with,
    operation_to_json,
    refuse_broken_locks,
)
from geogrid.workbench.refusals import refuse_wild_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from sqlalchemy import Connection, Engine

    from geogrid.adjacency import UnitGraph
    from geogrid.archive.draft_records import Actor, DraftRecord
    from geogrid.archive.replays import Replays
    from geogrid.partition import Division
    from geogrid.policy import Policy
    from geogrid.workbench import Draft, Operation


class Drafts:
    """The drafts of a store."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], replays: Replays) -> None:
        self._engine = engine
        self._clock = clock
        self._replays = replays

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
            return self._replays.open(connection, read_record(connection, draft_id))

    def open_at(self, draft_id: int, step: int | None) -> OpenDraft:
        """Return a draft as it was after a step of its history, None: at its beginning.

        :raises NotFoundError: no such draft or step.
        """
        with reading(self._engine) as connection:
            return self._replays.at(connection, read_record(connection, draft_id), step)

    def published(self, city_id: str, community_id: str, *, on: date | None = None) -> OpenDraft:
        """Return the plan in force on a day (today) in the shape of a draft; its record has the id 0.

        :raises NotFoundError: nothing was in force then, or the community was not part of it.
        """
        with reading(self._engine) as connection:
            day = on or self._clock().astimezone(SHANGHAI).date()
            here = in_force_on(connection, city_id, day)
            stored = versions.read_stored(connection, here.id, community_id)
        return shown_as_draft(here, stored, community_id)

    def begin(
        self,
        city_id: str,
        community_id: str,
        *,
        title: str,
        by: Actor,
        base: int | None = None,
        policy: Policy | None = None,
        start: str = "",
    ) -> DraftRecord:
        """Begin a draft on the newest units of a community.

        It starts as the plan of ``base`` (the version in force today). Where the city's data are newer than
        that version, each unit starts in the grid that most of its homes lay in; what is new has no grid.
        ``start`` names what its first steps take over instead: ``version-N``, ``draft-N`` of the same
        community, or ``empty``; it is compared with ``base`` all the same.

        :raises NotFoundError: no such city, community, version or draft, or nothing is published.
        :raises RefusedError: the title is empty, too long or cannot be printed, ``start`` names nothing, or
            what it names cannot be taken over.
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
            bench = Bench(graph, policy or stored.policy or EIGHT_TO_TEN, reference)
            values = {
                "city_id": city_id,
                "community_id": community_id,
                "base_id": old.id,
                "unit_set_id": set_id,
                "reference": dict(reference.assignment),
                "policy": policy_table(bench.policy),
                "title": title.strip(),
                "status": DraftStatus.OPEN,
                "revision": 1,
                "created_by": by.name,
                "created_at": now,
                "saved_at": now,
            }
            new = connection.execute(insert(draft_table).values(**values)).inserted_primary_key
            assert new is not None
            note(connection, self._clock(), by, "begin-draft", new[0], base=old.id, community=community_id)
            if start:
                opening = self._opening(connection, start, community_id, graph)
                first = opened_with(opening, graph)
                self._add_first(connection, read_record(connection, new[0]), bench, first, by)
            return read_record(connection, new[0])

    def _add_first(
        self,
        connection: Connection,
        record: DraftRecord,
        bench: Bench,
        operations: tuple[Operation, ...],
        by: Actor,
    ) -> None:
        """Add the first steps of a draft; one that is refused takes the draft back with it."""
        after = begin(bench)
        for operation in operations:
            after = apply(bench, after, operation)
            step = self._add_step(connection, record, operation, by)
            record = replace(record, head=step.id, revision=record.revision + 1)

    def _opening(
        self, connection: Connection, start: str, community_id: str, graph: UnitGraph
    ) -> Opening | None:
        """Return the plan that ``start`` names, on the units of ``graph``; None: empty."""
        kind, _, number = start.partition("-")
        said: Division | Draft
        if start == "empty":
            return None
        if kind == "version" and number.isdecimal():
            stored = versions.read_stored(connection, int(number), community_id)
            old, plan, said = stored.graph, stored.division.plan, stored.division
        elif kind == "draft" and number.isdecimal():
            other = self._replays.open(connection, read_record(connection, int(number)))
            if other.record.community_id != community_id:
                words = f"draft {number} is of another community"
                refused((Fault("other-community", words, field="start"),))
            old, plan, said = other.bench.graph, other.draft.plan, other.draft
        else:
            words = "name a version-N, a draft-N, or empty"
            raise RefusedError((Fault("unknown-plan", words, field="start"),))
        return Opening(carried(plan, old, graph), start, said.names, said.purposes, said.reasons)

    def do(self, draft_id: int, operation: Operation, *, revision: int, by: Actor) -> OpenDraft:
        """Add a step after the head and return the draft as it stands then; what changes nothing is no step.

        :raises StaleError: somebody else changed the draft since ``revision``.
        :raises FrozenError: the draft is not open.
        :raises RefusedError: the operation cannot be done; carries all faults.
        """
        with writing(self._engine) as connection:
            record = editable(connection, draft_id, revision)
            here = self._replays.open(connection, record)
            after = apply(here.bench, here.draft, operation)
            if after == here.draft:
                return here
            step = self._add_step(connection, record, operation, by)
            now = read_record(connection, draft_id)
        self._replays.keep(draft_id, step.id, here.bench, after)
        history = History({**here.history.steps, step.id: step}, step.id)
        return OpenDraft(now, here.bench, history, after)

    def _add_step(self, connection: Connection, record: DraftRecord, operation: Operation, by: Actor) -> Step:
        told, now = operation_to_json(operation), self._clock()
        values = {"draft_id": record.id, "parent_id": record.head, "operation": told}
        row = insert(draft_step).values(**values, who=by.name, at=now)
        new = connection.execute(row).inserted_primary_key
        assert new is not None
        change(connection, record.id, head=new[0], revision=record.revision + 1, saved_at=now)
        note(connection, now, by, "draft-step", record.id, step=new[0], operation=told)
        return Step(new[0], record.head, operation, by.name, now)

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
            record = editable(connection, draft_id, revision)
            here = self._replays.open(connection, record)
            head = aim(here.history)
            there = self._replays.at(connection, record, head)
            if not force:
                refuse_broken_locks(here.draft, there.draft)
            now = self._clock()
            change(connection, draft_id, head=head, revision=record.revision + 1, saved_at=now)
            note(connection, now, by, "draft-jump", draft_id, before=record.head, after=head)
            record = read_record(connection, draft_id)
            return replace(there, record=record, history=replace(there.history, head=head))

    def retitle(self, draft_id: int, title: str, *, revision: int, by: Actor) -> DraftRecord:
        """Give a draft another title.

        :raises RefusedError: it is empty, too long or cannot be printed.
        """
        refused(refuse_wild_text("title", title) if title.strip() else (untitled(),))
        with writing(self._engine) as connection:
            record = editable(connection, draft_id, revision)
            before, after = record.title, title.strip()
            if before == after:
                return record
            change(connection, draft_id, title=after, revision=revision + 1)
            note(connection, self._clock(), by, "retitle-draft", draft_id, before=before, after=after)
            return read_record(connection, draft_id)
