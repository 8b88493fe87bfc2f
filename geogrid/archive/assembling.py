"""Assemble a version of approved drafts: their communities as drafted, all others as they are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from geogrid.archive import graphs, versions
from geogrid.archive.carrying import carried
from geogrid.archive.cities import current_edition
from geogrid.archive.draft_records import DraftStatus
from geogrid.archive.draft_rows import expect
from geogrid.archive.draft_schema import draft
from geogrid.archive.records import Status
from geogrid.archive.schema import community, division, version
from geogrid.errors import Fault, NotFoundError, RefusedError, StaleError
from geogrid.policy import EIGHT_TO_TEN
from geogrid.workbench import Bench, begin, by_hand, unfit
from geogrid.workbench.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from geogrid.archive.draft_records import OpenDraft
    from geogrid.archive.records import StoredDivision, Version
    from geogrid.partition import Division
    from geogrid.policy import Policy


def assemble(
    connection: Connection,
    city_id: str,
    drafts: Sequence[OpenDraft],
    day: date,
    *,
    who: str,
    at: datetime,
    note: str,
) -> Version:
    """Add a version that follows the one in force on ``day``, with the communities of ``drafts`` changed.

    :raises NotFoundError: no plan is in force on that day.
    :raises FrozenError: a draft is not approved.
    :raises StaleError: another plan of its community came into force since a draft was begun, or newer data
        changed the units that it stands on.
    :raises RefusedError: two drafts of one community, a community that newer data leave with units without
        a grid and nobody drafted, or one that is new or gone in them.
    """
    old = versions.in_force(connection, city_id, day)
    edition = current_edition(connection, city_id)
    if old is None or edition is None:
        raise NotFoundError("published plan of city", city_id)
    refused(tuple(moved_on(connection, old.id, edition.id)))
    stored = {one.graph.community_id: one for one in versions.read_all_stored(connection, old.id)}
    drafted = _by_community(connection, drafts, stored)
    made: list[tuple[Division, Policy | None]] = []
    faults: list[Fault] = []
    for community_id, before in stored.items():
        if community_id in drafted:
            here = drafted[community_id]
            _same_units(connection, edition.id, here)
            made.append((by_hand(here.bench, here.draft), here.bench.policy))
        else:
            kept, wrong = _kept(connection, edition.id, before)
            faults += wrong
            made.append((kept, before.policy))
    if faults:
        raise RefusedError(tuple(faults))
    new = versions.write_version(
        connection, city_id, edition.id, [], None,
        status=Status.DRAFT, note=note, created_by=who, created_at=at,
    )  # fmt: skip
    for one, policy in made:
        versions.write_division(connection, new, one, policy)
    versions.redigest(connection, new.id)
    return versions.read_version(connection, new.id)


def _by_community(
    connection: Connection, drafts: Sequence[OpenDraft], stored: Mapping[str, StoredDivision]
) -> dict[str, OpenDraft]:
    found: dict[str, OpenDraft] = {}
    for one in drafts:
        expect(one.record, DraftStatus.APPROVED)
        name = one.record.community_id
        if name in found:
            words = f"drafts {found[name].record.id} and {one.record.id} are of one community"
            raise RefusedError((Fault("two-drafts", words, "Publish one of them.", id=name),))
        base = versions.read_stored(connection, one.record.base, name)
        if name not in stored or base.division.plan != stored[name].division.plan:
            raise StaleError(
                f"draft {one.record.id} was begun from version {one.record.base}, and community {name} is "
                "divided otherwise since; begin a draft from the plan in force and take its steps over"
            )
        found[name] = one
    return found


def _same_units(connection: Connection, edition: int, here: OpenDraft) -> None:
    """Refuse a draft whose units are others by now: it was judged on those that it was begun on."""
    name, number = here.record.community_id, here.record.id
    if graphs.read_graph(connection, graphs.current_set(connection, edition, name)) != here.bench.graph:
        raise StaleError(
            f"draft {number} was approved on older data: community {name} has other units or households by "
            f"now; begin a draft from draft {number}, which takes over what still fits, and have it approved"
        )


def moved_on(connection: Connection, version_id: int, edition: int) -> Iterator[Fault]:
    """Give a fault for each community that newer data have more, or less, than a version divides."""
    here = select(community.c.id).where(community.c.edition_id == edition)
    divided = select(division.c.community_id).where(division.c.version_id == version_id)
    known, planned = set(connection.scalars(here)), set(connection.scalars(divided))
    remedy = "Divide the newer data and publish that: geogrid divide, then geogrid publish."
    changed = {"is new in the city's data": known - planned, "is gone from the city's data": planned - known}
    for words, names in changed.items():
        for name in sorted(names):
            yield Fault("other-communities", f"community {name} {words}", remedy, id=name)


def _kept(connection: Connection, edition: int, before: StoredDivision) -> tuple[Division, tuple[Fault, ...]]:
    """Return a division as it was, on today's units; faults where these cannot take it over."""
    name = before.graph.community_id
    graph = graphs.read_graph(connection, graphs.current_set(connection, edition, name))
    if graph == before.graph:
        return before.division, ()
    bench = Bench(graph, before.policy or EIGHT_TO_TEN, carried(before.division.plan, before.graph, graph))
    wrong = unfit(bench, begin(bench))
    told = tuple(
        Fault(one.rule, f"community {name}: {one.message}", "Draft this community too.", id=one.id)
        for one in wrong
    )
    return by_hand(bench, begin(bench)), told


def drop_unused(connection: Connection, version_id: int) -> None:
    """Drop a version that nobody published and no draft names."""
    named = select(draft.c.id).where((draft.c.version_id == version_id) | (draft.c.base_id == version_id))
    if connection.execute(named).first() is None and not versions.read_version(connection, version_id).frozen:
        connection.execute(delete(version).where(version.c.id == version_id))
