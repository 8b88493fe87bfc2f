"""Why an operation cannot be: each check returns its faults, and ``refused`` raises them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geogrid.errors import Fault, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.workbench.draft import Bench, Draft

LONGEST_NAME = 60


def refused(faults: Sequence[Fault]) -> None:
    """Raise the faults, if there are any.

    :raises RefusedError: there are.
    """
    if faults:
        raise RefusedError(tuple(faults))


def refuse_strangers(
    bench: Bench, draft: Draft, *, units: Sequence[str] = (), grids: Sequence[int] = ()
) -> tuple[Fault, ...]:
    """Refuse units that the community has not and grids that the draft has not."""
    remedy = "Load the draft again; it may have changed."
    strangers = [
        Fault("unknown-unit", f"the community has no unit {unit}", remedy, id=unit)
        for unit in sorted(set(units) - set(bench.units))
    ]
    missing = [
        Fault("unknown-grid", f"the draft has no grid {grid}", remedy, id=str(grid))
        for grid in sorted(set(grids) - set(draft.members))
    ]
    return (*strangers, *missing)


def refuse_locked(draft: Draft, units: Mapping[str, int]) -> tuple[Fault, ...]:
    """Refuse to move locked units, to take units out of a locked grid, or to put any into one."""
    faults = [
        Fault("locked-unit", f"unit {unit} is locked", "Unlock it first.", id=unit)
        for unit in sorted(draft.locked_units & set(units))
    ]
    touched = {draft.assignment.get(unit, 0) for unit in units} | set(units.values())
    faults += [
        Fault("locked-grid", f"grid {grid} is locked", "Unlock it first.", id=str(grid))
        for grid in sorted(draft.locked_grids & touched)
    ]
    return tuple(faults)


def refuse_untold_splits(bench: Bench, before: Draft, after: Draft, reason: str) -> tuple[Fault, ...]:
    """Refuse to split a compound that is whole so far, unless a reason is given."""
    if reason.strip():
        return ()
    faults = []
    for name, units in sorted(bench.compounds.items()):
        was = {before.assignment.get(unit, 0) for unit in units} - {0}
        now = {after.assignment.get(unit, 0) for unit in units} - {0}
        if len(now) > 1 and len(was) <= 1:
            words = f"compound {name} would be split between grids {', '.join(map(str, sorted(now)))}"
            remedy = "Move the whole compound, or say why it is split."
            faults.append(Fault("split-needs-reason", words, remedy, id=name))
    return tuple(faults)


def refuse_full_grid(draft: Draft, grid: int) -> tuple[Fault, ...]:
    """Refuse to retire a grid that has units, or one that is locked."""
    faults = []
    if draft.members[grid]:
        words = f"grid {grid} still has {len(draft.members[grid])} units"
        faults.append(Fault("grid-has-units", words, "Move them to other grids first.", id=str(grid)))
    if grid in draft.locked_grids:
        faults.append(Fault("locked-grid", f"grid {grid} is locked", "Unlock it first.", id=str(grid)))
    return tuple(faults)


def refuse_homes(bench: Bench, draft: Draft, grid: int) -> tuple[Fault, ...]:
    """Refuse a special purpose for a grid with homes."""
    homes = sum(bench.units[unit].households for unit in draft.members[grid])
    words = f"grid {grid} has {homes} households, and a special-purpose grid has none"
    return (Fault("purpose-with-homes", words, "Move the homes first.", id=str(grid)),) if homes else ()


def refuse_wild_text(field: str, text: str, *, longest: int = LONGEST_NAME) -> tuple[Fault, ...]:
    """Refuse text that is too long or has characters that cannot be printed."""
    faults = []
    if len(text) > longest:
        faults.append(
            Fault("too-long", f"the {field} has {len(text)} characters", f"Use {longest}.", field=field)
        )
    if not all(char.isprintable() for char in text):
        words = f"the {field} has characters that cannot be printed"
        faults.append(Fault("unprintable", words, "Take them out.", field=field))
    return tuple(faults)
