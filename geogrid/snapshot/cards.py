"""Write the cards of a published plan: what is told of each grid and each community."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.codes import natural_order
from geogrid.crs import to_degrees
from geogrid.roster import held_through, match_roster
from geogrid.snapshot.geojson import geometry_texts
from geogrid.snapshot.locality import Localities
from geogrid.snapshot.names import name_grids
from geogrid.snapshot.near import NearVenues

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from geogrid.archive import GridRecord
    from geogrid.model import Building, City, Community
    from geogrid.plan import Grid
    from geogrid.roster import EarlierGrid, GridTeam, PublicPerson, Seat
    from geogrid.snapshot.answers import (
        Area,
        BranchCard,
        CityCard,
        CommunityCard,
        CompoundPart,
        GridCard,
        Numbers,
        Post,
    )
    from geogrid.snapshot.layout import Layout

DIGITS = 7


class Cards:
    """The look-ups that every card of one city needs."""

    def __init__(self, layout: Layout, as_of: date) -> None:
        self.layout = layout
        self.city = layout.city
        self.as_of = as_of
        self.buildings = {one.id: one for one in self.city.buildings}
        self.compounds = {one.id: one for one in self.city.compounds}
        self.districts = {one.id: one.name for one in self.city.districts}
        self.subdistricts = {one.id: one for one in self.city.subdistricts}
        self.localities = Localities(self.city)
        self.paired = _paired(self.city)
        self.split = _split_compounds(layout.grids)
        self.venues = NearVenues(self.city)
        self.bounds = np.round(shapely.bounds(layout.shapes), DIGITS)
        self.places = _label_places(layout)

    def grids(self) -> list[GridCard]:
        """Return the card of every grid, at the place of its label."""
        by_community: dict[str, list[int]] = defaultdict(list)
        for label, grid in enumerate(self.layout.grids):
            by_community[grid.community_id].append(label)
        stored = {one.graph.community_id: one for one in self.layout.stored}
        communities = {one.id: one for one in self.city.communities}
        cards: dict[int, GridCard] = {}
        for community_id, labels in by_community.items():
            grids = [self.layout.grids[label] for label in labels]
            own = self.localities.of(grids)
            division = stored[community_id].division
            given = {**division.purposes, **division.names}
            names = name_grids(own, grids, stored[community_id].graph.units, given)
            held = held_through(own, community_id, self._before(community_id))
            roster = match_roster(own, grids, as_of=self.as_of, held=held)
            for label, name, team in zip(labels, names, roster.teams, strict=True):
                cards[label] = self._grid(label, name, communities[community_id], team)
        return [cards[label] for label in range(len(cards))]

    def _before(self, community_id: str) -> list[tuple[EarlierGrid, ...]]:
        """Return the community's grids in the plans before this one: branches that can stay shall stay."""
        first = self.layout.version.effective_from
        return [
            plan[community_id]
            for day, plan in self.layout.earlier
            if community_id in plan and first is not None and day < first
        ]

    def _grid(self, label: int, name: str, community: Community, team: GridTeam) -> GridCard:
        grid, record = self.layout.grids[label], self.layout.records[label]
        effective_from = self.layout.version.effective_from
        return {
            "code": record.code,
            "number": grid.number,
            "name": name,
            "kind": grid.kind.value,
            "alignment": grid.alignment.value,
            "community": _area(community),
            "subdistrict": self._subdistrict(community),
            "district": self._district(community),
            "compounds": [self._compound(id_) for id_ in grid.compound_ids],
            "buildings": _numbers((self.buildings[id_] for id_ in grid.building_ids), self.compounds),
            "households": grid.households,
            "estimated": grid.estimated,
            "counts": self.city.counts,
            "branch": _branch(team),
            "proposed_branch": team.proposed_name,
            "served_by": team.serving.name if team.serving and not team.branch else "",
            "other_branches": [one.name for one in team.branches if one != team.branch],
            "team": [post for seat in team.seats for post in _posts(seat)],
            "paired": self.paired.get(team.branch.id, []) if team.branch else [],
            "venues": self.venues.near(community, grid.geometry),
            "position": self.places[label],
            "bounds": self.bounds[label].tolist(),
            "valid_from": effective_from.isoformat() if effective_from else "",
            "replaces": _replaced(record),
        }

    def communities(self, grids: list[GridCard]) -> list[CommunityCard]:
        """Return the card of every community in the city's order; its border as the data draw it."""
        shapes = to_degrees(
            np.array([one.geometry for one in self.city.communities], dtype=object), self.city.plane
        )
        borders = geometry_texts(shapes, DIGITS)
        bounds = np.round(shapely.bounds(shapes), DIGITS)
        places = shapely.get_coordinates(shapely.point_on_surface(shapes)).round(DIGITS)
        own: dict[str, list[GridCard]] = defaultdict(list)
        for card in grids:
            own[card["community"]["id"]].append(card)
        return [
            {
                "id": one.id,
                "name": one.name,
                "code": one.code,
                "district": self._district(one),
                "subdistrict": self._subdistrict(one),
                "population": one.population,
                "grids": len(own[one.id]),
                "grid_codes": [card["code"] for card in own[one.id]],
                "households": sum(card["households"] for card in own[one.id]),
                "estimated": any(card["estimated"] for card in own[one.id]),
                "position": places[n].tolist(),
                "bounds": bounds[n].tolist(),
                "geometry": json.loads(borders[n]),
            }
            for n, one in enumerate(self.city.communities)
        ]

    def of_city(self, grids: list[GridCard]) -> CityCard:
        """Return the facts of the city and of the plan."""
        city, version = self.city, self.layout.version
        west, south, east, north = shapely.total_bounds(self.layout.shapes).round(DIGITS).tolist()
        return {
            "id": city.id,
            "name": city.name,
            "names": dict(sorted(city.names.items())),
            "language": city.language,
            "plane": city.plane,
            "counts": city.counts,
            "estimation": city.estimation,
            "attribution": city.attribution,
            "licence": city.licence,
            "synthetic": city.synthetic,
            "version": version.id,
            "status": version.status.value,
            "effective_from": version.effective_from.isoformat() if version.effective_from else "",
            "effective_until": None,  # a later publication decides it; the archive knows
            "as_of": self.as_of.isoformat(),
            "bounds": [west, south, east, north],
            "communities": len(city.communities),
            "grids": len(grids),
            "households": sum(card["households"] for card in grids),
            "estimated": any(card["estimated"] for card in grids),
            "addresses": len(city.addresses),
        }

    def _compound(self, compound_id: str) -> CompoundPart:
        compound = self.compounds[compound_id]
        return {"id": compound_id, "name": compound.name, "whole": compound_id not in self.split}

    def _subdistrict(self, community: Community) -> str:
        found = self.subdistricts.get(community.subdistrict_id)
        return found.name if found else ""

    def _district(self, community: Community) -> str:
        found = self.subdistricts.get(community.subdistrict_id)
        district_id = community.district_id or (found.district_id if found else "")
        return self.districts.get(district_id, "")


def _area(community: Community) -> Area:
    return {"id": community.id, "name": community.name, "code": community.code}


def _paired(city: City) -> dict[str, list[str]]:
    """Return the organisations paired with each branch."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in sorted(city.pairings, key=lambda pairing: pairing.organisation):
        found[one.branch_id].append(one.organisation)
    return found


def _split_compounds(grids: Iterable[Grid]) -> set[str]:
    """Return the compounds that lie in more than one grid."""
    seen: set[str] = set()
    split: set[str] = set()
    for grid in grids:
        split |= seen & set(grid.compound_ids)
        seen |= set(grid.compound_ids)
    return split


def _branch(team: GridTeam) -> BranchCard | None:
    branch = team.branch
    if branch is None:
        return None
    return {
        "id": branch.id,
        "name": branch.name,
        "joint": len(branch.compound_ids) > 1,
        "stars": branch.stars,
        "members": branch.members,
    }


def _posts(seat: Seat) -> list[Post]:
    """Return a row for each person shown, or one row that says vacant or not public."""
    if not seat.people:
        return [{"role": seat.role.value, "vacant": seat.vacant, "name": "", "post": "", "phone": ""}]
    return [
        {
            "role": seat.role.value,
            "vacant": False,
            "name": one.name,
            "post": _posts_of(one),
            "phone": one.phone,
        }
        for one in seat.people
    ]


def _posts_of(person: PublicPerson) -> str:
    """Return the post with those held beside it."""
    return "、".join(text for text in (person.post, *person.concurrent) if text)


def _replaced(record: GridRecord) -> list[str]:
    return [link.replaces_code for link in record.replaces]


def _label_places(layout: Layout) -> list[list[float]]:
    """Return lon, lat of the centre of the largest circle inside each grid (in metres, its largest part)."""
    centres = []
    for grid in layout.grids:
        part = max(getattr(grid.geometry, "geoms", [grid.geometry]), key=lambda one: one.area)
        circle = shapely.maximum_inscribed_circle(part, tolerance=max(part.length / 2000, 0.1))
        centres.append(shapely.get_point(circle, 0))
    places = to_degrees(np.array(centres, dtype=object), layout.city.plane)
    found: list[list[float]] = shapely.get_coordinates(places).round(DIGITS).tolist()
    return found


def _numbers(buildings: Iterable[Building], compounds: Mapping[str, Any]) -> list[Numbers]:
    """Return the numbers that a grid covers by street, or by compound where buildings have no street."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in buildings:
        compound = compounds.get(one.compound_id)
        place = one.street or (compound.name if compound else "")
        if one.number:
            found[place].add(one.number)
    return [
        {"place": place, "numbers": sorted(numbers, key=natural_order)}
        for place, numbers in sorted(found.items())
    ]
