"""Keep the units and the graph of each community; a division stands on one set of them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, insert, select, update

from geogrid.adjacency import Edge, UnitGraph
from geogrid.archive.audit import digest_of
from geogrid.archive.cities import insert_rows, read_rows, to_rows
from geogrid.archive.draft_schema import draft
from geogrid.archive.schema import division, unit, unit_edge, unit_set
from geogrid.errors import NotFoundError
from geogrid.model import BarrierKind
from geogrid.units import Unit

if TYPE_CHECKING:
    from sqlalchemy import Connection


def write_graph(connection: Connection, edition: int, graph: UnitGraph) -> int:
    """Make ``graph`` the current units of its community and return its set; equal units keep their set."""
    units, edges = to_rows(graph.units), [_edge_row(n, edge) for n, edge in enumerate(graph.edges)]
    digest = digest_of([units, edges])
    keys = {"edition_id": edition, "community_id": graph.community_id}
    here = (unit_set.c.edition_id == edition) & (unit_set.c.community_id == graph.community_id)
    connection.execute(update(unit_set).where(here).values(current=False))
    same = connection.execute(select(unit_set.c.id).where(here, unit_set.c.digest == digest)).scalar()
    if same is not None:
        connection.execute(update(unit_set).where(unit_set.c.id == same).values(current=True))
        return int(same)
    values = keys | {"digest": digest, "current": True}
    new = connection.execute(insert(unit_set).values(**values)).inserted_primary_key
    assert new is not None
    insert_rows(connection, unit, units, unit_set_id=new[0])
    insert_rows(connection, unit_edge, edges, unit_set_id=new[0])
    used = exists().where(division.c.unit_set_id == unit_set.c.id)
    drafted = exists().where(draft.c.unit_set_id == unit_set.c.id)
    connection.execute(delete(unit_set).where(here, ~unit_set.c.current, ~used, ~drafted))
    return int(new[0])


def read_graph(connection: Connection, set_id: int) -> UnitGraph:
    """Return the units and the graph of one set."""
    community = connection.execute(
        select(unit_set.c.community_id).where(unit_set.c.id == set_id)
    ).scalar_one()
    units = read_rows(connection, unit, Unit, unit_set_id=set_id)
    columns = [unit_edge.c[field.name] for field in fields(Edge)]
    query = select(*columns).where(unit_edge.c.unit_set_id == set_id).order_by(unit_edge.c.position)
    edges = tuple(
        Edge(a, b, length, tuple((BarrierKind(kind), metres) for kind, metres in along))
        for a, b, length, along in connection.execute(query)
    )
    return UnitGraph(community, units, edges)


def unit_ids(connection: Connection, set_id: int) -> set[str]:
    """Return the ids of the units of one set."""
    return set(connection.execute(select(unit.c.id).where(unit.c.unit_set_id == set_id)).scalars())


def current_sets(connection: Connection, edition: int) -> dict[str, int]:
    """Return the current set of units of each community."""
    query = select(unit_set.c.community_id, unit_set.c.id).where(
        unit_set.c.edition_id == edition, unit_set.c.current
    )
    return {row.community_id: int(row.id) for row in connection.execute(query)}


def current_set(connection: Connection, edition: int, community_id: str) -> int:
    """Return the current set of units of a community.

    :raises NotFoundError: no units were stored for it.
    """
    sets = current_sets(connection, edition)
    if community_id not in sets:
        raise NotFoundError("units of community", community_id)
    return sets[community_id]


def _edge_row(position: int, edge: Edge) -> dict[str, Any]:
    along = [[kind.value, metres] for kind, metres in edge.along]
    return {"position": position, "a": edge.a, "b": edge.b, "length_m": edge.length_m, "along": along}
