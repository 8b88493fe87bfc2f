"""Compare plans over the service: flows, who would serve, and the notice list as CSV and PDF.

The town is that of ``governed``: A (160 households), B (80), C (80), c1/h01 (40); in force A is in grid 1, C
in 2, B and the house in 3. Branch p1 serves A and C, p2 B; the secretary of p1 may be shown, that of p2 not.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest

from geogrid.archive import Archive
from geogrid.workbench import Bench, Flow, notices, services
from tests.governed import TODAY, filled, governed_town, graphs_of, opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planned import Person


def moved(planner: Person, unit: str = "c1/h01", grid: int = 2) -> dict[str, Any]:
    """Begin a draft and move one unit."""
    begun = planner.post("/drafts", community="c1", title="=cmd|'/c calc'!A1").json()
    step = {"kind": "assign", "units": [unit], "grid": grid}
    found: dict[str, Any] = planner.post(
        f"/drafts/{begun['draft']['id']}/steps", revision=1, operation=step
    ).json()
    return found


def test_the_table_tells_branch_leader_and_what_the_leader_carries(planner: Person) -> None:
    """p1 covers A and C and gets A (160 > 80 households); C has no branch of its own and p1 serves it too.

    So the secretary of p1 leads grids 1 and 2: 160 + 80 households, and 40 more when the house joins C.
    """
    begun = planner.post("/drafts", community="c1", title="x").json()
    told = {row["grid"]: row["service"] for row in begun["tally"]["grids"]}
    assert (told[1]["branch"], told[1]["leader"], told[1]["grids"], told[1]["load"]) == (
        "A小区党支部", "样例乙", 2, 240,
    )  # fmt: skip
    assert (told[2]["branch"], told[2]["leader"], told[2]["vacant"]) == ("A小区党支部", "样例乙", False)
    assert (told[3]["branch"], told[3]["leader"], told[3]["vacant"]) == ("B小区党支部", "", False)
    after = {row["grid"]: row["service"] for row in moved(planner)["tally"]["grids"]}
    assert after[1]["load"] == 280
    assert "PRIVATE" not in str(after)


def test_services_agree_with_what_is_published(tmp_path: Path) -> None:
    """The branches of the plan in force, told from a locality, are those of its snapshot's cards."""
    from geogrid.snapshot import publish_snapshot

    with opened(tmp_path) as archive:
        snapshot = publish_snapshot(archive, filled(archive).id, TODAY, tmp_path / "snapshot")
        assert isinstance(archive, Archive)
        for community in ("c1", "c2"):
            stored = archive.stored(1, community)
            assert stored.policy is not None
            bench = Bench(stored.graph, stored.policy, stored.division.plan)
            city = archive.locality("town", community)
            found = services(bench, stored.division.plan, city, as_of=TODAY)
            cards = {c["number"]: c for c in snapshot.grids() if c["community"]["id"] == community}
            for number, service in found.items():
                branch = cards[number]["branch"]
                own = branch["name"] if branch else ""
                assert service.branch == (
                    own or cards[number]["served_by"] or cards[number]["proposed_branch"]
                )


def test_any_two_plans_are_compared(planner: Person) -> None:
    one, other = moved(planner), moved(planner, "B", 2)
    path = f"/drafts/{one['draft']['id']}/comparison"
    found = planner.get(path).json()
    assert [(f["source"], f["target"], f["units"], f["households"]) for f in found["flows"]] == [
        (3, 2, ["c1/h01"], 40)
    ]
    assert found["plans"]["before"]["c1/h01"] == 3
    assert found["plans"]["after"]["c1/h01"] == 2
    assert found["services"]["before"]["2"]["load"] == 240
    assert found["services"]["after"]["2"]["load"] == 280
    figures = found["figures"]
    # A-B, A-C (200 m each) and B-C (26.0) are borders of both, C-h01 (87.3) before and B-h01 (87.3) after.
    for told in (figures["before"], figures["after"]):
        assert (told["cut-edges"], told["compactness"]) == (4, 513.3)
    back = planner.get(f"{path}?before=draft-{one['draft']['id']}&after=version-1").json()
    assert [(f["source"], f["target"], f["households"]) for f in back["flows"]] == [(2, 3, 40)]
    # B (80) leaves grid 3 for 2 and the house (40) stays: 2 keeps C's 80 of its own.
    two = planner.get(f"{path}?after=draft-{other['draft']['id']}").json()
    assert [(f["source"], f["target"], f["households"]) for f in two["flows"]] == [(3, 2, 80)]


def test_what_cannot_be_compared_is_refused(planner: Person) -> None:
    one = moved(planner)
    far = planner.post("/drafts", community="c2", title="x").json()
    path = f"/drafts/{one['draft']['id']}/comparison"
    assert (
        planner.get(f"{path}?before=draft-{far['draft']['id']}").json()["errors"][0]["rule"]
        == "other-community"
    )
    assert planner.get(f"{path}?before=anything").json()["errors"][0]["rule"] == "unknown-plan"
    assert planner.get(f"{path}?before=version-99").status_code == 404
    assert planner.get(f"{path}?before=draft-99").status_code == 404


def test_the_notice_list_names_every_address_that_changes_grid(planner: Person) -> None:
    one = moved(planner)
    path = f"/drafts/{one['draft']['id']}/notices"
    answer = planner.get(path)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert planner.get(f"/drafts/{one['draft']['id']}/comparison").json()["addresses"] == len(rows) > 0
    assert {(row["unit"], row["from_grid"], row["to_grid"]) for row in rows} == {("c1/h01", "3", "2")}
    assert {row["to_branch"] for row in rows} == {"A小区党支部"}
    assert "PRIVATE" not in answer.text


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_notice_list_is_printed_with_every_address_and_marked_as_a_draft(
    planner: Person, language: str
) -> None:
    one = moved(planner)
    path = f"/drafts/{one['draft']['id']}/notices"
    listed = list(csv.DictReader(io.StringIO(planner.get(path).content.decode("utf-8-sig"))))
    answer = planner.get(f"{path}?format=pdf&lang={language}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(answer.content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert all(row["address"] in text for row in listed)
    assert {"zh-Hans": "草案", "zh-Hant": "草案", "en": "DRAFT"}[language] in text
    assert "=cmd|'/c calc'!A1" in text
    assert planner.get(f"{path}?format=pdf&lang={language}").content == answer.content


def test_notices_come_by_flow_in_the_order_of_the_addresses() -> None:
    graph = graphs_of(governed_town())["c1"]
    house = next(unit for unit in graph.units if unit.id == "c1/h01")
    building = house.building_ids[0]
    flows = [Flow(3, 2, ("c1/h01",), 40, 1, 2)]
    texts = [(building, "乙"), ("elsewhere", "丙"), (building, "甲")]
    assert [one.address for one in notices(graph, flows, texts)] == ["乙", "甲"]
