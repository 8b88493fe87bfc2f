"""Say in plain sentences how the rules, the compounds and the branches compare, and what it would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.overview.made import Divided, Overview


REMEDIES = {
    "the_number_of_grids_is_in_range": "finer units there: give building groups, or accept another number",
    "households_lie_in_the_window": "building groups of more even size, or a wider window",
    "every_compound_is_one_grid": "the policy compound-first: the number of grids then follows the compounds",
    "no_grid_crosses_a_soft_barrier": "another number of grids on either side of the road",
    "land_without_homes_is_apart": "a border of the land that leaves its neighbours connected",
}


def sentences(made: Overview) -> Iterator[str]:
    """Yield the findings, the most important first."""
    if made.asked is not None:
        yield _why_it_cannot(made, *made.asked)
    yield _what_was_made(made)
    yield _what_it_takes(made)
    if made.compound_first is not None:
        yield _instead(made.compound_first, made.plan)
    yield _who_leads(made)


def _why_it_cannot(made: Overview, low: int, high: int) -> str:
    total = made.tally.total
    per = f"{low // max(total.communities, 1)}-{high // max(total.communities, 1)}"
    words = (
        f"{per} grids in each of {total.communities:,} communities are {low:,}-{high:,} grids, "
        f"but there are {total.compounds:,} compounds and {total.branches:,} branches"
    )
    if low <= min(total.compounds, total.branches) and max(total.compounds, total.branches) <= high:
        return f"{words}."
    return f"{words}: one compound a grid and one branch a grid cannot hold as well."


def _what_was_made(made: Overview) -> str:
    plan, held = made.plan, made.plan.alignments
    return (
        f"The plan has {plan.grids:,} grids with homes and {plan.special:,} special-purpose grids. "
        f"{held.get('whole', 0):,} are one whole compound, {held.get('part', 0):,} part of one, "
        f"{held.get('joined', 0):,} join several, {held.get('homes', 0):,} hold homes outside compounds; "
        f"{plan.split_compounds:,} compounds are split and {plan.joined_compounds:,} joined."
    )


def _what_it_takes(made: Overview) -> str:
    total, plan = made.tally.total, made.plan
    return (
        f"For a branch in every grid {plan.to_found:,} are to be founded, and {plan.to_merge:,} of the "
        f"{total.branches:,} branches, which are without a grid, merged with others; "
        f"{total.in_two_grids:,} branches have homes in two grids or more."
    )


def _instead(first: Divided, plan: Divided) -> str:
    return (
        f"compound-first would give {first.grids:,} grids with homes: {first.split_compounds:,} compounds "
        f"split and {first.joined_compounds:,} joined, {first.to_found:,} branches to be founded instead of "
        f"{plan.to_found:,}, {first.to_merge:,} without a grid instead of {plan.to_merge:,}. But "
        f"8-10 grids would be in {first.in_range:,} communities instead of {plan.in_range:,}, and the "
        f"largest grid {first.households_max:,} homes instead of {plan.households_max:,}."
    )


def _who_leads(made: Overview) -> str:
    total = made.tally.total
    return (
        f"Of {total.grids:,} grids with homes {total.grids_led:,} are led by the secretary of their own "
        f"branch, {total.grids_led_by_another:,} by one of another branch with homes there, "
        f"{total.leaders_vacant:,} by nobody."
    )
