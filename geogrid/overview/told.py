"""Say in plain sentences how the rules, the compounds and the branches compare, and what it would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geogrid.overview.words import DEFAULT, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.overview.facts import Divided, Overview


def sentences(made: Overview, language: str = DEFAULT) -> Iterator[str]:
    """Yield the findings, the most important first."""
    said = words(language)
    if made.asked is not None:
        low, high = made.asked
        yield said[_verdict(made)].format(**_asked(made, low, high))
    yield said["says.made"].format(**_made(made.plan))
    total = made.tally.total
    yield said["says.takes"].format(
        found=f"{made.plan.to_found:,}",
        merge=f"{made.plan.to_merge:,}",
        branches=f"{total.branches:,}",
        two=f"{total.in_two_grids:,}",
    )
    if made.compound_first is not None:
        yield said["says.instead"].format(**_instead(made.compound_first, made.plan))
    yield said["says.leads"].format(
        grids=f"{total.grids:,}",
        led=f"{total.grids_led:,}",
        another=f"{total.grids_led_by_another:,}",
        vacant=f"{total.leaders_vacant:,}",
    )


def _verdict(made: Overview) -> str:
    low, high = made.asked or (0, 0)
    total = made.tally.total
    fits = low <= min(total.compounds, total.branches) and max(total.compounds, total.branches) <= high
    return "says.can" if fits else "says.cannot"


def _asked(made: Overview, low: int, high: int) -> dict[str, str]:
    total = made.tally.total
    communities = max(total.communities, 1)
    return {
        "per": f"{low // communities}-{high // communities}",
        "communities": f"{total.communities:,}",
        "low": f"{low:,}",
        "high": f"{high:,}",
        "compounds": f"{total.compounds:,}",
        "branches": f"{total.branches:,}",
    }


def _made(plan: Divided) -> dict[str, str]:
    held = {kind: f"{plan.alignments.get(kind, 0):,}" for kind in ("whole", "part", "joined", "homes")}
    return {
        **held,
        "grids": f"{plan.grids:,}",
        "special": f"{plan.special:,}",
        "split": f"{plan.split_compounds:,}",
        "joined_compounds": f"{plan.joined_compounds:,}",
    }


def _instead(first: Divided, plan: Divided) -> dict[str, str]:
    return {
        "grids": f"{first.grids:,}",
        "split": f"{first.split_compounds:,}",
        "joined": f"{first.joined_compounds:,}",
        "found": f"{first.to_found:,}",
        "found_now": f"{plan.to_found:,}",
        "merge": f"{first.to_merge:,}",
        "merge_now": f"{plan.to_merge:,}",
        "in_range": f"{first.in_range:,}",
        "in_range_now": f"{plan.in_range:,}",
        "most": f"{first.households_max:,}",
        "most_now": f"{plan.households_max:,}",
    }
