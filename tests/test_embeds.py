"""Embedded maps as a browser gets them: documents, policy, caching, data, oEmbed, pictures, verification."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry import shape
from starlette.testclient import TestClient

from api import Settings, create_app
from api.served import Desk
from geogrid.addresses.romanise import romanised
from geogrid.errors import InputError
from geogrid.snapshot import Snapshot
from maps.assets import BUNDLES, FILES, asset
from maps.colouring import ciede2000, colour_grids, distances
from maps.colours import colours_before, colours_of, kept, touching
from maps.drawing import Drawing
from maps.embed import scripts_of
from maps.explorer import View
from maps.options import PARTS, Options, read_options
from maps.words import LANGUAGES, words, words_in
from tests.governed import TODAY
from tests.published import EVERYTHING_HOSTILE, publish_two

if TYPE_CHECKING:
    from collections.abc import Iterator


PORTAL = "https://portal.example"
LEAST_APART = 12.0  # CIEDE2000; 2.3 is just noticed
PAGES = ("/embed/city", "/embed/s/t1", "/embed/c/c1", "/embed/g/210602001001001")


class Reader(HTMLParser):
    """Collects the tags of a document and its data blocks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, Any] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or "" if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.blocks[self._open] = json.loads(data)
            self._open = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def client_of(snapshot: Path, **settings: Any) -> TestClient:
    return TestClient(create_app(Settings(snapshot, reload_s=0, **settings)))


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with client_of(town_snapshot, embed_sites=PORTAL, review_number="GS 0000") as found:
        yield found


@pytest.fixture(scope="module")
def drawing(town_snapshot: Path) -> Drawing:
    source = Snapshot.open(town_snapshot)
    return Drawing(source, colours_of(source))


# Documents


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_document_is_small_and_asks_no_other_host(client: TestClient, path: str, language: str) -> None:
    answer = client.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert len(answer.content) < 10_000
    reader = Reader(answer.text)
    loaded = [tag.get("src") for tag in reader.all("script") if tag.get("src")]
    loaded += [tag["href"] for tag in reader.all("link") if tag.get("rel") in ("stylesheet", "icon")]
    assert all(str(one).startswith("/static/") for one in loaded)
    assert all(tag.get("integrity") for tag in reader.all("script") if tag.get("src"))
    assert not [tag for _, tag in reader.tags if any(key.startswith("on") or key == "style" for key in tag)]


@pytest.mark.parametrize("kind", ["city", "subdistrict", "community", "grid"])
def test_scripts_are_under_60_kilobytes(kind: str) -> None:
    sent = sum(len(asset(name).packed) for name in scripts_of(View(kind, "x", "")))
    assert sent < 60_000
    assert len(asset("atlas.css").packed) + sent < 90_000


def test_rarer_scripts_are_small() -> None:
    assert len(asset("tools.js").packed) < 8_000  # comes when somebody asks for a tool
    assert len(asset("portal.js").content) < 3_000


def test_the_policy_names_the_scripts_by_their_hashes(client: TestClient) -> None:
    answer = client.get("/embed/c/c1")
    policy = answer.headers["content-security-policy"]
    assert len(answer.headers.get_list("content-security-policy")) == 1
    sources = dict(one.split(" ", 1) for one in policy.split("; "))
    hashes = {f"'{tag['integrity']}'" for tag in Reader(answer.text).all("script") if tag.get("src")}
    assert hashes < set(sources["script-src"].split())
    assert sources["script-src"].count("sha256-") == len(sources["script-src"].split()) == 5
    assert sources["frame-ancestors"] == f"'self' {PORTAL}"
    assert "unsafe" not in policy
    assert "tianditu" not in policy


def test_other_pages_are_not_framed(client: TestClient) -> None:
    assert "frame-ancestors 'none'" in client.get("/").headers["content-security-policy"]
    portal = client.get("/embed").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in portal
    assert portal.endswith("frame-src 'self'")


def test_tiles_of_others_are_allowed_only_where_they_are_asked_for(town_snapshot: Path) -> None:
    with client_of(town_snapshot, tianditu_key="k1") as client:
        own = client.get("/embed/c/c1")
        theirs = client.get("/embed/c/c1?basemap=tianditu")
    assert "tianditu" not in own.headers["content-security-policy"]
    assert "k1" not in own.text
    policy = theirs.headers["content-security-policy"]
    assert "img-src 'self' data: https://t0.tianditu.gov.cn" in policy
    assert policy.count("tianditu.gov.cn") == 8
    assert Reader(theirs.text).blocks["geogrid-setup"]["basemap"]["key"] == "k1"


def test_without_a_key_there_is_the_citys_own_ground(client: TestClient) -> None:
    for wanted in ("tianditu", "pmtiles"):
        answer = client.get("/embed/c/c1", params={"basemap": wanted})
        assert Reader(answer.text).blocks["geogrid-setup"]["basemap"] == {"kind": "city"}
        assert "tianditu" not in answer.headers["content-security-policy"]


def test_the_same_data_give_the_same_bytes(client: TestClient, town_snapshot: Path) -> None:
    with client_of(town_snapshot, embed_sites=PORTAL, review_number="GS 0000") as again:
        for path in (*PAGES, "/embed", "/embed/c/c1.png"):
            first, second = client.get(path), again.get(path)
            assert first.content == second.content
            known = client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/embed/c/nowhere", "/embed/s/x", "/embed/g/1", "/embed/x/c1", "/embed/c/nowhere.png"]
)
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_review_number_and_the_trail_are_told(client: TestClient) -> None:
    told = Reader(client.get("/embed/g/210602001001001").text).blocks["geogrid-setup"]
    assert told["review"] == "GS 0000"
    assert [step["level"] for step in told["view"]["trail"]] == [
        "district",
        "subdistrict",
        "community",
        "grid",
    ]
    assert told["sites"] == [PORTAL]


# Parameters


def test_parameters_are_read_one_by_one() -> None:
    asked = {
        "lang": "en", "grid": "210602001001001", "center": "124.39, 40.13", "zoom": "15.5",
        "date": "2026-12-01", "beside": "2027-01-01", "layers": "venues,stars", "ui": "list,trail",
        "basemap": "none", "theme": "large", "list": "1", "utm_source": "portal",
    }  # fmt: skip
    options, wrong = read_options(asked)
    assert wrong == ()
    assert options == Options(
        "en", "210602001001001", (124.39, 40.13), 15.5, date(2026, 12, 1), date(2027, 1, 1),
        ("stars", "venues"),
        ("trail", "list"), "none", "large", True,
    )  # fmt: skip
    assert read_options(options.query()) == (options, ())
    assert read_options({"ui": "none"})[0].parts == ()
    assert read_options({"ui": "full"})[0].parts == PARTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lang", "fr"), ("grid", "a b"), ("grid", "../x"), ("center", "124"), ("center", "200,40"),
        ("center", "nan,1"),
        ("zoom", "21"), ("zoom", "1e1"), ("date", "yesterday"), ("layers", "stars,x"), ("ui", "x"),
        ("basemap", "amap"),
        ("theme", "<b>"), ("list", "yes"), ("beside", "2026-13-01"),
    ],
)  # fmt: skip
def test_a_wrong_value_counts_as_left_out_and_is_named(name: str, value: str) -> None:
    assert read_options({name: value, "lang2": "x"}) == (Options(), (name,))


@given(
    st.dictionaries(st.sampled_from(["lang", "center", "zoom", "date", "layers", "ui", "grid"]), st.text())
)
def test_no_value_breaks_the_reading(query: dict[str, str]) -> None:
    options, wrong = read_options(query)
    assert read_options(options.query()) == (options, ())
    assert set(wrong) <= set(query)


# Data


def data_url(client: TestClient, path: str = "/embed/c/c1") -> str:
    return str(Reader(client.get(path).text).blocks["geogrid-setup"]["data"])


def test_data_are_kept_for_ever_under_their_own_name(client: TestClient) -> None:
    base = data_url(client)
    for name in (
        "mosaic.json",
        "s/t1.json",
        "c/c1.json",
        "names/mosaic.json",
        "names/s/t1.json",
        "names/c/c1.json",
    ):
        answer = client.get(base + name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    other = base.replace(base.split("/")[-2], "0" * 16)
    stale = client.get(other + "c/c1.json")
    assert stale.headers["cache-control"] == "public, no-cache"
    assert stale.content == client.get(base + "c/c1.json").content
    assert client.get(base + "c/nowhere.json").status_code == 404
    assert client.get(base.replace("/1/", "/7/") + "mosaic.json").status_code == 404


def test_a_mosaic_is_a_coverage_with_the_areas_above_it(drawing: Drawing) -> None:
    made = drawing.mosaic()
    shapes = [shape(one["geometry"]) for one in made["grids"]["features"]]
    assert shapely.coverage_is_valid(shapes)
    assert len(shapes) == 5
    assert [one["name"] for one in made["areas"]["community"]] == ["Community c1", "Community c2"]
    # c1 lies in t1 of d1; c2 lies in d1 and in no subdistrict.
    assert [one["parent"] for one in made["areas"]["community"]] == ["t1", "d1"]
    facts = {one["properties"]["number"]: one["properties"] for one in made["grids"]["features"][:3]}
    assert facts[1]["stars"] == 5
    assert not facts[1]["vacant"]
    assert facts[2]["branch"] is False
    assert [
        len(drawing.mosaic("t1")["grids"]["features"]),
        len(drawing.mosaic("t1")["areas"]["community"]),
    ] == [3, 1]


def test_a_community_carries_its_cards_its_ground_and_its_neighbours(drawing: Drawing) -> None:
    made = drawing.community("c1")
    assert [one["properties"]["id"] for one in made["around"]["features"]] == ["c2"]
    assert [step["id"] for step in made["trail"]] == ["d1", "t1", "c1"]
    packed = gzip.compress(json.dumps(made, ensure_ascii=False).encode(), 6)
    assert len(packed) < 150_000


def test_hostile_ids_and_names_stay_text(hostile_snapshot: Path) -> None:
    with client_of(hostile_snapshot) as client:
        for path in (*PAGES, "/embed"):
            page = client.get(path).text
            reader = Reader(page)
            assert not reader.all("img")
            assert not reader.all("b")
            assert "1337" not in page
            assert page.lower().count("<script") == len(reader.all("script"))
            titles = [
                tag.get("content") or "" for tag in reader.all("meta") if tag.get("property") == "og:title"
            ]
            assert path == "/embed" or any(EVERYTHING_HOSTILE in title for title in titles)
        rich = client.get("/oembed", params={"url": "http://testserver/embed/c/c1"}).json()
        frame = Reader(rich["html"])
        assert [name for name, _ in frame.tags] == ["iframe"]
        assert EVERYTHING_HOSTILE in str(frame.all("iframe")[0]["title"])
        assert client.get("/embed/c/c1.png").content.startswith(b"\x89PNG")


# Other programs


def test_oembed_gives_the_frame_of_a_pasted_address(client: TestClient) -> None:
    url = "http://testserver/embed/c/c1?lang=en&theme=large&bad=%22%3E"
    found = client.get("/oembed", params={"url": url, "maxwidth": "500", "maxheight": "9999"}).json()
    assert (found["version"], found["type"], found["width"], found["height"]) == ("1.0", "rich", 500, 640)
    frame = Reader(found["html"]).all("iframe")[0]
    assert frame["src"] == "http://testserver/embed/c/c1?lang=en&theme=large"
    assert frame["sandbox"] == "allow-scripts allow-same-origin allow-popups"
    assert found["thumbnail_url"] == "http://testserver/embed/c/c1.png"


def test_a_page_names_its_oembed_and_its_picture(client: TestClient) -> None:
    reader = Reader(client.get("/embed/c/c1?lang=en").text)
    link = next(tag["href"] for tag in reader.all("link") if tag.get("type") == "application/json+oembed")
    assert client.get(str(link)).json()["title"].startswith("Map of the grids · Community c1")
    told = {tag.get("property"): tag.get("content") for tag in reader.all("meta")}
    picture = client.get(str(told["og:image"]))
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content[16:24] == (1200).to_bytes(4) + (630).to_bytes(4)
    assert len(picture.content) < 300_000


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": "https://elsewhere.example/embed/city"}, 404),
        ({"url": "http://testserver/v1/city"}, 404), ({}, 404),
        ({"url": "http://testserver/embed/c/nowhere"}, 404),
        ({"url": "http://testserver/embed/city", "format": "xml"}, 501),
    ],
)  # fmt: skip
def test_oembed_refuses_what_is_no_map(client: TestClient, query: dict[str, str], status: int) -> None:
    assert client.get("/oembed", params=query).status_code == status


def test_only_the_operators_own_verification_files_are_given(town_snapshot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "verify"
    folder.mkdir()
    (folder / "MP_verify_a1B2.txt").write_text("a1B2")
    (folder / "secret.toml").write_text("no")
    (folder / "large.txt").write_text("x" * 5000)
    (tmp_path / "outside.txt").write_text("no")
    with client_of(town_snapshot, verification=folder) as client:
        assert client.get("/MP_verify_a1B2.txt").text == "a1B2"
        for path in (
            "/secret.toml",
            "/large.txt",
            "/outside.txt",
            "/..%2foutside.txt",
            "/%2e%2e/outside.txt",
            "/verify/x.txt",
        ):
            assert client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "sites", ["portal.example", "https://a.example/path", "javascript:x", "https://a.example; script-src *"]
)
def test_a_site_that_is_no_origin_is_refused(town_snapshot: Path, sites: str) -> None:
    with pytest.raises(InputError, match="no origin"):
        create_app(Settings(town_snapshot, embed_sites=sites))


# The operator's own ground


def own_tiles(path: Path, kind: TileType, content: bytes) -> Path:
    with path.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call]
        writer.write_tile(zxy_to_tileid(0, 0, 0), gzip.compress(content))
        edges = {"min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 1, "max_lat_e7": 1}
        middle = {"center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0}
        writer.finalize({"tile_type": kind, "tile_compression": Compression.GZIP, **edges, **middle}, {})
    return path


def test_tiles_of_the_operators_file_are_given(town_snapshot: Path, tmp_path: Path) -> None:
    path = own_tiles(tmp_path / "own.pmtiles", TileType.PNG, b"\x89PNG...")
    with client_of(town_snapshot, basemap=path, basemap_credit="own map") as client:
        tile = client.get("/basemap/0/0/0")
        assert (tile.content, tile.headers["content-type"]) == (b"\x89PNG...", "image/png")
        assert client.get("/basemap/1/0/0").status_code == 404
        assert client.get("/basemap/0/5/0").status_code == 404
        told = Reader(client.get("/embed/c/c1?basemap=pmtiles").text).blocks["geogrid-setup"]["basemap"]
    assert told == {"kind": "pmtiles", "content": "raster", "credit": "own map", "max": 0}


def test_a_file_that_holds_no_tiles_is_refused_at_the_start(town_snapshot: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.pmtiles"
    path.write_bytes(b"PMTiles?" * 40)
    with pytest.raises(InputError, match="PMTiles"):
        create_app(Settings(town_snapshot, basemap=path))


# Plans of other days


@pytest.fixture(scope="module")
def two_plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two plans of the governed town."""
    return publish_two(tmp_path_factory.mktemp("plans"))


def test_a_grid_that_survives_keeps_its_colour(two_plans: Path) -> None:
    old, new = (Snapshot.open(two_plans.parent / version) for version in ("1", "2"))
    assert colours_before(old) == {}
    before, after = colours_of(old), colours_of(new)
    codes = {plan: {card["name"]: card["code"] for card in plan.grids()} for plan in (old, new)}
    for name in ("A小区", "B小区", "C小区", "D小区"):
        assert after[codes[new][name]] == before[codes[old][name]], name
    # The numbers of B and C were exchanged, so the colours followed the grids and not the codes.
    assert codes[new]["B小区"] == codes[old]["C小区"]
    assert set(kept(new, before)) <= set(after)


def test_answers_end_on_the_day_of_the_next_plan(two_plans: Path) -> None:
    clock = datetime(2026, 12, 31, 15, 59, 0, tzinfo=UTC)  # a minute before 2027 in Shanghai
    app = create_app(Settings(two_plans, reload_s=0))
    app.state.desk = Desk(app.state.settings, lambda: clock)
    app.state.desk.refresh()
    with TestClient(app) as client:
        assert client.get("/embed/city").headers["cache-control"] == "public, max-age=60"
        then = client.get("/embed/c/c1?date=2027-02-01")
        assert Reader(then.text).blocks["geogrid-setup"]["plan"]["version"] == 2
        assert client.get("/embed/city?date=2020-01-01").status_code == 404
        told = Reader(client.get("/embed/c/c1?beside=2027-02-01").text).blocks["geogrid-setup"]["plan"]
        assert (told["version"], told["beside"]["version"]) == (1, 2)
        assert client.get(told["beside"]["data"] + "c/c1.json").status_code == 200


def test_neighbours_are_those_with_a_common_border() -> None:
    squares = [shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (0, 1)]
    found = touching(["a", "b", "c", "d"], np.array(squares, dtype=object))
    assert {code: sorted(others) for code, others in found.items()} == {
        "a": ["b", "c"], "b": ["a", "d"], "c": ["a", "d"], "d": ["b", "c"],
    }  # fmt: skip


# Words and names


def test_a_script_finds_all_its_words() -> None:
    for bundle in ("atlas.js", "tools.js", "resident.js", "layers.js", "webmaster.js"):
        text = asset(bundle).text
        for language in LANGUAGES:
            held = words_in(bundle, language)
            assert {key for key in words(language) if re.search(rf'\bt\("{key}"', text)} <= set(held)


def test_bundles_hold_every_part() -> None:
    for name, parts in BUNDLES.items():
        assert all(part in FILES for part in parts)
        assert "\n//" not in asset(name).text or name.endswith(".css")
    for name in {part for parts in BUNDLES.values() for part in parts if part.endswith(".js")}:
        lines = asset(name).text.splitlines()
        assert not [line for line in lines if line.count("`") % 2], (
            "a template over several lines would lose its indent"
        )


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("馨园小区", "Xinyuan Xiaoqu"), ("西安路", "Xi'an Lu"), ("绿洲苑", "Lüzhouyuan"),
        ("七道街道", "Qidao Jiedao"),
        ("半岛名苑党支部", "Bandao Mingyuan Dangzhibu"), ("七星花园(1)", "Qixing Huayuan (1)"),
        ("天增市场、滨河公园", "Tianzeng Shichang, Binhe Gongyuan"), ("Town", ""), ("", ""),
        ("城隍庙二社区", "Chenghuangmiao'er Shequ"),
    ],
)  # fmt: skip
def test_names_are_spelled_in_latin_letters(name: str, latin: str) -> None:
    assert romanised(name) == latin


@pytest.mark.parametrize("name", ["webmaster.md", "webmaster.zh-CN.md"])
def test_the_documentation_names_every_parameter(name: str) -> None:
    page = (Path(__file__).parent.parent / "docs" / name).read_text(encoding="utf-8")
    told = replace(
        Options(), day=TODAY, beside=TODAY, center=(1.0, 2.0), zoom=3.0, grid="1", layers=("stars",)
    ).query()
    names = {*told, "lang", "ui", "basemap", "theme", "list"}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_an_area_with_a_strange_id_is_addressed_and_found(client: TestClient) -> None:
    assert client.get("/embed/c/" + quote("a/b", safe="")).status_code == 404


# Colours as they are seen


def test_the_difference_is_the_published_one() -> None:
    # Pairs 1, 7 and 17 of the table of Sharma, Wu and Dalal.
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ]
    for one, two, told in pairs:
        assert ciede2000(np.array([one], float), np.array([two], float))[0] == pytest.approx(told, abs=1e-4)


def test_neighbours_are_far_apart_for_every_eye() -> None:
    """On 200 communities of six to ten grids with random neighbourhoods, against any two of the colours."""
    chance = np.random.default_rng(3)
    apart = np.array(distances())
    nearest = []
    for _ in range(200):
        points = chance.random((int(chance.integers(6, 11)), 2))
        square = shapely.box(0, 0, 1, 1)
        spread = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=square, ordered=True)
        cells = shapely.intersection(shapely.get_parts(spread), square)
        around = touching([f"{n:02d}" for n in range(len(points))], cells)
        chosen = colour_grids(around)
        nearest.append(min(apart[chosen[a], chosen[b]] for a, others in around.items() for b in others))
    blindly = apart[~np.eye(len(apart), dtype=bool)].min()
    assert min(nearest) > LEAST_APART > blindly
    assert np.median(nearest) > 1.4 * blindly
