"""Collect the faults of an input so that all are told at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geogrid.errors import Fault, InputError, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

# So many faults of one kind in one layer are told one by one; the rest as a number.
TOLD = 20
MESSAGE_LENGTH = 120


@dataclass(frozen=True)
class FaultBook:
    """The faults found so far, in the order of their finding."""

    found: list[Fault] = field(default_factory=list)
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, fault: Fault) -> None:
        """Note a fault; beyond ``TOLD`` of its kind only count it."""
        key = _kind(fault)
        self.counts[key] += 1
        if self.counts[key] <= TOLD:
            self.found.append(fault)

    def add_each(self, places: Iterable[tuple[object, int]], template: Fault) -> None:
        """Note the same fault for each of ``places``: the id and the row of the file."""
        for found, row in places:
            self.add(replace(template, id=printable(found), row=row))

    def has_errors(self) -> bool:
        """Say whether anything found so far refuses the data."""
        return any(fault.severity is Severity.ERROR for fault in self.found)

    def faults(self) -> tuple[Fault, ...]:
        """Return every fault, and for each kind that was cut short how many more there are."""
        return (*self.found, *(_rest(self.found, key, n) for key, n in self.counts.items() if n > TOLD))

    def refusal(self) -> InputError:
        """Return the error that carries every fault, errors first."""
        return InputError(
            tuple(sorted(self.faults(), key=lambda fault: fault.severity is not Severity.ERROR))
        )

    def raise_errors(self) -> None:
        """Refuse the data if anything found so far does.

        :raises InputError: with all faults.
        """
        if self.has_errors():
            raise self.refusal()


def _kind(fault: Fault) -> tuple[str, ...]:
    return (fault.rule, fault.file, fault.layer, fault.field, fault.severity.value)


def _rest(found: list[Fault], key: tuple[str, ...], count: int) -> Fault:
    last = next(fault for fault in reversed(found) if _kind(fault) == key)
    return replace(last, id="", row=0, message=f"the same fault in {count - TOLD:,} more")


def printable(value: object) -> str:
    """Return foreign text short and without control characters, fit for a message."""
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value))
    return text if len(text) <= MESSAGE_LENGTH else text[:MESSAGE_LENGTH] + "..."
