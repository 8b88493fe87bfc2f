"""Tell which grid a point lies in: one point or a hundred million, exact, every border point in one grid."""

from geogrid.locate.draft import DraftIndex
from geogrid.locate.index import PointIndex

__all__ = ["DraftIndex", "PointIndex"]
