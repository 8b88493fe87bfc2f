"""Say in a table where its data come from: in its metadata, or in columns where a format has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from geogrid.tables import CREDIT

if TYPE_CHECKING:
    from geogrid.tables import Table


def credited(table: Table, attribution: str, licence: str) -> Table:
    """Return a table with its credit in the metadata, as GeoParquet, FlatGeobuf and GeoPackage keep it."""
    known = table.schema.metadata or {}
    told = dict(zip(CREDIT, (attribution, licence), strict=True))
    return replace(table, schema=table.schema.with_metadata({**known, **told}))


def with_credit_columns(table: Table, attribution: str, licence: str) -> Table:
    """Return a table with its credit in two more columns at the end."""
    schema = table.schema
    for name in CREDIT:
        schema = schema.append(pa.field(name, pa.string()))
    batches = (
        pa.RecordBatch.from_arrays(
            [*one.columns, *(pa.array([told] * len(one), pa.string()) for told in (attribution, licence))],
            schema=schema,
        )
        for one in table.batches
    )
    return replace(table, schema=schema, batches=batches)
