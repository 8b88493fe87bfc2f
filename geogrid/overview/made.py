"""Put the counts of a city, its rosters and the judgement of its plan together."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from geogrid.overview.facts import (
    CommunityTally,
    Divided,
    Overview,
    PairingTally,
    ProposedPair,
    RuleTally,
)
from geogrid.overview.figures import count_figures
from geogrid.overview.told import sentences
from geogrid.overview.words import DEFAULT
from geogrid.partition import divide
from geogrid.plan import Alignment, GridKind, derive_grids
from geogrid.policy import COMPOUND_FIRST
from geogrid.roster import match_roster, propose_pairs, tally_city
from geogrid.rules import State, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from geogrid.adjacency import UnitGraph
    from geogrid.model import City
    from geogrid.plan import Grid, Plan
    from geogrid.policy import Policy
    from geogrid.roster import CityTally, Roster
    from geogrid.rules import Verdict


def make_overview(
    city: City,
    stored: Sequence[tuple[UnitGraph, Plan]],
    policy: Policy,
    *,
    as_of: date,
    version: str = "",
    compare: bool = True,
) -> Overview:
    """Count and judge a divided city; with ``compare`` it is divided anew by ``compound-first`` too."""
    grids = [derive_grids(plan, graph) for graph, plan in stored]
    rosters = [match_roster(city, own, as_of=as_of) for own in grids]
    tally, divided = _put_on(city, grids, rosters, policy)
    other = None
    if compare:
        whole = [derive_grids(divide(graph, COMPOUND_FIRST).plan, graph) for graph, _ in stored]
        served = [match_roster(city, own, as_of=as_of) for own in whole]
        _, other = _put_on(city, whole, served, COMPOUND_FIRST)
    return Overview(
        city_id=city.id,
        name=city.name,
        names=dict(sorted(city.names.items())),
        counts=city.counts,
        synthetic=city.synthetic,
        attribution=city.attribution,
        licence=city.licence,
        version=version,
        as_of=as_of.isoformat(),
        policy=policy.name,
        asked=_asked(policy, len(grids)),
        figures=count_figures(city, as_of),
        tally=tally,
        communities=_communities(city, grids, rosters),
        homes_in_a_grid=sum(grid.households for own in grids for grid in own),
        homes=sum(building.households for building in city.buildings),
        rules=_judged(city, stored, policy),
        plan=divided,
        compound_first=other,
        stars=_stars(city),
        pairing=_pairing(city),
    )


def overview_json(made: Overview, language: str = DEFAULT) -> dict[str, Any]:
    """Return the overview as plain JSON values; ``lines`` say the findings in words."""
    return {**asdict(made), "lines": list(sentences(made, language))}


def _asked(policy: Policy, communities: int) -> tuple[int, int] | None:
    if policy.grids_min is None or policy.grids_max is None:
        return None
    return policy.grids_min * communities, policy.grids_max * communities


def _communities(
    city: City, grids: Sequence[Sequence[Grid]], rosters: Sequence[Roster]
) -> tuple[CommunityTally, ...]:
    names = {one.id: one.name for one in city.communities}
    found = []
    for own, roster in zip(grids, rosters, strict=True):
        lived = {grid.number for grid in own if grid.households}
        served = sum(team.branch is not None and team.number in lived for team in roster.teams)
        found.append(CommunityTally(roster.community_id, names[roster.community_id], len(lived), served))
    return tuple(found)


def _put_on(
    city: City, grids: Sequence[Sequence[Grid]], rosters: Sequence[Roster], policy: Policy
) -> tuple[CityTally, Divided]:
    """Return the tallies of the organisation on these grids, and what they are."""
    every = [grid for own in grids for grid in own]
    tally = tally_city(city, every, rosters)
    lived = [[grid for grid in own if grid.kind is GridKind.RESIDENTIAL] for own in grids]
    homes = [grid for own in lived for grid in own]
    sizes = [grid.households for grid in homes]
    pieces = Counter(id_ for grid in homes for id_ in grid.compound_ids)
    joined = {id_ for grid in homes if grid.alignment is Alignment.JOINED for id_ in grid.compound_ids}
    low, high = policy.grids_min or 8, policy.grids_max or 10
    return tally, Divided(
        policy=policy.name,
        grids=len(homes),
        special=len(every) - len(homes),
        alignments=dict(sorted(Counter(grid.alignment.value for grid in every).items())),
        split_compounds=sum(count > 1 for count in pieces.values()),
        joined_compounds=len(joined),
        per_community=dict(sorted(Counter(len(own) for own in lived).items())),
        in_range=sum(low <= len(own) <= high for own in lived),
        households_median=median(sizes) if sizes else 0,
        households_max=max(sizes, default=0),
        to_found=tally.total.to_found,
        to_merge=tally.total.to_merge,
    )


def _judged(city: City, stored: Iterable[tuple[UnitGraph, Plan]], policy: Policy) -> tuple[RuleTally, ...]:
    """Return each rule of the division with the communities that hold it."""
    names = {one.id: one.name for one in city.communities}
    found: dict[str, list[tuple[str, Verdict]]] = {}
    for graph, plan in stored:
        for verdict in judge(plan, graph, policy):
            found.setdefault(verdict.rule, []).append((names[graph.community_id], verdict))
    return tuple(_rule(rule, verdicts) for rule, verdicts in found.items())


def _rule(rule: str, verdicts: Sequence[tuple[str, Verdict]]) -> RuleTally:
    breaches = [(breach, name) for name, verdict in verdicts for breach in verdict.breaches]
    holds = sum(verdict.state is State.HOLDS for _, verdict in verdicts)
    tally = RuleTally(
        rule,
        verdicts[0][1].hard,
        holds,
        len(verdicts) - holds,
        len(breaches),
        round(sum(breach.by for breach, _ in breaches), 3),
    )
    if not breaches:
        return tally
    worst, name = max(breaches, key=lambda found: found[0].by)
    return replace(tally, most=round(worst.by, 3), place=name, example=worst.words)


def _stars(city: City) -> dict[str, int]:
    counts = Counter(str(branch.stars) if branch.stars else "not rated" for branch in city.branches)
    return {
        key: counts[key]
        for key in ("5", "4", "3", "2", "1", "not rated")
        if counts[key] or key != "not rated"
    }


def _pairing(city: City) -> PairingTally:
    report = propose_pairs(city)
    metres = [pair.metres for pair in report.pairs if pair.metres is not None]
    organisations = {one.id: one.organisation for one in city.pairings}
    branches = {one.id: one.name for one in city.branches}
    return PairingTally(
        len(report.pairs) - len(report.proposed),
        len(report.proposed),
        len(report.unpaired_organisations),
        len(report.unpaired_branches),
        median(metres) if metres else None,
        tuple(
            ProposedPair(
                organisations[pair.organisation_id],
                branches[pair.branch_id],
                pair.branch_id,
                pair.metres,
                round(pair.cost.total, 4),
                pair.cost.distance,
                pair.cost.size,
                pair.cost.balance,
            )
            for pair in report.proposed
        ),
        tuple(organisations[id_] for id_ in report.unpaired_organisations),
        tuple(branches[id_] for id_ in report.unpaired_branches),
    )
