"""First prices for moments: a subgradient of the model of Hess in which nodes may be broken.

Every node may lie in several parts or none, and pays its price for that; then the parts around different
centres are knapsacks apart from each other (Hess et al. 1965; Validi, Buchanan and Lykhovyd 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.cheap_around import order_by_ratio
from geogrid.partition.steps import part

if TYPE_CHECKING:
    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Floats, Ints

NEVER_FULL = 1e300
PATIENCE = 12
FIRST_PACE = 1.0
LAST_PACE = 0.01


@njit(cache=True, nogil=True)
def prices_of_centres(
    charges: Ints, weight: Ints, lower: int, upper: int, parts: int, turns: int, flag: Flag
) -> tuple[Floats, float, Floats]:
    """Return prices of the nodes, the cost that they prove for every plan, and each centre's least.

    ``charges`` (centre, node).
    """
    n = len(weight)
    price = np.empty(n)
    for v in range(n):
        price[v] = np.sort(charges[:, v])[min(2, n - 1)]
    best = price.copy()
    best_bound = -np.inf
    best_least = np.zeros(n)
    least = np.zeros(n)
    used = np.zeros((n, n))
    pace = FIRST_PACE
    since = 0
    for _ in range(turns):
        for j in range(n):
            least[j] = _broken(charges[j], price, weight, lower, upper, j, used[j])
        order = np.argsort(least, kind="mergesort")[:parts]
        bound = price.sum() + least[order].sum()
        since = 0 if bound > best_bound + 1e-4 * abs(best_bound) else since + 1
        if bound > best_bound:
            best_bound = bound
            best[:] = price
            best_least[:] = least
        if since > PATIENCE:
            pace *= 0.6
            since = 0
            price[:] = best
        if pace < LAST_PACE or flag[0] or not _step(price, order, used, weight, pace * abs(bound)):
            break
    return best, best_bound, best_least


@part
def _step(price: Floats, order: Ints, used: Floats, weight: Ints, length: float) -> bool:
    """Raise the prices of nodes in no part, lower those of nodes in several; tell whether there are any."""
    slope = np.ones(len(price))
    for j in order:
        slope -= used[j]
    slope *= weight
    size = (slope * slope).sum()
    if size < 1e-9:
        return False
    # What a node costs grows with its weight, and so does the step of its price.
    price += 0.05 * length / np.sqrt(size * len(price)) * slope * weight / max(weight.mean(), 1.0)
    return True


@part
def _broken(
    charge: Ints, price: Floats, weight: Ints, lower: int, upper: int, centre: int, used: Floats
) -> float:
    """Fill the part of a centre at least charge; ``used`` becomes the share of each node."""
    net = charge - np.rint(price).astype(np.int64)
    used[:] = 0.0
    used[centre] = 1.0
    held = weight[centre]
    least = float(net[centre])
    for v in order_by_ratio(net, weight):
        if v == centre:
            continue
        share = 1.0
        if net[v] < 0:
            if held + weight[v] > upper:
                share = max(upper - held, 0) / weight[v]
        else:
            if held >= lower:
                break
            if held + weight[v] > lower:
                share = (lower - held) / weight[v]
        used[v] = share
        held += weight[v]
        least += share * net[v]
        if share < 1.0:
            break
    return least if held >= lower and weight[centre] <= upper else NEVER_FULL
