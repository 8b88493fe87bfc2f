"""What a planner can do to a draft: each operation is a value, and ``apply`` returns the draft after it.

An operation is refused whole, with every reason at once; it never half happens. Contiguity and the
household window are not refused here: a planner passes through such plans, and the checks tell of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geogrid.errors import Fault
from geogrid.partition.numbering import numbered
from geogrid.workbench.refusals import (
    refuse_full_grid,
    refuse_homes,
    refuse_locked,
    refuse_strangers,
    refuse_untold_splits,
    refuse_wild_text,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.workbench.draft import Bench, Draft


@dataclass(frozen=True, slots=True)
class Assign:
    """Put units into a grid that exists; ``reason`` says why a compound is split by it."""

    units: tuple[str, ...]
    grid: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """Take units out of their grids; the plan is not finished until they have one again."""

    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenGrid:
    """Open a grid under the smallest free number, with or without units."""

    units: tuple[str, ...] = ()
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Put all units of ``grids`` into one of them."""

    grids: tuple[int, ...]
    into: int


@dataclass(frozen=True, slots=True)
class Split:
    """Part a grid into sets of units; the set with most households keeps the number."""

    grid: int
    parts: tuple[tuple[str, ...], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retire:
    """Give up a grid that has no units."""

    grid: int


@dataclass(frozen=True, slots=True)
class Rename:
    """Name a grid; an empty name gives back the name that follows from its compounds."""

    grid: int
    name: str


@dataclass(frozen=True, slots=True)
class Renumber:
    """Number the grids by rule: west to east, then north to south, those without homes last."""


@dataclass(frozen=True, slots=True)
class Dedicate:
    """Say what a grid without homes is for (专属网格); an empty purpose takes it back."""

    grid: int
    purpose: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Keep grids and units as they are until they are unlocked."""

    grids: tuple[int, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let grids and units be changed again."""

    grids: tuple[int, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clear:
    """Take every unit out of its grid and give the grids up, to begin with nothing."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over an assignment of some or all units: a proposal, a mend, a file, another plan.

    ``origin`` says which. Grid numbers that the draft lacks are opened.
    """

    assignment: Mapping[str, int] = field(default_factory=dict)
    origin: str = ""
    reason: str = ""


Operation = (
    Assign
    | Release
    | OpenGrid
    | Merge
    | Split
    | Retire
    | Rename
    | Renumber
    | Dedicate
    | Lock
    | Unlock
    | Clear
    | Adopt
)


def apply(bench: Bench, draft: Draft, operation: Operation) -> Draft:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    """Return the draft after an operation.

    :raises RefusedError: units or grids that are not there, a lock, a compound split without a reason, a grid
        retired with units in it, a special purpose for homes; carries all faults.
    """
    match operation:
        case Assign(units, grid, reason):
            refused(refuse_strangers(bench, draft, units=units, grids=(grid,)))
            return _moved(bench, draft, dict.fromkeys(units, grid), reason)
        case Release(units):
            refused(refuse_strangers(bench, draft, units=units))
            return _moved(bench, draft, dict.fromkeys(units, 0), "")
        case OpenGrid(units, name, reason):
            refused((*refuse_strangers(bench, draft, units=units), *refuse_wild_text("name", name)))
            return _opened(bench, draft, operation)
        case Merge(grids, into):
            refused(refuse_strangers(bench, draft, grids=(*grids, into)))
            inside = [unit for grid in grids for unit in draft.members[grid]]
            merged = _moved(bench, draft, dict.fromkeys(inside, into), "")
            return merged.with_grids(merged.assignment, merged.opened - set(grids))
        case Split(grid, parts, reason):
            return _split(bench, draft, grid, parts, reason)
        case Retire(grid):
            refused(refuse_strangers(bench, draft, grids=(grid,)) or refuse_full_grid(draft, grid))
            return draft.with_grids(draft.assignment, draft.opened - {grid})
        case Rename(grid, name):
            refused((*refuse_strangers(bench, draft, grids=(grid,)), *refuse_wild_text("name", name)))
            return replace(draft, names=_told(draft.names, grid, name))
        case Renumber():
            return _renumbered(bench, draft)
        case Dedicate(grid, purpose):
            refused((*refuse_strangers(bench, draft, grids=(grid,)), *refuse_wild_text("purpose", purpose)))
            refused(refuse_homes(bench, draft, grid) if purpose else ())
            return replace(draft, purposes=_told(draft.purposes, grid, purpose))
        case Lock(grids, units):
            refused(refuse_strangers(bench, draft, units=units, grids=grids))
            return replace(
                draft, locked_grids=draft.locked_grids | {*grids}, locked_units=draft.locked_units | {*units}
            )
        case Unlock(grids, units):
            return replace(
                draft, locked_grids=draft.locked_grids - {*grids}, locked_units=draft.locked_units - {*units}
            )
        case Clear():
            cleared = _moved(bench, draft, dict.fromkeys(draft.assignment, 0), "")
            return cleared.with_grids(cleared.assignment, frozenset())
        case Adopt(assignment, origin, reason):
            strangers = refuse_strangers(bench, draft, units=tuple(assignment))
            refused((*strangers, *refuse_wild_text("origin", origin, longest=120)))
            return _moved(bench, draft, assignment, reason)


def _moved(bench: Bench, draft: Draft, units: Mapping[str, int], reason: str) -> Draft:
    """Return the draft with each unit in the grid given for it; 0 stands for none."""
    units = {unit: grid for unit, grid in units.items() if draft.assignment.get(unit, 0) != grid}
    refused(refuse_locked(draft, units))
    after = {unit: grid for unit, grid in {**draft.assignment, **units}.items() if grid}
    # A grid that loses its last unit stays, so that it can be filled again; ``Retire`` gives it up.
    emptied = set(draft.assignment.values()) - set(after.values())
    moved = draft.with_grids(after, draft.opened | emptied)
    split = refuse_untold_splits(bench, draft, moved, reason)
    refused(split + refuse_wild_text("reason", reason, longest=400))
    return replace(moved, reasons=_reasons(bench, draft, moved, reason))


def _reasons(bench: Bench, before: Draft, after: Draft, reason: str) -> dict[str, str]:
    """Keep a reason as long as its compound is split, and note that of compounds newly split."""
    split = split_compounds(bench, after)
    fresh = split - split_compounds(bench, before)
    return {
        name: reason.strip() if name in fresh and reason.strip() else before.reasons.get(name, "")
        for name in sorted(split)
        if (name in fresh and reason.strip()) or name in before.reasons
    }


def split_compounds(bench: Bench, draft: Draft) -> frozenset[str]:
    """Return the compounds whose units lie in more than one grid."""
    return frozenset(
        name
        for name, units in bench.compounds.items()
        if len({draft.assignment[unit] for unit in units if unit in draft.assignment}) > 1
    )


def _opened(bench: Bench, draft: Draft, operation: OpenGrid) -> Draft:
    number = draft.free_number()
    wider = replace(draft, opened=draft.opened | {number})
    filled = _moved(bench, wider, dict.fromkeys(operation.units, number), operation.reason)
    return replace(filled, names=_told(filled.names, number, operation.name))


def _split(bench: Bench, draft: Draft, grid: int, parts: tuple[tuple[str, ...], ...], reason: str) -> Draft:
    refused(refuse_strangers(bench, draft, grids=(grid,), units=tuple(u for part in parts for u in part)))
    told = Counter(unit for part in parts for unit in part)
    refused(_refuse_parts(draft, grid, told, parts))
    homes = {part: sum(bench.units[unit].households for unit in part) for part in parts}
    keeper = max(parts, key=lambda part: (homes[part], -parts.index(part)))
    moves: dict[str, int] = {}
    wider = draft
    for part in parts:
        if part is not keeper:
            number = wider.free_number()
            wider = replace(wider, opened=wider.opened | {number})
            moves |= dict.fromkeys(part, number)
    return _moved(bench, wider, moves, reason)


def _refuse_parts(
    draft: Draft, grid: int, told: Counter[str], parts: tuple[tuple[str, ...], ...]
) -> tuple[Fault, ...]:
    exact = told == Counter(draft.members[grid]) and all(parts) and len(parts) > 1
    words = f"the parts are not a division of the units of grid {grid} into two or more sets"
    return () if exact else (Fault("parts-of-grid", words, "Name every unit of it once.", id=str(grid)),)


def _renumbered(bench: Bench, draft: Draft) -> Draft:
    """Return the draft with its grids numbered by rule; names, purposes and locks go along."""
    groups = [list(units) for units in draft.members.values() if units]
    plan = numbered(bench.graph, groups)
    new = {draft.assignment[unit]: number for unit, number in plan.assignment.items()}
    last = max(new.values(), default=0)
    new |= {grid: last + place for place, grid in enumerate(sorted(draft.opened), start=1)}
    return replace(
        draft,
        assignment=plan.assignment,
        opened=frozenset(new[grid] for grid in draft.opened),
        names={new[grid]: name for grid, name in draft.names.items()},
        purposes={new[grid]: text for grid, text in draft.purposes.items()},
        locked_grids=frozenset(new[grid] for grid in draft.locked_grids),
    )


def _told(texts: Mapping[int, str], grid: int, text: str) -> dict[int, str]:
    kept = {number: old for number, old in texts.items() if number != grid}
    return {**kept, grid: text.strip()} if text.strip() else kept
