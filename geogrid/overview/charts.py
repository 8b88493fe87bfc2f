"""Draw small charts as SVG: bars that need no script, print in grey and say their numbers as text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW, LABEL, WIDTH, VALUE = 26, 290, 380, 130


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: from ``start`` (0) to ``value``, with the words beside it."""

    label: str
    value: float
    words: str = ""
    start: float = 0.0
    tone: str = "a"


def bars(title: str, rows: Sequence[Bar], *, most: float | None = None) -> str:
    """Return horizontal bars on one scale."""
    top = most or max((row.value for row in rows), default=0) or 1
    height = ROW * len(rows) + 6
    drawn = "".join(_bar(row, n * ROW + 4, top) for n, row in enumerate(rows))
    return _svg(title, LABEL + WIDTH + VALUE, height, drawn)


def _bar(row: Bar, y: int, top: float) -> str:
    left = LABEL + WIDTH * row.start / top
    width = max(WIDTH * (row.value - row.start) / top, 1.0)
    words = row.words or f"{row.value:,.0f}"
    return (
        f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(row.label)}</text>'
        f'<rect class="{escape(row.tone)}" x="{left:.1f}" y="{y}" width="{width:.1f}" height="18"/>'
        f'<text x="{left + width + 6:.1f}" y="{y + 14}">{escape(words)}</text>'
    )


def shares(title: str, rows: Sequence[tuple[str, Sequence[tuple[str, float]]]]) -> str:
    """Return bars of equal length, each parted into (tone, count)."""
    drawn = []
    for n, (label, parts) in enumerate(rows):
        y, left = n * ROW + 4, float(LABEL)
        total = sum(count for _, count in parts) or 1
        drawn.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>')
        for tone, count in parts:
            width = WIDTH * count / total
            if width:
                drawn.append(f'<rect class="{tone}" x="{left:.1f}" y="{y}" width="{width:.1f}" height="18"/>')
            left += width
        words = " / ".join(f"{count:,.0f}" for _, count in parts)
        drawn.append(f'<text x="{LABEL + WIDTH + 6}" y="{y + 14}">{escape(words)}</text>')
    return _svg(title, LABEL + WIDTH + VALUE, ROW * len(rows) + 6, "".join(drawn))


def legend(tones: Sequence[tuple[str, str]]) -> str:
    """Return what the tones of a chart mean."""
    keys = "".join(f'<span><i class="{escape(tone)}"></i>{escape(words)}</span>' for tone, words in tones)
    return f'<p class="legend">{keys}</p>'


def columns(
    title: str, series: Sequence[tuple[str, dict[int, int]]], *, shaded: tuple[int, int] | None = None
) -> str:
    """Return columns side by side: how often each whole number occurs in each series.

    The numbers from ``shaded[0]`` to ``shaded[1]`` stand on a tinted ground.
    """
    if not any(counts for _, counts in series):
        return ""
    numbers = range(min(min(c, default=0) for _, c in series), max(max(c, default=0) for _, c in series) + 1)
    top = max(max(counts.values(), default=1) for _, counts in series)
    step = (LABEL + WIDTH + VALUE - 20) / len(numbers)
    wide = min(step / (len(series) + 0.6), 22.0)
    drawn = [_ground(numbers, shaded, step)] if shaded else []
    for n, number in enumerate(numbers):
        middle = 10 + step * (n + 0.5)
        drawn.append(f'<text x="{middle:.1f}" y="178" text-anchor="middle">{number}</text>')
        for k, (tone, counts) in enumerate(series):
            count = counts.get(number, 0)
            if not count:
                continue
            tall = 140 * count / top
            x = middle + wide * (k - len(series) / 2)
            drawn.append(_column(x, wide, tall, tone, count))
    return _svg(title, LABEL + WIDTH + VALUE, 186, "".join(drawn))


def _ground(numbers: range, shaded: tuple[int, int], step: float) -> str:
    first, last = max(shaded[0], numbers.start), min(shaded[1], numbers.stop - 1)
    if first > last:
        return ""
    left, wide = 10 + step * (first - numbers.start), step * (last - first + 1)
    return f'<rect class="range" x="{left:.1f}" y="0" width="{wide:.1f}" height="184"/>'


def _column(x: float, wide: float, tall: float, tone: str, count: int) -> str:
    foot = 160 - tall
    return (
        f'<rect class="{tone}" x="{x:.1f}" y="{foot:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
        f'<text class="small" x="{x + wide / 2:.1f}" y="{foot - 4:.1f}" text-anchor="middle">{count}</text>'
    )


def _svg(title: str, width: int, height: int, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )
