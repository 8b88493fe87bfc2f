"""The shape of the three generators: one way to change an address for each mechanism."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, Protocol

from benchmarks.errors import characters
from benchmarks.errors.cases import Case, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random


class Changed(NamedTuple):
    """A changed text, its truth, what was done, and the door whose own address it is word for word."""

    text: str
    truth: Truth
    what: str
    other: str = ""


class Address(Protocol):
    """An address that knows its door."""

    @property
    def door(self) -> str:
        """Return the id of the building."""


class Maker[A: Address](ABC):
    """Makes one case of a mechanism from an address."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    @abstractmethod
    def makers(self) -> Mapping[str, Callable[[A], Changed | tuple[str, Truth, str] | None]]:
        """Return the mechanisms that the grammar has, each with what changes an address by it."""

    def case(self, mechanism: str, address: A) -> Case | None:
        """Return one case, None where the mechanism cannot touch this address."""
        maker = self.makers().get(mechanism)
        made = maker(address) if maker is not None else None
        return None if made is None else Case(address.door, mechanism, *made)

    def wordy(self, text: str, before: Sequence[str], behind: Sequence[str]) -> Changed:
        """Put words of courtesy around a text."""
        if self.chance.random() < 0.5:
            return Changed(self.chance.choice(before) + text, Truth.DOOR, "before")
        return Changed(text + self.chance.choice(behind), Truth.DOOR, "behind")

    def misspelt(self, core: str, how: str, codec: str) -> tuple[str, str]:
        """Change one character of a name by sound, look or slip: (name, what); "" where that cannot be."""
        if how == "slip":
            return characters.slip(core, self.chance, codec)
        at = self.chance.randrange(len(core))
        sounding = how == "sound"
        char = (
            characters.homophone(core[at], self.chance, codec)
            if sounding
            else characters.look_alike(core[at], self.chance)
        )
        return (core[:at] + char + core[at + 1 :] if char else ""), how


def changes_between(one: str, other: str) -> int:
    """Count the changes between two names: 0, 1 (a character changed, left out or put in) or 9 for more."""
    if abs(len(one) - len(other)) > 1:
        return 9
    if len(one) == len(other):
        changed = sum(a != b for a, b in zip(one, other, strict=True))
        return changed if changed < 2 else 9
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return 1 if any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer))) else 9
