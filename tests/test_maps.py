"""The safe shell around folium: markup, colours, label places, and files that stand alone."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import folium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from geogrid.errors import NotFoundError
from geogrid.snapshot import Snapshot
from maps.assets import FILES, asset, assets_by_path, fingerprint
from maps.colouring import GREYS, PALETTE, colour_grids, distances
from maps.colours import colour_plan
from maps.docs import docs_page
from maps.dress import METRES_PER_DEGREE, dress_communities, dress_grids, label_place
from maps.file import SCRIPTS, render_file
from maps.markup import Markup, element, json_block, safe_json, text
from maps.page import resident_page, unavailable_page
from maps.planner.page import planner_words
from maps.shell import DrawingLayer, Figure, Map
from maps.words import LANGUAGES, language_for, words
from tests.published import EVERYTHING_HOSTILE

ROOT = Path(__file__).parent.parent
VENDORED = (ROOT / "maps" / "vendor", ROOT / "tests" / "vendor")


class Reader(HTMLParser):
    """Collects what a browser would see: tags, attributes, scripts and data blocks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, str] = {}
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._open: tuple[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag in ("script", "style"):
            self._open = (tag, found.get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is None:
            return
        tag, name = self._open
        if name:
            self.blocks[name] = data
        else:
            (self.scripts if tag == "script" else self.styles).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def town(town_snapshot: Path) -> Snapshot:
    return Snapshot.open(town_snapshot)


@pytest.fixture(scope="module")
def hostile(hostile_snapshot: Path) -> Snapshot:
    return Snapshot.open(hostile_snapshot)


# Markup


@given(st.text())
def test_text_is_read_back_as_it_was(value: str) -> None:
    parts: list[str] = []
    reader = HTMLParser(convert_charrefs=True)
    reader.handle_data = parts.append  # type: ignore[method-assign, assignment]
    reader.feed(f"<p>{text(value)}</p>")
    reader.close()
    assert "".join(parts) == value


@given(st.text(alphabet=st.characters(exclude_characters="\r\n")))
def test_an_attribute_is_read_back_as_it_was(value: str) -> None:
    tags = Reader(element("p", title=value)).tags
    assert tags == [("p", {"title": value})]


@given(st.recursive(st.text() | st.integers() | st.none() | st.booleans(), st.lists, max_leaves=8))
def test_a_data_block_cannot_be_left(value: object) -> None:
    block = json_block(value, "data")
    assert json.loads(safe_json(value)) == value
    assert block.count("<") == 2
    assert block.endswith("</script>")


def test_markup_passes_and_strings_do_not() -> None:
    assert element("p", Markup("<b>x</b>"), "<b>") == "<p><b>x</b>&lt;b&gt;</p>"
    assert element("input", disabled=True, hidden=False, name=None) == "<input disabled>"


# Colours

EDGES = st.integers(2, 12).flatmap(
    lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=3 * n).map(
        lambda pairs: (n, pairs)
    )
)


def graph_of(n: int, pairs: list[tuple[int, int]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {f"{i:02d}": [] for i in range(n)}
    for a, b in pairs:
        if a != b:
            found[f"{a:02d}"].append(f"{b:02d}")
            found[f"{b:02d}"].append(f"{a:02d}")
    return found


@given(EDGES)
def test_neighbours_differ_where_ten_colours_are_enough(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    neighbours = graph_of(*drawn)
    if max(len(set(around)) for around in neighbours.values()) >= len(PALETTE):
        return
    chosen = colour_grids(neighbours)
    assert all(chosen[a] != chosen[b] for a, around in neighbours.items() for b in around)


def test_ten_grids_get_ten_colours_and_greys_come_last() -> None:
    codes = [f"{i:02d}" for i in range(10)]
    chosen = colour_grids({code: [] for code in codes})
    assert sorted(chosen.values()) == list(range(10))
    assert {chosen["08"], chosen["09"]} == GREYS


def test_a_surviving_grid_keeps_its_colour() -> None:
    chosen = colour_grids({"a": ["b"], "b": ["a"], "c": []}, keep={"b": 4, "gone": 1})
    assert chosen["b"] == 4
    assert len(set(chosen.values())) == 3


def test_distances_count_for_every_eye() -> None:
    apart = distances()
    # Amber (1) and red (2) are far apart for a normal eye; blue and amber for every eye.
    assert apart[0][1] > 30
    assert all(apart[i][j] == pytest.approx(apart[j][i]) for i in range(10) for j in range(10))
    assert min(apart[i][j] for i in range(10) for j in range(i)) > 5


# Places of labels


def test_a_label_sits_in_the_middle_of_a_square() -> None:
    # A square of 0.002 by 0.002 degrees on the equator: 222.6 m, so radius and half width are 111.3 m.
    place = label_place(box(10.0, -0.001, 10.002, 0.001))
    assert place[:2] == pytest.approx([10.001, 0.0], abs=2e-5)
    assert place[2:] == pytest.approx([0.001 * METRES_PER_DEGREE] * 2, rel=0.02)


def test_a_label_sits_in_the_wide_part_and_knows_its_room() -> None:
    bar = Polygon([(0, 0), (0.010, 0), (0.010, 0.001), (0, 0.001)])
    lon, lat, radius, half = label_place(bar)
    assert bar.contains(shapely.Point(lon, lat))
    assert radius == pytest.approx(0.0005 * METRES_PER_DEGREE, rel=0.02)
    assert radius <= half <= 0.0051 * METRES_PER_DEGREE


@settings(max_examples=60)
@given(st.floats(-60, 60), st.floats(0.0005, 0.01), st.floats(0.0005, 0.01))
def test_a_label_lies_inside_and_its_circle_too(lat: float, width: float, height: float) -> None:
    shape = Polygon([(20, lat), (20 + width, lat), (20 + width, lat + height), (20, lat + height / 2)])
    lon, north, radius, _ = label_place(shape)
    assert shape.contains(shapely.Point(lon, north))
    assert 0 < radius <= height * METRES_PER_DEGREE


def test_grids_are_dressed_for_drawing(town: Snapshot) -> None:
    drawn = dress_grids(town.grids_geojson("c1"), colour_plan(town))["features"]
    colours = [feature["properties"]["colour"] for feature in drawn]
    assert len(set(colours)) == 3  # A, C and B all touch
    for feature in drawn:
        lon, lat, radius, half = feature["properties"]["label"]
        assert shapely.geometry.shape(feature["geometry"]).contains(shapely.Point(lon, lat))
        assert half >= radius > 20


def test_special_grids_have_no_colour() -> None:
    shape = shapely.geometry.mapping(box(0, 0, 0.001, 0.001))
    feature = {"type": "Feature", "geometry": shape, "properties": {"code": "1", "kind": "special"}}
    dressed = dress_grids({"type": "FeatureCollection", "features": [feature]}, {"2": 1})
    assert dressed["features"][0]["properties"]["colour"] is None


def test_the_city_is_drawn_once(town: Snapshot) -> None:
    names = [one["properties"]["name"] for one in dress_communities(town)["features"]]
    assert names == ["Community c1", "Community c2"]
    ground = json.loads(town.city_ground_bytes())
    kinds = [(one["properties"]["layer"], one["properties"]["kind"]) for one in ground["features"]]
    assert len(kinds) == len(set(kinds))


# Documents

PLAN, DATA = {"version": 1, "effective_from": "2026-11-23"}, "/embed/data/1/x/"


def documents(source: Snapshot) -> dict[str, str]:
    found = {f"page {language}": resident_page(source.city, PLAN, DATA, language) for language in LANGUAGES}
    found |= {f"file {one}": render_file(source, one) for one in (None, "c1", "c2")}
    return found | {"nothing": unavailable_page("en")}


def test_the_same_data_give_the_same_bytes(town: Snapshot, town_snapshot: Path) -> None:
    assert documents(town) == documents(Snapshot.open(town_snapshot))


def test_a_page_asks_no_other_host(town: Snapshot) -> None:
    for name, page in documents(town).items():
        reader = Reader(page)
        links = [tag.get("src") or tag.get("href") or "" for _, tag in reader.tags]
        assert not [link for link in links if "//" in link], name
        assert not [
            tag for _, tag in reader.tags if any(key.startswith("on") or key == "style" for key in tag)
        ]


def test_a_page_is_small(town: Snapshot) -> None:
    page = Reader(resident_page(town.city, PLAN, DATA, "zh-Hans"))
    files = [tag["src"] for tag in page.all("script") if tag.get("src")]
    files += [tag["href"] for tag in page.all("link") if tag.get("rel") == "stylesheet"]
    sent = sum(len(assets_by_path()[str(file).lstrip("/")].packed) for file in files)
    assert sent + len(resident_page(town.city, PLAN, DATA, "zh-Hans").encode()) < 100_000


def test_a_file_states_its_own_policy_with_hashes(town: Snapshot) -> None:
    page = render_file(town, "c1")
    reader = Reader(page)
    policy = next(
        tag["content"] for tag in reader.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert len(reader.scripts) == 1 + len(SCRIPTS)
    for content in (*reader.scripts, *reader.styles):
        assert fingerprint(content) in policy


def test_a_file_of_an_unknown_community_is_refused(town: Snapshot) -> None:
    with pytest.raises(NotFoundError):
        render_file(town, "nowhere")


def test_hostile_names_stay_text_in_every_document(hostile: Snapshot) -> None:
    for name, page in documents(hostile).items():
        reader = Reader(page)
        assert not reader.all("img"), name
        assert not reader.all("b"), name
        assert "1337" not in page, name
        ours = len(reader.all("script"))
        assert (
            page.lower().count("<script") - sum(script.lower().count("<script") for script in reader.scripts)
            == ours
        )
        for block in reader.blocks.values():
            json.loads(block)
    data = json.loads(Reader(render_file(hostile, "c1")).blocks["geogrid-data"])
    names = {step["name"] for step in data["c/c1.json"]["trail"]}
    assert f"Community c1 {EVERYTHING_HOSTILE}" in names


def test_the_documentation_shows_every_operation() -> None:
    operation = {"summary": "<b>{{7*191}}</b>", "description": "Say `x`.\n\n- one\n- two", "responses": {}}
    document = {
        "info": {"title": "t", "description": "d"},
        "paths": {"/v1/{id}": {"get": operation, "post": operation}},
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"a": {"type": "integer"}}}}},
    }
    page = docs_page(document)
    assert page.count("&lt;b&gt;{{7*191}}&lt;/b&gt;") == 4
    assert "<code>x</code>" in page
    assert "schema-Thing" in page


def test_foliums_own_layers_are_refused() -> None:
    shown = Map("map", label="map")
    with pytest.raises(TypeError, match="template"):
        shown.add_child(folium.GeoJson({"type": "FeatureCollection", "features": []}))
    shown.add_child(DrawingLayer("grids"))
    assert shown.layers() == [{"kind": "drawing", "url": "grids"}]


def test_one_map_does_not_change_another() -> None:
    first = Figure(language="en", title="a").use(scripts=("map.js",))
    second = Figure(language="en", title="b")
    Map("map", label="a").add_child(DrawingLayer("x"))
    assert first.scripts == ["map.js"]
    assert (second.scripts, Map("map", label="b").layers()) == ([], [])
    assert "leaflet" not in second.render()


# Vendored files, assets, words


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_the_published_ones(folder: Path) -> None:
    rows = re.findall(
        r"^\| (\S+/\S+) \| .* \| `([0-9a-f]{64})` \|$", (folder / "VENDORED.md").read_text(), re.M
    )
    listed = {name for name, _ in rows}
    assert listed == {str(path.relative_to(folder)) for path in folder.rglob("*/*") if path.is_file()}
    for name, digest in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    assert any("LICENSE" in name for name in listed)


def test_assets_are_named_by_their_content() -> None:
    for name in FILES:
        found = asset(name)
        assert gzip.decompress(found.packed) == found.content
        digest = hashlib.sha256(found.content)
        assert digest.hexdigest()[:10] in found.path
        assert found.integrity == "sha256-" + b64encode(digest.digest()).decode()
        assert assets_by_path()[found.path] is found


def test_scripts_never_write_markup_from_text() -> None:
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\.style\s*="
    )
    for name, path in FILES.items():
        if "vendor" not in path.parts and name.endswith(".js"):
            assert not banned.search(path.read_text(encoding="utf-8")), name


def test_three_languages_say_the_same_things() -> None:
    keys = {language: set(words(language)) for language in LANGUAGES}
    assert keys["zh-Hans"] == keys["zh-Hant"] == keys["en"]
    for key in keys["en"]:
        marks = {language: sorted(re.findall(r"\{\w+\}", words(language)[key])) for language in LANGUAGES}
        assert key.endswith(".1") or marks["zh-Hans"] == marks["zh-Hant"] == marks["en"], key
        assert all(words(language)[key].strip() for language in LANGUAGES), key


def test_every_word_that_a_script_asks_for_exists() -> None:
    for name, path in FILES.items():
        known = set(planner_words("en")) if name.startswith("planner") else set(words("en"))
        if name.endswith(".js") and "vendor" not in path.parts:
            asked = set(re.findall(r"\bt\(\s*\"([a-z_.0-9]+)\"\s*[,)]", path.read_text(encoding="utf-8")))
            assert asked <= known, (name, asked - known)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (None, "zh-Hans"), ("", "zh-Hans"), ("en", "en"), ("en-GB", "en"), ("zh-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"), ("zh-Hant", "zh-Hant"), ("zh", "zh-Hans"), ("fr", "zh-Hans"),
    ],
)  # fmt: skip
def test_a_language_is_found_for_every_wish(wanted: str | None, given: str) -> None:
    assert language_for(wanted) == given
