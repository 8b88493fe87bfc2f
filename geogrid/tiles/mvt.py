"""Write Mapbox Vector Tiles, version 2.1: protocol buffers of layers, features and zigzag commands.

Source: https://github.com/mapbox/vector-tile-spec/tree/master/2.1 (sections 4.1-4.4).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapely import Geometry

EXTENT = 4096
POINT, POLYGON = 1, 3
MOVE, LINE, CLOSE = 1, 2, 7
# (feature id, facts, shape in whole tile coordinates; x east, y south)
Feature = tuple[int, "Mapping[str, Any]", "Geometry"]


def encode_layer(name: str, features: Iterable[Feature]) -> bytes:
    """Return one layer of a tile, empty bytes where no feature is in it.

    Polygons must be valid, with their outer rings counter-clockwise when y is read as pointing up.
    """
    keys: dict[str, int] = {}
    values: dict[bytes, int] = {}
    told = [_feature(feature, keys, values) for feature in features]
    if not told:
        return b""
    parts = [_uint(15, 2), _bytes(1, name.encode()), *(_bytes(2, one) for one in told)]
    parts += [_bytes(3, key.encode()) for key in keys]
    parts += [_bytes(4, value) for value in values]
    parts.append(_uint(5, EXTENT))
    return _bytes(3, b"".join(parts))


def _feature(feature: Feature, keys: dict[str, int], values: dict[bytes, int]) -> bytes:
    number, facts, shape = feature
    tags: list[int] = []
    for key, value in facts.items():
        if value is not None:
            tags += [keys.setdefault(key, len(keys)), values.setdefault(_value(value), len(values))]
    kind = POINT if shapely.get_dimensions(shape) == 0 else POLYGON
    commands = _points(shape) if kind == POINT else _polygons(shape)
    return b"".join(
        [_uint(1, number), _bytes(2, _packed(tags)), _uint(3, kind), _bytes(4, _packed(commands))]
    )


def _value(value: str | float | bool) -> bytes:
    """Return a value message; a bool is no number here."""
    if isinstance(value, bool):
        return _uint(7, int(value))
    if isinstance(value, int):
        return _uint(5, value) if value >= 0 else _uint(6, _zigzag(value))
    if isinstance(value, float):
        return _varint(3 << 3 | 1) + struct.pack("<d", value)
    return _bytes(1, value.encode())


def _points(shape: Geometry) -> list[int]:
    points = shapely.get_coordinates(shape).astype(int).tolist()
    return [_command(MOVE, len(points)), *_steps(points, [0, 0])]


def _polygons(shape: Geometry) -> list[int]:
    commands: list[int] = []
    at = [0, 0]
    for part in shapely.get_parts(shape):
        for ring in shapely.get_rings(part):
            points = shapely.get_coordinates(ring).astype(int).tolist()[:-1]
            commands += [_command(MOVE, 1), *_steps(points[:1], at)]
            commands += [_command(LINE, len(points) - 1), *_steps(points[1:], at), _command(CLOSE, 1)]
    return commands


def _command(command: int, count: int) -> int:
    return count << 3 | command


def _steps(points: Sequence[Sequence[int]], at: list[int]) -> list[int]:
    """Return the steps from ``at`` through the points; ``at`` moves along."""
    steps: list[int] = []
    for x, y in points:
        steps += [_zigzag(x - at[0]), _zigzag(y - at[1])]
        at[:] = [x, y]
    return steps


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _packed(numbers: Iterable[int]) -> bytes:
    return b"".join(map(_varint, numbers))


def _uint(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
