"""The parsed address: what was read, element by element, named after GB/T 35639 and GA/T 2000.32."""

from __future__ import annotations

from typing import NamedTuple


class Number(NamedTuple):
    """A door or building number, compared exactly: 18號之1 is (18, 1), 80C is (80, 0, "c").

    ``tag`` is a leading letter or stem in capitals (A3, 甲3, 临3) or a trailing letter in lower case (3A).
    """

    main: int
    sub: int = 0
    tag: str = ""

    def __str__(self) -> str:
        head, tail = (
            (self.tag, "") if self.tag != self.tag.lower() or not self.tag.isascii() else ("", self.tag)
        )
        main = str(self.main) if self.main else ""
        return f"{head}{main}{tail.upper()}" + (f"-{self.sub}" if self.sub else "")


class Elements(NamedTuple):
    """One address taken apart. Names are folded (``normalize.fold``); absent elements are "" or 0 or None.

    ``stem`` is the name that numbers hang on when the grammar cannot say whether it is a road or a compound.
    ``zone`` holds phase and zone together (二期, B区), ``within`` what stands between them and the building.
    ``alternatives`` are further numbers of the same kind ("18/20", "11,12").
    """

    province: str = ""
    city: str = ""
    county: str = ""
    subdistrict: str = ""
    community: str = ""
    group: int = 0
    road: str = ""
    section: int = 0
    lane: str = ""
    alley: int = 0
    sub_alley: int = 0
    number: Number | None = None
    compound: str = ""
    zone: str = ""
    building: Number | None = None
    unit: str = ""
    floor: str = ""
    room: str = ""
    postcode: str = ""
    alternatives: tuple[Number, ...] = ()
    rest: str = ""

    def read(self) -> tuple[tuple[str, str], ...]:
        """List what was read as (element, text), in the order of the fields."""
        return tuple(
            (
                name,
                str(value)
                if not isinstance(value, tuple) or isinstance(value, Number)
                else "/".join(map(str, value)),
            )
            for name, value in zip(self._fields, self, strict=True)
            if value and name != "rest"
        )
