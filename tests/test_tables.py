"""Tables go in and out as they are, whatever the file; what a spreadsheet would run is disarmed."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from geogrid import sheets
from geogrid.delimited import disarm
from geogrid.errors import InputError
from geogrid.tables import open_table, table_of, write_table

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = pa.schema([("name", pa.string()), ("n", pa.int64()), ("share", pa.float64())])
COLUMNS: dict[str, list[Any]] = {
    "name": ["泰河花园", 'it\'s, "quoted"', None],
    "n": [1, None, 3],
    "share": [0.5, 1.25, None],
}


def rows(path: Path, layer: str = "") -> dict[str, list[object]]:
    with open_table(path, layer) as table:
        batches = list(table.batches)
        return pa.Table.from_batches(batches, table.schema).to_pydict()  # type: ignore[no-any-return]


def rule_of(path: Path, layer: str = "") -> str:
    with pytest.raises(InputError) as caught:
        rows(path, layer)
    assert all(fault.file == str(path) for fault in caught.value.faults)
    return caught.value.faults[0].rule


@pytest.mark.parametrize("ending", [".parquet", ".xlsx"])
def test_typed_tables_come_back_as_they_were(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    assert write_table(path, table_of(COLUMNS, SCHEMA)) == 3
    assert rows(path) == COLUMNS
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_text_tables_come_back_as_text(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    write_table(path, table_of(COLUMNS, SCHEMA))
    assert rows(path) == {
        "name": ["泰河花园", 'it\'s, "quoted"', ""],
        "n": ["1", "", "3"],
        "share": ["0.5", "1.25", ""],
    }


@pytest.mark.parametrize("ending", [".gpkg", ".geojson"])
def test_shapes_come_back(tmp_path: Path, ending: str) -> None:
    schema = SCHEMA.append(pa.field("geometry", pa.binary()))
    shapes = [shapely.Point(103.8, 1.28), shapely.box(103.8, 1.2, 103.9, 1.3), shapely.Point(0, 0)]
    table = table_of({**COLUMNS, "geometry": shapes}, schema, geometry="geometry", crs="EPSG:4326")
    path = tmp_path / f"t{ending}"
    write_table(path, table)
    with open_table(path) as back:
        read = pa.Table.from_batches(list(back.batches), back.schema)
        assert back.crs == "EPSG:4326"
        assert back.rows == 3
    found = shapely.from_wkb(read.column(back.geometry).to_pylist())
    assert [shape.normalize() for shape in found] == [shape.normalize() for shape in shapes]
    assert read.column("name").to_pylist() == COLUMNS["name"]


def test_shapes_become_text_where_a_file_has_no_shapes(tmp_path: Path) -> None:
    schema = pa.schema([("geometry", pa.binary())])
    table = table_of({"geometry": [shapely.Point(1, 2)]}, schema, geometry="geometry", crs="EPSG:4326")
    write_table(tmp_path / "t.csv", table)
    assert rows(tmp_path / "t.csv") == {"geometry": ["POINT (1 2)"]}


@pytest.mark.parametrize(
    ("encoding", "bom"), [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("gb18030", b""), ("utf-16", b"")]
)
def test_csv_is_read_in_the_encodings_people_send(tmp_path: Path, encoding: str, bom: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(bom + "地址,n\r\n兴东街道泰河花园3号楼,1\r\n".encode(encoding))
    assert rows(path) == {"地址": ["兴东街道泰河花园3号楼"], "n": ["1"]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"a{delimiter}b\n1{delimiter}2\n")
    assert rows(path) == {"a": ["1"], "b": ["2"]}


def test_every_line_is_a_row_also_a_blank_or_a_short_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1\n\n2,3\n")
    assert rows(path) == {"a": ["1", "", "2"], "b": ["", "", "3"]}


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("t.csv", b"", "no-header"),
        ("t.csv", b"a,a\n1,2\n", "duplicate-column"),
        ("t.csv", b"a,b\n1,2,3\n", "too-many-fields"),
        ("t.csv", b'a,b\n"1,2\n3,4\n', "broken-csv"),
        ("t.csv", b"a\n\xff\xff\xff\n", "wrong-encoding"),
        ("t.parquet", b"not parquet", "broken-file"),
        ("t.xlsx", b"not a workbook", "broken-file"),
        ("t.gpkg", b"not a database", "broken-file"),
        ("t.doc", b"", "unknown-format"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, name: str, content: bytes, rule: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert rule_of(path) == rule


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    assert rule_of(tmp_path / "t.csv") == "no-such-file"


def test_all_long_lines_are_told_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1,2\n3\n4,5\n")
    with pytest.raises(InputError) as caught:
        rows(path)
    assert [fault.message.split(" has")[0] for fault in caught.value.faults] == ["line 2", "line 4"]


def test_one_of_several_layers_must_be_named(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_table(path, table_of(COLUMNS, SCHEMA), layer="eins")
    assert rule_of(path, "zwei") == "no-such-layer"
    assert rows(path, "eins") == COLUMNS


def test_an_excel_column_of_one_kind_keeps_it_and_a_mixed_one_becomes_text(tmp_path: Path) -> None:
    schema = pa.schema([("day", pa.date32()), ("yes", pa.bool_())])
    columns: dict[str, list[Any]] = {"day": [dt.date(2026, 1, 2)], "yes": [True]}
    write_table(tmp_path / "t.xlsx", table_of(columns, schema))
    assert rows(tmp_path / "t.xlsx") == {"day": [dt.datetime(2026, 1, 2)], "yes": [True]}  # noqa: DTZ001
    book = load_workbook(tmp_path / "t.xlsx")
    book.active.append(["later", None])
    book.save(tmp_path / "t.xlsx")
    assert rows(tmp_path / "t.xlsx")["day"] == ["2026-01-02 00:00:00", "later"]


def test_what_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("old")
    table = table_of(COLUMNS, SCHEMA)

    def breaking() -> object:
        yield from table.batches
        raise OSError

    with pytest.raises(OSError):
        write_table(path, type(table)(table.schema, breaking()))  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


ATTACKS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("x")']


@pytest.mark.parametrize("text", ATTACKS)
def test_formulas_are_disarmed_in_csv_and_excel(tmp_path: Path, text: str) -> None:
    table = pa.schema([("a", pa.string())])
    write_table(tmp_path / "t.csv", table_of({"a": [text]}, table))
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").startswith(("a\n'", "a\n\"'"))
    write_table(tmp_path / "t.xlsx", table_of({"a": [text]}, table))
    cell = load_workbook(tmp_path / "t.xlsx").active["A2"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("text", ["-1.5", "+12", "-.5e3", "3-2-501", "兴东街道", "", "0123"])
def test_plain_numbers_and_addresses_are_left_alone(text: str) -> None:
    assert disarm(text) == text


@given(st.text())
def test_nothing_that_a_spreadsheet_runs_is_left(text: str) -> None:
    told = disarm(text)
    assert told in {text, f"'{text}"}
    if told[:1] in {"=", "@", "\t", "\r"}:
        pytest.fail(f"{told!r} would run")
    if told[:1] in {"+", "-"}:
        float(told)


@pytest.mark.parametrize("ending", [".geojson", ".json", ".gpkg", ".fgb"])
def test_a_virtual_layer_in_disguise_reads_no_other_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    source = f"<SrcDataSource>{tmp_path}/secret.csv</SrcDataSource>"
    path = tmp_path / f"t{ending}"
    path.write_text(f'<OGRVRTDataSource><OGRVRTLayer name="secret">{source}</OGRVRTLayer></OGRVRTDataSource>')
    assert rule_of(path) == "broken-file"


def test_text_that_breaks_off_in_utf_16_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("address\n锦山大街\n".encode("utf-16")[:-1])
    assert rule_of(path) == "wrong-encoding"
    path.write_bytes("address\n锦山大街\n".encode("utf-16"))
    assert rows(path) == {"address": ["锦山大街"]}


@pytest.mark.parametrize(
    "note", ["{", "[]", '{"primary_column": "there"}', '{"primary_column": "name", "columns": []}']
)
def test_a_broken_note_on_shapes_is_told(tmp_path: Path, note: str) -> None:
    path = tmp_path / "t.parquet"
    schema = SCHEMA.with_metadata({"geo": note})
    pq.write_table(pa.table(COLUMNS, schema=schema), path)
    assert rule_of(path) == "broken-file"


def test_a_sheet_keeps_what_excel_would_round_or_refuse(tmp_path: Path) -> None:
    """An identity number has 18 digits, a number in a cell 15; and a cell knows no time zone."""
    path = tmp_path / "t.xlsx"
    moment = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
    schema = pa.schema([("id", pa.int64()), ("at", pa.timestamp("s", "UTC"))])
    write_table(path, table_of({"id": [210602199001011234], "at": [moment]}, schema))
    assert rows(path) == {"id": ["210602199001011234"], "at": ["2026-11-23 09:30:00+00:00"]}


def test_a_sheet_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_table(path, table_of({name: [] for name in COLUMNS}, SCHEMA))
    assert [cell.value for cell in load_workbook(path).active[1]] == list(COLUMNS)


def test_rows_that_a_sheet_would_lose_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)  # the names and two of the three rows
    path = tmp_path / "t.xlsx"
    with pytest.raises(InputError, match="too-many-rows"):
        write_table(path, table_of(COLUMNS, SCHEMA))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("box", "bounds"),
    [
        ([1, 2.5, 3, 4], (1.0, 2.5, 3.0, 4.0)),
        ([1, 2, -9, 3, 4, 9], (1.0, 2.0, 3.0, 4.0)),  # with heights
        (None, ()),
        ([1, 2, 3], ()),
        ("1234", ()),
        ([1, 2, 3, "4"], ()),
        ([1, 2, 3, 10**400], ()),
    ],
)
def test_bounds_are_those_of_the_note_where_it_tells_any(
    tmp_path: Path, box: object, bounds: tuple[float, ...]
) -> None:
    column = {"encoding": "WKB", "geometry_types": [], "bbox": box}
    note = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    schema = pa.schema([("geometry", pa.binary())]).with_metadata({"geo": json.dumps(note)})
    pq.write_table(schema.empty_table(), tmp_path / "t.parquet")
    with open_table(tmp_path / "t.parquet") as table:
        assert table.bounds == bounds


def test_bounds_come_back_as_they_were_written(tmp_path: Path) -> None:
    schema = pa.schema([("geometry", pa.binary())])
    shapes = [shapely.Point(1.0, 7.0), shapely.Point(4.0, 2.0)]
    write_table(tmp_path / "t.parquet", table_of({"geometry": shapes}, schema, geometry="geometry"))
    with open_table(tmp_path / "t.parquet") as table:
        assert table.bounds == (1.0, 2.0, 4.0, 7.0)
