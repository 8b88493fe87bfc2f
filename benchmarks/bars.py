"""The bars of a benchmark: what was asked for, what was measured, and whether it holds."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing asked for; ``goal`` in words."""

    name: str
    value: float
    goal: str
    holds: bool


def at_least(name: str, value: float, goal: float) -> Bar:
    """Return a bar that asks for ``goal`` or more."""
    return Bar(name, _short(value), f">= {goal:g}", value >= goal)


def at_most(name: str, value: float, goal: float) -> Bar:
    """Return a bar that asks for ``goal`` or less."""
    return Bar(name, _short(value), f"<= {goal:g}", value <= goal)


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def print_bars(bars: Iterable[Bar]) -> None:
    """Print the bars as one line of JSON, the last of a benchmark."""
    print(json.dumps({"bars": [asdict(bar) for bar in bars]}, ensure_ascii=False))


class Clock:
    """The seconds a quick run may take in all; without any, time is no matter."""

    def __init__(self, seconds: float | None) -> None:
        self.until = None if seconds is None else time.monotonic() + seconds

    def part(self, share: float) -> Clock:
        """Return a clock with a share of the time left."""
        return Clock(None if self.until is None else share * self.left())

    def left(self) -> float:
        """Return the seconds left."""
        return math.inf if self.until is None else max(self.until - time.monotonic(), 0.0)

    def is_over(self) -> bool:
        """Tell whether the time is used up."""
        return self.until is not None and time.monotonic() > self.until
