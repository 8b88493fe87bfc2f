"""Read and write tables as streams: CSV, Parquet, Excel, GeoPackage and GeoJSON, by the file's ending.

A table is a stream of Arrow record batches, whatever the file; only an Excel sheet is read whole. What
is written is written aside and renamed at the end, so a reader never sees half a file. Text that a
spreadsheet would run as a formula is disarmed in CSV and Excel (see ``geogrid.delimited.disarm``).
"""

from __future__ import annotations

import json
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from geogrid.aside import written_aside
from geogrid.crs import DEGREES, crs_as_json
from geogrid.delimited import BATCH_ROWS, read_csv, write_csv
from geogrid.errors import Fault, InputError
from geogrid.sheets import read_sheet, write_sheet
from geogrid.signatures import is_disguised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

BATCH_BYTES = 1 << 23  # of a Parquet file at once, and at least BATCH_ROWS
DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".fgb": "FlatGeobuf"}
TEXTS = (".csv", ".tsv", ".txt")
FORMATS = (*TEXTS, ".parquet", ".xlsx", *DRIVERS)
CREDIT = ("attribution", "licence")  # where the data of a table come from, in its schema's metadata


@dataclass(frozen=True)
class Table:
    """A stream of record batches that can be walked once.

    ``geometry`` names the column of WKB shapes (empty: none), in ``crs``. ``rows`` is the number of rows
    where the file states it, ``bounds`` are the shapes' least x, y and most x, y where they are known.
    """

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    rows: int | None = None
    geometry: str = ""
    crs: str = ""
    geometry_type: str = ""
    bounds: tuple[float, ...] = ()


def table_of(columns: dict[str, list[Any]], schema: pa.Schema, *, geometry: str = "", crs: str = "") -> Table:
    """Return a table of one batch; ``geometry`` names a column of shapely shapes or WKB."""
    bounds: tuple[float, ...] = ()
    if geometry and columns[geometry]:
        bounds = tuple(shapely.total_bounds(columns[geometry]).tolist())
    if geometry:
        columns = {**columns, geometry: [shapely.to_wkb(shape) for shape in columns[geometry]]}
    batch = pa.RecordBatch.from_pydict(columns, schema=schema)
    return Table(schema, [batch], batch.num_rows, geometry, crs, "Unknown" if geometry else "", bounds)


@contextmanager
def open_table(path: Path, layer: str = "") -> Iterator[Table]:
    """Open a table for one walk; ``layer`` names the sheet or layer of a file that holds several.

    :raises InputError: no such file, an unknown ending, a file that is not what its ending says.
    """
    if not path.is_file():
        raise _fault("no-such-file", "there is no such file", "check the path", path)
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        yield Table(*read_csv(path))
    elif suffix == ".parquet":
        yield _read_parquet(path)
    elif suffix == ".xlsx":
        schema, batches = read_sheet(path, layer)
        yield Table(schema, batches, sum(batch.num_rows for batch in batches))
    elif suffix in DRIVERS:
        with _read_layer(path, layer) as table:
            yield table
    else:
        raise _unknown_format(path)


def write_table(path: Path, table: Table, layer: str = "") -> int:
    """Write ``table`` to ``path`` by its ending and return the number of rows; aside first, then renamed.

    :raises InputError: an unknown ending.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise _unknown_format(path)
    written = [0]

    def counted() -> Iterator[pa.RecordBatch]:
        for batch in table.batches:
            written[0] += batch.num_rows
            yield batch

    with written_aside(path) as aside:
        stream = replace(table, batches=counted())
        if suffix in TEXTS:
            delimiter = "\t" if suffix == ".tsv" else ","
            write_csv(aside, stream.schema.names, _without_shapes(stream), delimiter)
        elif suffix == ".parquet":
            _write_parquet(aside, stream)
        elif suffix == ".xlsx":
            write_sheet(aside, stream.schema.names, _without_shapes(stream), layer or "geogrid")
        else:
            _write_layer(aside, stream, layer or path.stem, DRIVERS[suffix])
    return written[0]


def write_layers(path: Path, layers: Mapping[str, Table], *, day: str, metadata: Mapping[str, str]) -> None:
    """Write tables as the layers of one GeoPackage; the same tables and ISO ``day`` give the same bytes."""
    # GDAL stamps the time of writing into the file unless it is told one.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{day}T00:00:00.000Z"})
    try:
        with written_aside(path) as aside:
            for number, (name, table) in enumerate(layers.items()):
                _write_layer(aside, table, name, "GPKG", append=number > 0, metadata=dict(metadata))
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _read_parquet(path: Path) -> Table:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _fault("broken-file", f"the file cannot be read: {error}", "", path) from error
    schema = file.schema_arrow
    try:
        name, crs, bounds = _place_of(schema)
    except (ValueError, AttributeError, TypeError) as error:
        raise _fault("broken-file", "its note on where its shapes are cannot be read", "", path) from error
    return Table(schema, ahead(_row_groups(file)), file.metadata.num_rows, name, crs, bounds=bounds)


def _place_of(schema: pa.Schema) -> tuple[str, str, tuple[float, ...]]:
    """Return the column of shapes, its coordinate system and bounds from the GeoParquet note.

    They are "" and () where none is.
    """
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    name = geo.get("primary_column", "")
    if not name:
        return "", "", ()
    if name not in schema.names:
        raise ValueError("it names a column that is not there")
    column = geo.get("columns", {}).get(name, {})
    # GeoParquet: a missing crs means OGC:CRS84, which is WGS-84 in degrees.
    crs = json.dumps(column["crs"]) if column.get("crs") else DEGREES
    return name, crs, _bounds_of(column.get("bbox"))


def _bounds_of(box: Any) -> tuple[float, ...]:
    """Return the bounds that a bbox tells, () where it is none; six numbers have heights among them."""
    if not isinstance(box, list) or len(box) not in {4, 6} or not all(map(_is_finite, box)):
        return ()
    half = len(box) // 2
    return (*map(float, box[:2]), *map(float, box[half : half + 2]))


def _is_finite(told: Any) -> bool:
    # A whole number in JSON may be larger than any float.
    return isinstance(told, int | float) and abs(told) <= sys.float_info.max


def _row_groups(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Yield a file row group by row group: one reader over all of them keeps what it has read."""
    for group in range(file.num_row_groups):
        told = file.metadata.row_group(group)
        rows = BATCH_BYTES * told.num_rows // max(told.total_byte_size, 1)
        yield from file.iter_batches(max(BATCH_ROWS, min(rows, 1 << 20)), row_groups=[group])


def ahead(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches while the next one is read already, in a thread of its own."""
    stream = iter(batches)
    with ThreadPoolExecutor(1) as reading:
        coming = reading.submit(next, stream, None)
        while (batch := coming.result()) is not None:
            coming = reading.submit(next, stream, None)
            yield batch


@contextmanager
def _read_layer(path: Path, layer: str) -> Iterator[Table]:
    name = _layer_of(path, layer)
    rows = pyogrio.read_info(path, layer=name, force_feature_count=True)["features"]
    with pyogrio.open_arrow(path, layer=name, use_pyarrow=True, batch_size=BATCH_ROWS) as (meta, reader):
        geometry = meta["geometry_name"] or ("wkb_geometry" if meta["geometry_type"] else "")
        kind = meta["geometry_type"] or ""
        yield Table(reader.schema, reader, rows, geometry, meta["crs"] or "", kind)


def _layer_of(path: Path, layer: str) -> str:
    if is_disguised(path):
        raise _fault("broken-file", f"the content is not that of a {path.suffix} file", "", path)
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise _fault("broken-file", f"the file cannot be read: {error}", "", path) from error
    if layer and layer not in layers:
        raise _fault("no-such-layer", f"there is no layer {layer}", f"layers: {', '.join(layers)}", path)
    if not layer and len(layers) != 1:
        remedy = f"name one with --layer: {', '.join(layers)}"
        raise _fault("which-layer", f"the file has {len(layers)} layers", remedy, path)
    return layer or layers[0]


def _without_shapes(table: Table) -> Iterator[pa.RecordBatch]:
    """Yield the batches with their shapes as well-known text."""
    if not table.geometry:
        yield from table.batches
        return
    at = table.schema.get_field_index(table.geometry)
    for batch in table.batches:
        shapes = shapely.from_wkb(batch.column(at).to_numpy(zero_copy_only=False), on_invalid="ignore")
        texts = pa.array(shapely.to_wkt(shapes, rounding_precision=7), pa.string())
        yield batch.set_column(at, table.geometry, texts)


def _write_parquet(path: Path, table: Table) -> None:
    schema = _with_place(table)
    # Coordinates hardly repeat: a dictionary of them takes longer than all the rest and saves nothing.
    plain = {field.name for field in schema if pa.types.is_floating(field.type)}
    packed = [name for name in schema.names if name not in plain]
    options: dict[str, Any] = {
        "use_dictionary": packed,
        "write_statistics": [name for name in packed if not pa.types.is_dictionary(schema.field(name).type)],
        "compression": {name: "none" if name in plain else "snappy" for name in schema.names},
    }
    with pq.ParquetWriter(path, schema, **options) as writer, ThreadPoolExecutor(1) as writing:
        behind = writing.submit(int)
        for batch in table.batches:
            behind.result()
            behind = writing.submit(writer.write_batch, batch.replace_schema_metadata(schema.metadata))
        behind.result()


def _with_place(table: Table) -> pa.Schema:
    """Return the schema with the GeoParquet 1.1 note on where its shapes are, unless it has one."""
    known = table.schema.metadata or {}
    if not table.geometry or b"geo" in known:
        return table.schema
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    if table.crs and table.crs != DEGREES:  # without a crs it means longitude, latitude in WGS-84
        column["crs"] = crs_as_json(table.crs)
    if table.bounds and all(map(math.isfinite, table.bounds)):
        column["bbox"] = table.bounds
    geo = {"version": "1.1.0", "primary_column": table.geometry, "columns": {table.geometry: column}}
    return table.schema.with_metadata({**known, b"geo": json.dumps(geo).encode()})


def _credit_of(schema: pa.Schema) -> dict[str, str] | None:
    """Return where the data come from, as far as the schema says so."""
    told = schema.metadata or {}
    return {name: told[name.encode()].decode() for name in CREDIT if name.encode() in told} or None


def _write_layer(
    path: Path,
    table: Table,
    layer: str,
    driver: str,
    *,
    append: bool = False,
    metadata: dict[str, str] | None = None,
) -> None:
    stream = pa.RecordBatchReader.from_batches(table.schema, table.batches)
    options = {"RFC7946": "YES"} if driver == "GeoJSON" else None
    pyogrio.write_arrow(
        stream,
        path,
        layer=layer,
        driver=driver,
        geometry_name=table.geometry or None,
        geometry_type=table.geometry_type or ("Unknown" if table.geometry else None),
        crs=table.crs or (DEGREES if driver == "GeoJSON" else None),
        layer_options=options,
        append=append,
        layer_metadata=metadata or _credit_of(table.schema),
    )


def _unknown_format(path: Path) -> InputError:
    told = f"geogrid does not know the ending {path.suffix or '(none)'}"
    return _fault("unknown-format", told, f"use one of {' '.join(FORMATS)}", path)


def _fault(rule: str, message: str, remedy: str, path: Path) -> InputError:
    return InputError((Fault(rule, message, remedy, str(path)),))
