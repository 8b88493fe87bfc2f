"""The sample city, drawn once in a test process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from geogrid.sample import draw_dandong

if TYPE_CHECKING:
    from geogrid.model import City


@cache
def sample_city() -> City:
    """Return the city of seed 1; nobody may change it."""
    return draw_dandong(seed=1)
