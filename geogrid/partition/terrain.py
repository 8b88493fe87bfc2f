"""What pricing walks on: nodes that are put together, their neighbours, and how far a grid can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.leftovers import terms_of
from geogrid.partition.legal_grids import membership, part_nodes, whole_nodes
from geogrid.partition.min_cut import arcs_of
from geogrid.partition.problem import neighbour_masks

if TYPE_CHECKING:
    from geogrid.partition.leftovers import Terms
    from geogrid.partition.legal_grids import Flag, Nodes, Window
    from geogrid.partition.problem import Ints, Problem

FAR = 1 << 62


@dataclass(frozen=True)
class Terrain:
    """What the search walks on and no price changes, and the ``terms`` that grids must keep.

    ``nodes`` are put together; ``node_of`` (n) is the node of each unit, -1 for none. Edges join nodes with
    neighbouring units: ``edge_of`` (e) tells which edge a pair belongs to, -1 for none; ``start``, ``near``
    and ``edge`` list each node's edges, ``touch`` those that connect. ``reach`` (roots, nodes) says which
    nodes can lie in one grid with a root.
    """

    nodes: Nodes
    terms: Terms
    parts: bool
    node_of: Ints
    edge_of: Ints
    edges: int
    start: Ints
    near: Ints
    edge: Ints
    touch: Flag
    homes: Ints
    giants: Ints
    giant_count: Ints
    reach: Flag


def terrains(problem: Problem, window: Window, breach: int, *, compound_is_grid: bool) -> list[Terrain]:
    """Return the terrain of whole compounds and that of each compound's parts."""
    whole = whole_nodes(problem, neighbour_masks(problem), compound_is_grid=compound_is_grid)
    parts = part_nodes(problem, compound_is_grid=compound_is_grid)
    return [
        _terrain(problem, nodes, window, breach, parts=nodes is not whole)
        for nodes in (whole, *parts)
        if len(nodes.masks) and nodes.roots
    ]


def _terrain(problem: Problem, nodes: Nodes, window: Window, breach: int, *, parts: bool) -> Terrain:
    m = len(nodes.masks)
    member = membership(nodes.masks, problem.n)
    node_of = np.where(member.any(axis=0), member.argmax(axis=0), -1)
    a, b = node_of[problem.pairs].T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    between = (a >= 0) & (b >= 0) & (a != b)
    keys = np.minimum(a, b) * m + np.maximum(a, b)
    unique, place = np.unique(keys[between], return_inverse=True)
    edge_of = np.full(len(problem.pairs), -1, np.int64)
    edge_of[between] = place
    touch = np.zeros(len(unique), np.uint8)
    touch[edge_of[between & problem.open]] = 1
    # An arc tells its edge by what it pays: the number of the edge.
    start, near, _, edge = arcs_of(m, np.column_stack([unique // m, unique % m]), np.arange(len(unique)))
    homes = member @ problem.weight
    giant = problem.weight > window.upper
    terms = terms_of(problem, window, breach, nodes.whole, is_torn=nodes.split_compounds)
    return Terrain(
        nodes,
        terms,
        parts,
        node_of,
        edge_of,
        len(unique),
        start,
        near,
        edge,
        touch[edge],
        homes,
        member @ (problem.weight * giant),
        member @ giant.astype(np.int64),
        _reach(start, near, touch[edge], homes, nodes.roots, terms.most_homes),
    )


@njit(cache=True, nogil=True)
def _reach(start: Ints, near: Ints, touch: Flag, homes: Ints, roots: int, most: int) -> Flag:
    """Tell which nodes, none before the root, a connected set of at most so many homes may hold."""
    m = len(homes)
    out = np.zeros((roots, m), np.uint8)
    far = np.empty(m, np.int64)
    for root in range(roots):
        far[:] = FAR
        far[root] = homes[root]
        while True:
            u = -1
            for v in range(root, m):
                if not out[root, v] and far[v] <= most and (u < 0 or far[v] < far[u]):
                    u = v
            if u < 0:
                break
            out[root, u] = 1
            for at in range(start[u], start[u + 1]):
                v = near[at]
                if touch[at] and v > root and far[u] + homes[v] < far[v]:
                    far[v] = far[u] + homes[v]
    return out
