"""Open the files of a city: GeoPackage, GeoJSON, Shapefile, Parquet, CSV and Excel; nothing is judged yet."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from geogrid.boundaries.mapping import Source
from geogrid.boundaries.schema import LAYERS, Layer
from geogrid.errors import Fault, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.mapping import CityFile

LAYERED = (".gpkg", ".sqlite", ".gdb")
VECTOR = (".geojson", ".json", ".shp", ".fgb", ".gml", ".kml")
TABLES = (".csv", ".xlsx")
SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".parquet", ".csv", ".xlsx")


@dataclass(frozen=True)
class RawTable:
    """The rows of one source as its file holds them: foreign column names, its own coordinates.

    ``geometry`` is an array of shapely geometries (None where a row has none), or None for a plain table.
    ``crs`` is what the file itself declares.
    """

    layer: Layer
    source: Source
    file: str
    frame: pd.DataFrame
    geometry: NDArray[np.object_] | None
    crs: Any


class UnreadableError(Exception):
    """A file that cannot be opened; carried to a fault by ``_open``."""


def read_files(place: Path, city_file: CityFile, book: FaultBook) -> list[RawTable]:
    """Return every layer's raw rows, in the order of the layers.

    ``place`` is a folder or one file with several layers.
    """
    found = []
    for layer in LAYERS:
        sources = city_file.sources.get(layer.name)
        found += [_open(place, layer, s, book, wanted=sources is not None) for s in sources or (Source(),)]
    return [table for table in found if table is not None]


def _open(place: Path, layer: Layer, source: Source, book: FaultBook, *, wanted: bool) -> RawTable | None:
    path, name = _locate(place, layer, source)
    if path is None:
        _tell_missing(layer, source, book, wanted=wanted)
        return None
    if source.layer and path.suffix.lower() in LAYERED and source.layer not in _layer_names(path):
        message = f"the file has no layer {source.layer!r}"
        remedy = f"Its layers are: {', '.join(_layer_names(path))}"
        book.add(Fault("missing-layer", message, remedy, file=path.name, layer=layer.name))
        return None
    try:
        frame = _read(path, name, layer, source, book)
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        message = f"the file cannot be read: {reason.replace(str(path), path.name)}"
        book.add(
            Fault(
                "unreadable-file", message, "Export it anew from its source", file=path.name, layer=layer.name
            )
        )
        return None
    return _raw(frame, layer, source, path)


def _tell_missing(layer: Layer, source: Source, book: FaultBook, *, wanted: bool) -> None:
    if source.file:
        remedy = "Put the file beside city.toml or mend its name there"
        book.add(
            Fault(
                "missing-file",
                "the file is not in the city's folder",
                remedy,
                file=source.file,
                layer=layer.name,
            )
        )
    elif wanted or layer.name == "communities":
        remedy = f"Name a layer {layer.name}, or say in city.toml where it is"
        book.add(Fault("missing-layer", f"there is no layer {layer.name}", remedy, layer=layer.name))


def _locate(place: Path, layer: Layer, source: Source) -> tuple[Path | None, str]:
    """Return the file of a source and the name of the layer in it."""
    if place.is_file():
        named = source.layer or layer.name
        held = path_holds(place, named)
        return (place, named) if held or source.layer else (None, named)
    if source.file:
        path = place / source.file
        inside = path.resolve().is_relative_to(place.resolve()) and path.is_file()
        return (path if inside else None), source.layer
    for suffix in SUFFIXES:
        if (place / f"{layer.name}{suffix}").is_file():
            return place / f"{layer.name}{suffix}", source.layer
    named = source.layer or layer.name
    holders = [path for path in sorted(place.glob("*.gpkg")) if path_holds(path, named)]
    return (holders[0] if holders else None), named


def path_holds(path: Path, layer: str) -> bool:
    """Say whether a file has a layer of that name."""
    return layer in _layer_names(path)


def _layer_names(path: Path) -> list[str]:
    if path.suffix.lower() not in LAYERED:
        return [path.stem]
    try:
        return [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except Exception:
        return []


def _read(path: Path, name: str, layer: Layer, source: Source, book: FaultBook) -> pd.DataFrame:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path, source)
    if suffix == ".csv":
        return _read_csv(path, layer, source, book)
    if suffix == ".xlsx":
        return pd.read_excel(path, sheet_name=name or 0, dtype=str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options: dict[str, Any] = {"encoding": source.encoding} if source.encoding else {}
        inner = name or source.layer
        if inner and suffix in LAYERED:
            options["layer"] = inner
        elif suffix in LAYERED and path_holds(path, layer.name):
            options["layer"] = layer.name
        frame: pd.DataFrame = pyogrio.read_dataframe(path, **options)
    return frame


def _read_parquet(path: Path, source: Source) -> pd.DataFrame:
    columns = list(dict.fromkeys(source.columns.values())) or None
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError:
        return pd.read_parquet(path, columns=columns)
    return frame


def _read_csv(path: Path, layer: Layer, source: Source, book: FaultBook) -> pd.DataFrame:
    encoding = source.encoding or _encoding(path, layer, book)
    return pd.read_csv(path, dtype=str, encoding=encoding, keep_default_na=False, skipinitialspace=True)


def _encoding(path: Path, layer: Layer, book: FaultBook) -> str:
    data = path.read_bytes()
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8-sig"
    data.decode("gb18030")
    book.add(
        Fault(
            "guessed-encoding",
            "the file is not UTF-8 and was read as GB18030",
            'Say encoding = "gb18030" in city.toml, or save it as UTF-8',
            file=path.name,
            layer=layer.name,
            severity=Severity.WARNING,
        )
    )
    return "gb18030"


def _raw(frame: pd.DataFrame, layer: Layer, source: Source, path: Path) -> RawTable:
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        return RawTable(layer, source, path.name, pd.DataFrame(frame), None, None)
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    plain = pd.DataFrame(frame.drop(columns=frame.active_geometry_name))
    return RawTable(layer, source, path.name, plain, geometry, frame.crs)
