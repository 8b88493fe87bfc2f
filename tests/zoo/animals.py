# ruff: noqa: E501 - one animal a line reads as the table it is
"""The broken inputs: what is done to the sound town, and which fault must tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geogrid.crs import from_wgs84, to_degrees
from tests.zoo.town import CITY_TOML, PLANE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.zoo.town import Town


@dataclass(frozen=True)
class Animal:
    """A way to break the town, and what must be said: the rule, the layer and words of the message."""

    name: str
    spoil: Callable[[Town], None]
    rule: str
    layer: str
    words: str
    id: str = ""
    field: str = ""

    def __str__(self) -> str:
        return self.name


def value(layer: str, row: int, column: str, new: Any) -> Callable[[Town], None]:
    """Return a spoiler that writes one value."""
    return lambda town: town.set(layer, row, column, new)


def shape(layer: str, row: int, new: Any) -> Callable[[Town], None]:
    """Return a spoiler that redraws one geometry, in metres."""
    return lambda town: town.draw(layer, row, new)


def all_of(*spoilers: Callable[[Town], None]) -> Callable[[Town], None]:
    """Return a spoiler that does several things."""

    def spoil(town: Town) -> None:
        for each in spoilers:
            each(town)

    return spoil


def toml(text: str) -> Callable[[Town], None]:
    """Return a spoiler that adds to ``city.toml``."""
    return lambda town: setattr(town, "toml", text + CITY_TOML)


def called(city_id: str) -> Callable[[Town], None]:
    """Return a spoiler that gives the city another id."""
    return lambda town: setattr(town, "toml", CITY_TOML.replace('"zoo"', f'"{city_id}"'))


def tail(text: str) -> Callable[[Town], None]:
    """Return a spoiler that adds a table to the end of ``city.toml``."""
    return lambda town: setattr(town, "toml", CITY_TOML + text)


def damage(name: str, data: bytes) -> Callable[[Town], None]:
    """Return a spoiler that overwrites a file after it was written."""

    def write(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return lambda town: town.afterwards.append(write)


def without_crs(town: Town) -> None:
    town.layers["buildings"] = gpd.GeoDataFrame(town.layers["buildings"].set_crs(None, allow_override=True))
    town.formats["buildings"] = "shp"
    town.layers["buildings"] = town.layers["buildings"].rename(
        columns={"community_id": "communit", "compound_id": "compound"}
    )
    columns = 'columns = {community_id = "communit", compound_id = "compound", households = "household"}'
    town.layers["buildings"] = town.layers["buildings"].rename(columns={"households": "household"})
    town.toml += f'\n[layers.buildings]\nfile = "buildings.shp"\n{columns}\n'


def undefined_crs(town: Town) -> None:
    local = 'LOCAL_CS["site plan",UNIT["metre",1]]'
    town.layers["buildings"] = town.layers["buildings"].set_crs(local, allow_override=True)


def drop_layer(layer: str) -> Callable[[Town], None]:
    def drop(town: Town) -> None:
        town.layers.pop(layer, None)
        town.tables.pop(layer, None)

    return drop


def drop_column(layer: str, column: str) -> Callable[[Town], None]:
    def drop(town: Town) -> None:
        frames: dict[str, Any] = town.tables if layer in town.tables else town.layers
        frames[layer] = frames[layer].drop(columns=column)

    return drop


def empty_layer(town: Town) -> None:
    town.layers["compounds"] = town.layers["compounds"].iloc[:0]
    town.layers["buildings"]["compound_id"] = ""
    for table in ("branches", "building_groups", "team", "pairings"):
        town.tables.pop(table)


def shifted(layer: str, crs: str) -> Callable[[Town], None]:
    return lambda town: town.move(
        layer, lambda xy: np.column_stack(from_wgs84(lon=xy[:, 0], lat=xy[:, 1], crs=crs))
    )


def shifted_addresses(town: Town) -> None:
    table = town.tables["addresses"]
    table["x"], table["y"] = from_wgs84(lon=table["x"], lat=table["y"], crs="GCJ-02")
    town.toml = town.toml.replace("[layers.addresses]", "[layers.addresses]", 1)


def swapped(layer: str) -> Callable[[Town], None]:
    return lambda town: town.move(layer, lambda xy: xy[:, ::-1])


def swapped_addresses(town: Town) -> None:
    table = town.tables["addresses"]
    table["x"], table["y"] = table["y"].copy(), table["x"].copy()


def metres_called_degrees(town: Town) -> None:
    metres = town.layers["buildings"].to_crs("EPSG:32651")
    town.layers["buildings"] = metres.set_crs("EPSG:4326", allow_override=True)


def not_a_number(town: Town) -> None:
    nan = Polygon([(124.39, 40.13), (124.3901, 40.13), (float("nan"), 40.1301)])
    shapes = town.layers["buildings"].geometry.to_numpy().copy()
    shapes[0] = nan
    town.layers["buildings"] = town.layers["buildings"].set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4326"))


def raised(town: Town) -> None:
    town.layers["buildings"] = town.layers["buildings"].set_geometry(
        gpd.GeoSeries(shapely.force_3d(town.layers["buildings"].geometry.to_numpy(), 12.0), crs="EPSG:4326")
    )


def collection(town: Town) -> None:
    pieces = to_degrees([box(20, 40, 50, 70), LineString([(20, 40), (0, 0)])], PLANE)
    shapes = town.layers["buildings"].geometry.to_numpy().copy()
    shapes[0] = shapely.geometrycollections(pieces)
    town.layers["buildings"] = town.layers["buildings"].set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4326"))


def two_claims(town: Town) -> None:
    """Let compounds A and B meet at x = 200 and a building of no stated compound lie on that line."""
    town.draw("compounds", 0, box(10, 10, 200, 390))
    town.draw("compounds", 1, box(200, 10, 390, 390))
    town.draw("buildings", 0, box(185, 300, 215, 330))
    town.set("buildings", 0, "compound_id", "")
    town.tables.pop("building_groups")


def second_source(town: Town) -> None:
    """Read the buildings twice."""
    town.toml += (
        '\n[[layers.buildings]]\nfile = "buildings.gpkg"\n[[layers.buildings]]\nfile = "buildings.gpkg"\n'
    )


def no_households(town: Town) -> None:
    town.layers.pop("buildings")
    town.tables.pop("addresses")
    town.tables.pop("building_groups")


def gb_names(town: Town) -> None:
    """Save names in GB18030 and declare them as Latin-1."""
    town.encodings["branches"] = "gb18030"
    town.toml += '\n[layers.branches]\nencoding = "latin-1"\n'


def neither_encoding(town: Town) -> None:
    damage("branches.csv", "id,name\nb1,党支部".encode() + b"\xff\xfe\xff\n")(town)
    town.tables["pairings"] = town.tables["pairings"].iloc[:0].copy()
    town.tables.pop("pairings")
    town.tables.pop("team")


def bow_tie() -> Polygon:
    return Polygon([(20, 40), (50, 70), (50, 40), (20, 70)])


def dup_row(layer: str) -> Callable[[Town], None]:
    def double(town: Town) -> None:
        frames: dict[str, Any] = town.tables if layer in town.tables else town.layers
        frame = frames[layer]
        frames[layer] = pd.concat([frame, frame.iloc[[0]]], ignore_index=True)

    return double


VIRTUAL = (
    b"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>/etc/hosts.csv</SrcDataSource>"
    b"</OGRVRTLayer></OGRVRTDataSource>"
)
FAR = box(5000, 5000, 5030, 5030)
LOST = (
    shape("buildings", 0, FAR),
    value("buildings", 0, "community_id", ""),
    value("buildings", 0, "compound_id", ""),
)

# fmt: off
REFUSED = (
    Animal("buildings without a crs", without_crs, "missing-crs", "buildings", "not declared", field="crs"),
    Animal("a local crs", undefined_crs, "unknown-crs", "buildings", "not a place on the earth", field="crs"),
    Animal("an unknown crs in the mapping", lambda t: setattr(t, "toml", t.toml.replace("EPSG:4326", "EPSG:99999", 1)), "unknown-crs", "addresses", "unknown", field="crs"),
    Animal("buildings in GCJ-02", shifted("buildings", "GCJ-02"), "shifted-coordinates", "buildings", "GCJ-02 (AMap", field="crs"),
    Animal("buildings in BD-09", shifted("buildings", "BD-09"), "shifted-coordinates", "buildings", "BD-09 (Baidu", field="crs"),
    Animal("compounds and communities in GCJ-02", all_of(shifted("compounds", "GCJ-02"), shifted("communities", "GCJ-02")), "shifted-coordinates", "buildings", "areas that these lie in", field="crs"),
    Animal("longitude and latitude swapped", swapped("buildings"), "swapped-coordinates", "buildings", "swapped"),
    Animal("addresses swapped", swapped_addresses, "swapped-coordinates", "addresses", "swapped"),
    Animal("metres declared as degrees", metres_called_degrees, "out-of-range", "buildings", "not degrees"),
    Animal("a coordinate that is no number", not_a_number, "not-finite", "buildings", "not a number", "A0"),
    Animal("an empty geometry", shape("buildings", 0, Polygon()), "missing-geometry", "buildings", "missing or empty", "A0"),
    Animal("no geometry", shape("compounds", 0, None), "missing-geometry", "compounds", "missing or empty", "A"),
    Animal("a layer without geometry", all_of(damage("land.csv", b"id,class\np1,park\n"), drop_layer("land")), "missing-geometry", "land", "has no geometry"),
    Animal("a bow tie", shape("buildings", 0, bow_tie()), "invalid-geometry", "buildings", "self-intersection", "A0"),
    Animal("a community as a bow tie", shape("communities", 0, Polygon([(0, 0), (400, 400), (400, 0), (0, 400)])), "invalid-geometry", "communities", "not valid", "c1"),
    Animal("a community drawn as a line", shape("communities", 0, LineString([(0, 0), (400, 400)])), "wrong-geometry-type", "communities", "holds polygons", "c1"),
    Animal("a road drawn as a point", shape("barriers", 0, Point(1, 1)), "wrong-geometry-type", "barriers", "lines or polygons", "r1"),
    Animal("a geometry collection", collection, "wrong-geometry-type", "buildings", "points or polygons", "A0"),
    Animal("communities that overlap", shape("communities", 1, box(380, 0, 800, 400)), "overlapping-communities", "communities", "overlaps 'c2' by 8,0", "c1"),
    Animal("a compound across the border", shape("compounds", 1, box(210, 10, 430, 390)), "compound-across-border", "compounds", "11,4", "B"),
    Animal("compounds that overlap", shape("compounds", 1, box(150, 10, 390, 390)), "overlapping-compounds", "compounds", "overlaps 'B' by 15,2", "A"),
    Animal("a compound outside", all_of(shape("compounds", 2, box(5000, 5000, 5300, 5300)), value("compounds", 2, "community_id", "")), "compound-outside", "compounds", "outside every community", "C"),
    Animal("a compound in another community than it says", value("compounds", 2, "community_id", "c1"), "wrong-community", "compounds", "lies in 'c2'", "C"),
    Animal("a building in two compounds", two_claims, "building-in-two-compounds", "buildings", "two compounds share it", "A0"),
    Animal("a building outside every community", all_of(*LOST), "building-outside", "buildings", "outside every community", "A0"),
    Animal("a building in another community than it says", shape("buildings", 0, box(700, 300, 730, 330)), "wrong-community", "buildings", "lies in 'c2', ", "A0"),
    Animal("a building in another compound than it says", value("buildings", 0, "compound_id", "B"), "wrong-compound", "buildings", "lies in 'A'", "A0"),
    Animal("a duplicate building", dup_row("buildings"), "duplicate-id", "buildings", "same id", "A0", "id"),
    Animal("a duplicate community", value("communities", 1, "id", "c1"), "duplicate-id", "communities", "same id", "c1", "id"),
    Animal("a duplicate branch", dup_row("branches"), "duplicate-id", "branches", "same id", "b1", "id"),
    Animal("a layer read twice", second_source, "duplicate-id", "buildings", "same id", "A0", "id"),
    Animal("a building without an id", value("buildings", 3, "id", None), "missing-id", "buildings", "row 4 has no id", field="id"),
    Animal("negative households", value("buildings", 0, "households", -3), "negative-number", "buildings", "negative", "A0", "households"),
    Animal("half a household", value("buildings", 0, "households", 1.5), "not-an-integer", "buildings", "whole number", "A0", "households"),
    Animal("households in words", value("buildings", 0, "households", "a dozen"), "bad-number", "buildings", "not a number", "A0", "households"),
    Animal("infinite households", value("buildings", 0, "households", float("inf")), "bad-number", "buildings", "not a number", "A0", "households"),
    Animal("absurdly many households", value("buildings", 0, "households", 90_000), "absurd-number", "buildings", "too large", "A0", "households"),
    Animal("absurdly many levels", value("buildings", 0, "levels", 4_000.0), "absurd-number", "buildings", "too large", "A0", "levels"),
    Animal("no households anywhere", no_households, "missing-households", "compounds", "neither buildings nor", "A", "households"),
    Animal("a negative population", value("communities", 0, "population", -1), "negative-number", "communities", "negative", "c1", "population"),
    Animal("GB18030 read as Latin-1", gb_names, "wrong-encoding", "branches", "wrong encoding", "b1", "name"),
    Animal("UTF-8 read as GB18030", value("communities", 0, "name", "社区".encode().decode("gb18030")), "wrong-encoding", "communities", "wrong encoding", "c1", "name"),
    Animal("UTF-8 read as Latin-1", value("communities", 0, "name", "城隍庙社区".encode().decode("latin-1")), "wrong-encoding", "communities", "wrong encoding", "c1", "name"),
    Animal("UTF-8 read as Windows-1252", value("communities", 0, "name", "é”¦å±±ç¤¾åŒº"), "wrong-encoding", "communities", "wrong encoding", "c1", "name"),
    Animal("replacement characters", value("communities", 0, "name", "城\ufffd社区"), "wrong-encoding", "communities", "wrong encoding", "c1", "name"),
    Animal("bytes of no encoding", neither_encoding, "wrong-encoding", "branches", "not UTF-8 or GB18030"),
    Animal("a city.toml that is not UTF-8", damage("city.toml", "name = '社区'".encode("gb18030")), "wrong-encoding", "", "not UTF-8"),
    Animal("no communities", drop_layer("communities"), "missing-layer", "communities", "no layer communities"),
    Animal("neither buildings nor compounds", all_of(*(drop_layer(name) for name in ("buildings", "compounds", "addresses", "branches", "building_groups", "team", "pairings"))), "missing-layer", "buildings", "neither buildings nor compounds"),
    Animal("a layer that the mapping promises", tail('[layers.land]\nfile = "land.gpkg"\nlayer = "parks"\n'), "missing-layer", "land", "no layer 'parks'"),
    Animal("a file that the mapping promises", tail('[layers.land]\nfile = "parks.gpkg"\n'), "missing-file", "land", "not in the city's folder"),
    Animal("a virtual layer that names another file", all_of(damage("land.vrt", VIRTUAL), tail('[layers.land]\nfile = "land.vrt"\n')), "unreadable-file", "land", "files that end in .vrt are not read"),
    Animal("an archive that GDAL would unpack", all_of(damage("land.zip", b"PK\x05\x06" + bytes(18)), tail('[layers.land]\nfile = "land.zip"\n')), "unreadable-file", "land", "files that end in .zip are not read"),
    Animal("a file outside the folder", tail('[layers.land]\nfile = "../../etc/passwd"\n'), "missing-file", "land", "not in the city's folder"),
    Animal("an empty layer", empty_layer, "empty-layer", "compounds", "no rows"),
    Animal("no names", drop_column("communities", "name"), "missing-column", "communities", "no column name", field="name"),
    Animal("no ids", drop_column("team", "id"), "missing-column", "team", "no column id", field="id"),
    Animal("no address text", drop_column("addresses", "text"), "missing-column", "addresses", "no column text", field="text"),
    Animal("a column that the mapping promises", tail('[layers.land]\ncolumns = {name = "title"}\n'), "missing-column", "land", "no column 'title'", field="name"),
    Animal("an unknown class", value("barriers", 0, "class", "moat"), "unknown-class", "barriers", "'moat' is no known class", "r1", "class"),
    Animal("a missing class", value("land", 0, "class", None), "unknown-class", "land", "class is missing", "p1", "class"),
    Animal("an unknown role", value("team", 0, "role", "king"), "unknown-class", "team", "'king' is no known role", "m1", "role"),
    Animal("an unknown class in the mapping", tail('[layers.land]\nclasses = {park = "garden"}\n'), "unknown-class", "land", "'garden' is no class", field="classes.park"),
    Animal("a flag that is neither", value("team", 0, "public", "maybe"), "bad-flag", "team", "neither true nor false", "m1", "public"),
    Animal("an unknown compound", value("buildings", 0, "compound_id", "Z"), "unknown-compound", "buildings", "no compound 'Z'", "A0", "compound_id"),
    Animal("an unknown community", value("compounds", 0, "community_id", "c9"), "unknown-community", "compounds", "no community 'c9'", "A", "community_id"),
    Animal("an address of an unknown building", value("addresses", 0, "building_id", "Z9"), "unknown-building", "addresses", "no building 'Z9'", "a-A0", "building_id"),
    Animal("a member of an unknown branch", value("team", 0, "branch_id", "b9"), "unknown-branch", "team", "no branch 'b9'", "m1", "branch_id"),
    Animal("a branch of an unknown compound", value("branches", 1, "compounds", "B;Z"), "unknown-compound", "branches", "no compound 'Z'", "b2", "compounds"),
    Animal("a branch led by nobody known", value("branches", 0, "secretary_id", "m9"), "unknown-team-member", "branches", "no team member 'm9'", "b1", "secretary_id"),
    Animal("a pairing with an unknown branch", value("pairings", 0, "branch_id", "b9"), "unknown-branch", "pairings", "no branch 'b9'", "q1", "branch_id"),
    Animal("a group with an unknown building", value("building_groups", 0, "buildings", "A0;Z9"), "unknown-building", "building_groups", "no building 'Z9'", "g1", "buildings"),
    Animal("a venue in an unknown community", value("venues", 0, "community_id", "c9"), "unknown-community", "venues", "no community 'c9'", "v1", "community_id"),
    Animal("a bad date", value("branches", 0, "founded", "31.07.2019"), "bad-date", "branches", "not a date", "b1", "founded"),
    Animal("a day that never was", value("team", 0, "since", "2023-02-30"), "bad-date", "team", "not a date", "m1", "since"),
    Animal("broken TOML", toml("name = [unclosed\n"), "bad-toml", "", "not valid TOML"),
    Animal("an unknown setting", toml('colour = "red"\n'), "unknown-setting", "", "no such setting", field="colour"),
    Animal("an unknown layer in the mapping", lambda t: setattr(t, "toml", t.toml + "\n[layers.trees]\n"), "unknown-setting", "", "no such setting", field="layers.trees"),
    Animal("a plane in degrees", toml('plane = "EPSG:4326"\n'), "bad-plane", "", "not a known system in metres", field="plane"),
    Animal("a plane made for another place", toml('plane = "EPSG:3857"\n'), "bad-plane", "", "times too large", field="plane"),
    Animal("an unknown grammar", toml('grammar = "klingon"\n'), "bad-setting", "", "grammar is unknown", field="grammar"),
    Animal("a rule that divides by zero", lambda t: setattr(t, "toml", t.toml + "\n[estimation]\ndwelling_m2 = 0\n"), "bad-setting", "", "more than zero", field="estimation.dwelling_m2"),
    Animal("an id that leaves its folder", called("../../etc"), "bad-setting", "", "cannot be the id", field="id"),
    Animal("an id that is a folder above", called(".."), "bad-setting", "", "cannot be the id", field="id"),
    Animal("two communities of one code", lambda t: t.layers["communities"].__setitem__("code", ["210602001001"] * 2), "duplicate-code", "communities", "same code", "c2", "code"),
    Animal("a code that is another's id", lambda t: t.layers["communities"].__setitem__("code", ["", "c1"]), "duplicate-code", "communities", "same code", "c2", "code"),
    Animal("a compound called like a unit", all_of(value("compounds", 0, "id", "B/g01"), *(value("buildings", n, "compound_id", "B/g01") for n in range(4))), "reserved-id", "compounds", "as the ids of units do", "B/g01", "id"),
    Animal("a virtual layer in disguise", all_of(damage("land.geojson", VIRTUAL), tail('[layers.land]\nfile = "land.geojson"\n')), "unreadable-file", "land", "not that of a .geojson file"),
    Animal("a GeoPackage that is none", damage("buildings.gpkg", b"this is no database"), "unreadable-file", "", "cannot be opened"),
    Animal("a Parquet file that is none", tail('[layers.land]\nfile = "city.toml"\n'), "unreadable-file", "land", "cannot be read"),
    Animal("a building of a square kilometre", shape("compounds", 0, box(10, 10, 12, 12)), "absurd-size", "compounds", "not believable", "A", "geometry"),
    Animal("a speck of a community", lambda t: t.draw("communities", 1, box(400, 0, 405, 5)), "absurd-size", "communities", "not believable", "c2", "geometry"),
    Animal("a text without end", value("compounds", 0, "name", "长" * 5_000), "absurd-size", "compounds", "longer than 1,000", "A", "name"),
)

MENDED = (
    Animal("Z values", raised, "dropped-z", "buildings", "12 geometries"),
    Animal("a control character in a name", value("compounds", 0, "name", "泰河\x07花园\u202e"), "control-characters", "compounds", "1 values", field="name"),
    Animal("a spike that crosses itself", shape("buildings", 0, Polygon([(20, 40), (50, 40), (50, 70), (35, 70), (35, 75), (35, 70), (20, 70)])), "mended-geometry", "buildings", "area changed by", "A0"),
    Animal("a hole drawn on the shell", shape("land", 0, MultiPolygon([box(600, 250, 650, 350), box(650, 250, 700, 350)])), "mended-geometry", "land", "area changed by", "p1"),
    Animal("a sliver between communities", shape("communities", 1, box(399.7, 0, 800, 400)), "mended-border", "communities", "changed hands"),
    Animal("a slit between communities", shape("communities", 1, Polygon([(400, 0), (800, 0), (800, 400), (400, 400), (400.2, 200)])), "mended-border", "communities", "changed hands"),
    Animal("a compound that overhangs a little", shape("compounds", 1, box(210, 10, 400.3, 390)), "clipped-compound", "compounds", "were cut off", "B"),
    Animal("compounds that share a sliver", shape("compounds", 1, box(189.8, 10, 390, 390)), "parted-compounds", "compounds", "was left to", "B"),
    Animal("a shed outside every community", all_of(*LOST, value("buildings", 0, "households", 0), drop_layer("building_groups"), value("addresses", 0, "building_id", "")), "left-out", "buildings", "1 buildings without homes"),
)

WARNED = (
    Animal("addresses in GCJ-02", shifted_addresses, "shifted-coordinates", "addresses", "GCJ-02 (AMap", field="crs"),
    Animal("households that nobody counted", value("buildings", 0, "households", None), "estimated-households", "buildings", "1 residential buildings", field="households"),
    Animal("homes in no compound", all_of(shape("buildings", 0, box(193, 40, 207, 60)), value("buildings", 0, "compound_id", None)), "building-in-no-compound", "buildings", "1 buildings with homes"),
    Animal("people in a community without homes", lambda t: t.layers["buildings"].__setitem__("households", [10] * 8 + [0] * 4), "people-without-homes", "communities", "100 people live in it", "c2", "population"),
    Animal("a compound that counts otherwise than its buildings", lambda t: t.layers["compounds"].__setitem__("households", [40, 80, 40]), "households-differ", "compounds", "of 1 compounds differ", field="households"),
    Animal("a CSV in GB18030", lambda t: t.encodings.update(branches="gb18030"), "guessed-encoding", "branches", "read as GB18030"),
    Animal("an address outside", all_of(*(value("addresses", 0, c, v) for c, v in (("building_id", ""), ("x", 124.5), ("y", 40.3)))), "address-outside", "addresses", "1 addresses"),
)
# fmt: on
