"""Hold an assignment file against a draft: what each row would do, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid.errors import Fault, Severity
from geogrid.workbench.operations import Adopt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geogrid.workbench.draft import Bench, Draft

LAST_GRID = 999


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of an assignment file as it stands there; ``community`` is empty where the file names none."""

    row: int
    unit: str
    grid: str
    community: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an assignment file says of a draft.

    ``operation`` takes over the rows without an error; ``moved`` is how many units it would move. ``faults``
    are told row by row: a row with an error is left out, a warning is worth knowing. Row 0 stands for what
    no row is about.
    """

    operation: Adopt
    moved: int
    rows: int
    faults: tuple[Fault, ...]

    @property
    def left_out(self) -> int:
        """Return how many rows have an error."""
        return len({fault.row for fault in self.faults if fault.severity is Severity.ERROR})


def read_entries(bench: Bench, draft: Draft, entries: Iterable[Entry], *, origin: str = "") -> Reading:
    """Hold the rows of an assignment file against a draft; the draft stays as it is.

    A unit that no row names, or whose row has no grid, stays where it is. Of rows that contradict one another
    none is taken.
    """
    rows = tuple(entries)
    by_unit: dict[str, list[Entry]] = {}
    faults: list[Fault] = []
    for one in rows:
        fault = _of_row(bench, one)
        if fault is None:
            by_unit.setdefault(one.unit, []).append(one)
        else:
            faults.append(fault)
    faults += [fault for same in by_unit.values() for fault in _named_twice(same)]
    told = {unit: same[0] for unit, same in by_unit.items() if len({grid_of(one) for one in same}) == 1}
    locked = _locked(draft, told)
    held = {fault.id for fault in locked}
    kept = {unit: grid_of(one) for unit, one in sorted(told.items()) if unit not in held}
    faults += [*locked, *_splits(bench, draft, kept, told), *_unsaid(bench, draft, rows, kept)]
    return Reading(
        Adopt(kept, origin),
        sum(draft.assignment.get(unit) != grid for unit, grid in kept.items()),
        len(rows),
        tuple(sorted(faults, key=lambda fault: (fault.row == 0, fault.row))),
    )


def grid_of(entry: Entry) -> int:
    """Return the grid's number; 0 where the cell holds none. ``3.0``, as spreadsheets write it, is 3."""
    text = entry.grid.strip()
    whole, _, rest = text.partition(".")
    plain = whole.isascii() and whole.isdigit() and len(whole) < 6 and not rest.strip("0")
    return int(whole) if plain and 0 < int(whole) <= LAST_GRID else 0


def _of_row(bench: Bench, one: Entry) -> Fault | None:
    """Return why a row is not taken, if it is not."""
    if one.community not in ("", bench.graph.community_id):
        return _told("other-community", "the row is of another community", "", one, Severity.WARNING)
    if not one.unit:
        return _told("no-unit", "the row names no unit", "Name it, or take the row out.", one)
    if one.unit not in bench.units:
        words = "the community has no such unit"
        return _told("unknown-unit", words, "Take the ids from an export of this draft.", one)
    if not one.grid.strip():
        words = "the row has no grid; its unit stays where it is"
        return _told("no-grid", words, "", one, Severity.WARNING)
    if not grid_of(one):
        words = f"a grid is a whole number from 1 to {LAST_GRID}"
        return _told("bad-grid", words, "Write the number of the grid.", one)
    return None


def _named_twice(same: Sequence[Entry]) -> list[Fault]:
    if len({grid_of(one) for one in same}) > 1:
        words = "the unit stands in several rows with different grids"
        return [_told("unit-twice", words, "Leave one of them.", one) for one in same]
    words = "the unit stood in an earlier row already"
    return [_told("unit-twice", words, "", one, Severity.WARNING) for one in same[1:]]


def _locked(draft: Draft, told: Mapping[str, Entry]) -> list[Fault]:
    found = []
    for unit, one in told.items():
        before = draft.assignment.get(unit, 0)
        if before == grid_of(one):
            continue
        if unit in draft.locked_units:
            found.append(_told("locked-unit", "the unit is locked", "Unlock it first.", one))
        elif shut := sorted({before, grid_of(one)} & draft.locked_grids):
            words = f"grid {', '.join(map(str, shut))} is locked"
            found.append(_told("locked-grid", words, "Unlock it first.", one))
    return found


def _splits(
    bench: Bench, draft: Draft, kept: Mapping[str, int], told: Mapping[str, Entry]
) -> Iterable[Fault]:
    """Tell the rows of each compound that is whole so far and would lie in several grids."""
    after = {**draft.assignment, **kept}
    for name, units in bench.compounds.items():
        was = {draft.assignment[unit] for unit in units if unit in draft.assignment}
        now = {after[unit] for unit in units if unit in after}
        if len(now) > 1 and len(was) <= 1:
            words = f"compound {name} would be split between grids {', '.join(map(str, sorted(now)))}"
            for unit in units:
                if unit in kept:
                    yield _told("compound-split", words, "Say why.", told[unit], Severity.WARNING)


def _unsaid(bench: Bench, draft: Draft, rows: Sequence[Entry], kept: Mapping[str, int]) -> Iterable[Fault]:
    """Tell the units that no row names, and the grids that would be left without units."""
    named = {one.unit for one in rows}
    for unit in sorted(bench.units.keys() - named):
        words = f"no row names unit {unit}; it stays where it is"
        yield Fault("unit-missing", words, id=unit, severity=Severity.WARNING)
    filled = {**draft.assignment, **kept}.values()
    for grid in sorted(set(draft.assignment.values()) - set(filled)):
        words = f"grid {grid} would have no units left"
        yield Fault("grid-emptied", words, id=str(grid), severity=Severity.WARNING)


def _told(rule: str, words: str, remedy: str, one: Entry, severity: Severity = Severity.ERROR) -> Fault:
    return Fault(rule, words, remedy, id=one.unit[:80], severity=severity, row=one.row)
