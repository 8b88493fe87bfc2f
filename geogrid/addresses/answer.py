"""What a question about an address is answered with."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from geogrid.addresses.elements import Elements


class Status(StrEnum):
    """How far the question is settled."""

    MATCHED = "matched"  # one place, or several that all lie in one grid
    AMBIGUOUS = "ambiguous"  # several places in different grids fit; ask back
    PARTIAL = "partial"  # a part was found, but not enough, or the number does not exist
    HISTORICAL = "historical"  # found under a name or code that is no longer in use
    NONE = "none"  # nothing that could be meant


class Level(StrEnum):
    """The finest element that was found in the city's data."""

    ROOM = "room"
    UNIT = "unit"
    FLOOR = "floor"
    BUILDING = "building"
    NUMBER = "number"
    COMPOUND = "compound"
    ROAD = "road"
    COMMUNITY = "community"
    NONE = "none"


class Note(NamedTuple):
    """One step of the explanation.

    ``kind`` is read, corrected, filled, contradicted, unknown, ignored, former, alias, ranked, doubt, or
    alike (another address of the city is one slip away from this one).
    """

    kind: str
    element: str
    text: str
    became: str = ""


class Candidate(NamedTuple):
    """One place that may be meant; ``grid`` is its label, -1 where it has none or spans several (``grids``).

    ``door`` is the index's door number, -1 for a compound, a road or a community.
    """

    kind: str
    text: str
    score: float
    door: int
    grid: int
    grids: tuple[int, ...]
    compound_id: str = ""
    community_id: str = ""


class AddressAnswer(NamedTuple):
    """The answer to one address.

    ``grid`` is the label that is certain, -1 where none is. ``margin`` is the distance in score to the best
    candidate in another grid. ``missing`` names the elements that would settle the question. ``text`` is the
    question as it was asked.
    """

    text: str
    status: Status
    match_level: Level
    score: float
    margin: float
    grid: int
    candidates: tuple[Candidate, ...]
    grids: tuple[int, ...]
    missing: tuple[str, ...]
    elements: Elements
    notes: tuple[Note, ...]

    @property
    def explain(self) -> tuple[Note, ...]:
        """List what was read, then what was corrected, filled in, contradicted or ignored."""
        return tuple(Note("read", name, text) for name, text in self.elements.read()) + self.notes
