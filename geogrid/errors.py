"""Every error that geogrid raises on purpose.

GeogridError
├── InputError        city data, an address file or an assignment file that cannot be used; carries all faults
├── PolicyError       a policy file that breaks its own rules; carries all faults
├── PiecesError       pieces of a set that could not be made or do not add up; carries all faults
├── RefusedError      an edit of a draft that its locks or the compounds refuse; carries all faults
├── PlanError         an assignment that cannot be a plan (an unknown unit, a unit without a grid)
│   └── NoPlanError   no plan keeps all that was asked for, or none was found in time
├── NotFoundError     no such city, community, grid, version ... in this store or snapshot
├── SignInError       a password, session or token that opens nothing
├── StaleError        an edit that started from an older version
├── FrozenError       an edit of a published plan, which never changes
├── StoreError        the archive cannot be opened, migrated or written
├── SnapshotError     a compiled snapshot is missing, damaged or of another format
├── ClusterError      a job on many workers cannot go on: no scheduler, lost workers, a full disk
└── FontError         a sheet cannot be printed, because no Chinese font is installed
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar


class Severity(StrEnum):
    """What a fault means for the data: refused, mended, or only worth knowing."""

    ERROR = "error"
    REPAIRED = "repaired"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where it is, which rule it breaks, what to do about it.

    ``rule`` is a stable kebab-case name (``duplicate-id``) that tests and scripts can rely on;
    ``message`` and ``remedy`` are sentences for a person. ``row`` is the row of a table as a spreadsheet
    numbers it, the header being row 1; 0 where the file has no such rows.
    """

    rule: str
    message: str
    remedy: str = ""
    file: str = ""
    layer: str = ""
    id: str = ""
    field: str = ""
    severity: Severity = Severity.ERROR
    row: int = 0

    def __str__(self) -> str:
        named = {"layer": self.layer, "row": self.row, "id": self.id, "field": self.field}
        place = ", ".join([self.file] * bool(self.file) + [f"{k} {v}" for k, v in named.items() if v])
        text = f"{place}: {self.message} [{self.rule}]" if place else f"{self.message} [{self.rule}]"
        return f"{text}. {self.remedy}" if self.remedy else text


class GeogridError(Exception):
    """The root of the tree; catching it catches all that geogrid raises on purpose."""


class FaultyError(GeogridError):
    """An error that carries every fault found, not only the first; ``kept`` says what is left of the work."""

    kept: ClassVar[str] = "nothing was kept"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with all faults; by default only the message would."""
        return type(self), (self.faults,), self.__dict__


class InputError(FaultyError):
    """Data from outside cannot be used; nothing of it was kept."""


class PolicyError(FaultyError):
    """A policy breaks its own rules."""


class PiecesError(FaultyError):
    """Pieces of a set could not be made, or do not add up; all others are kept."""

    kept: ClassVar[str] = "all other pieces are kept"


class RefusedError(FaultyError):
    """An edit of a draft was refused whole; the draft is as it was."""


class PlanError(GeogridError):
    """An assignment that cannot be a plan."""


class NoPlanError(PlanError):
    """No plan keeps all that was asked for; ``proved`` is False where only the time was over."""

    def __init__(self, community_id: str, *, proved: bool) -> None:
        self.community_id = community_id
        self.proved = proved
        why = "keeps what was asked for" if proved else "was found in time"
        super().__init__(f"no plan of community {community_id} {why}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes; the arguments of an error are its words."""
        return partial(NoPlanError, proved=self.proved), (self.community_id,)


class NotFoundError(GeogridError):
    """No such thing here; ``kind`` and ``id`` say what was asked for."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002
        self.kind = kind
        self.id = id
        super().__init__(f"no {kind} {id!r} here")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes; by default the message alone would, which is no argument list."""
        return type(self), (self.kind, self.id), self.__dict__


class SignInError(GeogridError):
    """A password, a session or a token opens nothing; which part is wrong is not told."""


class StaleError(GeogridError):
    """An edit started from a version that is no longer the newest one."""


class FrozenError(GeogridError):
    """A published plan never changes; copy it to a draft instead."""


class StoreError(GeogridError):
    """The archive cannot be opened, migrated or written."""


class SnapshotError(GeogridError):
    """A compiled snapshot is missing, damaged or of another format."""


class ClusterError(GeogridError):
    """A job on many workers cannot go on; what is finished is kept, and the same job resumes there."""


class FontError(GeogridError):
    """A sheet cannot be printed, because no Chinese font is installed."""
