"""Read and write tables as streams: CSV, Parquet, Excel, GeoPackage and GeoJSON, by the file's ending.

A table is a stream of Arrow record batches, whatever the file; only an Excel sheet is read whole. What
is written is written aside and renamed at the end, so a reader never sees half a file. Text that a
spreadsheet would run as a formula is disarmed in CSV and Excel (see ``disarm``).
"""

from __future__ import annotations

import csv
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from geogrid.crs import DEGREES, crs_as_json
from geogrid.errors import Fault, InputError
from geogrid.sheets import read_sheet, write_sheet
from geogrid.signatures import is_disguised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

BATCH_ROWS = 8192
BATCH_BYTES = 1 << 23  # of a Parquet file at once, and at least BATCH_ROWS
DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".fgb": "FlatGeobuf"}
TEXTS = (".csv", ".tsv", ".txt")
FORMATS = (*TEXTS, ".parquet", ".xlsx", *DRIVERS)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FAULTS_TOLD = 20
CREDIT = ("attribution", "licence")  # where the data of a table come from, in its schema's metadata
MOST_COLUMNS = 2000  # of a CSV file: every row is filled up to the header's width


@dataclass(frozen=True)
class Table:
    """A stream of record batches that can be walked once.

    ``geometry`` names the column of WKB shapes (empty: none), in ``crs``. ``rows`` is the number of rows
    where the file states it.
    """

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    rows: int | None = None
    geometry: str = ""
    crs: str = ""
    geometry_type: str = ""


def table_of(columns: dict[str, list[Any]], schema: pa.Schema, *, geometry: str = "", crs: str = "") -> Table:
    """Return a table of one batch; ``geometry`` names a column of shapely shapes or WKB."""
    if geometry:
        columns = {**columns, geometry: [shapely.to_wkb(shape) for shape in columns[geometry]]}
    batch = pa.RecordBatch.from_pydict(columns, schema=schema)
    return Table(schema, [batch], batch.num_rows, geometry, crs, "Unknown" if geometry else "")


@contextmanager
def open_table(path: Path, layer: str = "") -> Iterator[Table]:
    """Open a table for one walk; ``layer`` names the sheet or layer of a file that holds several.

    :raises InputError: no such file, an unknown ending, a file that is not what its ending says.
    """
    if not path.is_file():
        raise _fault("no-such-file", "there is no such file", "check the path", path)
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        yield _read_csv(path)
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
            _write_csv(aside, stream, "\t" if suffix == ".tsv" else ",")
        elif suffix == ".parquet":
            _write_parquet(aside, stream)
        elif suffix == ".xlsx":
            write_sheet(aside, stream.schema.names, _without_shapes(stream), layer or "geogrid")
        else:
            _write_layer(aside, stream, layer or path.stem, DRIVERS[suffix])
    return written[0]


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Hand out a path beside ``path``; rename it to ``path`` when all went well, else remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


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


def disarm(text: str) -> str:
    """Return ``text`` with a quote before ``= + - @`` and their like, so that no spreadsheet runs it.

    A plain number such as ``-1.5`` stays as it is. Source: OWASP, CSV Injection.
    """
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def rearm(text: str) -> str:
    """Return what ``disarm`` was given."""
    return text[1:] if text.startswith("'") and disarm(text[1:]) == text else text


def _read_csv(path: Path) -> Table:
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    names, rows = _check_csv(path, encoding, delimiter)
    schema = pa.schema([(name, pa.string()) for name in names])
    return Table(schema, _csv_batches(path, encoding, delimiter, schema), rows)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        marked = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
        except UnicodeError:  # a decoding error, or UTF-16 cut off
            continue
        return encoding
    remedy = "save it as UTF-8"
    raise _fault("wrong-encoding", "the text is neither UTF-8 nor GB18030", remedy, path)


def _delimiter(path: Path, encoding: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding=encoding) as file:
        header = file.readline()
    return max(",\t;", key=header.count)


def _rows(file: IO[str], delimiter: str) -> Any:
    csv.field_size_limit(1 << 20)
    return csv.reader(file, delimiter=delimiter, strict=True)


def _check_csv(path: Path, encoding: str, delimiter: str) -> tuple[list[str], int]:
    names: list[str] = []
    faults: list[Fault] = []
    rows = 0
    with path.open(encoding=encoding, newline="") as file:
        reader = _rows(file, delimiter)
        try:
            names = next(reader, [])
            for row in reader:
                rows += 1
                if len(row) > len(names) and len(faults) < _FAULTS_TOLD:
                    told = f"line {reader.line_num} has {len(row)} fields, the header has {len(names)}"
                    faults.append(Fault("too-many-fields", told, "quote fields that hold a comma", str(path)))
        except csv.Error as error:
            told = f"line {reader.line_num} is not CSV: {error}"
            faults.append(Fault("broken-csv", told, "close the quotes", str(path)))
            names = names if rows else ["?"]
    faults += _faults_of_names(names, path)
    if faults:
        raise InputError(tuple(faults))
    return names, rows


def _faults_of_names(names: list[str], path: Path) -> list[Fault]:
    if len(names) > MOST_COLUMNS:
        return [Fault("too-many-columns", f"the header has {len(names)} names", "leave some out", str(path))]
    if not names:
        return [Fault("no-header", "the file is empty", "put the column names in the first line", str(path))]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [
        Fault("duplicate-column", "the column stands twice", "rename one of them", str(path), field=name)
        for name in twice
    ]


def _csv_batches(path: Path, encoding: str, delimiter: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    width = len(schema)
    with path.open(encoding=encoding, newline="") as file:
        reader = _rows(file, delimiter)
        next(reader)
        chunk: list[list[str]] = []
        for row in reader:
            chunk.append(row + [""] * (width - len(row)))
            if len(chunk) == BATCH_ROWS:
                yield _batch_of_rows(chunk, schema)
                chunk = []
        if chunk:
            yield _batch_of_rows(chunk, schema)


def _batch_of_rows(rows: list[list[str]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _read_parquet(path: Path) -> Table:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _fault("broken-file", f"the file cannot be read: {error}", "", path) from error
    schema = file.schema_arrow
    try:
        name, crs = _place_of(schema)
    except (ValueError, AttributeError, TypeError) as error:
        raise _fault("broken-file", "its note on where its shapes are cannot be read", "", path) from error
    return Table(schema, ahead(_row_groups(file)), file.metadata.num_rows, name, crs)


def _place_of(schema: pa.Schema) -> tuple[str, str]:
    """Return the column of shapes and its coordinate system from the GeoParquet note; "" where none is."""
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    name = geo.get("primary_column", "")
    if not name:
        return "", ""
    if name not in schema.names:
        raise ValueError("it names a column that is not there")
    column = geo.get("columns", {}).get(name, {})
    # GeoParquet: a missing crs means OGC:CRS84, which is WGS-84 in degrees.
    return name, json.dumps(column["crs"]) if column.get("crs") else DEGREES


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


def _write_csv(path: Path, table: Table, delimiter: str) -> None:
    # The byte order mark makes Excel read UTF-8; geogrid and pandas skip it.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow([disarm(name) for name in table.schema.names])
        for batch in _without_shapes(table):
            writer.writerows(zip(*map(_texts, batch.columns), strict=True))


def _texts(column: pa.Array) -> list[str]:
    """Return a column as texts; what occurs often is made a text once."""
    try:
        encoded = column.dictionary_encode()
    except pa.ArrowNotImplementedError:  # lists and the like
        return [_text(value) for value in column.to_pylist()]
    words = [*map(_text, encoded.dictionary.to_pylist()), ""]
    places = encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    return [words[at] for at in places.tolist()]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    return disarm(value) if isinstance(value, str) else str(value)


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
