"""The address that the documentation uses, asked of the sample city on the command line, API and page."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from geogrid.cli import main
from geogrid.cli.divide import divide_city
from geogrid.cli.publish import put_out
from geogrid.cli.store import opened as opened_store
from geogrid.cli.store import snapshot_folder
from geogrid.policy import EIGHT_TO_TEN
from tests.conftest import serving
from tests.sampled import sample_city
from tests.test_pages import opened, search

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from geogrid.model import City

ADDRESS = "元宝区兴东街道泰河花园小区3号楼2单元501室"


def community_of_the_address() -> City:
    """Return the sample city without all but the one community that the address lies in."""
    city = sample_city()
    compound = next(one for one in city.compounds if one.name == "泰河花园")
    community = next(one for one in city.communities if one.id == compound.community_id)
    here = community.geometry.buffer(100.0)
    branches = tuple(one for one in city.branches if one.community_id == community.id)
    held = {one.id for one in branches}
    compounds = tuple(one for one in city.compounds if one.community_id == community.id)
    inside = {one.id for one in compounds}
    centres = {community.subdistrict_id}
    addresses = city.addresses[city.addresses["community_id"] == community.id].reset_index(drop=True)
    return replace(
        city,
        communities=(community,),
        compounds=compounds,
        buildings=tuple(one for one in city.buildings if one.community_id == community.id),
        addresses=addresses,
        building_groups=tuple(one for one in city.building_groups if one.compound_id in inside),
        branches=branches,
        team=tuple(m for m in city.team if m.branch_id in held or m.community_id == community.id),
        pairings=tuple(one for one in city.pairings if one.branch_id in held),
        venues=tuple(
            one
            for one in city.venues
            if one.community_id == community.id or (not one.community_id and one.subdistrict_id in centres)
        ),
        barriers=tuple(one for one in city.barriers if one.geometry.intersects(here)),
        land=tuple(one for one in city.land if one.geometry.intersects(here)),
        streets=tuple(one for one in city.streets if one.geometry.intersects(here)),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('known')}/store.db"
    with opened_store(url, new=True) as archive:
        city = community_of_the_address()
        archive.store_city(city)
        draft = divide_city(archive, city.id, EIGHT_TO_TEN, 1)
        put_out(archive, url, draft.id, archive.today())
    return url


@pytest.fixture(scope="module")
def expected(store: str) -> dict[str, str]:
    """Return grid, branch, vice-secretary and station, worked out from the data and the plan alone."""
    city = community_of_the_address()
    compound = next(one for one in city.compounds if one.name == "泰河花园")
    building = next(one for one in city.buildings if one.compound_id == compound.id and one.number == "3")
    branch = next(one for one in city.branches if compound.id in one.compound_ids)
    vice = next(one for one in city.team if one.branch_id == branch.id and one.post == "党支部副书记")
    station = next(one for one in city.venues if one.community_id == city.communities[0].id)
    with opened_store(store) as archive:
        (stored,) = archive.all_stored(1)
    unit = next(one for one in stored.graph.units if building.id in one.building_ids)
    number = stored.division.plan.assignment[unit.id]
    assert branch.name.startswith("泰河花园")
    assert vice.public
    return {
        "grid": f"{city.communities[0].code}{number:03d}",
        "branch": branch.name,
        "vice": vice.name,
        "station": station.name,
    }


def test_the_command_line_answers(
    store: str, expected: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--json"]):
        with suppress(SystemExit):
            main(["lookup", ADDRESS, "--store", store, *more])
        told = capsys.readouterr().out
        assert [name for name, text in expected.items() if text not in told] == []
        assert "党支部副书记" in told


def test_the_api_answers(store: str, expected: dict[str, str]) -> None:
    with TestClient(create_app(Settings(snapshot_folder(store, "dandong", 1), reload_s=0))) as client:
        found: dict[str, Any] = client.post("/v1/lookup", json={"address": ADDRESS}).json()
    assert found["status"] == "matched"
    card = found["grid"]
    posts = {(one["name"], one["post"]) for one in card["team"]}
    assert (card["code"], card["branch"]["name"]) == (expected["grid"], expected["branch"])
    assert (expected["vice"], "党支部副书记") in posts
    assert expected["station"] in [one["name"] for one in card["venues"]]
    assert all(one["metres"] is not None for one in card["venues"])
    assert json.dumps(found, ensure_ascii=False).count("(虚构)") >= 2, "people say that they are invented"


@pytest.mark.browser
def test_the_page_answers(store: str, expected: dict[str, str], chromium: Browser) -> None:
    with (
        serving(snapshot_folder(store, "dandong", 1)) as url,
        opened(chromium, url + "/") as (page, _),
    ):
        search(page, ADDRESS)
        page.wait_for_selector(".card h2")
        card = page.inner_text(".card")
        assert [name for name, text in expected.items() if text not in card] == []
        assert "党支部副书记" in card
        assert "示例" in page.inner_text("body")
