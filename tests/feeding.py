"""What reads foreign bytes, fed with any bytes at all: it answers, or refuses in geogrid's own words.

``python -m benchmarks.soak --part fuzz`` feeds these functions with what atheris makes up; inputs that
reached something new, or that were not borne, are kept in ``tests/fuzzed``.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from geogrid.addresses import Matcher, compile_index, suggest
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.normalize import fold
from geogrid.assignments import read_assignment
from geogrid.boundaries import read_city
from geogrid.errors import InputError
from tests.address_towns import block_town, grids_by_building, lane_town, mainland_town
from tests.zoo.town import sound_town

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path("/dev/shm")
KEPT = Path(__file__).with_name("fuzzed")
ENDINGS = (".csv", ".geojson", ".gpkg")
ADDRESSES = (
    "元宝区兴东街道泰河花园小区3号楼2单元501室",
    "泰和公寓2号楼",
    "江城嘉园二期１号楼",
    "锦山大街12号",
    "台北市松山區八德路三段158巷8弄1號四樓之3",
    "BLK 65 TELOK BLANGAH DRIVE #01-158 SINGAPORE 100065",
    "甲3号楼-1-〇一",
)


@cache
def matchers() -> tuple[Matcher, ...]:
    """Return a matcher of each grammar's drawn town."""
    indexes = [compile_index(town()) for town in (mainland_town, lane_town, block_town)]
    return tuple(Matcher(index, grids_by_building(index)) for index in indexes)


def address(data: bytes) -> None:
    """Read, match and complete a text by every grammar."""
    text = data.decode("utf-8", "replace")
    folded = fold(text)
    assert fold(folded) == folded
    for parse in PARSERS.values():
        parse(folded)
    for matcher in matchers():
        answer = matcher.match(text, limit=3)
        assert (answer.grid >= 0) == (answer.status in {"matched", "historical"})
        assert len(suggest(matcher._index, text, limit=4)) <= 4


@cache
def city_folder() -> Path:
    """Return a folder with the sound town in formats that can be read as text."""
    folder = _own_folder()
    town = sound_town()
    town.formats = dict.fromkeys(town.layers, "geojson")
    return town.write(folder)


def city_files() -> list[Path]:
    """Return the files of the town, by name; the first byte of an input says which one it replaces."""
    return sorted(path for path in city_folder().iterdir() if not path.name.startswith("."))


@cache
def sound_files() -> dict[Path, bytes]:
    """Return what the town's files hold."""
    return {path: path.read_bytes() for path in city_files()}


def city(data: bytes) -> None:
    """Read the town with one of its files replaced."""
    sound = sound_files()
    path = list(sound)[data[0] % len(sound)] if data else next(iter(sound))
    path.write_bytes(data[1:])
    try:
        assert all(isinstance(one.name, str) for one in read_city(city_folder()).communities)
    except InputError as refused:
        _told(refused)
    finally:
        path.write_bytes(sound[path])


@cache
def _own_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="geogrid-fed-", dir=SHARED if SHARED.is_dir() else None))


def assignment(data: bytes) -> None:
    """Read an assignment file; the first byte says of which kind."""
    path = _own_folder() / f"sent{ENDINGS[data[0] % len(ENDINGS) if data else 0]}"
    path.write_bytes(data[1:])
    try:
        for entry in read_assignment(path):
            assert isinstance(entry.unit, str)
            assert isinstance(entry.grid, str)
    except InputError as refused:
        _told(refused)
    finally:
        path.unlink()


def _told(refused: InputError) -> None:
    for fault in refused.faults:
        assert fault.rule
        assert not any(unicodedata.category(sign) == "Cc" for sign in str(fault))


def clean_up() -> None:
    """Remove the files that were fed."""
    shutil.rmtree(_own_folder(), ignore_errors=True)
    for one in (_own_folder, city_folder, sound_files):
        one.cache_clear()


TARGETS: dict[str, Callable[[bytes], None]] = {"address": address, "city": city, "assignment": assignment}


def seeds(target: str) -> list[bytes]:
    """Return sound inputs of a target, from which others are made."""
    if target == "address":
        return [text.encode() for text in ADDRESSES]
    if target == "city":
        return [bytes([n]) + content for n, content in enumerate(sound_files().values())]
    shape = {"type": "Feature", "properties": {"unit": "A", "grid": 1}, "geometry": None}
    told = {"type": "FeatureCollection", "features": [shape]}
    return [
        b"\x00unit,grid\nA,1\nB,2\n",
        b"\x00" + "划分单元,网格\r\nA,1\r\n".encode("utf-8-sig"),
        b"\x01" + json.dumps(told).encode(),
        b"\x02" + (sound_geopackage()),
    ]


@cache
def sound_geopackage() -> bytes:
    """Return a small GeoPackage with units and grids."""
    import geopandas as gpd
    from shapely import Point

    path = _own_folder() / "sound.gpkg"
    gpd.GeoDataFrame({"unit": ["A"], "grid": [1]}, geometry=[Point(0, 0)], crs="EPSG:4326").to_file(path)
    content = path.read_bytes()
    path.unlink()
    return content
