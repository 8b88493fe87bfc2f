"""The rules' numbers, weights and switches: data, read from one TOML file."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geogrid.errors import Fault, PolicyError
from geogrid.model import BarrierKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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


def window_of(policy: Policy, households: int, grids: int) -> tuple[int, int] | None:
    """Return the least and most households of a grid when a community has so many ``grids``; None: no band.

    A share of the ideal is rounded inwards to whole households; where no whole number lies inside, the two
    next to the ideal are the window.
    """
    band = policy.band
    if band is None:
        return None
    if band.share is None:
        return band.lower or 0, band.upper or 0
    ideal = Fraction(households, max(grids, 1))
    share = Fraction(str(band.share))
    lower, upper = math.ceil(ideal * (1 - share)), math.floor(ideal * (1 + share))
    return (lower, upper) if lower <= upper else (math.floor(ideal), math.ceil(ideal))


def preset(name: str) -> Policy:
    """Return one of ``PRESETS``.

    :raises PolicyError: no preset has this name.
    """
    if name not in PRESETS:
        known = ", ".join(sorted(PRESETS))
        raise PolicyError(
            (Fault("unknown-preset", f"no preset is called {name!r}", f"Choose from {known}."),)
        )
    return PRESETS[name]


def read_policy(path: str | Path) -> Policy:
    """Read a policy from a TOML file; what the file leaves out is as in ``eight-to-ten``.

    A window switched off is written ``band = false``, a count that follows from the rest ``grids = false``.

    :raises PolicyError: the file cannot be read, or breaks a policy's own rules; every fault is told.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError((Fault("unreadable-policy", f"cannot be read: {error}", file=path.name),)) from None
    return policy_from_table(table, file=path.name, default_name=path.stem)


def policy_from_table(table: Mapping[str, Any], *, file: str = "", default_name: str = "custom") -> Policy:
    """Make a policy of a table as TOML or JSON gives it.

    :raises PolicyError: unknown keys, wrong types, or numbers that contradict each other.
    """
    faults = list(_key_faults(table, file))
    values: dict[str, Any] = {"name": table.get("name", default_name)}
    for key, read in _READERS.items():
        if key in table:
            try:
                values.update(read(table[key]))
            except (TypeError, ValueError) as error:
                faults.append(Fault("bad-value", str(error), file=file, field=key))
    if faults:
        raise PolicyError(tuple(faults))
    policy = Policy(**values)
    check_policy(policy, file=file)
    return policy


def policy_table(policy: Policy) -> dict[str, Any]:
    """Return the table that ``policy_from_table`` reads back to the same policy."""
    band: Any = False
    if policy.band is not None:
        pairs = ((f.name, getattr(policy.band, f.name)) for f in fields(Band))
        band = {name: value for name, value in pairs if value is not None}
    grids: Any = False
    if policy.grids_min is not None or policy.grids_max is not None:
        ends = (("min", policy.grids_min), ("max", policy.grids_max))
        grids = {name: value for name, value in ends if value is not None}
    return {
        "name": policy.name,
        "grids": grids,
        "band": band,
        "compound_is_grid": policy.compound_is_grid,
        "hard_barriers": [kind.value for kind in BarrierKind if kind in policy.hard_barriers],
        "soft_barriers": [kind.value for kind in BarrierKind if kind in policy.soft_barriers],
        "min_connection_m": policy.min_connection_m,
        "special_grids": policy.special_grids,
        "objectives": [objective.value for objective in policy.objectives],
        "compactness": policy.compactness.value,
        "time_limit_s": policy.time_limit_s,
    }


def check_policy(policy: Policy, *, file: str = "") -> None:
    """Refuse a policy that contradicts itself.

    :raises PolicyError: with every contradiction found.
    """
    faults = tuple(Fault(rule, words, file=file, field=name) for rule, name, words in _contradictions(policy))
    if faults:
        raise PolicyError(faults)


def _contradictions(policy: Policy) -> Iterator[tuple[str, str, str]]:
    low, high = policy.grids_min, policy.grids_max
    if (low is not None and low < 1) or (high is not None and high < 1):
        yield "grids-below-one", "grids", "a community has at least one grid"
    if low is not None and high is not None and low > high:
        yield "grids-reversed", "grids", f"at least {low} and at most {high} grids cannot both hold"
    if policy.band is not None:
        yield from _band_contradictions(policy.band, counted=low is not None and high is not None)
    if policy.hard_barriers & policy.soft_barriers:
        both = ", ".join(sorted(policy.hard_barriers & policy.soft_barriers))
        yield "barrier-twice", "soft_barriers", f"{both} cannot be both hard and soft"
    if len(set(policy.objectives)) != len(policy.objectives):
        yield "objective-twice", "objectives", "an objective is named twice"
    if not policy.min_connection_m >= 0:
        yield "min-connection", "min_connection_m", "a connection cannot be shorter than 0 m"
    if not policy.time_limit_s > 0:
        yield "time-limit", "time_limit_s", "the time limit must be above 0 s"


def _band_contradictions(band: Band, *, counted: bool) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a window; ``counted``: the number of grids has both bounds."""
    if band.share is not None:
        if band.lower is not None or band.upper is not None:
            yield "band-twice", "band", "give a share, or a lower and an upper count, not both"
        if not 0 <= band.share < 1:
            yield "band-share", "band", f"the share {band.share} is not in [0, 1)"
        if not counted:
            words = "a share of the ideal needs a smallest and a largest number of grids"
            yield "band-without-count", "band", words
    elif band.lower is None or band.upper is None:
        yield "band-open", "band", "give a share, or both a lower and an upper count"
    elif not 0 <= band.lower <= band.upper:
        yield "band-reversed", "band", f"lower {band.lower} and upper {band.upper} do not make a window"


def _key_faults(table: Mapping[str, Any], file: str) -> Iterator[Fault]:
    for key in sorted(set(table) - set(_READERS) - {"name"}):
        yield Fault("unknown-key", "is no setting of a policy", file=file, field=key)
    if not isinstance(table.get("name", ""), str):
        yield Fault("bad-value", "the name must be text", file=file, field="name")


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _part(value: object, names: frozenset[str]) -> Mapping[str, object]:
    if not isinstance(value, dict) or set(value) - names:
        raise ValueError(f"{value!r} is neither false nor a table of {', '.join(sorted(names))}")
    return value


def _grids(value: object) -> dict[str, Any]:
    part = {} if value is False else _part(value, frozenset({"min", "max"}))
    return {"grids_min": _count(part.get("min")), "grids_max": _count(part.get("max"))}


def _band(value: object) -> dict[str, Any]:
    if value is False:
        return {"band": None}
    part = _part(value, frozenset({"share", "lower", "upper"}))
    share = None if part.get("share") is None else _number(part["share"])
    return {"band": Band(share, _count(part.get("lower")), _count(part.get("upper")))}


def _names(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError(f"{value!r} is not a list of names")
    return value


_READERS: dict[str, Any] = {
    "grids": _grids,
    "band": _band,
    "compound_is_grid": lambda value: {"compound_is_grid": _switch(value)},
    "hard_barriers": lambda value: {"hard_barriers": frozenset(BarrierKind(name) for name in _names(value))},
    "soft_barriers": lambda value: {"soft_barriers": frozenset(BarrierKind(name) for name in _names(value))},
    "min_connection_m": lambda value: {"min_connection_m": _number(value)},
    "special_grids": lambda value: {"special_grids": _switch(value)},
    "objectives": lambda value: {"objectives": tuple(Objective(name) for name in _names(value))},
    "compactness": lambda value: {"compactness": Compactness(value)},
    "time_limit_s": lambda value: {"time_limit_s": _number(value)},
}
