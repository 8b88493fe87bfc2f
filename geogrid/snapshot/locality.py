"""Cut a city down to what concerns some of its grids, so that a whole city is told in linear time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from geogrid.model import City
    from geogrid.plan import Grid


class Localities:
    """Finds buildings, compounds, branches and team members by what they belong to."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._buildings = {one.id: one for one in city.buildings}
        self._compounds = {one.id: one for one in city.compounds}
        self._compounds_in = _by((one.community_id, one) for one in city.compounds)
        self._branches_in = _by((one.community_id, one) for one in city.branches)
        self._branches_over = _by((id_, one) for one in city.branches for id_ in one.compound_ids)
        self._groups_in = _by((one.compound_id, one) for one in city.building_groups)
        self._members = {one.id: one for one in city.team}
        self._members_of = _by((key, one) for one in city.team for key in _belongings(one))

    def of(self, grids: Sequence[Grid]) -> City:
        """Return the city with only what concerns ``grids``, all of one community."""
        community_id = grids[0].community_id
        touched = [id_ for grid in grids for id_ in grid.compound_ids]
        inside = [id_ for grid in grids for id_ in grid.building_ids]
        compounds = [*self._compounds_in[community_id], *(self._compounds[id_] for id_ in touched)]
        branches = [*self._branches_in[community_id]]
        branches += [one for id_ in touched for one in self._branches_over[id_]]
        keys = [("community", community_id), *(("branch", one.id) for one in branches)]
        keys += [("compound", id_) for id_ in touched]
        members = [one for key in keys for one in self._members_of[key]]
        named = [one.secretary_id for one in branches if one.secretary_id in self._members]
        members += [self._members[id_] for id_ in named]
        return replace(
            self._city,
            buildings=_once(self._buildings[id_] for id_ in inside),
            compounds=_once(compounds),
            building_groups=_once(one for id_ in touched for one in self._groups_in[id_]),
            branches=_once(branches),
            team=_once(members),
        )


def _belongings(member: Any) -> list[tuple[str, str]]:
    """Return what a team member belongs to."""
    found = (
        ("community", member.community_id),
        ("branch", member.branch_id),
        ("compound", member.compound_id),
    )
    return [(kind, id_) for kind, id_ in found if id_]


def _by(pairs: Iterable[tuple[Any, Any]]) -> defaultdict[Any, list[Any]]:
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _once(things: Iterable[Any]) -> tuple[Any, ...]:
    """Return things by id, each once."""
    return tuple(one for _, one in sorted({one.id: one for one in things}.items()))
