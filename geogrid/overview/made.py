"""Put the counts of a city, its rosters and the judgement of its plan together."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from geogrid.overview.figures import count_figures
from geogrid.overview.told import REMEDIES, sentences
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
    from geogrid.overview.figures import Figure
    from geogrid.plan import Grid, Plan
    from geogrid.policy import Policy
    from geogrid.roster import CityTally


@dataclass(frozen=True, slots=True)
class RuleTally:
    """How many communities hold a rule, how often it gave way, and by how much in all."""

    rule: str
    hard: bool
    holds: int
    broken: int
    times: int
    by: float
    example: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Divided:
    """What a policy makes of the city. ``per_community`` counts communities by their grids with homes."""

    policy: str
    grids: int
    special: int
    alignments: dict[str, int]
    split_compounds: int
    joined_compounds: int
    per_community: dict[int, int]
    in_range: int
    households_median: float
    households_max: int
    to_found: int
    to_merge: int


@dataclass(frozen=True, slots=True)
class PairingTally:
    """Organisations and their branches: given, proposed, left over; metres of the given pairs."""

    given: int
    proposed: int
    unpaired_organisations: int
    unpaired_branches: int
    metres_median: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A city's organisation on its grids; ``lines`` say it in words."""

    city_id: str
    name: str
    counts: str
    synthetic: bool
    attribution: str
    licence: str
    version: str
    as_of: str
    policy: str
    asked: tuple[int, int] | None
    figures: tuple[Figure, ...]
    tally: CityTally
    homes_in_a_grid: int
    homes: int
    rules: tuple[RuleTally, ...]
    plan: Divided
    compound_first: Divided | None
    stars: dict[str, int]
    pairing: PairingTally
    lines: tuple[str, ...] = ()


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
    tally, divided = _put_on(city, grids, policy, as_of)
    figures = count_figures(city, as_of)
    other = None
    if compare:
        plans = [(graph, divide(graph, COMPOUND_FIRST).plan) for graph, _ in stored]
        _, other = _put_on(city, [derive_grids(plan, graph) for graph, plan in plans], COMPOUND_FIRST, as_of)
    made = Overview(
        city_id=city.id,
        name=city.name,
        counts=city.counts,
        synthetic=city.synthetic,
        attribution=city.attribution,
        licence=city.licence,
        version=version,
        as_of=as_of.isoformat(),
        policy=policy.name,
        asked=_asked(policy, len(grids)),
        figures=figures,
        tally=tally,
        homes_in_a_grid=sum(grid.households for own in grids for grid in own),
        homes=sum(building.households for building in city.buildings),
        rules=_judged(stored, policy),
        plan=divided,
        compound_first=other,
        stars=_stars(city),
        pairing=_pairing(city),
    )
    return Overview(**{**_fields(made), "lines": tuple(sentences(made))})


def overview_json(made: Overview) -> dict[str, Any]:
    """Return the overview as plain JSON values."""
    return asdict(made)


def _fields(made: Overview) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__slots__}


def _asked(policy: Policy, communities: int) -> tuple[int, int] | None:
    if policy.grids_min is None or policy.grids_max is None:
        return None
    return policy.grids_min * communities, policy.grids_max * communities


def _put_on(
    city: City, grids: Sequence[Sequence[Grid]], policy: Policy, as_of: date
) -> tuple[CityTally, Divided]:
    """Return the tallies of the organisation on these grids, and what they are."""
    rosters = [match_roster(city, own, as_of=as_of) for own in grids]
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


def _judged(stored: Iterable[tuple[UnitGraph, Plan]], policy: Policy) -> tuple[RuleTally, ...]:
    """Return each rule of the division with the communities that hold it."""
    found: dict[str, list[Any]] = {}
    for graph, plan in stored:
        for verdict in judge(plan, graph, policy):
            found.setdefault(verdict.rule, []).append(verdict)
    tallies = []
    for rule, verdicts in found.items():
        breaches = [breach for verdict in verdicts for breach in verdict.breaches]
        holds = sum(verdict.state is State.HOLDS for verdict in verdicts)
        worst = max(breaches, key=lambda breach: breach.by, default=None)
        tallies.append(
            RuleTally(
                rule,
                verdicts[0].hard,
                holds,
                len(verdicts) - holds,
                len(breaches),
                round(sum(breach.by for breach in breaches), 3),
                worst.words if worst else "",
                REMEDIES.get(rule, "") if breaches else "",
            )
        )
    return tuple(tallies)


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
    given = sum(pair.given for pair in report.pairs)
    return PairingTally(
        given,
        len(report.pairs) - given,
        len(report.unpaired_organisations),
        len(report.unpaired_branches),
        median(metres) if metres else None,
    )
