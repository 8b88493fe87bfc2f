"""Every row of a file comes out once, in order, with its grid, status and reason."""

from __future__ import annotations

import csv
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.batch import ADDED, Candidate, Columns, RowAnswer, Told, assign_file, find_columns
from geogrid.crs import from_wgs84
from geogrid.errors import InputError
from geogrid.tables import open_table, table_of, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


BOTH = (Candidate("Main 1", "A-001"), Candidate("Main 9", "B-001"))


class Toy:
    """Knows one street; east of 104 degrees lies grid B, west of it grid A."""

    def addresses(self, texts: Sequence[str]) -> list[RowAnswer]:
        return [self.address(text) for text in texts]

    def address(self, text: str) -> RowAnswer:
        if text.startswith("Main "):
            return RowAnswer("matched", "door", "A-001", "Main grid")
        if text == "Main":
            return RowAnswer(
                "ambiguous",
                "which door?",
                candidates=BOTH,
            )
        return RowAnswer("none", "no such street")

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        assert np.isfinite(lon).all()
        assert np.isfinite(lat).all()
        return Told.each([RowAnswer("matched", "point", "A-001" if x < 104 else "B-001") for x in lon])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_come_out_once_in_order_with_all_their_columns(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,address\n7,Main 1\n3,Nowhere 2\n7,\n1,Main\n", encoding="utf-8")
    tally = assign_file(source, target, Toy())
    assert [(row["id"], row["status"], row["grid_code"]) for row in read(target)] == [
        ("7", "matched", "A-001"),
        ("3", "none", ""),
        ("7", "empty", ""),
        ("1", "ambiguous", ""),
    ]
    assert tally.rows == 4
    assert tally.by_status == {"ambiguous": 1, "empty": 1, "matched": 1, "none": 1}
    assert tally.unmatched == 3


def test_what_needs_a_person_goes_to_the_review_file_with_its_candidates(tmp_path: Path) -> None:
    source, review = tmp_path / "in.csv", tmp_path / "review.csv"
    source.write_text("address\nMain 1\nMain\n=1+1\n", encoding="utf-8")
    assign_file(source, tmp_path / "out.csv", Toy(), review=review)
    assert [(r["row"], r["question"], r["status"], r["candidate_grid_code"]) for r in read(review)] == [
        ("2", "Main", "ambiguous", "A-001"),
        ("2", "Main", "ambiguous", "B-001"),
        ("3", "'=1+1", "none", ""),
    ]


def test_positions_are_read_in_the_system_they_are_in(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    # EPSG:3857: x = 11577226.3 m is 104.0 degrees east; one metre on each side of it.
    source.write_text("lon,lat\n11577225,0\n11577228,0\nx,1\n,\n", encoding="utf-8")
    assign_file(source, tmp_path / "out.csv", Toy(), columns=Columns(crs="EPSG:3857"))
    assert [(row["status"], row["grid_code"]) for row in read(tmp_path / "out.csv")] == [
        ("matched", "A-001"),
        ("matched", "B-001"),
        ("invalid", ""),
        ("invalid", ""),
    ]


def test_a_position_off_the_earth_is_invalid(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("lon,lat\n1e9,0\n103,95\n103,1\n", encoding="utf-8")
    assign_file(source, tmp_path / "out.csv", Toy())
    assert [row["status"] for row in read(tmp_path / "out.csv")] == ["invalid", "invalid", "matched"]


@pytest.mark.parametrize("ending", [".parquet", ".xlsx", ".gpkg", ".geojson", ".csv"])
def test_every_format_goes_in_and_comes_out(tmp_path: Path, ending: str) -> None:
    columns: dict[str, list[Any]] = {"n": [5, 4, 4], "address": ["Main 1", "Main", None]}
    schema = pa.schema([("n", pa.int64()), ("address", pa.string())])
    source, target = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    write_table(source, table_of(columns, schema))
    assign_file(source, target, Toy())
    with open_table(target) as table:
        back = pa.Table.from_batches(list(table.batches), table.schema).to_pydict()
    assert [int(n) for n in back["n"]] == [5, 4, 4]
    assert back["status"] == ["matched", "ambiguous", "empty"]
    assert [code or "" for code in back["grid_code"]] == ["A-001", "", ""]


def test_shapes_answer_where_there_is_no_column(tmp_path: Path) -> None:
    schema = pa.schema([("n", pa.int64()), ("geom", pa.binary())])
    shapes = [shapely.box(103, 1, 103.1, 1.1), shapely.Point(105, 1), None]
    source, target = tmp_path / "in.gpkg", tmp_path / "out.gpkg"
    write_table(source, table_of({"n": [1, 2, 3], "geom": shapes}, schema, geometry="geom", crs="EPSG:4326"))
    assign_file(source, target, Toy())
    with open_table(target) as table:
        batch = pa.Table.from_batches(list(table.batches), table.schema)
        assert table.crs == "EPSG:4326"
    assert batch.column("status").to_pylist() == ["matched", "matched", "invalid"]
    assert batch.column("grid_code").to_pylist()[:2] == ["A-001", "B-001"]
    assert shapely.from_wkb(batch.column("geom").to_pylist()[1]) == shapely.Point(105, 1)


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("address,status,status_2\nMain 1,old,older\n", encoding="utf-8")
    assign_file(source, tmp_path / "out.csv", Toy())
    (row,) = read(tmp_path / "out.csv")
    assert (row["status"], row["status_2"], row["status_3"]) == ("old", "older", "matched")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["id", "Address"], Columns(address="Address")),
        (["序号", "详细地址"], Columns(address="详细地址")),
        (["LON", "lat"], Columns(lon="LON", lat="lat")),
        (["lon", "lat", "full_address"], Columns(address="full_address")),
    ],
)
def test_the_column_is_found_by_its_name(names: list[str], found: Columns) -> None:
    assert find_columns(names, Columns()) == found


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (Columns(), "which-column"),
        (Columns(address="nope"), "no-such-column"),
        (Columns(lon="a"), "half-a-position"),
    ],
)
def test_a_column_that_is_not_there_is_told(given: Columns, rule: str) -> None:
    with pytest.raises(InputError) as caught:
        find_columns(["a", "b"], given)
    assert [fault.rule for fault in caught.value.faults] == [rule]


def test_nothing_is_written_when_the_question_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("lon,lat\n1,1\n", encoding="utf-8")
    for columns, target in [
        (Columns(crs="EPSG:0"), "out.csv"),
        (Columns(), "in.csv"),
        (Columns(), "out.doc"),
    ]:
        with pytest.raises(InputError):
            assign_file(source, tmp_path / target, Toy(), columns=columns, review=tmp_path / "review.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@given(st.lists(st.tuples(st.integers(), st.sampled_from(["Main 1", "Main", "x", ""])), max_size=30))
def test_assigning_keeps_every_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    source = folder / "in.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows([("n", "address"), *rows])
    tally = assign_file(source, folder / "out.csv", Toy())
    back = read(folder / "out.csv")
    assert [(int(row["n"]), row["address"]) for row in back] == rows
    assert sum(tally.by_status.values()) == tally.rows == len(rows)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_memory_does_not_grow_with_rows(tmp_path: Path, ending: str) -> None:
    def peak(rows: int) -> int:
        source = tmp_path / f"{rows}{ending}"
        if ending == ".csv":
            source.write_text("address\n" + "Main 1234567890\n" * rows)
        else:
            pq.write_table(pa.table({"address": ["Main 1234567890"] * rows}), source, row_group_size=8192)
        tracemalloc.start()
        assign_file(source, tmp_path / f"out{ending}", Toy())
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    small, large = peak(20_000), peak(100_000)
    assert large < small * 1.5


def test_the_added_columns_are_the_promised_ones() -> None:
    assert ADDED == ("grid_code", "grid_name", "status", "reason")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_shape_that_cannot_be_read_is_one_invalid_row(tmp_path: Path, ending: str) -> None:
    """A foreign GeoParquet may hold anything in its column of shapes; the rows beside it are answered."""
    note = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": {"encoding": "WKB"}}}
    schema = pa.schema([("geom", pa.binary())]).with_metadata({"geo": json.dumps(note)})
    shapes = [shapely.to_wkb(shapely.Point(103, 1)), b"nonsense", None]
    pq.write_table(pa.table({"geom": shapes}, schema=schema), tmp_path / "in.parquet")
    tally = assign_file(tmp_path / "in.parquet", tmp_path / f"out{ending}", Toy())
    assert (tally.rows, tally.by_status) == (3, {"invalid": 2, "matched": 1})


# Positions in another system than was said

DOORS = np.array([[124.39 + 0.002 * i, 40.13 + 0.0013 * j] for i in range(12) for j in range(12)])


@pytest.mark.parametrize(
    ("truly", "said", "warned"),
    [
        ("WGS-84", "WGS-84", ""),
        ("CGCS2000", "WGS-84", ""),
        ("GCJ-02", "GCJ-02", ""),
        ("BD-09", "BD-09", ""),
        ("GCJ-02", "WGS-84", "seem to be GCJ-02"),
        ("BD-09", "WGS-84", "seem to be BD-09"),
        ("WGS-84", "GCJ-02", "seem not to be shifted"),
        ("WGS-84", "BD-09", "seem not to be shifted"),
    ],
)
def test_positions_that_look_shifted_are_told(tmp_path: Path, truly: str, said: str, warned: str) -> None:
    """The doors stand 150 m apart; residents lie up to 12 m beside theirs; the shift is about 500 m."""
    chance = np.random.default_rng(5)
    beside = DOORS + chance.uniform(-1e-4, 1e-4, DOORS.shape)
    lon, lat = from_wgs84(beside[:, 0], beside[:, 1], truly)
    source = tmp_path / "in.csv"
    rows = "".join(f"{x:.7f},{y:.7f}\n" for x, y in zip(lon, lat, strict=True))
    source.write_text("lon,lat\n" + rows)
    tally = assign_file(source, tmp_path / "out.csv", Toy(), columns=Columns(crs=said), doors=DOORS)
    assert tally.rows == len(DOORS)
    assert [warned in told for told in tally.warnings] == [True] * bool(warned)


def test_too_few_positions_and_doors_without_places_suspect_nothing(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    lon, lat = from_wgs84(DOORS[:, 0], DOORS[:, 1])
    rows = [f"{x:.7f},{y:.7f}" for x, y in zip(lon, lat, strict=True)]
    for count, doors in ((19, DOORS), (100, np.full((5, 2), np.nan)), (100, None)):
        source.write_text("\n".join(["lon,lat", *rows[:count]]))
        assert assign_file(source, tmp_path / "out.csv", Toy(), doors=doors).warnings == ()
