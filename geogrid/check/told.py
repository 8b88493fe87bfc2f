"""Check what is said of a plan: the reasons for rules that gave way, codes and numbers."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.check.case import Case, Finding
    from geogrid.policy import Policy

SAME_PLACE_M = 2e-3

COUNT_RULE = "the_number_of_grids_is_in_range"
WINDOW_RULE = "households_lie_in_the_window"
COMPOUND_RULE = "every_compound_is_one_grid"


def window(policy: Policy, households: int, grids: int) -> tuple[int, int] | None:
    """Return the least and the most households of a grid, reckoned anew; None where there is no window."""
    band = policy.band
    if band is None or grids == 0:
        return None
    if band.share is None:
        return band.lower or 0, band.upper or 0
    ideal, share = Fraction(households, grids), Fraction(repr(band.share))
    inside = [n for n in range(households + 1) if (1 - share) * ideal <= n <= (1 + share) * ideal]
    return (inside[0], inside[-1]) if inside else (math.floor(ideal), math.ceil(ideal))


def what_gave_way_is_told(case: Case) -> Iterator[Finding]:
    """Demand a reason for every rule of the policy that does not hold, and none for one that does."""
    if case.gave_way is None:
        return
    told = {(excuse.rule, place): excuse for excuse in case.gave_way for place in excuse.where or ("",)}
    broken = _broken(case)
    for (rule, place), by in sorted(broken.items()):
        excuse = told.get((rule, place))
        if excuse is None or not excuse.words.strip():
            yield case.found(rule, [place], f"does not hold by {by} and gives no reason")
        elif excuse.by != by:
            yield case.found(rule, [place], f"is said to give way by {excuse.by:g}; it does by {by}")
    for rule, place in sorted(told):
        if rule in (COUNT_RULE, WINDOW_RULE, COMPOUND_RULE) and (rule, place) not in broken:
            yield case.found(rule, [place], "is said to have given way, and holds")


def _broken(case: Case) -> dict[tuple[str, str], int]:
    """Return by how much each rule of the policy does not hold, by rule and place."""
    broken: dict[tuple[str, str], int] = {}
    homes = {number: count for number, count in case.homes.items() if count}
    low, high = case.policy.grids_min, case.policy.grids_max
    short = (low or 0) - len(homes)
    over = len(homes) - high if high is not None else 0
    if max(short, over) > 0:
        broken[COUNT_RULE, ""] = max(short, over)
    ends = window(case.policy, sum(homes.values()), len(homes))
    for number, count in homes.items():
        by = max(ends[0] - count, count - ends[1]) if ends else 0
        if by > 0:
            broken[WINDOW_RULE, str(number)] = by
    joined: Counter[int] = Counter()
    for compound, grids in case.compound_grids.items():
        joined.update(grids)
        if len(grids) > 1:
            broken[COMPOUND_RULE, compound] = 1
    for number, count in joined.items():
        if count > 1 and number in homes:
            broken[COMPOUND_RULE, str(number)] = count - 1
    return broken


def codes_follow_the_rule(case: Case) -> Iterator[Finding]:
    """Demand each grid's code: 12 digits and 3 more, or the community's code, a hyphen and 3 digits."""
    if case.codes is None:
        return
    code, name = case.community.code, "codes_follow_the_rule"
    official = len(code) == 12 and code.isascii() and code.isdigit()
    for number in case.members:
        wanted = f"{code}{number:03d}" if official else f"{code}-{number:03d}"
        given = case.codes.get(number)
        if given != wanted:
            yield case.found(name, [number], f"grid {number} has the code {given}, not {wanted}")
    for number in sorted(set(case.codes) - set(case.members)):
        yield case.found(name, [number], f"code {case.codes[number]} is of no grid")


def grids_are_numbered_west_to_east(case: Case) -> Iterator[Finding]:
    """Demand numbers from west to east, then from north to south: grids with homes, then the others."""
    for homes in (True, False):
        order = [number for number, count in case.homes.items() if bool(count) is homes]
        spots = [shapely.union_all([u.geometry for u in case.members[number]]).centroid for number in order]
        for i in range(len(order) - 1):
            east = spots[i].x - spots[i + 1].x
            south = spots[i + 1].y - spots[i].y
            if east > SAME_PLACE_M or (abs(east) < 1e-6 and south > SAME_PLACE_M):
                words = f"grid {order[i]} lies behind grid {order[i + 1]} in the order of numbers"
                yield case.found("grids_are_numbered_west_to_east", order[i : i + 2], words)
    with_homes = [number for number, count in case.homes.items() if count]
    if with_homes and max(with_homes) != len(with_homes):
        words = "grids without homes are numbered before grids with homes"
        yield case.found("grids_are_numbered_west_to_east", with_homes, words)
