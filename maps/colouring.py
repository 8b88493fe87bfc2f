"""Give neighbouring grids colours that everyone can tell apart.

The palette is Petroff 10 (M. A. Petroff, "Accessible color sequences for data visualization", 2021).
Distances are taken in OKLab (B. Ottosson, 2020) for normal sight and for the three dichromacies
(Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision deficiency",
2009, severity 1.0); the smallest of the four counts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


@cache
def distances() -> tuple[tuple[float, ...], ...]:
    """Return how far apart each two colours of `PALETTE` are for the eye that sees them closest."""
    srgb = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in PALETTE])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.einsum("sij,nj->sni", SIGHT, linear), 0, 1)
    lab = np.cbrt(seen @ TO_LMS.T) @ TO_OKLAB.T
    apart = np.linalg.norm(lab[:, :, None] - lab[:, None, :], axis=-1).min(axis=0)
    return tuple(tuple(float(value) for value in row) for row in apart)


def colour_grids(
    neighbours: Mapping[str, Iterable[str]], keep: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return an index into `PALETTE` for every key of ``neighbours``.

    Greedy, in the order of the keys: first a colour that no neighbour has, then one used least so far,
    then no grey, then the one farthest from its neighbours' colours; ties go to the earlier colour.
    ``keep`` holds colours of grids that survive from an earlier plan; they do not change.
    """
    apart = distances()
    chosen = {code: colour for code, colour in (keep or {}).items() if code in neighbours}
    used = [0] * len(PALETTE)
    for colour in chosen.values():
        used[colour] += 1
    for code in sorted(neighbours):
        if code in chosen:
            continue
        around = [chosen[other] for other in neighbours[code] if other in chosen]
        gap = [min((apart[c][other] for other in around), default=1.0) for c in range(len(PALETTE))]
        chosen[code] = min(
            range(len(PALETTE)), key=lambda c: (c in around, used[c], c in GREYS, -round(gap[c], 6), c)
        )
        used[chosen[code]] += 1
    return chosen
