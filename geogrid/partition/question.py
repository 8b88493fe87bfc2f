"""The general problem in whole numbers: what parts cost, in a unit that every plan is a multiple of.

A search compares exactly only what is whole. Cut edges and lengths are whole already; moments of any
distances are rounded to a thousand-millionth of their total where they have no unit of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.cheap_around import Boxes
from geogrid.partition.deciding import Frame
from geogrid.partition.min_cut import arcs_of
from geogrid.partition.sweep import sweep_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.problem import Floats, Ints, Masks

FINEST = 1 << 30
KERNEL_BITS = 46
BLOCK = 20_000
# Boxes of centres: so many a part keep the loss below a twentieth of its moment.
BOXES_A_PART, FEWEST_BOXES, MOST_BOXES = 60, 12, 40


@dataclass(frozen=True)
class Question:
    """Divide at least cost; ``frame`` and ``charges`` count in ``1 / scale`` of a unit.

    Parts cost whole units, plans multiples of ``step``, and no plan costs more than ``most``. A unit is
    ``unit`` of the caller's cost, ``slack`` of it lost by rounding. With ``bordered`` a part pays its border
    and belongs to the first root that it holds; else it pays its nodes' ``charges`` around one of its roots,
    or its moment around its own centre, which lies in one of ``boxes``.
    ``spread`` is how much the price of each node is expected to vary beside others.
    """

    frame: Frame
    pairs: Ints
    charges: Ints
    roots: Ints
    bordered: bool
    scale: int
    step: int
    most: float
    unit: float
    slack: float
    spread: Floats
    boxes: Boxes | None = None

    @property
    def n(self) -> int:
        """Return the number of nodes."""
        return len(self.frame.weight)

    @property
    def parts(self) -> int:
        """Return the number of parts."""
        return self.frame.parts

    @property
    def ease(self) -> float:
        """Return by how much a linear program may err."""
        return 1e-7 * max(self.most, 1.0)

    @property
    def still(self) -> float:
        """Return the share of the bound that is too little to gain: listing more parts is then cheaper."""
        return 0.01 if self.bordered else 0.001

    @cached_property
    def order(self) -> Ints:
        """Return the nodes so that neighbours stand close."""
        return sweep_order(np.zeros((self.n, 2)), self.pairs)


def cut_question(
    weight: Ints,
    pairs: Ints,
    length: Ints,
    parts: int,
    lower: int,
    upper: int,
    joins: NDArray[np.bool_] | None = None,
) -> Question:
    """Return the question for the least length between parts; a part pays its border, a plan all twice.

    ``joins`` (e) says which pairs hold a part together, by default all.
    """
    n = len(weight)
    unit = int(np.gcd.reduce(length)) if len(length) and length.any() else 1
    paid = length // unit
    most = float(2 * paid.sum())
    scale = _scale(most)
    return Question(
        frame=_frame(weight, pairs, paid * scale, joins, (lower, upper, parts)),
        pairs=pairs,
        charges=np.zeros((1, n), np.int64),
        # Most of the light nodes come last and are not worth a look without the heavy ones before them.
        roots=np.argsort(-weight, kind="stable"),
        bordered=True,
        scale=scale,
        step=2,
        most=most,
        unit=unit / 2,
        slack=0.0,
        spread=np.ones(n),
    )


def moment_question(
    weight: Ints, pairs: Ints, distance: Floats, parts: int, lower: int, upper: int
) -> Question:
    """Return the question for the least weight times distance to a centre in each part."""
    n = len(weight)
    cost = np.ascontiguousarray((weight[:, None] * distance).T)
    total = float(cost.max(axis=0).sum())
    whole = np.rint(cost)
    exact = bool((whole == cost).all()) and total < FINEST * 64
    unit = float(max(np.gcd.reduce(whole.astype(np.int64), axis=None), 1)) if exact else total / FINEST
    units = np.rint(cost / unit).astype(np.int64)
    most = float(units.max(axis=0).sum())
    scale = _scale(most)
    return Question(
        frame=_frame(weight, pairs, np.zeros(len(pairs), np.int64), None, (lower, upper, parts)),
        pairs=pairs,
        charges=units * scale,
        roots=np.arange(n),
        bordered=False,
        scale=scale,
        step=1,
        most=most,
        unit=unit,
        slack=0.0 if exact else n * unit,
        spread=np.maximum(weight, 1) / max(float(weight.mean()), 1.0),
    )


def inertia_question(
    weight: Ints,
    pairs: Ints,
    joins: NDArray[np.bool_],
    xy: Floats,
    parts: int,
    lower: int,
    upper: int,
) -> Question:
    """Return the question for the least moment of inertia of parts around their own centres, in whole units.

    With the middle of a box at ``m`` and its corners ``r`` off, a part whose own centre lies in the box has
    at least the moment around ``m`` less its weight times ``r^2`` (the parallel axis theorem).
    """
    place = xy - xy.mean(axis=0)
    most = float((weight * (place**2).sum(axis=1)).sum()) + len(weight)
    scale = _scale(most)
    lived = place[weight > 0]
    many = int(np.clip(np.ceil(np.sqrt(BOXES_A_PART * parts)), FEWEST_BOXES, MOST_BOXES))
    ends = [np.linspace(lived[:, i].min() - 1e-3, lived[:, i].max() + 1e-3, many + 1) for i in range(2)]
    low = np.stack(np.meshgrid(ends[0][:-1], ends[1][:-1], indexing="ij"), axis=-1).reshape(-1, 2)
    high = np.stack(np.meshgrid(ends[0][1:], ends[1][1:], indexing="ij"), axis=-1).reshape(-1, 2)
    off = (((low + high)[:, None] / 2 - place[None]) ** 2).sum(axis=2)
    reach = ((high - low) ** 2).sum(axis=1) / 4 * (1 + 1e-9)
    return Question(
        frame=_frame(weight, pairs, np.zeros(len(pairs), np.int64), joins, (lower, upper, parts)),
        pairs=pairs,
        charges=np.floor(scale * weight * (off - reach[:, None])).astype(np.int64),
        roots=np.arange(len(low)),
        bordered=False,
        scale=scale,
        step=1,
        most=most,
        unit=1.0,
        slack=0.0,
        spread=np.maximum(weight, 1) / max(float(weight.mean()), 1.0),
        boxes=Boxes(low, high, np.argsort(off, axis=1, kind="stable"), place, scale),
    )


def _frame(
    weight: Ints,
    pairs: Ints,
    paid: Ints,
    joins: NDArray[np.bool_] | None,
    bounds: tuple[int, int, int],
) -> Frame:
    every = np.ones(len(pairs), np.bool_) if joins is None else joins
    # The arcs of an edge that is paid where it joins say which join.
    joined = arcs_of(len(weight), pairs, every.astype(np.int64)).paid > 0
    return Frame(arcs_of(len(weight), pairs, paid), joined, weight, *bounds)


def _scale(most: float) -> int:
    return 1 << max(KERNEL_BITS - int(np.ceil(np.log2(max(most, 1.0)))), 0)


def part_costs(question: Question, masks: Masks) -> Ints:
    """Return what each part costs in whole units: its border, or its nodes around the best of its roots."""
    cost = _borders if question.bordered else _inertia if question.boxes else _moments
    blocks = [masks[at : at + BLOCK] for at in range(0, max(len(masks), 1), BLOCK)]
    return np.concatenate([cost(question, members(block, question.n)) for block in blocks])


def members(masks: Masks, n: int) -> NDArray[np.bool_]:
    """Return sets of bits as a table (m, n)."""
    at = np.arange(n)
    return np.asarray((masks[:, at >> 6] >> (at & 63).astype(np.uint64)) & np.uint64(1), np.bool_)


def _borders(question: Question, inside: NDArray[np.bool_]) -> Ints:
    arcs = question.frame.arcs
    tail = np.repeat(np.arange(question.n), np.diff(arcs.first))
    cut = inside[:, tail] & ~inside[:, arcs.head]
    return np.asarray(cut @ (arcs.paid // question.scale), np.int64)


def _moments(question: Question, inside: NDArray[np.bool_]) -> Ints:
    own = inside.astype(np.float64) @ (question.charges.T // question.scale).astype(np.float64)
    own[~inside] = np.inf
    return np.asarray(np.rint(own.min(axis=1)), np.int64)


def _inertia(question: Question, inside: NDArray[np.bool_]) -> Ints:
    assert question.boxes is not None
    (x, y), weight = question.boxes.xy.T, question.frame.weight.astype(np.float64)
    each = np.column_stack([weight, weight * x, weight * y, weight * (x * x + y * y)])
    homes, along, aside, square = (inside.astype(np.float64) @ each).T
    return np.asarray(np.rint(square - (along**2 + aside**2) / np.maximum(homes, 1.0)), np.int64)
