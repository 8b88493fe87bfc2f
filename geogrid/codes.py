"""Read, write and number the codes of areas and grids.

NBS           12 digits: county 6 (GB/T 2260), subdistrict 3 (GB/T 10114), community 3
GB/T 47678.3  15: the community's 12 digits and a sequence of 3; the codes that geogrid gives
CJ/T 213      14: the same 12 digits and a sequence of 2
CJ/T 349      20: an object class of 6 (CJ/T 348), the same 12 digits and a sequence of 2, which is 00 where
              the community is not divided; a grid of several communities has a community part from 601 on
LOCAL         any community id that is no 12-digit code, a hyphen and a sequence of 3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# GB/T 2260: the first two digits of the provinces, autonomous regions, municipalities and special regions.
PROVINCE_RANGES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
PROVINCES = frozenset(str(n) for first, last in PROVINCE_RANGES for n in range(first, last + 1))
FIRST_MERGED_COMMUNITY = 601
# Places that differ by less count as equally far west or north (metres).
SAME_PLACE_M = 1e-3


class Scheme(StrEnum):
    """The rule that a code follows."""

    NBS = "NBS"
    GBT_47678 = "GB/T 47678.3"
    CJT_213 = "CJ/T 213"
    CJT_349 = "CJ/T 349"
    LOCAL = "local"


class AreaLevel(StrEnum):
    """What a 12-digit code names, by its trailing zeros."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"


DIGITS = {AreaLevel.PROVINCE: 2, AreaLevel.CITY: 4, AreaLevel.DISTRICT: 6, AreaLevel.SUBDISTRICT: 9}
LARGEST = {Scheme.GBT_47678: 999, Scheme.LOCAL: 999, Scheme.CJT_213: 99, Scheme.CJT_349: 99}


@dataclass(frozen=True, slots=True)
class GridCode:
    """A grid's code taken apart. ``number`` is 0 where CJ/T 349 says that the community is one grid.

    ``object_class`` are the six digits of CJ/T 348, empty in the other schemes.
    """

    community: str
    number: int
    scheme: Scheme = Scheme.GBT_47678
    object_class: str = ""

    @property
    def merged(self) -> bool:
        """Say whether the code is of a grid made of several communities (CJ/T 349, 5.6)."""
        return self.scheme is Scheme.CJT_349 and int(self.community[-3:]) >= FIRST_MERGED_COMMUNITY

    def __str__(self) -> str:
        return write_grid_code(self)


def is_area_code(text: str) -> bool:
    """Say whether ``text`` is a well-formed 12-digit code: digits, a province, no gap in the hierarchy."""
    if not _digits(text, 12) or text[:2] not in PROVINCES:
        return False
    city, subdistrict, community = (int(part) > 0 for part in (text[2:4], text[6:9], text[9:12]))
    # A few cities (Dongguan, 441900) have no districts: their subdistricts follow a district part of 00.
    district = int(text[4:6]) > 0
    return (city or not (district or subdistrict)) and (subdistrict or not community)


def area_level(text: str) -> AreaLevel:
    """Return what a 12-digit code names.

    :raises ValueError: it is not a well-formed code.
    """
    if not is_area_code(text):
        raise ValueError(f"{_short(text)!r} is not a 12-digit area code")
    for level, digits in DIGITS.items():
        if not int(text[digits:]):
            return level
    return AreaLevel.COMMUNITY


def grid_code(community_code: str, number: int) -> str:
    """Return the code of grid ``number`` (1 to 999) of a community.

    15 digits (GB/T 47678.3) where the community has a 12-digit code, else ``<code>-<number>``.

    :raises ValueError: the number is out of range or the community has no code.
    """
    scheme = Scheme.GBT_47678 if _digits(community_code, 12) else Scheme.LOCAL
    if number < 1:
        raise ValueError(f"grids are numbered from 1, not {number}")
    return write_grid_code(GridCode(community_code, number, scheme))


def write_grid_code(code: GridCode) -> str:
    """Return a code as text in its scheme.

    :raises ValueError: a part does not fit the scheme.
    """
    if not 0 <= code.number <= LARGEST.get(code.scheme, -1):
        raise ValueError(f"{code.number} is no grid number in {code.scheme.value}")
    if code.scheme is Scheme.LOCAL:
        if not code.community:
            raise ValueError("the community has no code")
        return f"{code.community}-{code.number:03d}"
    if not _digits(code.community, 12):
        raise ValueError(f"{_short(code.community)!r} is not a 12-digit community code")
    if code.scheme is Scheme.GBT_47678:
        return f"{code.community}{code.number:03d}"
    if code.scheme is Scheme.CJT_213:
        return f"{code.community}{code.number:02d}"
    if not _digits(code.object_class, 6):
        raise ValueError("CJ/T 349 needs an object class of six digits")
    return f"{code.object_class}{code.community}{code.number:02d}"


def parse_grid_code(text: str) -> GridCode:
    """Take a grid's code apart; its length tells the scheme.

    :raises ValueError: it follows none of the schemes.
    """
    if _digits(text, 15):
        return _official(text[:12], int(text[12:]), Scheme.GBT_47678, text)
    if _digits(text, 14):
        return _official(text[:12], int(text[12:]), Scheme.CJT_213, text)
    if _digits(text, 20):
        code = _official(text[6:18], int(text[18:]), Scheme.CJT_349, text)
        return GridCode(code.community, code.number, code.scheme, text[:6])
    local = re.fullmatch(r"(.+)-([0-9]{3})", text)
    if local is None or int(local[2]) == 0 or _digits(local[1], 12):
        raise ValueError(f"{_short(text)!r} is not a grid code")
    return GridCode(local[1], int(local[2]), Scheme.LOCAL)


def _official(community: str, number: int, scheme: Scheme, text: str) -> GridCode:
    numbered = number > 0 or scheme is Scheme.CJT_349
    if not numbered or community[:2] not in PROVINCES:
        raise ValueError(f"{text!r} is not a grid code of {scheme.value}")
    return GridCode(community, number, scheme)


def number_west_to_east(points: ArrayLike, ids: Sequence[str] | None = None) -> NDArray[np.intp]:
    """Return the order in which places get their numbers: west to east, then north to south.

    ``points`` is an (n, 2) array of x (east) and y (north) in metres; places within a millimetre count as
    equal and are then ordered by ``ids``, or by their position. The number of ``points[order[k]]`` is k + 1.
    """
    places = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    east, north = np.round(places / SAME_PLACE_M).T
    names = np.arange(len(places)) if ids is None else np.argsort(np.argsort(np.asarray(ids, dtype=str)))
    return np.lexsort((names, -north, east))


def natural_order(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts names as people count: 2 before 10, and 10 before 10A."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", text)]


def _digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
