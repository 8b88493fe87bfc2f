"""One changed address and what a right answer to it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MECHANISMS = (
    "clean",
    "dropped elements",
    "order",
    "homophone",
    "look-alike character",
    "simplified/traditional",
    "numeral forms",
    "separators",
    "old name",
    "typo in a name",
    "wrong subdistrict",
    "extra text",
    "non-existent building",
    "non-existent compound",
)


class Truth(StrEnum):
    """What the right answer is."""

    DOOR = "door"  # the grid of this door
    SEVERAL = "several"  # a collision: the text fits other real addresses as well, so asking back is right
    OTHER = "other"  # a collision: the text is, word for word, another real address
    NOTHING = "nothing"  # no such place: naming any grid as certain is wrong


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the truth table. ``door`` is the building id the text was made from.

    ``other`` is the door whose own address the text is, word for word, where it is one.
    """

    door: str
    mechanism: str
    text: str
    truth: Truth
    what: str = ""
    other: str = ""
