"""Divide communities into grids: exact where it can be, honest where it cannot."""

from geogrid.partition.alternatives import alternatives
from geogrid.partition.division import Division, GaveWay, divide
from geogrid.partition.general import Solution, WeightedGraph, solve, weighted_graph
from geogrid.partition.in_force import carried_over
from geogrid.partition.locks import Locks
from geogrid.partition.redivision import Balance, Redivision, Step, redivide, redivision_curve
from geogrid.partition.relaxations import Relaxation, relaxations
from geogrid.partition.sentences import Sentence
from geogrid.partition.why_not import Answer, why_not

__all__ = [
    "Answer",
    "Balance",
    "Division",
    "GaveWay",
    "Locks",
    "Redivision",
    "Relaxation",
    "Sentence",
    "Solution",
    "Step",
    "WeightedGraph",
    "alternatives",
    "carried_over",
    "divide",
    "redivide",
    "redivision_curve",
    "relaxations",
    "solve",
    "weighted_graph",
    "why_not",
]
