"""The sample city, drawn once in a test process, and what was published of the real one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from geogrid.sample import draw_dandong

if TYPE_CHECKING:
    from geogrid.model import City

# Published in 2020, typed here and nowhere else; the city is counted.
PUBLISHED = {
    "subdistricts": 20,
    "communities": 193,
    "compounds": 788,
    "branches": 955,
    "building groups": 3_027,
    "member centre households": 8_621,
    "members": 41_312,
    "branch secretaries": 612,
    "secretaries with another post": 17,
    "model branches": 20,
    "city organisations": 413,
    "county organisations": 542,
    "service centres": 20,
    "service stations": 193,
    "funded branches": 805,
    "yuan a year for branches": 4_830_000,
}


@cache
def sample_city() -> City:
    """Return the city of seed 1; nobody may change it."""
    return draw_dandong(seed=1)
