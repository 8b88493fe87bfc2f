"""The shape of the generators: for each mechanism one way to change an address, and what is right then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from benchmarks.errors import characters
from benchmarks.errors.cases import Case, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random


class Changed(NamedTuple):
    """A changed text, its truth and what was done; ``other`` is the door whose own address it is now."""

    text: str
    truth: Truth = Truth.DOOR
    what: str = ""
    other: str = ""


class Address(Protocol):
    """An address that knows the id of its building."""

    @property
    def door(self) -> str:
        """Return the id."""


A = TypeVar("A", bound=Address)


class Maker(ABC, Generic[A]):
    """Makes cases from the addresses of one grammar; ``makers`` holds a method for each mechanism it has."""

    #: A former name and today's, invented for this exam and given to the city's data as such.
    former: Mapping[str, str]

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.makers = self.mechanisms()

    @abstractmethod
    def mechanisms(self) -> Mapping[str, Callable[[A], Changed | None]]:
        """Return what changes an address, by mechanism; None where it cannot touch one."""

    def case(self, mechanism: str, address: A) -> Case | None:
        """Return one case, None where the mechanism cannot touch this address."""
        maker = self.makers.get(mechanism)
        made = maker(address) if maker is not None else None
        return None if made is None else Case(address.door, mechanism, *made)

    def worded(self, text: str, before: Sequence[str], behind: Sequence[str]) -> Changed:
        """Put words of courtesy around a text."""
        if self.chance.random() < 0.5:
            return Changed(self.chance.choice(before) + text, what="before")
        return Changed(text + self.chance.choice(behind), what="behind")

    def misspelt(self, core: str, how: str, codec: str) -> tuple[str, str]:
        """Change a name by sound, look or a slip of the fingers: (name, what); "" where it cannot be."""
        if how == "slip":
            return characters.slip(core, self.chance, codec)
        at = self.chance.randrange(len(core))
        if how == "sound":
            char = characters.homophone(core[at], self.chance, codec)
        else:
            char = characters.look_alike(core[at], self.chance)
        return (core[:at] + char + core[at + 1 :] if char else ""), how


def changes_between(one: str, other: str) -> int:
    """Count the changes between two names: 0, 1 (one letter changed, left out or put in) or 9 for more."""
    if abs(len(one) - len(other)) > 1:
        return 9
    if len(one) == len(other):
        changed = sum(a != b for a, b in zip(one, other, strict=True))
        return changed if changed < 2 else 9
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return 1 if any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer))) else 9
