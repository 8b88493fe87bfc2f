"""Read, check and repair city data."""

from geogrid.boundaries.read import read_city

__all__ = ["read_city"]
