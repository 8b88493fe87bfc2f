from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geogrid.boundaries import read_city
from geogrid.boundaries.faults import FaultBook
from geogrid.boundaries.mapping import Estimation, read_city_file
from geogrid.boundaries.schema import LAYERS, Layer
from geogrid.crs import to_metres
from geogrid.errors import Fault, InputError, Severity
from geogrid.model import BarrierKind, LandKind, Role
from tests.zoo.animals import MENDED, REFUSED, WARNED, Animal
from tests.zoo.town import PLANE, sound_town

if TYPE_CHECKING:
    from geogrid.model import City

DATA = Path(__file__).parent.parent / "data" / "boundaries"


def told(faults: tuple[Fault, ...], animal: Animal, severity: Severity) -> list[Fault]:
    return [
        fault
        for fault in faults
        if fault.rule == animal.rule
        and fault.severity is severity
        and fault.layer == animal.layer
        and animal.words in fault.message
        and (not animal.id or fault.id == animal.id)
        and (not animal.field or fault.field == animal.field)
    ]


def test_the_zoo_is_large_and_its_animals_differ() -> None:
    animals = [*REFUSED, *MENDED, *WARNED]
    assert len({animal.name for animal in animals}) == len(animals) >= 40


@pytest.mark.filterwarnings("ignore:'crs' was not provided", "ignore:invalid value encountered")
@pytest.mark.parametrize("animal", REFUSED, ids=str)
def test_a_broken_city_is_refused_with_its_fault(animal: Animal, tmp_path: Path) -> None:
    town = sound_town()
    animal.spoil(town)
    with pytest.raises(InputError) as refusal:
        read_city(town.write(tmp_path))
    found = told(refusal.value.faults, animal, Severity.ERROR)
    assert found, str(refusal.value)
    assert all(fault.remedy for fault in found)
    assert str(tmp_path) not in str(refusal.value)


@pytest.mark.parametrize("animal", MENDED, ids=str)
def test_a_repairable_city_is_mended_and_says_so(animal: Animal, tmp_path: Path) -> None:
    town = sound_town()
    animal.spoil(town)
    city = read_city(town.write(tmp_path))
    assert told(city.faults, animal, Severity.REPAIRED), city.faults
    must_be_sound(city)


@pytest.mark.parametrize("animal", WARNED, ids=str)
def test_a_doubtful_city_is_read_with_a_warning(animal: Animal, tmp_path: Path) -> None:
    town = sound_town()
    animal.spoil(town)
    city = read_city(town.write(tmp_path))
    assert told(city.faults, animal, Severity.WARNING), city.faults
    must_be_sound(city)


def must_be_sound(city: City) -> None:
    """Check what every later room relies on."""
    shapes = np.array([community.geometry for community in city.communities], dtype=object)
    assert shapely.coverage_is_valid(shapes)
    home = {community.id: community.geometry for community in city.communities}
    compounds = {compound.id: compound for compound in city.compounds}
    for compound in city.compounds:
        assert compound.geometry.difference(home[compound.community_id]).area < 1e-5
    for a, b in zip(
        *shapely.STRtree([c.geometry for c in city.compounds]).query([c.geometry for c in city.compounds]),
        strict=True,
    ):
        assert a == b or city.compounds[a].geometry.intersection(city.compounds[b].geometry).area < 1e-5
    for building in city.buildings:
        assert building.community_id in home
        assert building.households >= 0
        if building.compound_id:
            assert compounds[building.compound_id].community_id == building.community_id
    assert len({building.id for building in city.buildings}) == len(city.buildings)
    known = set(city.addresses["building_id"]) - {""}
    assert known <= {building.id for building in city.buildings}


def test_a_sound_city_has_no_fault_and_everything_in_it(tmp_path: Path) -> None:
    city = read_city(sound_town().write(tmp_path))
    assert city.faults == ()
    must_be_sound(city)
    assert (city.id, city.name, city.synthetic) == ("zoo", "Zoo", True)
    assert [community.id for community in city.communities] == ["c1", "c2"]
    # Each community is a square of 400 m; a local transverse Mercator keeps areas to a millionth.
    assert city.communities[0].geometry.area == pytest.approx(160_000, rel=1e-6)
    assert city.communities[0].population == 200
    assert [building.households for building in city.buildings] == [10] * 12
    assert not any(building.estimated for building in city.buildings)
    assert city.estimation == ""
    assert [barrier.kind for barrier in city.barriers] == [BarrierKind.ARTERIAL]
    assert [street.id for street in city.streets] == ["r2"]
    assert [land.kind for land in city.land] == [LandKind.PARK]
    assert city.building_groups[0].building_ids == ("A0", "A1")
    assert city.branches[1].compound_ids == ("B", "C")
    assert str(city.branches[0].founded) == "2019-07-01"
    assert [(member.role, member.public) for member in city.team] == [
        (Role.LEADER, True),
        (Role.CHIEF_LEADER, False),
    ]
    assert city.pairings[0].branch_id == "b1"
    assert city.venues[0].community_id == "c1"
    first = city.addresses.iloc[0]
    assert (first["address_id"], first["building_id"], first["community_id"]) == ("a-A0", "A0", "c1")
    # A0 is the square [20, 50] x [40, 70].
    centre = city.buildings[0].geometry.centroid
    assert (first["x"], first["y"]) == pytest.approx((centre.x, centre.y), abs=1e-3)


def test_reading_twice_gives_the_same_city(tmp_path: Path) -> None:
    folder = sound_town().write(tmp_path)
    first, second = read_city(folder), read_city(folder)
    assert first.communities == second.communities
    assert first.buildings == second.buildings
    pd.testing.assert_frame_equal(first.addresses, second.addresses)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    town = sound_town()
    town.set("buildings", 0, "households", -3)
    town.set("buildings", 1, "compound_id", "Z")
    town.set("barriers", 0, "class", "moat")
    town.set("branches", 0, "founded", "yesterday")
    town.draw("communities", 1, box(380, 0, 800, 400))
    with pytest.raises(InputError) as refusal:
        read_city(town.write(tmp_path))
    assert {fault.rule for fault in refusal.value.faults} >= {
        "negative-number",
        "unknown-compound",
        "unknown-class",
        "bad-date",
        "overlapping-communities",
    }


BROKEN_TABLES = {
    ("branches", 1, "founded"): ("2019-13-01", "bad-date"),
    ("branches", 1, "compounds"): ("B;Z", "unknown-compound"),
    ("branches", 0, "members"): (-3, "negative-number"),
    ("branches", 0, "secretary_id"): ("m9", "unknown-team-member"),
    ("team", 1, "role"): ("king", "unknown-class"),
    ("team", 1, "public"): ("perhaps", "bad-flag"),
    ("team", 0, "branch_id"): ("b9", "unknown-branch"),
    ("building_groups", 0, "buildings"): ("A0;Z9", "unknown-building"),
    ("building_groups", 0, "compound_id"): ("Z", "unknown-compound"),
    ("pairings", 0, "branch_id"): ("b9", "unknown-branch"),
    ("venues", 0, "community_id"): ("c9", "unknown-community"),
}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_faults_of_tables_are_told_with_file_row_and_column(suffix: str, tmp_path: Path) -> None:
    """The header is row 1, as a spreadsheet numbers it; every fault of every table at once."""
    town = sound_town()
    for (layer, row, column), (value, _) in BROKEN_TABLES.items():
        town.set(layer, row, column, value)
    folder = town.write(tmp_path)
    if suffix == "xlsx":
        for layer, table in town.tables.items():
            (folder / f"{layer}.csv").unlink()
            table.to_excel(folder / f"{layer}.xlsx", index=False)
    with pytest.raises(InputError) as refusal:
        read_city(folder)
    told = {(one.file, one.row, one.field): one.rule for one in refusal.value.faults}
    assert told == {
        (f"{layer}.{suffix}", row + 2, column): rule
        for (layer, row, column), (_, rule) in BROKEN_TABLES.items()
    }
    assert "branches." + suffix + ", layer branches, row 3, id b2, field founded" in str(refusal.value)


def test_many_faults_of_one_kind_are_counted_not_listed(tmp_path: Path) -> None:
    town = sound_town()
    buildings = pd.concat([town.layers["buildings"]] * 3, ignore_index=True)
    buildings["id"] = [f"x{n}" for n in range(36)]
    buildings["households"] = -1
    town.layers["buildings"] = buildings
    town.tables.pop("addresses")
    town.tables.pop("building_groups")
    with pytest.raises(InputError) as refusal:
        read_city(town.write(tmp_path))
    # 36 buildings: 20 are named, the other 16 counted.
    negative = [fault for fault in refusal.value.faults if fault.rule == "negative-number"]
    assert len(negative) == 21
    assert negative[-1].message == "the same fault in 16 more"


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "parquet"])
def test_every_format_gives_the_same_city(suffix: str, tmp_path: Path) -> None:
    town = sound_town()
    for name in ("communities", "land"):
        town.formats[name] = suffix if suffix != "parquet" else "gpkg"
    folder = town.write(tmp_path)
    if suffix == "parquet":
        for name in ("communities", "land"):
            town.layers[name].to_parquet(folder / f"{name}.parquet")
            (folder / f"{name}.gpkg").unlink()
    city = read_city(folder)
    assert [community.name for community in city.communities] == ["城隍庙社区", "金水湾社区"]
    assert city.communities[0].geometry.area == pytest.approx(160_000, rel=1e-5)


def test_a_shapefile_in_gb18030_without_cpg_is_read_right(tmp_path: Path) -> None:
    town = sound_town()
    communities = town.layers.pop("communities")
    folder = town.write(tmp_path)
    communities.to_file(folder / "communities.shp", encoding="gb18030")
    (folder / "communities.cpg").unlink()
    assert read_city(folder).communities[0].name == "城隍庙社区"


def test_one_geopackage_with_all_layers_needs_no_mapping(tmp_path: Path) -> None:
    town = sound_town()
    for name, layer in town.layers.items():
        layer.to_file(tmp_path / "town.gpkg", layer=name)
    city = read_city(tmp_path / "town.gpkg")
    assert (city.id, len(city.communities), len(city.buildings)) == ("town", 2, 12)
    assert len(city.addresses) == 0


def test_data_in_metres_is_read_in_the_plane_that_fits_it(tmp_path: Path) -> None:
    town = sound_town()
    for name in list(town.layers):
        town.layers[name] = town.layers[name].to_crs("EPSG:4551")
    city = read_city(town.write(tmp_path))
    assert "lat_0=40.1" in city.plane
    # Dandong lies at the edge of the 3-degree zone of EPSG:4551; the local plane puts that right.
    assert city.communities[0].geometry.area == pytest.approx(160_000, rel=1e-6)


def test_gcj02_is_read_where_the_mapping_declares_it(tmp_path: Path) -> None:
    from tests.zoo.animals import shifted

    town = sound_town()
    shifted("buildings", "GCJ-02")(town)
    town.toml += '\n[layers.buildings]\ncrs = "GCJ-02"\n'
    city = read_city(town.write(tmp_path))
    assert city.faults == ()
    plain = read_city(sound_town().write(tmp_path))
    for read, true in zip(city.buildings, plain.buildings, strict=True):
        assert read.geometry.hausdorff_distance(true.geometry) < 1e-3


def test_foreign_names_and_classes_are_mapped(tmp_path: Path) -> None:
    town = sound_town()
    town.layers["barriers"] = town.layers["barriers"].rename(columns={"class": "highway", "id": "osm"})
    town.layers["barriers"]["highway"] = ["primary", "footway"]
    town.toml += """
[layers.barriers]
columns = {id = "osm", class = "highway"}
classes = {primary = "expressway", "*" = "ignore"}
"""
    city = read_city(town.write(tmp_path))
    assert [(barrier.id, barrier.kind) for barrier in city.barriers] == [("r1", BarrierKind.EXPRESSWAY)]
    assert city.streets == ()


def test_narrow_water_is_background(tmp_path: Path) -> None:
    town = sound_town()
    town.layers["barriers"] = town.layers["land"].iloc[[0, 0]].reset_index(drop=True)
    town.layers["barriers"]["id"] = ["wide", "narrow"]
    town.layers["barriers"]["class"] = "river"
    # 2 A / P: 600 x 40 gives 37.5 m, 600 x 10 gives 9.8 m.
    town.draw("barriers", 0, box(0, 200, 600, 240))
    town.draw("barriers", 1, box(0, 250, 600, 260))
    town.toml += "\n[layers.barriers]\nmin_width_m = 15\n"
    city = read_city(town.write(tmp_path))
    assert [barrier.id for barrier in city.barriers] == ["wide"]
    assert [(land.id, land.kind) for land in city.land] == [("narrow", LandKind.WATER), ("p1", LandKind.PARK)]


class TestHouseholds:
    """A building of the town has 900 m2 of footprint and 6 levels: 5,400 m2 of floor."""

    ESTIMATION = "\n[estimation]\ndwelling_m2 = 100\npersons_per_household = 2\ndefault_levels = 3\n"

    def test_the_room_that_the_population_leaves_is_shared_by_floor(self, tmp_path: Path) -> None:
        town = sound_town()
        # c1 has room for 220 / 2 = 110; six buildings hold 60, so A0 and A1 share 50. By floor area alone
        # they would have 162, within a factor of four. A1 has twice the levels of A0.
        town.set("communities", 0, "population", 220)
        for row in (0, 1):
            town.set("buildings", row, "households", None)
        town.set("buildings", 1, "levels", 12)
        town.toml += self.ESTIMATION
        city = read_city(town.write(tmp_path))
        a0, a1 = city.buildings[0], city.buildings[1]
        assert (a0.households, a1.households) == (17, 33)
        assert a0.estimated
        assert a1.estimated
        assert not city.buildings[2].estimated
        assert "2 persons a household" in city.estimation

    def test_an_exhausted_population_gives_way_to_floor_area(self, tmp_path: Path) -> None:
        town = sound_town()
        town.set("buildings", 0, "households", None)
        town.set("communities", 0, "population", 100)
        town.toml += self.ESTIMATION
        # Room 100 / 2 - 70 < 0, so 5,400 m2 of floor / 100 m2.
        assert read_city(town.write(tmp_path)).buildings[0].households == 54

    def test_unknown_levels_are_those_of_the_compound_else_the_default(self, tmp_path: Path) -> None:
        town = sound_town()
        town.layers["communities"] = town.layers["communities"].drop(columns="population")
        for row in (0, 4, 5, 6, 7):
            town.set("buildings", row, "levels", 0 if row == 0 else None)
        for row in (0, 4):
            town.set("buildings", row, "households", None)
        town.toml += self.ESTIMATION
        city = read_city(town.write(tmp_path))
        # A0 takes the median 6 of A: 5,400 / 100; B knows none, so 900 * 3 / 100.
        assert (city.buildings[0].households, city.buildings[4].households) == (54, 27)
        assert city.buildings[0].levels is None

    def test_a_compound_that_knows_its_number_shares_it_out(self, tmp_path: Path) -> None:
        town = sound_town()
        town.layers["compounds"]["households"] = [100, None, None]
        for row in range(3):
            town.set("buildings", row, "households", None)
        city = read_city(town.write(tmp_path))
        # 100 less the 10 of A3, over three equal buildings.
        assert [building.households for building in city.buildings[:4]] == [30, 30, 30, 10]

    def test_a_residential_building_never_has_none(self, tmp_path: Path) -> None:
        town = sound_town()
        town.draw("buildings", 0, box(20, 40, 22, 42))
        town.set("buildings", 0, "households", None)
        town.set("communities", 0, "population", 0)
        assert read_city(town.write(tmp_path)).buildings[0].households == 1

    def test_a_building_that_is_not_residential_has_none(self, tmp_path: Path) -> None:
        town = sound_town()
        town.set("buildings", 0, "households", None)
        town.layers["buildings"]["residential"] = [False] + [True] * 11
        building = read_city(town.write(tmp_path)).buildings[0]
        assert (building.households, building.estimated) == (0, False)

    def test_the_order_of_rows_does_not_matter(self, tmp_path: Path) -> None:
        town = sound_town()
        for row in range(3):
            town.set("buildings", row, "households", None)
        forward = {b.id: b.households for b in read_city(town.write(tmp_path)).buildings}
        town.layers["buildings"] = town.layers["buildings"].iloc[::-1].reset_index(drop=True)
        backward = {b.id: b.households for b in read_city(town.write(tmp_path)).buildings}
        assert forward == backward

    def test_compounds_alone_are_enough(self, tmp_path: Path) -> None:
        town = sound_town()
        town.layers.pop("buildings")
        town.tables = {}
        town.layers["compounds"]["households"] = [120, 80, 0]
        city = read_city(town.write(tmp_path))
        assert {b.id: b.households for b in city.buildings} == {"A/homes": 120, "B/homes": 80}
        assert not any(building.estimated for building in city.buildings)
        must_be_sound(city)


def test_believe_place_moves_rows_instead_of_refusing_them(tmp_path: Path) -> None:
    town = sound_town()
    town.draw("buildings", 0, box(700, 300, 730, 330))
    town.tables.pop("building_groups")
    town.toml += "\n[layers.buildings]\nbelieve_place = true\n"
    city = read_city(town.write(tmp_path))
    moved = city.buildings[0]
    assert (moved.id, moved.community_id, moved.compound_id) == ("A0", "c2", "C")
    assert {fault.rule for fault in city.faults} == {"wrong-community", "wrong-compound"}


def test_compounds_follow_the_place_where_nothing_is_stated(tmp_path: Path) -> None:
    town = sound_town()
    town.layers["buildings"] = town.layers["buildings"].drop(columns=["compound_id", "community_id"])
    town.layers["compounds"] = town.layers["compounds"].drop(columns="community_id")
    city = read_city(town.write(tmp_path))
    assert [building.compound_id for building in city.buildings] == ["A"] * 4 + ["B"] * 4 + ["C"] * 4
    assert [compound.community_id for compound in city.compounds] == ["c1", "c1", "c2"]


def test_a_slit_closes_and_the_coverage_holds(tmp_path: Path) -> None:
    town = sound_town()
    town.draw("communities", 1, Polygon([(400.2, 0), (800, 0), (800, 400), (400, 400)]))
    city = read_city(town.write(tmp_path))
    assert shapely.coverage_is_valid(np.array([c.geometry for c in city.communities], dtype=object))


@pytest.mark.parametrize("name", ["bukit-merah", "songshan"])
def test_a_real_city_loads_from_its_own_files(name: str) -> None:
    city = read_city(DATA / name)
    must_be_sound(city)
    expected = {"bukit-merah": (21, 231, 3460, 2639), "songshan": (33, 838, 15300, 85028)}[name]
    assert (len(city.communities), len(city.compounds), len(city.buildings), len(city.addresses)) == expected
    assert not any(fault.severity is Severity.ERROR for fault in city.faults)
    assert city.attribution
    assert city.licence
    assert city.addresses["community_id"].ne("").all()
    assert (DATA / name / "LICENCE").read_text(encoding="utf-8")
    assert city.attribution in (DATA / name / "ATTRIBUTION").read_text(encoding="utf-8")
    stated = tomllib.loads((DATA / name / "city.toml").read_text(encoding="utf-8"))
    assert city.plane == stated["plane"]


def test_bukit_merah_keeps_every_official_dwelling_and_estimates_the_rest() -> None:
    city = read_city(DATA / "bukit-merah")
    assert sum(b.households for b in city.buildings if not b.estimated) == 62_013
    private = [b for b in city.buildings if b.estimated]
    assert len(private) == 250
    assert min(b.households for b in private) >= 1
    kinds = [barrier.kind for barrier in city.barriers]
    # 28 trunk and 23 motorway lines; primary 572; secondary 195; two canals wider than 15 m.
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        BarrierKind.EXPRESSWAY: 51,
        BarrierKind.ARTERIAL: 572,
        BarrierKind.COLLECTOR: 195,
        BarrierKind.RIVER: 2,
    }
    assert len(city.streets) == 999


def test_songshan_counts_units() -> None:
    city = read_city(DATA / "songshan")
    assert city.counts == "units"
    assert sum(building.households for building in city.buildings) == 85_028
    third = city.addresses.iloc[2]
    assert third["text"] == "臺北市松山區三民里24鄰三民路131號二樓"
    assert (third["road"], third["floor"], third["building_id"]) == ("三民路", "2", "3")


@settings(max_examples=15, deadline=None)
@given(
    name=st.text(max_size=30),
    place=st.sampled_from([("branches", "name"), ("branches", "compounds"), ("branches", "members")]),
)
def test_whatever_a_cell_holds_the_answer_is_a_city_or_its_faults(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: tuple[str, str]
) -> None:
    town = sound_town()
    town.set(place[0], 0, place[1], name)
    answer = city_or_refusal(town.write(tmp_path_factory.mktemp("cell")))
    if isinstance(answer, InputError):
        assert all(fault.message for fault in answer.faults)
    else:
        must_be_sound(answer)


def city_or_refusal(folder: Path) -> City | InputError:
    try:
        return read_city(folder)
    except InputError as refusal:
        return refusal


@pytest.mark.parametrize(
    "name", ["{{7*191}}", "{%", "{#x#}", "${1}", "`", "<img onerror=alert(1)>", "=1+1", "'; --"]
)
def test_hostile_names_come_through_as_they_are(name: str, tmp_path: Path) -> None:
    town = sound_town()
    town.set("compounds", 0, "name", name)
    assert read_city(town.write(tmp_path)).compounds[0].name == name


def test_multi_part_geometries_of_one_part_are_that_part(tmp_path: Path) -> None:
    town = sound_town()
    for row in range(3):
        shape = to_metres(town.layers["compounds"].geometry.to_numpy()[[row]], PLANE)[0]
        town.draw("compounds", row, MultiPolygon([shape]))
    city = read_city(town.write(tmp_path))
    assert [compound.geometry.geom_type for compound in city.compounds] == ["Polygon"] * 3


def test_lists_may_be_real_lists(tmp_path: Path) -> None:
    town = sound_town()
    compounds = town.layers.pop("compounds")
    compounds["aliases"] = [["泰河", "泰河苑"], [], None]
    folder = town.write(tmp_path)
    compounds.to_parquet(folder / "compounds.parquet")
    assert [compound.aliases for compound in read_city(folder).compounds] == [("泰河", "泰河苑"), (), ()]


DOCUMENT = (DATA.parent.parent / "docs" / "city-data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_the_document_names_every_column_and_class(layer: Layer) -> None:
    row = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{layer.name}`"))
    for column in layer.columns:
        assert (f"**`{column.name}`**" in row) is column.required
        assert f"`{column.name}`" in row
        assert all(f"`{name}`" in DOCUMENT for name in column.classes)


def test_the_document_names_every_rule_of_the_zoo() -> None:
    for animal in (*REFUSED, *MENDED, *WARNED):
        assert f"`{animal.rule}`" in DOCUMENT


def test_the_document_s_mapping_is_one_that_is_understood(tmp_path: Path) -> None:
    block = DOCUMENT.split("```toml\n")[1].split("```")[0]
    path = tmp_path / "city.toml"
    path.write_text(block, encoding="utf-8")
    book = FaultBook()
    city_file = read_city_file(path, "town", book)
    assert book.faults() == ()
    assert city_file.sources["barriers"][0].classes == {"motorway": "expressway", "*": "street"}
    assert city_file.estimation == Estimation()
