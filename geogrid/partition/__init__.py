"""Divide communities into grids: exact where it can be, honest where it cannot."""

from geogrid.partition.division import Division, GaveWay, divide
from geogrid.partition.general import Solution, WeightedGraph, solve, weighted_graph
from geogrid.partition.locks import Locks

__all__ = ["Division", "GaveWay", "Locks", "Solution", "WeightedGraph", "divide", "solve", "weighted_graph"]
