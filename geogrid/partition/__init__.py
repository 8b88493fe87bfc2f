"""Divide communities into grids: exact where it can be, honest where it cannot."""

from geogrid.partition.alternatives import alternatives
from geogrid.partition.division import Division, GaveWay, divide
from geogrid.partition.general import Solution, WeightedGraph, solve, weighted_graph
from geogrid.partition.locks import Locks
from geogrid.partition.redivision import Step, redivision_curve
from geogrid.partition.why_not import Answer, Relaxation, relaxations, why_not

__all__ = [
    "Answer",
    "Division",
    "GaveWay",
    "Locks",
    "Relaxation",
    "Solution",
    "Step",
    "WeightedGraph",
    "alternatives",
    "divide",
    "redivision_curve",
    "relaxations",
    "solve",
    "weighted_graph",
    "why_not",
]
