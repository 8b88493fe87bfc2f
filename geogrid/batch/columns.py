"""Find where the question of a row stands: by the names of a table's columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geogrid.crs import WGS84
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

ADDRESS_NAMES = (
    "address",
    "full_address",
    "written_address",
    "addr",
    "text",
    "地址",
    "住址",
    "详细地址",
    "完整地址",
    "门牌",
    "門牌",
)
LON_NAMES = ("lon", "lng", "longitude", "经度", "經度")
LAT_NAMES = ("lat", "latitude", "纬度", "緯度")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the question of a row stands: a text, or two coordinates, or the row's shape."""

    address: str = ""
    lon: str = ""
    lat: str = ""
    shape: str = ""
    crs: str = WGS84


DEFAULT_COLUMNS = Columns()


def find_columns(names: Sequence[str], given: Columns, *, geometry: str = "", file: str = "") -> Columns:
    """Complete ``given`` from the names of a table: an address column first, then coordinates, then a shape.

    :raises InputError: a named column is missing, or none is named and none is found.
    """
    wanted = [name for name in (given.address, given.lon, given.lat) if name]
    missing = [name for name in wanted if name not in names]
    if missing:
        told, have = "there is no such column", f"the columns are: {', '.join(names)}"
        raise InputError(tuple(fault_of("no-such-column", told, have, file, name) for name in missing))
    if wanted:
        if bool(given.lon) != bool(given.lat):
            told = "a longitude and a latitude belong together"
            raise InputError((fault_of("half-a-position", told, "name both --lon and --lat", file),))
        return given
    address, lon, lat = (_known(names, known) for known in (ADDRESS_NAMES, LON_NAMES, LAT_NAMES))
    if address:
        return replace(given, address=address)
    if lon and lat:
        return replace(given, lon=lon, lat=lat)
    if geometry:
        return replace(given, shape=geometry)
    told = f"no column of addresses or positions found among: {', '.join(names)}"
    raise InputError((fault_of("which-column", told, "name it with --address, or --lon and --lat", file),))


def _known(names: Sequence[str], known: Sequence[str]) -> str:
    lowered = {name.strip().lower(): name for name in reversed(names)}
    return next((lowered[name] for name in known if name in lowered), "")


def fault_of(rule: str, message: str, remedy: str, file: str, column: str = "") -> Fault:
    """Return one fault of a file, or of one of its columns."""
    return Fault(rule, message, remedy, file, field=column)
