"""Find the legal grids that are cheap under given prices, without listing the others.

A grid's price is a sum over its units, over its pairs of neighbours and a function of its households. Units
are taken in or left out one after the other, from a first unit outwards; a branch ends as soon as what is
decided, and the best that the undecided could still add, is dearer than allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.cheap_grids import Asked, Ground, search_cheap
from geogrid.partition.terrain import FAR

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Floats, Masks, Problem
    from geogrid.partition.terrain import Terrain

# Prices are whole numbers of this share, so that adding and taking away never blurs them.
SCALE = 1024


@dataclass(frozen=True)
class Prices:
    """What a grid costs at least: ``unit`` (n), ``pair`` (e) for pairs inside it, ``constant``.

    ``whole`` (compounds) is for a compound that lies in it whole and ``grid`` for a grid that has any; a
    part of a compound pays neither. ``homes`` tells what a number of households costs, at least 0.
    """

    unit: Floats
    pair: Floats
    whole: Floats
    homes: Floats
    grid: float = 0.0
    constant: float = 0.0


@dataclass(frozen=True)
class Cheap:
    """Grids found (m, words), and for each first unit the least price of its grids, if it was found out."""

    masks: Masks
    least: Floats
    finished: bool


def cheap_grids(
    problem: Problem,
    terrain: Terrain,
    prices: Prices,
    clock: Clock,
    *,
    most: float,
    limit: int,
    steps: int,
    best_only: bool,
) -> Cheap:
    """Find the legal grids that cost at most ``most``.

    With ``best_only`` each first unit tells its cheapest grid, and of the others only those found before
    anything twice as far below ``most``. At most ``limit`` grids are returned, and at most ``steps`` taken
    for each first unit.
    """
    own = prices.unit.copy()
    a, b = problem.pairs.T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    inside = (terrain.node_of[a] == terrain.node_of[b]) & (terrain.node_of[a] >= 0)
    node = np.zeros(len(terrain.homes))
    lived = terrain.node_of >= 0
    np.add.at(node, terrain.node_of[lived], own[lived])
    np.add.at(node, terrain.node_of[a[inside]], prices.pair[inside])
    if not terrain.parts:
        compound = problem.compound[lived]
        owners, first = np.unique(terrain.node_of[lived], return_index=True)
        named_owner = compound[first] >= 0
        node[owners[named_owner]] += prices.whole[compound[first][named_owner]]
    joint = np.zeros(terrain.edges)
    between = terrain.edge_of >= 0
    np.add.at(joint, terrain.edge_of[between], prices.pair[between])
    # Half of what two nodes save together is charged to each cut between them instead.
    saved = np.ceil(np.maximum(-joint, 0.0) * SCALE / 2).astype(np.int64)
    cut = saved[terrain.edge]
    charge = np.floor(np.maximum(joint, 0.0) * SCALE).astype(np.int64)[terrain.edge]
    values = np.floor(node * SCALE).astype(np.int64)
    values -= np.bincount(terrain.near, cut, len(values)).astype(np.int64)
    named = np.zeros(len(values), np.uint8)
    if not terrain.parts:
        named[owners[named_owner]] = 1
    constant = prices.constant
    ground = Ground(
        terrain.nodes.masks,
        terrain.start,
        terrain.near,
        cut,
        charge,
        terrain.touch,
        values,
        terrain.homes,
        terrain.giants,
        terrain.giant_count,
        terrain.nodes.once,
        named,
        terrain.reach,
    )
    asked = Asked(
        np.floor(prices.homes * SCALE).astype(np.int64),
        int(np.floor(prices.grid * SCALE)),
        int(np.ceil((most - constant) * SCALE)),
        best_only,
        limit,
        steps,
    )
    masks, least, finished = search_cheap(ground, terrain.terms, asked, clock.flag)
    told = np.where(least >= FAR, np.inf, least / SCALE + constant)
    return Cheap(masks, told, finished)
