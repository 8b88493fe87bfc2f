"""Plan versions: drafts are edited, published ones are frozen, and a day says which one is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, literal, select, update

from geogrid.archive.audit import digest_of
from geogrid.archive.divisions import division_row, read_division, read_division_policy
from geogrid.archive.graphs import current_set, read_graph, unit_ids
from geogrid.archive.records import GridRecord, Status, StoredDivision, Version
from geogrid.archive.schema import assignment, community, division, grid, version
from geogrid.codes import grid_code
from geogrid.errors import FrozenError, NotFoundError, PlanError, StaleError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

    from geogrid.adjacency import UnitGraph
    from geogrid.partition import Division
    from geogrid.policy import Policy


def read_version(connection: Connection, version_id: int) -> Version:
    """Return one version.

    :raises NotFoundError: no such version.
    """
    row = connection.execute(select(version).where(version.c.id == version_id)).first()
    if row is None:
        raise NotFoundError("version", str(version_id))
    return _version(row)


def read_versions(connection: Connection, city_id: str) -> tuple[Version, ...]:
    """Return all versions of a city, the oldest first."""
    query = select(version).where(version.c.city_id == city_id).order_by(version.c.id)
    return tuple(_version(row) for row in connection.execute(query))


def _version(row: Row[Any]) -> Version:
    return Version(
        id=row.id,
        city_id=row.city_id,
        edition=row.edition_id,
        status=row.status,
        revision=row.revision,
        digest=row.digest,
        note=row.note,
        created_by=row.created_by,
        created_at=row.created_at,
        published_at=row.published_at,
        effective_from=row.effective_from,
        effective_until=row.effective_until,
        copy_of=row.copy_of,
    )


def write_version(
    connection: Connection,
    city_id: str,
    edition: int,
    divisions: Iterable[Division],
    policy: Policy | None,
    **facts: object,
) -> Version:
    """Add a version with a division for each community of ``divisions``.

    :raises NotFoundError: a community without stored units.
    :raises PlanError: a community twice, or a plan that does not assign exactly its stored units.
    """
    values = {"city_id": city_id, "edition_id": edition, "revision": 1, "digest": ""} | facts
    new = connection.execute(insert(version).values(**values)).inserted_primary_key
    assert new is not None
    here = read_version(connection, new[0])
    for one in divisions:
        write_division(connection, here, one, policy)
    redigest(connection, new[0])
    return read_version(connection, new[0])


def write_division(connection: Connection, here: Version, one: Division, policy: Policy | None) -> None:
    """Write the division of one community, its assignment and the grids that come of it.

    :raises NotFoundError: the city has no such community, or no units are stored for it.
    :raises PlanError: the community is divided already, or its stored units are others.
    """
    community_id = one.plan.community_id
    known = (community.c.edition_id == here.edition) & (community.c.id == community_id)
    place = connection.execute(select(community.c.position, community.c.code).where(known)).first()
    if place is None:
        raise NotFoundError("community", community_id)
    set_id = current_set(connection, here.edition, community_id)
    units = unit_ids(connection, set_id)
    strangers = sorted(units ^ set(one.plan.assignment))
    if strangers:
        named = ", ".join(strangers[:5])
        raise PlanError(f"the plan of community {community_id} and its stored units differ: {named}")
    keys = {"version_id": here.id, "community_id": community_id}
    mine = (division.c.version_id == here.id) & (division.c.community_id == community_id)
    if connection.execute(select(division.c.position).where(mine)).first() is not None:
        raise PlanError(f"community {community_id} is divided twice in one version")
    connection.execute(
        insert(division).values(
            **keys, position=place.position, unit_set_id=set_id, **division_row(one, policy)
        )
    )
    rows = [{**keys, "unit_id": unit, "number": n} for unit, n in sorted(one.plan.assignment.items())]
    if rows:
        connection.execute(insert(assignment), rows)
    grids = [
        {**keys, "number": n, "code": grid_code(place.code, n)}
        for n in sorted(set(one.plan.assignment.values()))
    ]
    if grids:
        connection.execute(insert(grid), grids)


def redigest(connection: Connection, version_id: int) -> None:
    """Write the hash of every assignment of a version."""
    columns = (assignment.c.community_id, assignment.c.unit_id, assignment.c.number)
    rows = connection.execute(select(*columns).where(assignment.c.version_id == version_id))
    # Sorted here: databases differ in the order of texts, and the digest must not.
    digest = digest_of(sorted([list(row) for row in rows]))
    connection.execute(update(version).where(version.c.id == version_id).values(digest=digest))


def editable(connection: Connection, version_id: int, revision: int | None) -> Version:
    """Return a version that may be edited by somebody who saw ``revision`` (None: whoever it is).

    :raises FrozenError: it is published or retired.
    :raises StaleError: somebody else edited it since.
    """
    here = read_version(connection, version_id)
    if here.frozen:
        raise FrozenError(
            f"version {version_id} is {here.status} and never changes; copy it to a draft and edit that"
        )
    if revision is not None and revision != here.revision:
        raise StaleError(
            f"version {version_id} has moved on from revision {revision} to {here.revision}; "
            "read it again and repeat the edit"
        )
    return here


def replace_division(connection: Connection, here: Version, one: Division, policy: Policy | None) -> Version:
    """Put another division of one community into a draft."""
    community_id = one.plan.community_id
    mine = (division.c.version_id == here.id) & (division.c.community_id == community_id)
    if connection.execute(select(division.c.position).where(mine)).first() is None:
        raise NotFoundError("division of community", community_id)
    connection.execute(delete(grid).where(grid.c.version_id == here.id, grid.c.community_id == community_id))
    connection.execute(delete(division).where(mine))
    write_division(connection, here, one, policy)
    change(connection, here.id, revision=here.revision + 1)
    redigest(connection, here.id)
    return read_version(connection, here.id)


def change(connection: Connection, version_id: int, **values: object) -> None:
    """Change facts of a version."""
    connection.execute(update(version).where(version.c.id == version_id).values(**values))


def read_stored(connection: Connection, version_id: int, community_id: str) -> StoredDivision:
    """Return the division of one community in a version, with its units.

    :raises NotFoundError: the version or the community is not there.
    """
    read_version(connection, version_id)
    row = connection.execute(
        select(division).where(division.c.version_id == version_id, division.c.community_id == community_id)
    ).first()
    if row is None:
        raise NotFoundError("division of community", community_id)
    return _stored(connection, row, {})


def read_all_stored(
    connection: Connection, version_id: int, graphs: dict[int, UnitGraph] | None = None
) -> tuple[StoredDivision, ...]:
    """Return the division of every community of a version, in their order.

    Whoever reads several versions in one transaction gives the same ``graphs`` to each: most have the same.
    """
    read_version(connection, version_id)
    query = select(division).where(division.c.version_id == version_id).order_by(division.c.position)
    known = {} if graphs is None else graphs
    return tuple(_stored(connection, row, known) for row in connection.execute(query).all())


def _stored(connection: Connection, row: Row[Any], graphs: dict[int, UnitGraph]) -> StoredDivision:
    pairs = connection.execute(
        select(assignment.c.unit_id, assignment.c.number).where(
            assignment.c.version_id == row.version_id, assignment.c.community_id == row.community_id
        )
    )
    numbers = {row.unit_id: row.number for row in pairs}
    set_id = row.unit_set_id
    if set_id not in graphs:
        graphs[set_id] = read_graph(connection, set_id)
    return StoredDivision(graphs[set_id], read_division(row, numbers), read_division_policy(row))


def read_grids(connection: Connection, version_id: int) -> tuple[GridRecord, ...]:
    """Return the grids of a version by community and number, without their links."""
    query = (
        select(grid)
        .join(
            division,
            (division.c.version_id == grid.c.version_id) & (division.c.community_id == grid.c.community_id),
        )
        .where(grid.c.version_id == version_id)
        .order_by(division.c.position, grid.c.number)
    )
    return tuple(
        GridRecord(row.id, row.version_id, row.community_id, row.number, row.code)
        for row in connection.execute(query)
    )


def in_force(connection: Connection, city_id: str, on: date) -> Version | None:
    """Return the version in force on a day (Asia/Shanghai), None before the first."""
    query = (
        select(version)
        .where(
            version.c.city_id == city_id,
            version.c.effective_from <= on,
            version.c.effective_until.is_(None) | (version.c.effective_until > on),
        )
        .order_by(version.c.effective_from.desc(), version.c.published_at.desc(), version.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _version(row)


def refuse_rewriting(connection: Connection, here: Version, effective_from: date, today: date) -> None:
    """Refuse a publication that would change what was in force on a day that is over.

    :raises StoreError: it would; names the first day that is free.
    """
    if effective_from >= today:
        return
    published = [other for other in read_versions(connection, here.city_id) if other.frozen]
    if published:
        raise StoreError(
            f"version {here.id} cannot take effect on {effective_from}: another plan was in force or "
            f"announced then, and the past is not rewritten; the first possible day is {today}"
        )


def publish_row(connection: Connection, here: Version, effective_from: date, at: datetime) -> None:
    """Mark a version as published, and end each published one where the next one begins."""
    change(
        connection,
        here.id,
        status=Status.PUBLISHED,
        effective_from=effective_from,
        published_at=at,
    )
    chain(connection, here.city_id)


def chain(connection: Connection, city_id: str) -> None:
    """End each published version on the day on which the next one begins.

    The later published of two that begin on one day is in force; the other one never is.
    """
    published = sorted(
        (other for other in read_versions(connection, city_id) if other.status is Status.PUBLISHED),
        key=lambda other: (other.effective_from, other.published_at, other.id),
    )
    for earlier, later in zip(published, [*published[1:], None], strict=True):
        until = later.effective_from if later else None
        if earlier.effective_until != until:
            change(connection, earlier.id, effective_until=until)


def copy_version(connection: Connection, old: Version, **facts: object) -> Version:
    """Add a version with the same divisions on the same data."""
    values = {"city_id": old.city_id, "edition_id": old.edition, "revision": 1, "digest": old.digest} | facts
    new = connection.execute(insert(version).values(**values)).inserted_primary_key
    assert new is not None
    for table in (division, assignment, grid):
        names = [column.name for column in table.columns if column.name not in ("id", "version_id")]
        rows = select(literal(new[0]), *(table.c[name] for name in names)).where(table.c.version_id == old.id)
        connection.execute(insert(table).from_select(["version_id", *names], rows))
    return read_version(connection, new[0])
