"""Read what belongs to one community, without the rest of the city."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import select

from geogrid.archive.cities import FACTS, KINDS, current_edition, read_rows
from geogrid.archive.schema import LAYERS, building_group
from geogrid.errors import NotFoundError
from geogrid.model import BuildingGroup, City

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from geogrid.model import Branch, TeamMember


def read_locality(connection: Connection, city_id: str, community_id: str) -> City:
    """Return a city cut down to one community of its newest data; streets are all kept, addresses left out.

    :raises NotFoundError: no such city or community.
    """
    row = current_edition(connection, city_id)
    if row is None:
        raise NotFoundError("city", city_id)

    def rows(name: str, **keys: str) -> tuple[Any, ...]:
        return read_rows(connection, LAYERS[name], KINDS[name], edition_id=row.id, **keys)

    communities = rows("communities", id=community_id)
    if not communities:
        raise NotFoundError("community", community_id)
    compounds = rows("compounds", community_id=community_id)
    own = {one.id for one in compounds}
    branches = tuple(_serving(rows("branches"), community_id, own))
    return City(
        id=city_id,
        **{name: getattr(row, name) for name in FACTS},
        communities=communities,
        compounds=compounds,
        buildings=rows("buildings", community_id=community_id),
        building_groups=_groups(connection, row.id, own),
        streets=rows("streets"),
        branches=branches,
        team=tuple(_staff(rows("team"), community_id, own, branches)),
        addresses=pd.DataFrame(),
    )


def _groups(connection: Connection, edition_id: int, compounds: set[str]) -> tuple[BuildingGroup, ...]:
    columns = [building_group.c[name] for name in BuildingGroup.__dataclass_fields__]
    here = building_group.c.edition_id == edition_id
    query = select(*columns).where(here).order_by(building_group.c.position)
    found = (BuildingGroup(*row) for row in connection.execute(query))
    return tuple(one for one in found if one.compound_id in compounds)


def _serving(branches: Iterable[Branch], community_id: str, compounds: set[str]) -> Iterable[Branch]:
    for one in branches:
        if one.community_id == community_id or (not one.community_id and compounds & set(one.compound_ids)):
            yield one


def _staff(
    team: Iterable[TeamMember], community_id: str, compounds: set[str], branches: Iterable[Branch]
) -> Iterable[TeamMember]:
    ids = {one.id for one in branches}
    secretaries = {one.secretary_id for one in branches}
    for one in team:
        if (
            one.id in secretaries
            or one.branch_id in ids
            or one.community_id == community_id
            or one.compound_id in compounds
        ):
            yield one
