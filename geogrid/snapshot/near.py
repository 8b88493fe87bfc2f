"""Find the service station and the service centre that a grid's residents go to, and how far they are."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.crs import to_degrees
from geogrid.model import VenueKind

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from geogrid.model import City, Community, Venue
    from geogrid.snapshot.answers import VenueCard

DIGITS = 7


class NearVenues:
    """The venues of a city by who runs them; where a community has none, the nearest of the city."""

    def __init__(self, city: City) -> None:
        places = to_degrees(np.array([one.geometry for one in city.venues], dtype=object), city.plane)
        degrees = shapely.get_coordinates(places).round(DIGITS).tolist()
        self._place = {one.id: tuple(at) for one, at in zip(city.venues, degrees, strict=True)}
        self._of: dict[tuple[str, str], list[Venue]] = defaultdict(list)
        self._all: dict[VenueKind, list[Venue]] = defaultdict(list)
        for one in city.venues:
            level = "community" if one.community_id else "subdistrict"
            self._of[level, one.community_id or one.subdistrict_id].append(one)
            self._all[one.kind].append(one)

    def near(self, community: Community, ground: BaseGeometry) -> list[VenueCard]:
        """Return the venues of the community and of its subdistrict, with the metres from the grid's middle.

        A kind that neither has is answered by the nearest one anywhere.
        """
        middle = shapely.centroid(ground)
        own = [*self._of.get(("community", community.id), [])]
        if community.subdistrict_id:
            own += self._of.get(("subdistrict", community.subdistrict_id), [])
        for kind in (VenueKind.SERVICE_STATION, VenueKind.SERVICE_CENTRE):
            if not any(one.kind is kind for one in own) and self._all[kind]:
                own.append(min(self._all[kind], key=lambda one: (one.geometry.distance(middle), one.id)))
        return [self._card(one, round(one.geometry.distance(middle))) for one in own]

    def _card(self, one: Venue, metres: int) -> VenueCard:
        lon, lat = self._place[one.id]
        return {
            "kind": one.kind.value,
            "name": one.name,
            "phone": one.phone,
            "hours": one.hours,
            "lon": lon,
            "lat": lat,
            "metres": metres,
        }
