"""Cities cut into parts and divided by many workers: what one machine makes, byte for byte."""

from __future__ import annotations

import json
import pickle
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask_geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from geogrid.adjacency import build_graph
from geogrid.boundaries import read_city
from geogrid.cluster import PROCESSES, DivideJob, PartJob, PlaceJob, crew_of, run_job
from geogrid.cluster.grids import GRIDS, GridSetMatcher
from geogrid.cluster.ground import parts_of, read_part, write_part
from geogrid.cluster.target import MANIFEST, write_note
from geogrid.crs import DEGREES, points_to_degrees
from geogrid.errors import InputError
from geogrid.exports import divided_of, grids_table, units_table
from geogrid.fleet import divide_city
from geogrid.model import Barrier, BarrierKind
from geogrid.policy import EIGHT_TO_TEN
from geogrid.sample import write_city
from geogrid.tables import table_of, write_table
from geogrid.units import build_units
from tests.town import draw_city

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from geogrid.cluster import Crew
    from geogrid.cluster.crews import Answer, Thing
    from geogrid.model import City

POLICY = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2, time_limit_s=300.0)
# Three communities; a park and homes outside compounds in the first, a river through the second.
TOWN = draw_city("AAB\nAAB\n*bb", "CC~D\nFF~D", "EEG\nEEG")


class Here:
    """Works in this process on copies, as if they came from afar; workers are another module's question."""

    def each(self, work: Callable[[Thing], Answer], things: Sequence[Thing]) -> Iterator[Answer]:
        for asked in things:
            there, thing = pickle.loads(pickle.dumps((work, asked)))
            yield pickle.loads(pickle.dumps(there(thing)))

    def look(self, paths: Sequence[Path]) -> None:
        pass


@pytest.fixture(scope="module")
def crew() -> Crew:
    """Return one worker, without the seconds that a process of its own takes to begin."""
    return Here()


@pytest.fixture(scope="module")
def divided(crew: Crew, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Divide the town by its three communities; tests that change the set copy it."""
    folder = tmp_path_factory.mktemp("divided")
    run_job(DivideJob(POLICY), parts(folder / "parts", TOWN), folder / "out", crew)
    return folder


def with_road_beside(city: City) -> City:
    """Return the city with a road in c1 that ends a metre before c2, in line with its border of C and F."""
    line = shapely.LineString([(280.0, 100.0), (299.0, 100.0)])
    return replace(city, barriers=(*city.barriers, Barrier("road", BarrierKind.ARTERIAL, line)))


def parts(folder: Path, city: City, communities: int = 1) -> Path:
    for number, part in enumerate(parts_of(city, communities)):
        write_part(folder / f"part.{number:04d}", part)
    return folder


def test_a_part_comes_back_bit_for_bit(tmp_path: Path) -> None:
    city = with_road_beside(TOWN)
    for number, part in enumerate(parts_of(city, 1)):
        write_part(tmp_path / str(number), part)
        back = read_part(tmp_path / str(number))
        assert replace(back, addresses=part.addresses) == part


def test_a_part_holds_what_reaches_it() -> None:
    city = with_road_beside(TOWN)
    first, second, third = parts_of(city, 1)
    assert [one.id for one in first.barriers] == ["road"]
    assert [one.id for one in second.barriers] == ["c2-river", "road"]
    assert third.barriers == ()
    assert [[one.id for one in part.land] for part in (first, second, third)] == [["c1-park"], [], []]
    assert sorted(one.id for one in second.compounds) == ["C", "D", "F"]
    graph = build_graph(build_units(second, "c2"), second.barriers, "c2")
    assert graph == build_graph(build_units(city, "c2"), city.barriers, "c2")
    (between,) = [edge for edge in graph.edges if (edge.a, edge.b) == ("C", "F")]
    assert BarrierKind.ARTERIAL in dict(between.along)


def bounds_told(table: pa.Table) -> tuple[float, ...]:
    """Return the bounds in a table's GeoParquet note."""
    return tuple(json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["bbox"])


@pytest.mark.parametrize(("communities", "apart"), [(1, False), (2, True)])
def test_the_pieces_together_are_what_one_machine_exports(
    crew: Crew, tmp_path: Path, communities: int, apart: bool
) -> None:
    """Divided in this process, and once in a process of its own."""
    city = with_road_beside(TOWN)
    parts(tmp_path / "parts", city, communities)
    with crew_of(PROCESSES, 1) if apart else nullcontext(crew) as at_work:
        report = run_job(DivideJob(POLICY), tmp_path / "parts", tmp_path / "out", at_work)
    made = divide_city(city, POLICY, workers=1)
    divided = divided_of(city, ((one.graph, one.division.plan) for one in made))
    for name, table in (("grids", grids_table(city, divided)), ("units", units_table(city, divided))):
        write_table(tmp_path / f"{name}.parquet", table)
        alone = pq.read_table(tmp_path / f"{name}.parquet")
        pieces = [pq.read_table(path) for path in sorted((tmp_path / "out").glob(f"*/{name}.parquet"))]
        assert pa.concat_tables(pieces).replace_schema_metadata().equals(alone.replace_schema_metadata())
        boxes = [bounds_told(one) for one in pieces]
        assert bounds_told(alone) == (*np.min(boxes, axis=0)[:2], *np.max(boxes, axis=0)[2:])
    # By hand: two grids of homes in each community, and one for the park.
    assert report.counts == {"communities": 3, "grids": 7, "proved": 3, "units": report.counts["units"]}
    assert report.rows == 3
    told = json.loads((tmp_path / "out" / "_manifest.json").read_text(encoding="utf-8"))
    assert [one["partition"] for one in told["pieces"]] == [
        f"part.{n:04d}" for n in range(-(-3 // communities))
    ]


def test_what_is_divided_is_not_divided_again_and_another_policy_is_refused(
    crew: Crew, divided: Path, tmp_path: Path
) -> None:
    shutil.copytree(divided, tmp_path, dirs_exist_ok=True)
    lost = next((tmp_path / "out").glob("part.0001-*"))
    for path in lost.iterdir():
        path.unlink()
    lost.rmdir()
    (tmp_path / "out" / "_manifest.json").unlink()
    assert run_job(DivideJob(POLICY), tmp_path / "parts", tmp_path / "out", crew).kept == 2
    with pytest.raises(InputError, match="another-job"):
        run_job(DivideJob(replace(POLICY, grids_max=3)), tmp_path / "parts", tmp_path / "out", crew)


def test_all_faults_of_all_parts_are_told_at_once(crew: Crew, tmp_path: Path) -> None:
    parts(tmp_path / "parts", TOWN)
    folder = tmp_path / "parts"
    (folder / "part.0000" / "city.json").write_text("{")
    (folder / "part.0001" / "buildings.parquet").write_bytes(b"PAR1 no PAR1")
    table = pq.read_table(folder / "part.0002" / "compounds.parquet")
    pq.write_table(table.drop(["households"]), folder / "part.0002" / "compounds.parquet")
    (folder / "part.0002" / "land.parquet").unlink()
    write_part(folder / "part.0003", next(parts_of(TOWN, 1)))
    write_part(folder / "part.0004", next(parts_of(TOWN, 1)))
    with pytest.raises(InputError) as caught:
        run_job(DivideJob(POLICY), folder, tmp_path / "out", crew)
    assert [
        (fault.rule, Path(fault.file).relative_to(folder).as_posix()) for fault in caught.value.faults
    ] == [
        ("broken-file", "part.0000/city.json"),
        ("broken-file", "part.0001/buildings.parquet"),
        ("no-such-column", "part.0002/compounds.parquet"),
        ("no-such-file", "part.0002/land.parquet"),
        ("twice-in-the-set", "part.0004"),
    ]
    assert not (tmp_path / "out").exists()


def test_a_city_is_cut_from_its_files(crew: Crew, tmp_path: Path) -> None:
    """Three communities: two parts of two at most, each thing as the whole city has it."""
    source = tmp_path / "town"
    write_city(TOWN, source)
    report = run_job(PartJob(2), source, tmp_path / "parts", crew)
    assert report.counts == {"communities": 3, "parts": 2}
    folders = sorted((tmp_path / "parts").glob("town-*/part.*"))
    whole, back = read_city(source), [read_part(folder) for folder in folders]
    assert tuple(one for part in back for one in part.communities) == tuple(
        replace(one, population=None, secretary="") for one in whole.communities
    )
    assert sum(building.households for part in back for building in part.buildings) == sum(
        building.households for building in whole.buildings
    )
    assert np.isclose(
        sum(one.geometry.area for part in back for one in part.compounds),
        sum(one.geometry.area for one in whole.compounds),
    )


def test_positions_are_placed_by_a_divided_set_alone(crew: Crew, divided: Path, tmp_path: Path) -> None:
    """A point in the middle of every building lies in the grid of the building's unit; one lies outside."""
    units = [pq.read_table(path) for path in sorted((divided / "out").glob("*/units.parquet"))]
    code_of = {row["unit"]: row["grid_code"] for one in units for row in one.to_pylist()}
    homes = [one for one in TOWN.buildings if one.compound_id]  # a compound here is one unit
    metres = np.array([(one.geometry.centroid.x, one.geometry.centroid.y) for one in homes] + [(-900.0, 0.0)])
    lon, lat = points_to_degrees(metres[:, 0], metres[:, 1], TOWN.plane)
    (tmp_path / "places").mkdir()
    for part in range(2):  # the first partition from west to east, the second the other way round
        table = pa.table({"lon": lon[:: 1 - 2 * part], "lat": lat[:: 1 - 2 * part]})
        pq.write_table(table, tmp_path / "places" / f"part.{part}.parquet")
    job = PlaceJob.of(divided / "out")
    report = run_job(job, tmp_path / "places", tmp_path / "out", crew)
    found = [pq.read_table(path).to_pylist() for path in sorted((tmp_path / "out").glob("part.*"))]
    expected = [*(code_of[one.compound_id] for one in homes), None]
    assert [row["grid_code"] or None for row in found[0]] == expected
    assert [row["grid_code"] or None for row in found[1]] == expected[::-1]
    assert report.counts == {"matched": 2 * len(homes), "outside": 2}


def test_every_part_answers_for_its_own_places_whatever_it_is_called(tmp_path: Path) -> None:
    """Two squares a degree apart; their parts stand in another order than their names, one is empty."""
    squares = {"part-aa": "WEST", "part-nobody": "", "part (2)-bb": "EAST"}
    schema = pa.schema([("grid_code", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])
    for part, code in squares.items():
        left = {"WEST": 121.0, "EAST": 122.0}.get(code, 0.0)
        shapes = [shapely.box(left, 25.0, left + 0.1, 25.1)] if code else []
        codes = [code] * len(shapes)
        columns: dict[str, list[Any]] = {"grid_code": codes, "name": codes, "geometry": shapes}
        write_table(tmp_path / part / GRIDS, table_of(columns, schema, geometry="geometry", crs=DEGREES))
    write_note(tmp_path / MANIFEST, {"kind": "divide", "pieces": [{"file": part} for part in squares]})
    matcher = GridSetMatcher(tmp_path)
    for lon, code in ((121.05, "WEST"), (122.05, "EAST"), (123.05, "")):
        told = matcher.points(np.array([lon]), np.array([25.05]))
        assert [one.grid_code for one in told.answers()] == [code]
    path = tmp_path / "part-aa" / GRIDS
    pq.write_table(pq.read_table(path).replace_schema_metadata(), path)
    with pytest.raises(InputError, match="no-bounds"):
        GridSetMatcher(tmp_path)


def test_a_divided_set_is_read_by_dask_geopandas_with_its_places(divided: Path) -> None:
    paths = sorted((divided / "out").glob("*/grids.parquet"))
    frame = dask_geopandas.read_parquet([str(path) for path in paths], gather_spatial_partitions=True)
    assert len(frame) == 7
    whole = frame.compute()
    for box, community in zip(frame.spatial_partitions, ["c1", "c2", "c3"], strict=True):
        assert box.bounds == pytest.approx(whole[whole.community_id == community].total_bounds)


def test_only_a_whole_divided_set_answers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no-divided-set"):
        PlaceJob.of(tmp_path)
