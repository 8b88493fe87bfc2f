"""Give neighbouring grids colours that everyone can tell apart.

The palette is Petroff 10 (M. A. Petroff, "Accessible color sequences for data visualization", 2021).
Distances are taken in OKLab (B. Ottosson, 2020) between the colours as they are drawn, for normal sight and
for the three dichromacies (Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of
color vision deficiency", 2009, severity 1.0); the smallest of the four counts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

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
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


OPACITY = 0.7
GROUND = "#f7f3ea"
# What a choice costs: a neighbour of the same colour, a colour used twice, a grey; then nearness.
SAME, TWICE, GREY = 1e6, 1e3, 5.0
NEAR = 0.2  # OKLab; two neighbours at this distance cost 1, at half of it 16
ROUNDS = 20


@cache
def distances() -> tuple[tuple[float, ...], ...]:
    """Return how far apart each two colours of `PALETTE` are for the eye that sees them closest."""
    srgb, under = _channels(PALETTE), _channels((GROUND,))
    drawn = OPACITY * srgb + (1 - OPACITY) * under
    linear = np.where(drawn <= 0.04045, drawn / 12.92, ((drawn + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.einsum("sij,nj->sni", SIGHT, linear), 0, 1)
    lab = np.cbrt(seen @ TO_LMS.T) @ TO_OKLAB.T
    apart = np.linalg.norm(lab[:, :, None] - lab[:, None, :], axis=-1).min(axis=0)
    return tuple(tuple(float(value) for value in row) for row in apart)


def _channels(colours: Iterable[str]) -> NDArray[np.float64]:
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
        self.near = [[SAME if i == j else (NEAR / apart[i][j]) ** 4 for j in range(10)] for i in range(10)]
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
