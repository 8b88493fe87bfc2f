"""Choose the format of an answer: ``f=`` decides, else the Accept header (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from api.problems import Refusal
from api.replies import CSV, GEOJSON, JSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.snapshot.layers import Layer

FORMATS = {
    "json": JSON,
    "geojson": GEOJSON,
    "csv": CSV,
    "fgb": "application/vnd.flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
}
# Other names of the same formats that clients send.
ALSO = {"application/flatgeobuf": "fgb", "application/x-parquet": "parquet", "application/parquet": "parquet"}


def chosen_format(asked: str | None, accept: str | None, formats: Mapping[str, str] = FORMATS) -> str:
    """Return the name of the best format for a request, the first of ``formats`` where all are as good.

    :raises Refusal: 406, none of them is accepted.
    """
    if asked is not None:
        return asked
    ranges = [_media_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    plain = {name: media.partition(";")[0] for name, media in formats.items()}
    known = {**{media: name for name, media in plain.items()}, **ALSO}
    best, best_weight = "", 0.0
    for name in formats:
        media = [one for one, of in known.items() if of == name]
        weight = max(_weight(one, ranges) for one in media)
        if weight > best_weight:
            best, best_weight = name, weight
    if not best:
        raise Refusal(406, f"Formats are {', '.join(plain.values())}; or say f={'|'.join(formats)}.")
    return best


def _media_range(text: str) -> tuple[str, float]:
    """Return a media range without its parameters, and its weight; a broken weight counts as 0."""
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return media, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return media, 0.0


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that ``media`` falls in, 0 where there is none."""
    for pattern in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for one, weight in ranges:
            if one == pattern:
                return weight
    return 0.0


def as_file(
    layer: Layer, places: Sequence[int], columns: Sequence[str], name: str, credit: Mapping[str, str]
) -> bytes:
    """Return some rows of a layer as the bytes of a CSV (without shapes), FlatGeobuf or GeoParquet file.

    Where the data come from stands in the file: in CSV in two more columns, else in its metadata.
    """
    from geogrid.credits import credited, with_credit_columns
    from geogrid.tables import write_table  # brings GDAL along; only files need it

    table = layer.selection(places, columns=columns, shapes=name != "csv")
    told = credit["attribution"], credit["licence"]
    table = (with_credit_columns if name == "csv" else credited)(table, *told)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{layer.name}.{name}"
        write_table(path, table)
        return path.read_bytes()
