"""Policies: presets, files, and every contradiction told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from geogrid.errors import PolicyError
from geogrid.policy import (
    COMPOUND_FIRST,
    EIGHT_TO_TEN,
    HOUSEHOLDS_300_500,
    PRESETS,
    Band,
    policy_from_table,
    policy_table,
    preset,
    read_policy,
    window_of,
)

FILES = Path(__file__).parent.parent / "data" / "policies"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_policy_files_are_the_presets(name: str) -> None:
    assert read_policy(FILES / f"{name}.toml") == preset(name)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_policy_survives_its_table(name: str) -> None:
    assert policy_from_table(policy_table(PRESETS[name])) == PRESETS[name]


def test_the_window_is_rounded_inwards() -> None:
    """1,001 households in 10 grids: ideal 100.1, 20 % each side is 80.08 to 120.12."""
    assert window_of(EIGHT_TO_TEN, 1001, 10) == (81, 120)


def test_a_window_without_a_whole_number_becomes_the_two_beside_the_ideal() -> None:
    """7 households in 10 grids: 0.56 to 0.84 holds no whole number."""
    assert window_of(EIGHT_TO_TEN, 7, 10) == (0, 1)


def test_absolute_windows_do_not_depend_on_the_community() -> None:
    assert window_of(HOUSEHOLDS_300_500, 10, 3) == (300, 500)
    assert window_of(COMPOUND_FIRST, 10, 3) is None


@pytest.mark.parametrize(
    ("table", "rules"),
    [
        ({"grids": {"min": 9, "max": 8}}, {"grids-reversed"}),
        ({"grids": {"min": 0, "max": 8}}, {"grids-below-one"}),
        ({"band": {"share": 0.2, "lower": 3}}, {"band-twice"}),
        ({"band": {"share": 1.0}}, {"band-share"}),
        ({"band": {"lower": 3}}, {"band-open"}),
        ({"band": {"lower": 9, "upper": 3}}, {"band-reversed"}),
        ({"grids": False}, {"band-without-count"}),
        ({"soft_barriers": ["river"]}, {"barrier-twice"}),
        ({"objectives": ["window", "window"]}, {"objective-twice"}),
        ({"time_limit_s": 0}, {"time-limit"}),
        ({"colour": "red"}, {"unknown-key"}),
        ({"special_grids": 1, "compactness": "round"}, {"bad-value"}),
        ({"name": 3, "min_connection_m": "5"}, {"bad-value"}),
    ],
)
def test_contradictions_are_told(table: dict[str, object], rules: set[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        policy_from_table(table)
    assert {fault.rule for fault in caught.value.faults} == rules


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('compactness = "round"\ncolour = "red"\ngrids = 8\n', encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        read_policy(file)
    assert {(fault.field, fault.file) for fault in caught.value.faults} == {
        ("compactness", "mine.toml"),
        ("colour", "mine.toml"),
        ("grids", "mine.toml"),
    }


def test_a_policy_takes_its_name_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("special_grids = false\n", encoding="utf-8")
    assert read_policy(file) == replace(EIGHT_TO_TEN, name="mine", special_grids=False)


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("grids = [", encoding="utf-8")
    with pytest.raises(PolicyError, match="unreadable-policy"):
        read_policy(file)
    with pytest.raises(PolicyError, match="unknown-preset"):
        preset("mine")
    assert Band(share=0.2) == EIGHT_TO_TEN.band
