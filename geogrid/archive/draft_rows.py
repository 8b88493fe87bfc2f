"""Read and check the rows of drafts; every function works inside the transaction of its caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from geogrid.archive import audit, graphs, versions
from geogrid.archive.draft_records import DraftRecord, DraftStatus, OpenDraft
from geogrid.archive.draft_schema import draft as draft_table
from geogrid.archive.draft_schema import draft_step
from geogrid.archive.records import Status
from geogrid.archive.schema import version
from geogrid.clock import SHANGHAI
from geogrid.errors import Fault, FrozenError, NotFoundError, StaleError
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN, policy_from_table
from geogrid.workbench import Bench, Draft, History, Step, operation_from_json

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

    from geogrid.archive.draft_records import Actor
    from geogrid.archive.records import StoredDivision, Version

PUBLIC = (Status.PUBLISHED, Status.RETIRED)
JOINED = select(draft_table, version.c.status.label("version_status"), version.c.effective_from).outerjoin(
    version, version.c.id == draft_table.c.version_id
)


def read_record(connection: Connection, draft_id: int) -> DraftRecord:
    """Return where a draft stands.

    :raises NotFoundError: no such draft.
    """
    row = connection.execute(JOINED.where(draft_table.c.id == draft_id)).first()
    if row is None:
        raise NotFoundError("draft", str(draft_id))
    return record_of(row)


def record_of(row: Row[Any]) -> DraftRecord:
    """Return the record of a row of ``JOINED``; a draft is published when the version it came into is."""
    public = row.version_status in PUBLIC
    return DraftRecord(
        id=row.id,
        city_id=row.city_id,
        community_id=row.community_id,
        base=row.base_id,
        title=row.title,
        status=DraftStatus.PUBLISHED if public else row.status,
        head=row.head,
        revision=row.revision,
        created_by=row.created_by,
        created_at=row.created_at,
        saved_at=row.saved_at,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
        version=row.version_id,
        effective_from=row.effective_from if public else None,
    )


def at_revision(connection: Connection, draft_id: int, revision: int) -> DraftRecord:
    """Return a draft that ``revision`` is the newest of.

    :raises StaleError: somebody else changed it since.
    """
    record = read_record(connection, draft_id)
    if record.revision != revision:
        raise StaleError(
            f"draft {draft_id} has moved on from revision {revision} to {record.revision}; "
            "read it again and repeat the edit"
        )
    return record


def expect(record: DraftRecord, *allowed: DraftStatus) -> None:
    """Refuse a draft that does not stand where this can be done.

    :raises FrozenError: it does not.
    """
    if record.status not in allowed:
        words = " or ".join(allowed)
        raise FrozenError(f"draft {record.id} is {record.status}; this needs one that is {words}")


def editable(connection: Connection, draft_id: int, revision: int) -> DraftRecord:
    """Return a draft that can be edited and that ``revision`` is the newest of.

    :raises StaleError: somebody else changed it since.
    :raises FrozenError: it is not open.
    """
    record = at_revision(connection, draft_id, revision)
    expect(record, DraftStatus.OPEN)
    return record


def note(connection: Connection, at: datetime, by: Actor, what: str, draft_id: int, **details: Any) -> None:
    """Write into the trail what was done to a draft."""
    audit.record_by(connection, by, at=at, what=what, subject=f"draft {draft_id}", **details)


def change(connection: Connection, draft_id: int, **values: object) -> None:
    """Change facts of a draft."""
    connection.execute(update(draft_table).where(draft_table.c.id == draft_id).values(**values))


def shown_as_draft(here: Version, stored: StoredDivision, community_id: str) -> OpenDraft:
    """Return the published division of a community in the shape of a draft without steps."""
    said = stored.division
    bench = Bench(stored.graph, stored.policy or EIGHT_TO_TEN, said.plan)
    record = DraftRecord(
        id=0,
        city_id=here.city_id,
        community_id=community_id,
        base=here.id,
        title="",
        status=DraftStatus.PUBLISHED,
        head=None,
        revision=0,
        created_by=here.created_by,
        created_at=here.created_at,
        saved_at=here.published_at or here.created_at,
        version=here.id,
        effective_from=here.effective_from,
    )
    draft = Draft(community_id, said.plan.assignment, said.names, said.purposes, said.reasons)
    return OpenDraft(record, bench, History({}), draft)


def read_steps(connection: Connection, draft_id: int, *, after: int = 0) -> dict[int, Step]:
    """Return the steps of a draft by id, in the order in which they were made; those after one, or all."""
    here = (draft_step.c.draft_id == draft_id) & (draft_step.c.id > after)
    query = select(draft_step).where(here).order_by(draft_step.c.id)
    return {
        row.id: Step(row.id, row.parent_id, operation_from_json(row.operation), row.who, row.at)
        for row in connection.execute(query)
    }


def read_bench(connection: Connection, draft_id: int) -> Bench:
    """Return what a draft lies on: the units it was begun with, its policy and its reference."""
    columns = [draft_table.c[name] for name in ("community_id", "unit_set_id", "reference", "policy")]
    row = connection.execute(select(*columns).where(draft_table.c.id == draft_id)).one()
    graph = graphs.read_graph(connection, row.unit_set_id)
    return Bench(graph, policy_from_table(row.policy), Plan(row.community_id, row.reference))


def authors_of(connection: Connection, record: DraftRecord) -> set[str]:
    """Return everybody who began, edited or submitted a draft."""
    query = select(draft_step.c.who).where(draft_step.c.draft_id == record.id).distinct()
    named = {record.created_by, record.submitted_by, *connection.execute(query).scalars()}
    return {name for name in named if name}


def base_version(connection: Connection, city_id: str, base: int | None, now: datetime) -> Version:
    """Return the version that a draft begins from: the one named, or the one in force today.

    :raises NotFoundError: the city has no such version, or none is in force.
    """
    if base is None:
        return in_force_on(connection, city_id, now.astimezone(SHANGHAI).date())
    found = versions.read_version(connection, base)
    if found.city_id != city_id:
        raise NotFoundError(f"version of city {city_id}", str(base))
    return found


def in_force_on(connection: Connection, city_id: str, day: date) -> Version:
    """Return the version in force on a day.

    :raises NotFoundError: none was.
    """
    found = versions.in_force(connection, city_id, day)
    if found is None:
        raise NotFoundError("published plan of city", city_id)
    return found


def untitled() -> Fault:
    """Return the fault of a draft without a title."""
    return Fault("no-title", "a draft needs a title", "Say what it is for.", field="title")
