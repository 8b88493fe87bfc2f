"""A first plan of whole compounds: the smallest are put together, the largest cut."""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.problem import homes_of, is_legal, pieces, touching

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.problem import Group, Problem


def first_plan(problem: Problem, window: Window, clock: Clock) -> list[Group]:
    """Put whole compounds together, smallest first, and cut the largest grids, until the number is right."""
    groups = _seeds(problem)
    upper = min(window.upper, problem.total)
    target = window.parts or usual_count(problem, window)
    stuck: set[Group] = set()
    while not clock.over:
        large = [g for g in groups if g not in stuck and homes_of(problem, g) > upper and len(g) > 1]
        if not large and len(groups) < target:
            large = [g for g in groups if g not in stuck and len(g) > 1]
        if not large:
            break
        widest = max(large, key=lambda g: (homes_of(problem, g), g))
        halves = _halves(problem, widest)
        if halves is None:
            stuck.add(widest)
        else:
            groups = [g for g in groups if g != widest] + list(halves)
    return _merged(problem, groups, target)


def usual_count(problem: Problem, window: Window) -> int:
    """Return the number of grids of the usual size."""
    upper = min(window.upper, problem.total)
    return min(max(1, round(2 * problem.total / (window.lower + upper))), problem.n)


def _seeds(problem: Problem) -> list[Group]:
    """Return each compound as a grid, or its pieces, and each unit outside compounds."""
    seeds: list[Group] = [(int(u),) for u in np.flatnonzero(problem.compound < 0)]
    for c in range(len(problem.size)):
        seeds += pieces(problem, np.flatnonzero(problem.compound == c).tolist())
    return seeds


def _halves(problem: Problem, group: Group) -> tuple[Group, Group] | None:
    """Cut a set of units in two connected sets of about the same households."""
    beside = _beside(problem, group)
    best: tuple[int, Group, Group] | None = None
    for root in (group[0], group[-1], group[len(group) // 2]):
        order = _breadth_first(beside, root)
        half, homes = [], 0
        for unit in order[:-1]:
            half.append(unit)
            homes += int(problem.weight[unit])
            rest = tuple(sorted(set(group) - set(half)))
            if len(pieces(problem, rest)) != 1:
                continue
            off = abs(2 * homes - homes_of(problem, group))
            if best is None or off < best[0]:
                best = off, tuple(sorted(half)), rest
    return None if best is None else best[1:]


def _beside(problem: Problem, group: Group) -> dict[int, list[int]]:
    inside = set(group)
    beside: dict[int, list[int]] = {u: [] for u in group}
    for a, b in problem.pairs[problem.open].tolist():
        if a in inside and b in inside:
            beside[a].append(b)
            beside[b].append(a)
    return beside


def _breadth_first(beside: dict[int, list[int]], root: int) -> list[int]:
    seen, queue = {root: None}, deque([root])
    while queue:
        for unit in beside[queue.popleft()]:
            if unit not in seen:
                seen[unit] = None
                queue.append(unit)
    return list(seen)


def _merged(problem: Problem, groups: list[Group], target: int) -> list[Group]:
    """Put together the two neighbours with fewest households, as long as there are too many grids."""
    alive = dict(enumerate(groups))
    load = {number: homes_of(problem, group) for number, group in alive.items()}
    number_of = {group: number for number, group in alive.items()}
    beside: dict[int, set[int]] = {number: set() for number in alive}
    for one, other in touching(problem, groups):
        beside[number_of[one]].add(number_of[other])
        beside[number_of[other]].add(number_of[one])
    heap = [(load[a] + load[b], a, b) for a in alive for b in beside[a] if a < b]
    heapify(heap)
    while len(alive) > target and heap:
        _, a, b = heappop(heap)
        if a not in alive or b not in alive or not is_legal(problem, alive[a] + alive[b]):
            continue
        new = len(load)
        alive[new] = tuple(sorted(alive.pop(a) + alive.pop(b)))
        load[new] = load[a] + load[b]
        beside[new] = {near for near in beside[a] | beside[b] if near in alive}
        for near in sorted(beside[new]):
            beside[near].add(new)
            heappush(heap, (load[new] + load[near], near, new))
    return sorted(alive.values())
