"""Residual networks: the least of a cut and the charges of one side, kept while nodes are decided.

A node is charged when it is inside; an edge is charged when it is cut. Choosing the inside at least
charge is a minimum cut. The terms are kept as a flow that is only ever added to: a node that is decided
gets a terminal without end, a change of a charge is added to the terminal on its other side (Kohli and
Torr 2007). So each step of a search continues from the flow of the step before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geogrid.partition.steps import part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.problem import Ints

NO_END = 1 << 60


class Arcs(NamedTuple):
    """Both directions of every edge by tail: ``head``, the arc ``back``, and what is paid where it is cut."""

    first: Ints
    head: Ints
    back: Ints
    paid: Ints


def arcs_of(n: int, pairs: Ints, paid: Ints) -> Arcs:
    """Return the arcs of ``n`` nodes in compressed rows."""
    e = len(pairs)
    tail = np.concatenate([pairs[:, 0], pairs[:, 1]])
    head = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((head, tail))
    place = np.empty(2 * e, np.int64)
    place[order] = np.arange(2 * e)
    back = place[(order + e) % (2 * e)] if e else order
    first = np.searchsorted(tail[order], np.arange(n + 1)).astype(np.int64)
    return Arcs(first, head[order], back, np.concatenate([paid, paid])[order].astype(np.int64))


@part
def put_inside(v: int, end: Ints) -> int:
    """Decide that a node is inside; return what that adds to the least."""
    more = -end[v] if end[v] < 0 else 0
    end[v] = NO_END
    return int(more)


@part
def put_outside(v: int, end: Ints) -> int:
    """Decide that a node is outside; return what that adds to the least."""
    more = max(end[v], 0)
    end[v] = -NO_END
    return int(more)


@part
def charge_more(v: int, more: int, end: Ints) -> int:
    """Change the charge of a node by ``more``; return what that adds to the least."""
    t = end[v]
    if t == NO_END:
        return int(more)
    if t == -NO_END:
        return 0
    end[v] = t - more
    if more > 0:
        return int(min(more, max(t, 0)))
    return int(more + min(-more, max(-t, 0)))


@part
def push(  # noqa: C901 - the inner loop of every bound, four times slower through calls
    first: Ints,
    head: Ints,
    back: Ints,
    room: Ints,
    end: Ints,
    came: Ints,
    queue: Ints,
    inside: NDArray[np.int8],
) -> int:
    """Push what flow is left from inside to outside along shortest ways; return how much.

    ``end`` > 0 is left at a node from the source, < 0 to the sink; ``room`` is left on the arcs. Afterwards
    ``inside`` is the smallest inside of least charge.
    """
    n = len(end)
    pushed = 0
    while True:
        length = 0
        for v in range(n):
            inside[v] = 0
            if end[v] > 0:
                inside[v] = 1
                came[v] = -1
                queue[length] = v
                length += 1
        at = 0
        last = -1
        while at < length and last < 0:
            v = queue[at]
            at += 1
            for a in range(first[v], first[v + 1]):
                u = head[a]
                if room[a] > 0 and inside[u] == 0:
                    inside[u] = 1
                    came[u] = a
                    if end[u] < 0:
                        last = u
                        break
                    queue[length] = u
                    length += 1
        if last < 0:
            return pushed
        much = -end[last]
        u = last
        while came[u] >= 0:
            much = min(much, room[came[u]])
            u = head[back[came[u]]]
        much = min(much, end[u])
        if end[u] < NO_END:
            end[u] -= much
        if end[last] > -NO_END:
            end[last] += much
        u = last
        while came[u] >= 0:
            a = came[u]
            room[a] -= much
            room[back[a]] += much
            u = head[back[a]]
        pushed += much
