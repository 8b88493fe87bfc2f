"""Fill the layers of a snapshot: the five levels, the grids, the branches, the venues and the pairings."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.crs import to_degrees
from geogrid.roster import propose_pairs, reason_of
from geogrid.snapshot.layers import AND, write_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geogrid.model import Branch, City, Community, Compound, Pairing, Venue
    from geogrid.snapshot.answers import GridCard
    from geogrid.snapshot.layout import Layout

    Shapes = NDArray[Any]
    Row = dict[str, Any]

LATTICE = 1e-7  # degrees
LEVELS = ("city", "district", "subdistrict", "community")


class Layering:
    """Counts what lies in every area of one laid-out plan and writes it down."""

    def __init__(self, layout: Layout, cards: Sequence[GridCard], drawn: Shapes) -> None:
        self.city: City = layout.city
        self.cards = cards
        self.drawn = drawn
        self.exact = layout.shapes
        self.districts = {one.id: one.name for one in self.city.districts}
        self.subdistricts = {one.id: one for one in self.city.subdistricts}
        self.communities = {one.id: one for one in self.city.communities}
        self.compounds = {one.id: one for one in self.city.compounds}
        self.communities_of_branch = {one.id: self._community_of(one) for one in self.city.branches}
        self.grids_of_compound = _gathered((part["id"], card) for card in cards for part in card["compounds"])
        self.grids_of_branch = _gathered((card["branch"]["id"], card) for card in cards if card["branch"])
        self.paired = _gathered((one.branch_id, one.organisation) for one in self.city.pairings)
        self.buildings_of = _gathered((one.compound_id, one) for one in self.city.buildings)
        self.branches = {one.id: one for one in self.city.branches}
        self.pairs = {pair.organisation_id: pair for pair in propose_pairs(self.city).pairs}
        self.below = self._counted()

    def write(self, folder: Path) -> None:
        """Write every layer into ``folder``."""
        write_layer(folder, "cities", [self._level("city", self.city)], self._dissolved(["city"], "city"))
        areas: tuple[tuple[str, Sequence[Any]], ...] = (
            ("district", self.city.districts),
            ("subdistrict", self.city.subdistricts),
        )
        for level, held in areas:
            rows = [self._level(level, one) for one in held]
            write_layer(folder, f"{level}s", rows, self._dissolved([row["id"] for row in rows], level))
        one_each: tuple[tuple[str, Sequence[Any], Callable[[Any], Row]], ...] = (
            ("communities", self.city.communities, self._community),
            ("compounds", self.city.compounds, self._compound),
            ("venues", self.city.venues, self._venue),
        )
        for name, things, told in one_each:
            shapes = _in_degrees([one.geometry for one in things], self.city.plane)
            write_layer(folder, name, [told(one) for one in things], shapes)
        write_layer(folder, "grids", [self._grid(card) for card in self.cards], self.drawn)
        places = [self._place_of(one) for one in self.city.branches]
        shapes = _in_degrees(places, self.city.plane)
        write_layer(folder, "branches", [self._branch(one) for one in self.city.branches], shapes)
        shapes = _in_degrees([one.geometry for one in self.city.pairings], self.city.plane)
        write_layer(folder, "pairings", [self._pairing(one) for one in self.city.pairings], shapes)

    def _counted(self) -> dict[tuple[str, str], Counter[str]]:
        """Return how much of everything lies in each area, by level and id."""
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        city = self.city

        def count(what: str, chain: Row, number: int = 1) -> None:
            for level in LEVELS:
                found[level, "city" if level == "city" else chain.get(f"{level}_id", "")][what] += number

        for district in city.districts:
            found["city", "city"]["districts"] += 1
            found["district", district.id]["districts"] += 1
        for subdistrict in city.subdistricts:
            count("subdistricts", {"subdistrict_id": subdistrict.id, "district_id": subdistrict.district_id})
        for community in city.communities:
            count("communities", self._chain(community.id))
        for compound in city.compounds:
            count("compounds", self._chain(compound.community_id))
        for community_id in self.communities_of_branch.values():
            count("branches", self._chain(community_id))
        for venue in city.venues:
            count("venues", self._chain_of_venue(venue))
        for card in self.cards:
            chain = self._chain(card["community"]["id"])
            count("grids", chain)
            count("households", chain, card["households"])
            count("estimated", chain, int(card["estimated"]))
        return found

    def _chain(self, community_id: str) -> Row:
        """Return ids and names from a community up to its district; empty where the data do not know them."""
        community = self.communities.get(community_id)
        subdistrict_id = community.subdistrict_id if community else ""
        district_id = community.district_id if community else ""
        name = community.name if community else ""
        return {"community_id": community_id, "community": name, **self._above(subdistrict_id, district_id)}

    def _above(self, subdistrict_id: str, district_id: str = "") -> Row:
        subdistrict = self.subdistricts.get(subdistrict_id)
        above = district_id or (subdistrict.district_id if subdistrict else "")
        return {
            "subdistrict_id": subdistrict_id,
            "subdistrict": subdistrict.name if subdistrict else "",
            "district_id": above,
            "district": self.districts.get(above, ""),
        }

    def _chain_of_venue(self, venue: Venue) -> Row:
        if venue.community_id:
            return self._chain(venue.community_id)
        return {"community_id": "", "community": "", **self._above(venue.subdistrict_id)}

    def _level(self, level: str, area: Any) -> Row:
        found = self.below[level, "city" if level == "city" else area.id]
        return {
            **self._homes(found),
            "id": area.id,
            "name": area.name,
            "district_id": getattr(area, "district_id", ""),
            "district": self.districts.get(getattr(area, "district_id", ""), ""),
        }

    def _homes(self, found: Counter[str]) -> Row:
        layers = ("districts", "subdistricts", "communities", "compounds", "grids", "branches", "venues")
        counts: Row = {name: found[name] for name in layers}
        return {**counts, "households": found["households"], "estimated": found["estimated"] > 0}

    def _dissolved(self, ids: Iterable[str], level: str) -> Shapes:
        """Return the union of the grids of every area; None for an area without one."""
        held: dict[str, list[int]] = defaultdict(list)
        for label, card in enumerate(self.cards):
            chain = self._chain(card["community"]["id"])
            held["city" if level == "city" else chain[f"{level}_id"]].append(label)
        shapes = [shapely.coverage_union_all(self.exact[held[one]]) if held[one] else None for one in ids]
        return np.array([None, *shapes], dtype=object)[1:]

    def _community(self, one: Community) -> Row:
        chain = self._chain(one.id)
        below = self._homes(self.below["community", one.id])
        return {
            **chain,
            **below,
            "id": one.id,
            "name": one.name,
            "code": one.code,
            "population": one.population,
        }

    def _compound(self, one: Compound) -> Row:
        buildings = self.buildings_of.get(one.id, [])
        counted = sum(building.households for building in buildings)
        codes = [card["code"] for card in self.grids_of_compound.get(one.id, [])]
        return {
            **self._chain(one.community_id),
            "id": one.id,
            "name": one.name,
            "kind": one.kind,
            "buildings": len(buildings),
            "households": counted if buildings else one.households,
            "estimated": any(building.estimated for building in buildings),
            "grids": len(codes),
            "grid_codes": AND.join(codes),
        }

    def _grid(self, card: GridCard) -> Row:
        branch = card["branch"]
        lon, lat = card["position"]
        return {
            **self._chain(card["community"]["id"]),
            "id": card["code"],
            "code": card["code"],
            "name": card["name"],
            "number": card["number"],
            "kind": card["kind"],
            "alignment": card["alignment"],
            "compounds": len(card["compounds"]),
            "compound_names": AND.join(part["name"] for part in card["compounds"]),
            "compound_ids": AND.join(part["id"] for part in card["compounds"]),
            "households": card["households"],
            "estimated": card["estimated"],
            "branch_id": branch["id"] if branch else "",
            "branch": branch["name"] if branch else "",
            "proposed_branch": card["proposed_branch"],
            "leader": _leader(card),
            "valid_from": card["valid_from"],
            "lon": lon,
            "lat": lat,
        }

    def _branch(self, one: Branch) -> Row:
        """Return what is published of a branch; its secretary only as the cards of its grids show them."""
        grids = self.grids_of_branch.get(one.id, [])
        names = [self.compounds[id_].name for id_ in one.compound_ids if id_ in self.compounds]
        return {
            **self._chain(self.communities_of_branch[one.id]),
            "id": one.id,
            "name": one.name,
            "joint": len(one.compound_ids) > 1,
            "compounds": len(one.compound_ids),
            "compound_names": AND.join(names),
            "compound_ids": AND.join(one.compound_ids),
            "grids": len(grids),
            "grid_codes": AND.join(card["code"] for card in grids),
            "stars": one.stars,
            "members": one.members,
            "member_centre_households": one.member_centre_households,
            "building_groups": one.building_groups,
            "founded": one.founded.isoformat() if one.founded else "",
            "secretary": next((name for name in map(_leader, grids) if name), ""),
            "paired": AND.join(sorted(self.paired.get(one.id, []))),
        }

    def _community_of(self, branch: Branch) -> str:
        compound = next((self.compounds[id_] for id_ in branch.compound_ids if id_ in self.compounds), None)
        return branch.community_id or (compound.community_id if compound else "")

    def _place_of(self, branch: Branch) -> Any:
        """Return the compounds that a branch covers as one shape in metres, None where there are none."""
        own = [self.compounds[id_].geometry for id_ in branch.compound_ids if id_ in self.compounds]
        return shapely.union_all(own) if own else None

    def _venue(self, one: Venue) -> Row:
        return {
            **self._chain_of_venue(one),
            "id": one.id,
            "name": one.name,
            "kind": one.kind.value,
            "phone": one.phone,
            "hours": one.hours,
        }

    def _pairing(self, one: Pairing) -> Row:
        """Return an organisation with its branch, given or proposed, and why it is that one."""
        pair = self.pairs.get(one.id)
        branch = self.branches[pair.branch_id] if pair else None
        row: Row = {"id": one.id, "name": one.organisation, "level": one.level, "size": one.size}
        if pair is None or branch is None:
            return {
                **row,
                **self._chain(""),
                "state": "unpaired",
                "branch_id": "",
                "branch": "",
                "reason": "",
            }
        return {
            **row,
            **self._chain(self.communities_of_branch[branch.id]),
            "state": "given" if pair.given else "proposed",
            "branch_id": branch.id,
            "branch": branch.name,
            "metres": pair.metres,
            "cost": round(pair.cost.total, 4),
            "cost_of_distance": pair.cost.distance,
            "cost_of_size": pair.cost.size,
            "cost_of_balance": pair.cost.balance,
            "reason": reason_of(pair, one, branch),
        }


def _leader(card: GridCard) -> str:
    """Return the name of the grid leader where it is public."""
    return next((post["name"] for post in card["team"] if post["role"] == "leader" and post["name"]), "")


def _gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


def _in_degrees(shapes: Sequence[Any], plane: str) -> Shapes:
    """Turn shapes in metres into valid shapes in degrees on the lattice of the grids."""
    held = np.array([None, *shapes], dtype=object)[1:]
    if not len(held):
        return held
    valid = shapely.set_precision(to_degrees(held, plane), LATTICE)
    rounded = shapely.transform(valid, lambda points: np.round(points, 7) + 0.0)
    return np.asarray(rounded, dtype=object)
