"""Write a city in the documented format (docs/city-data.md): GeoParquet layers, tables and ``city.toml``."""

from __future__ import annotations

import json
from dataclasses import fields
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from geogrid.crs import to_degrees
from geogrid.tables import Table, table_of, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from geogrid.model import City

# No coordinate reference system is stated: GeoParquet's default is WGS-84, longitude first.
_GEO = json.dumps(
    {
        "version": "1.0.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
)


def write_city(city: City, folder: Path) -> None:
    """Write the layers of ``city`` into ``folder`` in degrees, and a ``city.toml`` that says what they are.

    The same city gives the same bytes. Every file is written aside and renamed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for layer, rows, columns in _shaped(city):
        if rows:  # a layer without rows is left out: the format refuses empty ones
            write_table(folder / f"{layer}.parquet", _layer(rows, columns, city.plane))
    for layer, rows, columns in _plain(city):
        if rows:
            write_table(folder / f"{layer}.csv", _table(rows, columns))
    if len(city.addresses):
        _write_addresses(city, folder)
    (folder / "city.toml").write_text(_city_toml(city), encoding="utf-8")


def _write_addresses(city: City, folder: Path) -> None:
    texts = {name: city.addresses[name].tolist() for name in city.addresses.columns if name not in {"x", "y"}}
    schema = pa.schema([("id" if name == "address_id" else name, pa.string()) for name in texts])
    texts = dict(zip(schema.names, texts.values(), strict=True))
    write_table(folder / "addresses.parquet", table_of(texts, schema))


def _shaped(city: City) -> Iterable[tuple[str, Sequence[Any], dict[str, str]]]:
    """Yield each layer with its rows and its columns: the documented name, then the attribute."""
    named = {"id": "id", "name": "name"}
    homes = {"households": "households"}
    areas = ("code", "district_id", "district", "subdistrict_id", "subdistrict", "population")
    yield "communities", _named_communities(city), {**named, **{name: name for name in areas}}
    yield (
        "compounds",
        city.compounds,
        {**named, "community_id": "community_id", "kind": "kind", "aliases": "aliases"},
    )
    placed = {"community_id": "community_id", "compound_id": "compound_id", "group_id": "group_id"}
    doors = {"number": "number", "street": "street", "levels": "levels"}
    yield "buildings", city.buildings, {"id": "id", **placed, **doors, **homes}
    yield "barriers", [*city.barriers, *city.streets], {**named, "class": "kind"}
    yield "land", city.land, {**named, "class": "kind"}
    venue = {
        "class": "kind",
        "community_id": "community_id",
        "subdistrict_id": "subdistrict_id",
        "hours": "hours",
    }
    yield "venues", city.venues, {**named, **venue}
    pairing = {name: name for name in ("organisation", "branch_id", "level", "size")}
    yield "pairings", city.pairings, {"id": "id", **pairing}


def _named_communities(city: City) -> list[SimpleNamespace]:
    """Return the communities with the names of their district and subdistrict beside the ids."""
    names = {district.id: district.name for district in city.districts}
    names |= {subdistrict.id: subdistrict.name for subdistrict in city.subdistricts}
    return [
        SimpleNamespace(
            **{field.name: getattr(community, field.name) for field in fields(community)},
            district=names.get(community.district_id, ""),
            subdistrict=names.get(community.subdistrict_id, ""),
        )
        for community in city.communities
    ]


def _plain(city: City) -> Iterable[tuple[str, Sequence[Any], dict[str, str]]]:
    named = {"id": "id", "name": "name"}
    yield (
        "building_groups",
        city.building_groups,
        {**named, "compound_id": "compound_id", "buildings": "building_ids", "branch_id": "branch_id"},
    )
    counts = ("members", "member_centre_households", "building_groups", "stars", "rated", "founded")
    honours = ("model_branch", "fund")
    branch = {"compounds": "compound_ids", "community_id": "community_id", "secretary_id": "secretary_id"}
    yield "branches", city.branches, {**named, **branch, **{name: name for name in (*counts, *honours)}}
    places = ("role", "public", "community_id", "branch_id", "compound_id", "phone", "post")
    dated = ("since", "until", "concurrent")
    yield "team", city.team, {**named, **{name: name for name in (*places, *dated)}}


def _layer(rows: Sequence[Any], columns: dict[str, str], plane: str) -> Table:
    plain = _table(rows, columns)
    schema = plain.schema.append(pa.field("geometry", pa.binary())).with_metadata({"geo": _GEO})
    values = {name: next(iter(plain.batches)).column(name).to_pylist() for name in plain.schema.names}
    values["geometry"] = list(to_degrees([row.geometry for row in rows], plane))
    return table_of(values, schema, geometry="geometry", crs="EPSG:4326")


def _table(rows: Sequence[Any], columns: dict[str, str]) -> Table:
    """Return text columns, whole numbers as whole numbers; several ids are parted by ";"."""
    values = {
        name: [_plain_value(getattr(row, attribute, "street")) for row in rows]
        for name, attribute in columns.items()
    }
    counts = {name for name, found in values.items() if any(isinstance(v, int) for v in found)}
    schema = pa.schema([(name, pa.int64() if name in counts else pa.string()) for name in values])
    return table_of(values, schema)


def _plain_value(value: object) -> object:
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, int) else str(value)


def _city_toml(city: City) -> str:
    facts = {
        "id": city.id,
        "name": city.name,
        "plane": city.plane,
        "grammar": city.grammar.value,
        "language": city.language,
        "counts": city.counts,
        "licence": city.licence,
        "attribution": city.attribution,
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    lines.append(f"synthetic = {'true' if city.synthetic else 'false'}")
    lines.append("\n[names]")
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in city.names.items()]
    return "\n".join(lines) + "\n"
