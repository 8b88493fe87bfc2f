"""Integer keys of places and doors: sorted, so that a prefix of an address is one contiguous range.

A *place* is what numbers hang on: a road (with section, lane, alley) or a compound (with its zone in the
lane's
field). Its key is ``stem:20 | section:6 | lane:14 | alley:12 | sub_alley:10`` bits. An *entry* is a number
at a place: ``place:24 | main:16 | sub:12 | tag:8`` bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geogrid.addresses.elements import Number

STEM_SHIFT = 42
SECTION_SHIFT = 36
LANE_SHIFT = 22
ALLEY_SHIFT = 10
NAMED_LANE = 8192  # lanes and zones with a name instead of a number start here
PLACE_SHIFT = 36
NO_KEY = -1  # a number that no key can hold, so it exists nowhere
_MAX = {"section": 1 << 6, "lane": NAMED_LANE, "alley": 1 << 12, "sub_alley": 1 << 10}


def place_key(stem: int, section: int, lane: int, alley: int, sub_alley: int) -> int:
    """Pack one place; NO_KEY where a part is out of range."""
    if (
        section >= _MAX["section"]
        or lane >= 2 * NAMED_LANE
        or alley >= _MAX["alley"]
        or sub_alley >= _MAX["sub_alley"]
    ):
        return NO_KEY
    return (
        (stem << STEM_SHIFT)
        | (section << SECTION_SHIFT)
        | (lane << LANE_SHIFT)
        | (alley << ALLEY_SHIFT)
        | sub_alley
    )


def parts_of_place(key: int) -> tuple[int, int, int, int, int]:
    """Unpack one place: stem, section, lane, alley, sub-alley."""
    return (
        key >> STEM_SHIFT,
        (key >> SECTION_SHIFT) & 0x3F,
        (key >> LANE_SHIFT) & 0x3FFF,
        (key >> ALLEY_SHIFT) & 0xFFF,
        key & 0x3FF,
    )


def number_key(number: Number, tags: dict[str, int]) -> int:
    """Pack a number into 36 bits; NO_KEY where it is out of range or its tag is unknown here."""
    tag = tags.get(number.tag, -1) if number.tag else 0
    if tag < 0 or number.main >= 1 << 16 or number.sub >= 1 << 12:
        return NO_KEY
    return (number.main << 20) | (number.sub << 8) | tag
