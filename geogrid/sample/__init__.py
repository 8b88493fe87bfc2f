"""Draw a made-up city around real names: the reference city of the documentation, marked synthetic."""

from geogrid.sample.dandong import draw_dandong, write_dandong
from geogrid.sample.write import write_city

__all__ = ["draw_dandong", "write_city", "write_dandong"]
