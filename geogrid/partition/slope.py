"""What annealing strives for: the objectives of a policy with weights that fall steeply in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geogrid.partition.bounds import counted
from geogrid.policy import Compactness, Objective

if TYPE_CHECKING:
    from geogrid.partition.problem import Problem
    from geogrid.policy import Policy

# How much more a step of one objective weighs than a step of the next.
STEEPNESS = 8.0


class Slope(NamedTuple):
    """What annealing strives for: a weight for each objective, and the weight of a usual step of shape."""

    window: float
    alignment: float
    barriers: float
    retention: float
    compactness: float
    deviation: float
    step: float


def slope_of(problem: Problem, policy: Policy, parts: int) -> Slope:
    """Return weights that let no usual step of a later objective outweigh one of an earlier."""
    names = counted(problem, policy, parts)
    homes = max(problem.total / problem.n, 1.0)
    shape = {
        Compactness.BORDER: max(float(problem.length.mean()) if len(problem.length) else 1.0, 1.0),
        Compactness.MOMENT: homes * max(float(problem.area.sum()) / parts, 1.0) / 8,
        Compactness.POLSBY_POPPER: 0.1,
    }[policy.compactness]
    steps = {
        Objective.WINDOW: homes,
        Objective.ALIGNMENT: 1.0,
        Objective.BARRIERS: 1.0,
        Objective.RETENTION: homes,
        Objective.COMPACTNESS: shape,
        Objective.DEVIATION: homes,
    }
    weights = {name: STEEPNESS ** (len(names) - i) / steps[name] for i, name in enumerate(names)}
    usual = weights.get(Objective.COMPACTNESS, 0.0) * shape or 1.0
    return Slope(
        weights.get(Objective.WINDOW, 0.0),
        weights.get(Objective.ALIGNMENT, 0.0),
        weights.get(Objective.BARRIERS, 0.0),
        weights.get(Objective.RETENTION, 0.0),
        weights.get(Objective.COMPACTNESS, 0.0),
        weights.get(Objective.DEVIATION, 0.0),
        usual,
    )
