"""Draw seconds and gap against units as an SVG picture of two panels, a line for each number of grids."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.division.scaling import Case

WIDTH, HEIGHT, LEFT, TOP, PANEL = 760, 340, 60, 44, 280
COLOURS = ("#3f90da", "#832db6", "#bd1f01", "#717581")
UNIT_TICKS = (10, 20, 40, 100, 200, 500, 1000, 2000)


def chart(cases: list[Case]) -> str:
    """Return the picture; filled dots are proved plans, rings are not."""
    seconds = (0.01, 0.1, 1.0, 10.0)
    shares, title = (0, 25, 50, 75, 100), "border: gap to the bound, %"
    panels = [
        _panel(cases, 0, "seconds (limit 10)", seconds, lambda case: _log(case.seconds, 0.01, 20.0)),
        _panel(cases, 1, title, shares, lambda case: case.gap, lambda tick: tick / 100),
    ]
    keys = [
        f'<circle cx="{LEFT + 130 * i + 6}" cy="14" r="4" fill="{COLOURS[i]}"/>'
        f'<text x="{LEFT + 130 * i + 16}" y="18">{grids} grids</text>'
        for i, grids in enumerate(_grids(cases))
    ]
    words = (
        f'<text x="{LEFT}" y="{HEIGHT - 6}">units; filled: proved, ring: not proved at the time limit</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#222">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(keys)}{"".join(panels)}'
        f"{words}</svg>\n"
    )


def _grids(cases: Iterable[Case]) -> list[int]:
    return sorted({case.grids for case in cases})


def _log(value: float, low: float, high: float) -> float:
    return (math.log(max(value, low)) - math.log(low)) / (math.log(high) - math.log(low))


def _panel(
    cases: list[Case],
    place: int,
    title: str,
    ticks: tuple[float, ...],
    height_of: Callable[[Case], float],
    tick_at: Callable[[float], float] = lambda tick: _log(tick, 0.01, 20.0),
) -> str:
    left, bottom = LEFT + place * (PANEL + 80), HEIGHT - 50
    tall = bottom - TOP

    def x(units: float) -> float:
        return left + 8 + (PANEL - 16) * _log(units, 10, 2000)

    def y(share: float) -> float:
        return bottom - tall * share

    parts = [f'<text x="{left}" y="{TOP - 8}">{title}</text>']
    for tick in ticks:
        at = y(tick_at(tick))
        parts.append(f'<path d="M{left} {at:.1f}h{PANEL}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    parts += [
        f'<text x="{x(units):.1f}" y="{bottom + 16}" text-anchor="middle">{units}</text>'
        for units in UNIT_TICKS
    ]
    for colour, grids in zip(COLOURS, _grids(cases), strict=False):
        line = [case for case in cases if case.grids == grids]
        path = " ".join(f"{x(case.units):.1f},{y(height_of(case)):.1f}" for case in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        for case in line:
            fill = colour if case.proved else "#fff"
            middle = f'cx="{x(case.units):.1f}" cy="{y(height_of(case)):.1f}"'
            parts.append(f'<circle {middle} r="4" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>')
    return "".join(parts)
