"""The organisation on the ground: building groups, branches, teams, paired organisations, venues.

Totals come from ``figures``; how they are spread follows the homes, as it does in a city. Every person is
invented and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.model import (
    Branch,
    Building,
    BuildingGroup,
    Pairing,
    Role,
    TeamMember,
    Venue,
    VenueKind,
)
from geogrid.sample.chance import apportion, stream
from geogrid.sample.names import organs, person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geogrid.model import Community, Compound
    from geogrid.sample.figures import Figures

_ORDINALS = "一二三四五六七八九"
_RATED = date(2020, 7, 1)


@dataclass(frozen=True)
class Organisation:
    """All that serves the compounds."""

    groups: tuple[BuildingGroup, ...]
    branches: tuple[Branch, ...]
    team: tuple[TeamMember, ...]
    pairings: tuple[Pairing, ...]
    venues: tuple[Venue, ...]


def organise(
    communities: Sequence[Community],
    compounds: Sequence[Compound],
    buildings: Sequence[Building],
    figures: Figures,
    seed: int,
) -> Organisation:
    """Return the organisation of a city with exactly the figures' totals."""
    groups = _building_groups(compounds, buildings, figures)
    branches = _branches(communities, compounds, buildings, groups, figures, seed)
    secretaries = _secretaries(branches, figures, seed)
    led = {member.branch_id: member.id for member in secretaries}
    branches = [_with_secretary(branch, led.get(branch.id, "")) for branch in branches]
    former = _former_secretaries(secretaries, seed)
    team = [*_chiefs(communities, seed), *secretaries, *former, *_helpers(branches, seed)]
    return Organisation(
        tuple(_with_branch(groups, branches)),
        tuple(branches),
        tuple(team),
        tuple(_pairings(branches, compounds, figures, seed)),
        tuple(_venues(communities, buildings)),
    )


def _by_compound(buildings: Sequence[Building]) -> dict[str, list[Building]]:
    found: dict[str, list[Building]] = {}
    for building in buildings:
        if building.compound_id:
            found.setdefault(building.compound_id, []).append(building)
    return found


def _building_groups(
    compounds: Sequence[Compound], buildings: Sequence[Building], figures: Figures
) -> list[BuildingGroup]:
    """Divide each compound's buildings, in the order of their numbers, into groups of about equal homes."""
    houses = _by_compound(buildings)
    homes = [sum(b.households for b in houses[c.id]) for c in compounds]
    counts = apportion(
        figures.building_groups, [float(n) for n in homes], 1, [len(houses[c.id]) for c in compounds]
    )
    groups = []
    for compound, count in zip(compounds, counts, strict=True):
        for n, members in enumerate(_even_runs(houses[compound.id], int(count)), start=1):
            ids = tuple(b.id for b in members)
            name = f"{compound.name}第{n}楼道党小组"
            groups.append(BuildingGroup(f"{compound.id}-{n:02d}", compound.id, name, ids))
    return groups


def _even_runs(buildings: list[Building], count: int) -> list[list[Building]]:
    """Cut a list into ``count`` runs, none empty, with about the same number of homes."""
    total = sum(b.households for b in buildings)
    runs: list[list[Building]] = []
    current: list[Building] = []
    passed = 0
    for n, building in enumerate(buildings):
        current.append(building)
        passed += building.households
        left = len(buildings) - n - 1
        full = passed * count >= total * (len(runs) + 1)
        if len(runs) < count - 1 and (full or left == count - len(runs) - 1):
            runs.append(current)
            current = []
    return [*runs, current]


def _branches(
    communities: Sequence[Community],
    compounds: Sequence[Compound],
    buildings: Sequence[Building],
    groups: Sequence[BuildingGroup],
    figures: Figures,
    seed: int,
) -> list[Branch]:
    """Found one branch a compound; the smallest share one, the largest have several."""
    rng = stream(seed, "branches")
    homes = {c: sum(b.households for b in found) for c, found in _by_compound(buildings).items()}
    joint = _joint(communities, compounds, homes)
    covered = [tuple(pair) for pair in joint]
    single = [c.id for c in compounds if not any(c.id in pair for pair in joint)]
    extra = figures.branches - len(joint) - len(single)
    most = [len(_ORDINALS)] * len(single)
    counts = apportion(len(single) + extra, [float(homes[c]) for c in single], 1, most)
    for compound, count in zip(single, counts, strict=True):
        covered += [(compound,)] * int(count)
    covered.sort(key=lambda ids: ids)
    shares = [sum(homes[c] for c in ids) / sum(1 for other in covered if other == ids) for ids in covered]
    members = apportion(figures.members, [s * float(rng.uniform(0.7, 1.3)) for s in shares], 3)
    centres = apportion(figures.member_centre_households, shares, 1)
    stars = _stars(len(covered), figures, rng)
    named = {c.id: c for c in compounds}
    of_compound: dict[str, int] = {}
    for group in groups:
        of_compound[group.compound_id] = of_compound.get(group.compound_id, 0) + 1
    branches: list[Branch] = []
    seen: dict[tuple[str, ...], int] = {}
    for n, ids in enumerate(covered):
        seen[ids] = seen.get(ids, 0) + 1
        same = sum(1 for other in covered if other == ids)
        lead = max(ids, key=lambda c: (homes[c], c))
        ordinal = f"第{_ORDINALS[seen[ids] - 1]}" if same > 1 else ""
        branches.append(
            Branch(
                id=f"B{n + 1:04d}",
                name=f"{named[lead].name}{'联合' if len(ids) > 1 else ''}{ordinal}党支部",
                compound_ids=ids,
                community_id=named[lead].community_id,
                members=int(members[n]),
                member_centre_households=int(centres[n]),
                building_groups=(sum(of_compound[c] for c in ids) + same - seen[ids]) // same,
                stars=int(stars[n]),
                founded=date(int(rng.integers(1996, 2020)), int(rng.integers(1, 13)), 1),
            )
        )
    return _honoured(branches, figures, seed)


def _honoured(branches: Sequence[Branch], figures: Figures, seed: int) -> list[Branch]:
    """Rate all branches on one day; choose model branches among the best, and those that are funded."""
    rng = stream(seed, "honours")
    order = [int(n) for n in rng.permutation(len(branches))]
    best = sorted(order, key=lambda n: -(branches[n].stars or 0))
    models = set(best[: figures.model_branches])
    funded = [*models, *(n for n in order if n not in models)][: figures.funded_branches]
    funds = apportion(figures.funds, [1.0] * len(funded))
    share = dict(zip(funded, funds.tolist(), strict=True))
    return [
        replace(branch, rated=_RATED, model_branch=n in models, fund=share.get(n))
        for n, branch in enumerate(branches)
    ]


def _with_branch(groups: Sequence[BuildingGroup], branches: Sequence[Branch]) -> list[BuildingGroup]:
    """Hand each compound's groups to its branches in their order, to each as many as it counts."""
    left = {branch.id: branch.building_groups or 0 for branch in branches}
    serving: dict[str, list[Branch]] = {}
    for branch in branches:
        for compound in branch.compound_ids:
            serving.setdefault(compound, []).append(branch)
    found = []
    for group in groups:
        own = serving[group.compound_id]
        branch = next((one for one in own if left[one.id] > 0), own[-1])
        left[branch.id] -= 1
        found.append(replace(group, branch_id=branch.id))
    return found


def _joint(
    communities: Sequence[Community], compounds: Sequence[Compound], homes: dict[str, int]
) -> list[tuple[str, str]]:
    """Pair the two smallest compounds of a community where both are small: a joint branch."""
    pairs = []
    for community in communities:
        own = sorted((homes[c.id], c.id) for c in compounds if c.community_id == community.id)
        if len(own) > 3 and own[1][0] < 150:
            pairs.append((min(own[0][1], own[1][1]), max(own[0][1], own[1][1])))
    return pairs


def _stars(count: int, figures: Figures, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a rating each: the published share has three stars or more."""
    good = int(np.ceil(count * figures.share_of_three_stars))
    stars = np.concatenate([3 + rng.choice(3, good, p=[0.45, 0.38, 0.17]), 1 + rng.choice(2, count - good)])
    return rng.permutation(stars).astype(np.int64)


def _secretaries(branches: Sequence[Branch], figures: Figures, seed: int) -> list[TeamMember]:
    """Fill as many branches as were published; the others stay vacant."""
    rng = stream(seed, "secretaries")
    total = figures.secretaries_chosen + figures.secretaries_concurrent
    filled = sorted(int(n) for n in rng.permutation(len(branches))[:total])
    concurrent = {int(n) for n in rng.permutation(total)[: figures.secretaries_concurrent]}
    origins = ("退休干部", "物业企业党员", "骨干党员")
    team = []
    for n, at in enumerate(filled):
        origin = origins[int(rng.integers(3))]
        team.append(
            TeamMember(
                f"S{n + 1:04d}",
                person(rng),
                Role.LEADER,
                public=bool(rng.random() < 0.92),
                branch_id=branches[at].id,
                phone=_phone(rng),
                post="党支部书记" if n in concurrent else f"党支部书记({origin})",
                since=date(int(rng.integers(2015, 2021)), int(rng.integers(1, 13)), 1),
                concurrent=("社区党委副书记",) if n in concurrent else (),
            )
        )
    return team


def _former_secretaries(secretaries: Sequence[TeamMember], seed: int) -> list[TeamMember]:
    """Return who led before, for every twentieth branch that has a secretary."""
    rng = stream(seed, "former secretaries")
    return [
        replace(
            one,
            id=f"{one.id}-0",
            name=person(rng),
            phone=_phone(rng),
            post="党支部书记",
            since=date(2012, 1, 1),
            until=one.since,
            concurrent=(),
        )
        for one in secretaries[::20]
    ]


def _phone(rng: np.random.Generator) -> str:
    """Return a number of a block that no operator has given out."""
    return f"0415-000{int(rng.integers(0, 10_000)):04d}"


def _with_secretary(branch: Branch, secretary: str) -> Branch:
    return replace(branch, secretary_id=secretary)


def _chiefs(communities: Sequence[Community], seed: int) -> list[TeamMember]:
    rng = stream(seed, "chiefs")
    return [
        TeamMember(
            f"C{n:04d}",
            person(rng),
            Role.CHIEF_LEADER,
            public=True,
            community_id=community.id,
            phone=_phone(rng),
            post="社区党委书记",
        )
        for n, community in enumerate(communities, start=1)
    ]


def _helpers(branches: Sequence[Branch], seed: int) -> list[TeamMember]:
    """Return a vice-secretary and a worker for each branch, and volunteers for every other one."""
    rng = stream(seed, "helpers")
    team = []
    for n, branch in enumerate(branches, start=1):
        posts = [(Role.WORKER, "党支部副书记"), (Role.WORKER, "支部委员、楼长")]
        if rng.random() < 0.5:
            posts.append((Role.VOLUNTEER, "在职党员志愿者"))
        for k, (role, post) in enumerate(posts, start=1):
            team.append(
                TeamMember(
                    f"W{n:04d}-{k}",
                    person(rng),
                    role,
                    public=bool(rng.random() < 0.7) or k == 1,  # who stands for the secretary is told
                    branch_id=branch.id,
                    post=post,
                )
            )
    return team


def _pairings(
    branches: Sequence[Branch], compounds: Sequence[Compound], figures: Figures, seed: int
) -> list[Pairing]:
    """Pair each organisation's branch, which sits within a kilometre or so, with one compound branch."""
    rng = stream(seed, "pairings")
    order = rng.permutation(len(branches))
    named = [f"市{organ}局机关党支部" for organ in organs()]
    unnamed = range(1, figures.city_organisations - len(named) + 1)
    paired = [*named, *(f"市直机关第{n}党支部" for n in unnamed)]
    paired += [f"县区直机关第{n}党支部" for n in range(1, figures.county_organisations + 1)]
    place = {one.id: shapely.centroid(one.geometry) for one in compounds}
    levels = ["city"] * figures.city_organisations + ["county"] * figures.county_organisations
    pairs = []
    for n, (organ, level) in enumerate(zip(paired, levels, strict=True)):
        branch = branches[int(order[n])]
        seat = place[branch.compound_ids[0]]
        east, north = (round(float(v), 2) for v in rng.normal(0.0, 450.0, 2))
        at = shapely.Point(round(seat.x, 2) + east, round(seat.y, 2) + north)
        pairs.append(Pairing(f"P{n + 1:04d}", organ, branch.id, level, int(rng.integers(5, 60)), at))
    return pairs


def _venues(communities: Sequence[Community], buildings: Sequence[Building]) -> list[Venue]:
    """Return a station in every community and a centre in every subdistrict, each in front of a building."""
    doors: dict[str, Building] = {}
    for building in buildings:
        doors.setdefault(building.community_id, building)
    venues, centres = [], set()
    for community in communities:
        door = shapely.point_on_surface(doors[community.id].geometry)
        venues.append(
            Venue(
                f"V{community.id}",
                VenueKind.SERVICE_STATION,
                f"{community.name}党群服务站",
                door,
                community.id,
                community.subdistrict_id,
                hours="周一至周五 8:30-17:00",
            )
        )
        if community.subdistrict_id not in centres:
            centres.add(community.subdistrict_id)
            venues.append(
                Venue(
                    f"V{community.subdistrict_id}",
                    VenueKind.SERVICE_CENTRE,
                    "党群服务中心",
                    shapely.Point(door.x + 12.0, door.y),
                    subdistrict_id=community.subdistrict_id,
                    hours="周一至周六 8:30-17:30",
                )
            )
    return venues
