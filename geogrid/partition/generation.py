"""Generate columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.standing import Standing


def generate(standing: Standing, parts: int, clock: Clock) -> None:
    """Generate."""
    _ = standing, parts, clock
