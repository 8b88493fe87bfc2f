"""Open the files of a city: GeoPackage, GeoJSON, Shapefile, Parquet, CSV and Excel; nothing is judged yet."""

from __future__ import annotations

import warnings
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from geogrid.boundaries.faults import printable
from geogrid.boundaries.mapping import Source
from geogrid.boundaries.schema import LAYERS, Layer
from geogrid.errors import Fault, InputError, Severity
from geogrid.sheets import rows_of
from geogrid.signatures import is_disguised

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.mapping import CityFile

LAYERED = (".gpkg", ".sqlite", ".gdb")
VECTOR = (".geojson", ".json", ".shp", ".fgb", ".gml", ".kml")
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


def read_files(place: Path, city_file: CityFile, book: FaultBook) -> list[RawTable]:
    """Return every layer's raw rows, in the order of the layers.

    ``place`` is a folder or one file with several layers.
    """
    found = []
    _tell_unreadable(place, book)
    for layer in LAYERS:
        sources = city_file.sources.get(layer.name, (Source(),))
        found += [_open(place, layer, source, book) for source in sources]
    return [table for table in found if table is not None]


def _tell_unreadable(place: Path, book: FaultBook) -> None:
    """Tell GeoPackages that cannot be opened at all; which layers they would have had is unknown."""
    for path in [place] if place.is_file() else sorted(place.glob("*.gpkg")):
        if path.suffix.lower() in LAYERED and not _layer_names(path):
            message = "the file cannot be opened, or has no layers"
            book.add(Fault("unreadable-file", message, "Export it anew from its source", file=path.name))


def _open(place: Path, layer: Layer, source: Source, book: FaultBook) -> RawTable | None:
    path, name = _locate(place, layer, source)
    if path is None:
        _tell_missing(layer, source, book)
        return None
    if source.layer and path.suffix.lower() in LAYERED and source.layer not in _layer_names(path):
        message = f"the file has no layer {source.layer!r}"
        remedy = f"Its layers are: {', '.join(_layer_names(path))}"
        book.add(Fault("missing-layer", message, remedy, file=path.name, layer=layer.name))
        return None
    try:
        frame = _read(path, name, layer, source, book)
    except UnicodeDecodeError:
        message = f"the text is not {source.encoding or 'UTF-8 or GB18030'}"
        remedy = "Save it as UTF-8, or say its encoding in city.toml"
        book.add(Fault("wrong-encoding", message, remedy, file=path.name, layer=layer.name))
        return None
    except InputError as error:
        for fault in error.faults:
            book.add(replace(fault, file=path.name, layer=layer.name))
        return None
    except Exception as error:  # any reader may fail in any way on a foreign file
        reason = printable(str(error).splitlines()[0] if str(error) else type(error).__name__)
        message = f"the file cannot be read: {reason.replace(str(path), path.name)}"
        remedy = "Export it anew from its source"
        book.add(Fault("unreadable-file", message, remedy, file=path.name, layer=layer.name))
        return None
    return _raw(frame, layer, source, path)


def _tell_missing(layer: Layer, source: Source, book: FaultBook) -> None:
    if source.file:
        remedy = "Put the file beside city.toml or mend its name there"
        message = "the file is not in the city's folder"
        book.add(Fault("missing-file", message, remedy, file=source.file, layer=layer.name))
    elif source.layer or layer.name == "communities":
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
        return [] if is_disguised(path) else [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except Exception:
        return []


def _read(path: Path, name: str, layer: Layer, source: Source, book: FaultBook) -> pd.DataFrame:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path, source)
    if suffix == ".csv":
        return _read_csv(path, layer, source, book)
    if suffix == ".xlsx":
        deque(rows_of(path, name), maxlen=0)  # walked once before it is taken into memory
        return pd.read_excel(path, sheet_name=name or 0, dtype=str)
    if suffix not in (*LAYERED, *VECTOR):  # GDAL would open an archive, or a note that names any other file
        raise ValueError(f"files that end in {printable(suffix) or 'nothing'} are not read")
    if is_disguised(path):
        raise ValueError(f"its content is not that of a {suffix} file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = _options(path, source)
        inner = name or source.layer
        if inner and suffix in LAYERED:
            options["layer"] = inner
        elif suffix in LAYERED and path_holds(path, layer.name):
            options["layer"] = layer.name
        frame: pd.DataFrame = pyogrio.read_dataframe(path, **options)
    return frame


def _options(path: Path, source: Source) -> dict[str, Any]:
    """Return how to read a file; a Shapefile without .cpg is in UTF-8 or GB18030, never in Latin-1."""
    if source.encoding:
        return {"encoding": source.encoding}
    table = path.with_suffix(".dbf")
    if path.suffix.lower() != ".shp" or path.with_suffix(".cpg").exists() or not table.exists():
        return {}
    data = table.read_bytes()
    # The header is binary; bytes 8 and 9 say where the records begin.
    return {"encoding": _encoding(data[int.from_bytes(data[8:10], "little") :]).removesuffix("-sig")}


def _encoding(data: bytes) -> str:
    """Return UTF-8 or GB18030, whichever reads the data.

    :raises UnicodeDecodeError: neither does.
    """
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        data.decode("gb18030")
        return "gb18030"
    return "utf-8-sig"


def _read_parquet(path: Path, source: Source) -> pd.DataFrame:
    columns = list(dict.fromkeys(source.columns.values())) or None
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError:
        return pd.read_parquet(path, columns=columns)
    return frame


def _read_csv(path: Path, layer: Layer, source: Source, book: FaultBook) -> pd.DataFrame:
    encoding = source.encoding or _encoding(path.read_bytes())
    if encoding == "gb18030" and not source.encoding:
        message = "the file is not UTF-8 and was read as GB18030"
        remedy = 'Say encoding = "gb18030" in city.toml, or save it as UTF-8'
        fault = Fault("guessed-encoding", message, remedy, file=path.name, layer=layer.name)
        book.add(replace(fault, severity=Severity.WARNING))
    return pd.read_csv(path, dtype=str, encoding=encoding, keep_default_na=False, skipinitialspace=True)


def _raw(frame: pd.DataFrame, layer: Layer, source: Source, path: Path) -> RawTable:
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        return RawTable(layer, source, path.name, pd.DataFrame(frame), None, None)
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    plain = pd.DataFrame(frame.drop(columns=frame.active_geometry_name))
    return RawTable(layer, source, path.name, plain, geometry, frame.crs)
