"""What the maps and the API ask of a published plan; `geogrid.snapshot.Snapshot` answers it.

All of it is plain JSON-ready data in degrees (WGS-84), so that nothing here knows a geometry library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = dict[str, Any]


class Source(Protocol):
    """One published plan, read-only, never a mixture of two."""

    @property
    def city(self) -> Mapping[str, Any]:
        """Return the facts of city and plan.

        ``id, name, language, counts, estimation, attribution, licence, synthetic, version, status,
        effective_from, effective_until`` (ISO dates or None).
        """
        ...

    def communities(self) -> Sequence[Mapping[str, Any]]:
        """Return every community by id.

        ``id, name, code, district, subdistrict, population, grids, households, estimated, bounds``
        (west, south, east, north) and ``geometry`` (GeoJSON).
        """
        ...

    def grid(self, code: str) -> Mapping[str, Any]:
        """Return one grid's card; raise NotFoundError where the plan has no such grid.

        ``code, number, name, kind, alignment, community {id, name, code}, compounds [{id, name}],
        households, estimated, branch {id, name, stars, members} or None ("to be founded"),
        team [{role, name, phone, post, vacant}] (public people only; a vacancy is a row), venues,
        bounds, buildings``.
        """
        ...

    def grids_geojson(self, community_id: str) -> Mapping[str, Any]:
        """Return the grids of a community as a FeatureCollection; properties as in ``grid``."""
        ...

    def background_geojson(self, community_id: str) -> Mapping[str, Any]:
        """Return what is drawn under the grids as a FeatureCollection.

        Properties: ``layer`` (water, park, land, compound, building, street, barrier), ``kind``, ``name``.
        """
        ...
