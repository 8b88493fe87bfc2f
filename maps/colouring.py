"""Give neighbouring grids colours that everyone can tell apart.

The palette is Petroff 10 (M. A. Petroff, "Accessible color sequences for data visualization", 2021).
Differences are CIEDE2000 (CIE 142-2001) between the colours as they are drawn, for normal sight and for the
three dichromacies (Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of
color vision deficiency", 2009, severity 1.0); the smallest of the four counts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PALETTE = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
SIGHT = np.array(
    [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
)
GREYS = frozenset({3, 8})  # taken last: they are too near to the grey of special-purpose grids
TO_XYZ = np.array(
    [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
)
OPACITY = 0.7
GROUND = "#f7f3ea"
# What a choice costs: a neighbour of the same colour, a colour used twice, a grey; then nearness.
SAME, TWICE, GREY = 1e6, 1e3, 5.0
NEAR = 20.0  # two neighbours at this difference cost 1, at half of it 64
ROUNDS = 20


@cache
def distances() -> tuple[tuple[float, ...], ...]:
    """Return the CIEDE2000 of each two colours of `PALETTE` for the eye that sees them closest."""
    srgb, under = _channels(PALETTE), _channels((GROUND,))
    drawn = OPACITY * srgb + (1 - OPACITY) * under
    linear = np.where(drawn <= 0.04045, drawn / 12.92, ((drawn + 0.055) / 1.055) ** 2.4)
    lab = _lab(np.clip(np.einsum("sij,nj->sni", SIGHT, linear), 0, 1))
    apart = ciede2000(lab[:, :, None], lab[:, None, :]).min(axis=0)
    return tuple(tuple(float(value) for value in row) for row in apart)


def _lab(linear: Floats) -> Floats:
    """Return CIE Lab (D65) of linear RGB; the last axis is the channel."""
    ratio = linear @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def ciede2000(one: Floats, two: Floats) -> Floats:
    """Return the colour difference of CIE Lab pairs (Sharma, Wu, Dalal 2005, equations 2-22)."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(two, -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean_c7 / (mean_c7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    lm, cm, hm = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    t = 1 - 0.17 * np.cos(np.radians(hm - 30)) + 0.24 * np.cos(np.radians(2 * hm))
    t += 0.32 * np.cos(np.radians(3 * hm + 6)) - 0.20 * np.cos(np.radians(4 * hm - 63))
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = -2 * np.sqrt(cm**7 / (cm**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2))))
    dl, dc, dh = (l2 - l1) / sl, (c2 - c1) / sc, dh / sh
    return np.asarray(np.sqrt(dl**2 + dc**2 + dh**2 + rt * dc * dh))


def _channels(colours: Iterable[str]) -> Floats:
    return np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])


def colour_grids(
    neighbours: Mapping[str, Iterable[str]],
    keep: Mapping[str, int] | None = None,
    beside: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Return an index into `PALETTE` for every key of ``neighbours``.

    No neighbour has the same colour where that can be, then no colour is used twice, then no grey is used,
    then neighbours are as far apart as can be found: greedily in the order of the keys, then by single
    changes and exchanges until none helps. ``keep`` holds colours of grids that survive from an earlier plan;
    they stay, unless two such grids have become neighbours: then the later one by code gives way. ``beside``
    holds colours of neighbours that are not to be coloured.
    """
    work = _Colouring(neighbours, keep or {}, beside or {})
    for code in work.free:
        work.chosen[code] = min(range(len(PALETTE)), key=lambda c, code=code: (work.cost(code, c), c))  # type: ignore[misc]
    for _ in range(ROUNDS):
        if not (work.changed() | work.exchanged()):
            break
    return {code: work.chosen[code] for code in sorted(neighbours)}


class _Colouring:
    """A colouring in the making: what is chosen so far and what another choice would cost."""

    def __init__(
        self,
        neighbours: Mapping[str, Iterable[str]],
        keep: Mapping[str, int],
        beside: Mapping[str, int],
    ) -> None:
        apart = distances()
        self.near = [[SAME if i == j else (NEAR / apart[i][j]) ** 6 for j in range(10)] for i in range(10)]
        self.around = {code: sorted(set(others) - {code}) for code, others in neighbours.items()}
        self.beside = {code: colour for code, colour in beside.items() if code not in neighbours}
        self.chosen: dict[str, int] = {}
        for code in sorted(code for code in keep if code in neighbours):
            if all(self.chosen.get(other) != keep[code] for other in self.around[code]):
                self.chosen[code] = keep[code]
        self.free = [code for code in sorted(neighbours) if code not in self.chosen]

    def cost(self, code: str, colour: int) -> float:
        """Return what it costs that ``code`` has ``colour`` while all others keep theirs."""
        near = self.near[colour]
        total = GREY if colour in GREYS else 0.0
        for other in self.around[code]:
            found = self.chosen.get(other, self.beside.get(other))
            total += 0.0 if found is None else near[found]
        return total + TWICE * sum(
            1 for other, found in self.chosen.items() if found == colour and other != code
        )

    def changed(self) -> bool:
        """Give every free grid its cheapest colour; tell whether that helped."""
        helped = False
        for code in self.free:
            now = self.cost(code, self.chosen[code])
            best = min(range(len(PALETTE)), key=lambda c, code=code: (self.cost(code, c), c))  # type: ignore[misc]
            if self.cost(code, best) < now - 1e-9:
                self.chosen[code] = best
                helped = True
        return helped

    def exchanged(self) -> bool:
        """Exchange the colours of two free grids wherever that helps; tell whether it did."""
        helped = False
        for i, one in enumerate(self.free):
            for other in self.free[i + 1 :]:
                before = self._together(one, other)
                self._exchange(one, other)
                if self._together(one, other) < before - 1e-9:
                    helped = True
                else:
                    self._exchange(one, other)
        return helped

    def _together(self, one: str, other: str) -> float:
        return self.cost(one, self.chosen[one]) + self.cost(other, self.chosen[other])

    def _exchange(self, one: str, other: str) -> None:
        self.chosen[one], self.chosen[other] = self.chosen[other], self.chosen[one]
