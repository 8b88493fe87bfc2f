"""Check the plan of one community, or a whole version of a city."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from geogrid.check.case import Case, Finding
from geogrid.check.ground import (
    every_grid_is_in_one_piece,
    every_unit_lies_in_one_grid,
    tiles_are_valid,
    tiles_cover_the_community,
    tiles_do_not_overlap,
)
from geogrid.check.homes import every_home_lies_in_one_grid, no_grid_mixes_parts_of_compounds
from geogrid.check.told import codes_follow_the_rule, grids_are_numbered_west_to_east, what_gave_way_is_told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from geogrid.archive.records import GridRecord, StoredDivision
    from geogrid.check.case import Excuse
    from geogrid.model import Barrier, Building, City, Community, Compound
    from geogrid.policy import Policy
    from geogrid.units import Unit

RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    every_unit_lies_in_one_grid,
    tiles_cover_the_community,
    tiles_do_not_overlap,
    every_grid_is_in_one_piece,
    no_grid_mixes_parts_of_compounds,
    every_home_lies_in_one_grid,
    what_gave_way_is_told,
    codes_follow_the_rule,
    grids_are_numbered_west_to_east,
)


def check_plan(
    community: Community,
    units: Iterable[Unit],
    assignment: Mapping[str, int],
    compounds: Iterable[Compound],
    buildings: Iterable[Building],
    barriers: Iterable[Barrier],
    policy: Policy,
    *,
    gave_way: Iterable[Excuse] | None = None,
    codes: Mapping[int, str] | None = None,
) -> tuple[Finding, ...]:
    """Return everything wrong with the plan of one community; nothing means that it is sound.

    All geometry in metres in one plane. Compounds, buildings and barriers may be the whole city's.
    ``gave_way`` are the rules said to have given way: each broken rule needs its reason there, and nothing
    else may stand there; None leaves that open. ``codes`` are the grids' codes by number.
    """
    case = Case(
        community,
        tuple(sorted(units, key=lambda unit: unit.id)),
        assignment,
        tuple(compound for compound in compounds if compound.community_id == community.id),
        tuple(building for building in buildings if building.community_id == community.id),
        tuple(barriers),
        policy,
        None if gave_way is None else tuple(gave_way),
        codes,
    )
    return tuple(tiles_are_valid(case)) or tuple(finding for rule in RULES for finding in rule(case))


def check_city(
    city: City, stored: Iterable[StoredDivision], grids: Iterable[GridRecord] = ()
) -> tuple[Finding, ...]:
    """Return everything wrong with a version: its communities one by one, then all of them together.

    ``stored`` are the version's divisions; one without a policy is judged by the default policy's hard
    rules, and its reasons are left open. ``grids`` are the version's grid records, whose codes are checked.
    """
    from geogrid.policy import EIGHT_TO_TEN

    codes: dict[str, dict[int, str]] = defaultdict(dict)
    for grid in grids:
        codes[grid.community_id][grid.number] = grid.code
    findings: list[Finding] = []
    left = {community.id: community for community in city.communities}
    for one in stored:
        name = one.division.plan.community_id
        community = left.pop(name, None)
        if community is None:
            findings.append(
                Finding("one_plan_a_community", name, (), f"{name} is no community, or comes twice")
            )
            continue
        findings += check_plan(
            community,
            one.graph.units,
            one.division.plan.assignment,
            city.compounds,
            city.buildings,
            city.barriers,
            one.policy or EIGHT_TO_TEN,
            gave_way=one.division.gave_way if one.policy else None,
            codes=codes.get(name),
        )
    findings += [Finding("one_plan_a_community", name, (), f"{name} has no plan") for name in sorted(left)]
    return (*findings, *_codes_are_unique(codes))


def _codes_are_unique(codes: Mapping[str, Mapping[int, str]]) -> Iterator[Finding]:
    owners: dict[str, list[str]] = defaultdict(list)
    for community, grids in sorted(codes.items()):
        for code in grids.values():
            owners[code].append(community)
    for code, communities in owners.items():
        if len(communities) > 1:
            words = f"code {code} is given to {len(communities)} grids"
            yield Finding("codes_are_unique", communities[0], tuple(communities), words)
