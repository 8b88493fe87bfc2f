"""The steps of a draft as a tree: undo, redo and jumps move its head, and no step is ever lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from geogrid.errors import Fault, NotFoundError, RefusedError
from geogrid.workbench.draft import begin
from geogrid.workbench.operations import apply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from geogrid.workbench.draft import Bench, Draft
    from geogrid.workbench.operations import Operation


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, the step it was made after (None: the beginning), by whom and when."""

    id: int
    parent: int | None
    operation: Operation
    who: str
    at: datetime


@dataclass(frozen=True)
class History:
    """All steps by id and the one that the draft stands on (None: the beginning)."""

    steps: Mapping[int, Step]
    head: int | None = None

    def path(self, to: int | None) -> tuple[Step, ...]:
        """Return the steps from the beginning to a step.

        :raises NotFoundError: there is no such step.
        """
        found = []
        while to is not None:
            if to not in self.steps:
                raise NotFoundError("step", str(to))
            found.append(self.steps[to])
            to = self.steps[to].parent
        return tuple(reversed(found))

    def undone(self) -> int | None:
        """Return the head after undo.

        :raises RefusedError: the draft stands at its beginning.
        """
        if self.head is None:
            raise RefusedError((Fault("nothing-to-undo", "the draft stands at its beginning"),))
        return self.steps[self.head].parent

    def redone(self) -> int:
        """Return the head after redo: the newest of the steps made after the head.

        :raises RefusedError: no step was made after it.
        """
        after = [step.id for step in self.steps.values() if step.parent == self.head]
        if not after:
            raise RefusedError((Fault("nothing-to-redo", "the draft stands at its newest step"),))
        return max(after)


def replay(bench: Bench, steps: Sequence[Step]) -> Draft:
    """Return the draft after ``steps``."""
    return reduce(lambda draft, step: apply(bench, draft, step.operation), steps, begin(bench))


def refuse_broken_locks(before: Draft, after: Draft) -> None:
    """Refuse a jump that would move what is locked now, or unlock it: undo breaks no lock silently.

    :raises RefusedError: it would; names each grid and unit.
    """
    members = after.members
    faults = [
        Fault("lock-undone", f"grid {grid} is locked, and that step would change or unlock it", id=str(grid))
        for grid in sorted(before.locked_grids)
        if grid not in after.locked_grids or members.get(grid) != before.members.get(grid)
    ]
    faults += [
        Fault("lock-undone", f"unit {unit} is locked, and that step would move or unlock it", id=unit)
        for unit in sorted(before.locked_units)
        if unit not in after.locked_units or after.assignment.get(unit) != before.assignment.get(unit)
    ]
    if faults:
        raise RefusedError(tuple(faults))
