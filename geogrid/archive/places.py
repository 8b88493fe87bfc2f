"""Names of a city's places, and the addresses of its buildings, without reading the whole city."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from geogrid.archive.schema import address, community, district, edition, subdistrict
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Place:
    """A community and what it lies in; empty where the data do not say."""

    id: str
    name: str
    code: str
    subdistrict_id: str
    subdistrict: str
    district: str


def read_places(connection: Connection, edition_id: int) -> tuple[Place, ...]:
    """Return the communities of a city in its order."""
    upper = (subdistrict.c.edition_id == edition_id) & (subdistrict.c.id == community.c.subdistrict_id)
    top = (district.c.edition_id == edition_id) & (
        (district.c.id == community.c.district_id) | (district.c.id == subdistrict.c.district_id)
    )
    query = (
        select(
            community.c.id, community.c.name, community.c.code, community.c.subdistrict_id,
            subdistrict.c.name.label("subdistrict"), district.c.name.label("district"),
        )
        .outerjoin(subdistrict, upper)
        .outerjoin(district, top)
        .where(community.c.edition_id == edition_id)
        .order_by(community.c.position)
    )  # fmt: skip
    return tuple(
        Place(row.id, row.name, row.code, row.subdistrict_id, row.subdistrict or "", row.district or "")
        for row in connection.execute(query)
    )


def read_plane(connection: Connection, edition_id: int) -> str:
    """Return the metric plane of a city.

    :raises NotFoundError: no such edition.
    """
    plane = connection.execute(select(edition.c.plane).where(edition.c.id == edition_id)).scalar()
    if plane is None:
        raise NotFoundError("edition", str(edition_id))
    return str(plane)


def count_addresses(connection: Connection, edition_id: int, community_id: str) -> dict[str, int]:
    """Return how many addresses each building of a community has."""
    here = (address.c.edition_id == edition_id) & (address.c.community_id == community_id)
    query = select(address.c.building_id, func.count()).where(here, address.c.building_id != "")
    return {row[0]: row[1] for row in connection.execute(query.group_by(address.c.building_id))}


def read_address_texts(
    connection: Connection, edition_id: int, community_id: str, buildings: Sequence[str]
) -> list[tuple[str, str]]:
    """Return the addresses of some buildings as (building id, text), in the order of the data."""
    wanted = set(buildings)
    here = (address.c.edition_id == edition_id) & (address.c.community_id == community_id)
    query = select(address.c.building_id, address.c.text).where(here).order_by(address.c.position)
    return [(row[0], row[1]) for row in connection.execute(query) if row[0] in wanted]
