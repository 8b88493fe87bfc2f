"""Cut a community into basic units that tile it exactly."""

from geogrid.units.build import build_units
from geogrid.units.unit import Unit, UnitKind

__all__ = ["Unit", "UnitKind", "build_units"]
