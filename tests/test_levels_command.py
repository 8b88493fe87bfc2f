"""The five levels are walked on the command line, up and down, with counts that add up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from geogrid.cli import main
from tests.published import publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("levels")
    publish(folder)
    return f"sqlite:///{folder}/store.db"


def asked(store: str, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["levels", *words, "--store", store])
    return int(ended.value.code or 0), capsys.readouterr().out


def told(store: str, *words: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    code, out = asked(store, *words, "--json", capsys=capsys)
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_city_has_its_districts_and_counts(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """d1 with t1 over c1 (A, B, C) and c2 (D, E): two communities, five compounds, five grids, 600 homes."""
    found = told(store, capsys=capsys)
    assert (found["level"], found["below"]) == ("cities", "districts")
    names = ("communities", "compounds", "grids", "branches", "households")
    assert [found["place"][name] for name in names] == [2, 5, 5, 3, 600]


def test_a_walk_down_and_up_again(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(store, "c1", capsys=capsys)
    assert found["above"] == [["d1", "样例区"], ["t1", "样例街道"]]
    assert (found["below"], [one["id"] for one in found["places"]]) == ("compounds", ["A", "B", "C"])
    assert told(store, "t1", capsys=capsys)["places"][0]["id"] == "c1"
    assert told(store, "A", capsys=capsys)["above"][-1][0] == "c1"
    assert told(store, "A", capsys=capsys)["places"] == []


def test_a_person_reads_a_table(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(store, "t1", capsys=capsys)
    assert code == 0
    assert out.startswith("样例区 > 样例街道")
    assert "Community c1" in out


def test_a_place_that_is_not_there(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(store, "nowhere", capsys=capsys) == (5, "")
