"""The rules' numbers, weights and switches: data, read from one TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geogrid.model import BarrierKind


class Objective(StrEnum):
    """What a division strives for; a policy lists them in strict order."""

    WINDOW = "window"  # households outside the window, summed over grids
    ALIGNMENT = "alignment"  # compounds split + compounds joined
    BARRIERS = "barriers"  # soft barriers crossed
    RETENTION = "retention"  # households that change grid; only with a plan in force
    COMPACTNESS = "compactness"
    DEVIATION = "deviation"  # remaining deviation from the ideal inside the window


class Compactness(StrEnum):
    """How compactness is scored; smaller is better."""

    BORDER = "border"  # metres of border between grids
    MOMENT = "moment"  # household-weighted moment of inertia
    POLSBY_POPPER = "inverse-polsby-popper"  # mean inverse Polsby-Popper


@dataclass(frozen=True, slots=True)
class Band:
    """The household window of a grid: a share of the community's ideal, or two absolute counts."""

    share: float | None = None
    lower: int | None = None
    upper: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How communities are to be divided.

    ``grids_min``/``grids_max`` bound the number of grids with homes in a community (None: the count
    follows from the rest). ``compound_is_grid`` makes every compound one grid whatever its size.
    ``hard_barriers`` never lie inside a grid; ``soft_barriers`` may, and each crossing is counted.
    Two units are connected where at least ``min_connection_m`` of their border is free of hard barriers.
    ``special_grids`` gives land without homes grids of its own; otherwise it joins a neighbour.
    """

    name: str
    grids_min: int | None = 8
    grids_max: int | None = 10
    band: Band | None = Band(share=0.2)
    compound_is_grid: bool = False
    hard_barriers: frozenset[BarrierKind] = frozenset(
        {BarrierKind.RIVER, BarrierKind.RAILWAY, BarrierKind.EXPRESSWAY}
    )
    soft_barriers: frozenset[BarrierKind] = frozenset({BarrierKind.ARTERIAL})
    min_connection_m: float = 5.0
    special_grids: bool = True
    objectives: tuple[Objective, ...] = tuple(Objective)
    compactness: Compactness = Compactness.BORDER
    time_limit_s: float = 60.0


EIGHT_TO_TEN = Policy("eight-to-ten")
COMPOUND_FIRST = Policy("compound-first", grids_min=None, grids_max=None, band=None, compound_is_grid=True)
HOUSEHOLDS_300_500 = Policy(
    "households-300-500", grids_min=None, grids_max=None, band=Band(lower=300, upper=500)
)
PRESETS = {policy.name: policy for policy in (EIGHT_TO_TEN, COMPOUND_FIRST, HOUSEHOLDS_300_500)}
