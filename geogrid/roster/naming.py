"""Name the branches to be founded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from geogrid.model import Branch, City
    from geogrid.plan import Grid

BRANCH_WORDS = {"zh-Hans": "{}党支部", "zh-Hant": "{}黨支部", "en": "{} branch"}


def proposed_names(
    city: City, grids: Sequence[Grid], matched: Mapping[int, Branch], branches: Sequence[Branch]
) -> dict[int, str]:
    """Name the branches to be founded after the nearest courtyard, each name once in the community."""
    compounds = {one.id: one for one in city.compounds}
    local = [one for one in city.compounds if one.community_id == grids[0].community_id]
    suffix = BRANCH_WORDS.get(city.language, BRANCH_WORDS["en"])
    taken = {branch.name for branch in branches}
    names: dict[int, str] = {}
    for grid in grids:
        if grid.number in matched or grid.households == 0:
            continue
        near = compounds[grid.compound_ids[0]] if grid.compound_ids else None
        if near is None and local:
            near = min(local, key=lambda one: (one.geometry.distance(grid.geometry), one.id))
        name = _unique(suffix.format(near.name if near else grid.number), taken)
        taken.add(name)
        names[grid.number] = name
    return names


def _unique(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}({number})" in taken:
        number += 1
    return f"{name}({number})"
