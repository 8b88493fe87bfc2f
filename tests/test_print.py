"""Printed sheets, read back from the paper: text, fonts, codes, grey, hostile names, missing fonts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import pytest
import shapely
import typst
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api import Settings, create_app
from api.printing import Prints
from geogrid.cli import main
from geogrid.cli.exits import Exit
from geogrid.errors import FontError, NotFoundError
from geogrid.snapshot import Snapshot
from maps.colouring import PALETTE
from maps.printed import Job, fonts, print_book, print_notice, print_notices, print_wall
from maps.printed.frame import SCALES, fitted
from maps.printed.furniture import INK, bar_step
from maps.printed.gridmap import SPECIAL, draw_community, hatching, on_paper
from maps.printed.ground import Piece, joined
from maps.printed.lettering import Label, Sheet, wrapped
from maps.printed.press import press_for, run
from maps.printed.svg import plain, shorten
from maps.printed.told import named, printed_words, runs, said_numbers
from maps.printed.wall import ABOVE, BESIDE, map_size_of, wall_sheet
from maps.words import LANGUAGES, said_day
from tests.governed import governed_town
from tests.printed import codes_of, fonts_of, pages_of, picture_of, text_of
from tests.published import HOSTILE, publish

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.model import City

GRID = "210602001001001"
SITE = "https://grids.example.org"
JOB = Job(site=SITE, issuer="样例区民政局", review_number="样例审图号(2026)001号")
# What Typst would run or set in another way, were it read as markup.
TYPST = (
    '#eval("6*7")',
    "$x^2$",
    "*strong*",
    "_emph_",
    "`raw`",
    "@ref",
    "<label>",
    "\\ ~ --- //x",
    "= head",
    "#image(1)",
)


@pytest.fixture(scope="module")
def town(town_snapshot: Path) -> Snapshot:
    return Snapshot.open(town_snapshot)


@pytest.fixture(scope="module")
def hostile(hostile_snapshot: Path) -> Snapshot:
    return Snapshot.open(hostile_snapshot)


def said(language: str = "zh-Hans") -> Any:
    return printed_words(language)


# What stands on the sheets


def test_a_wall_sheet_says_everything_that_hangs_on_a_wall(town: Snapshot) -> None:
    pdf = print_wall(town, "c1", JOB).pdf
    assert pages_of(pdf) == [(420, 297)]
    text = text_of(pdf)
    for wanted in (
        "Community c1网格图", "样例市", "样例区", "样例街道",
        "3个网格".replace("3个", "3 个"), "360 户",
        "A小区", "B小区", "C小区", "1–4",
        "样例乙", "样例甲", "0415-0000001", "A小区党支部", "支部待组建",
        "c1服务站", "0415-0000009",
        "2026年11月23日", "样例区民政局", "样例审图号(2026)001号",
        "样例数据", "CC0-1.0", "样例路", "北", "1 : ",
    ):  # fmt: skip
        assert wanted in text, wanted


def test_a_notice_says_whose_grid_it_is_and_whom_to_ask(town: Snapshot) -> None:
    pdf = print_notice(town, GRID, JOB).pdf
    assert pages_of(pdf) == [(210, 297)]
    text = text_of(pdf)
    for wanted in (
        "您的网格 · 第 1 网格",
        "A小区",
        "样例乙",
        "党支部书记",
        "A小区党支部",
        "样例甲 0415-0000001",
        GRID,
    ):
        assert wanted in text, wanted


def test_a_vacant_grid_tells_who_answers_meanwhile(town: Snapshot) -> None:
    vacant = next(one for one in town.grids() if one["number"] == 2 and one["community"]["id"] == "c1")
    leaders = {post["name"] for post in vacant["team"] if post["role"] == "leader"}
    text = text_of(print_notice(town, vacant["code"], JOB).pdf)
    assert leaders == {"样例乙"} or "请联系：网格总长" in text


def test_a_book_has_an_index_and_a_wall_sheet_for_each_community(town: Snapshot) -> None:
    pdf = print_book(town, "t1", JOB).pdf
    assert pages_of(pdf) == [(420, 297)] * 2
    text = text_of(pdf)
    assert "样例街道网格图集" in text
    assert "1 / 2" in text
    assert "Community c1网格图" in text


def test_a_city_without_subdistricts_is_printed_by_district(town: Snapshot) -> None:
    assert "样例区网格图集" in text_of(print_book(town, "d1", JOB).pdf)


def test_all_notices_of_a_community_are_one_document(town: Snapshot) -> None:
    made = print_notices(town, "c1", replace(JOB, paper="a5"))
    assert pages_of(made.pdf) == [(148, 210)] * 3
    assert made.sheets == 3


def test_names_are_followed_by_pinyin_for_readers_of_english() -> None:
    assert named("兴东街道", "en") == "兴东街道 Xingdong Jiedao"
    assert named("兴东街道", "zh-Hans") == "兴东街道"
    assert named("Marsiling", "en") == "Marsiling"


def test_the_code_leads_to_the_live_page(town: Snapshot) -> None:
    assert codes_of(print_wall(town, "c1", JOB).pdf) == [f"{SITE}/?lang=zh-Hans#c=c1"]
    assert codes_of(print_notice(town, GRID, replace(JOB, language="en")).pdf) == [
        f"{SITE}/?lang=en#g={GRID}"
    ]
    assert codes_of(print_wall(town, "c1", replace(JOB, site="")).pdf) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_own_words(town: Snapshot, language: str) -> None:
    text = text_of(print_wall(town, "c1", replace(JOB, language=language)).pdf)
    words = said(language)
    for key in ("print.column.coverage", "print.effective", "role.chief_leader", "print.sign.community"):
        assert words[key] in text, key
    assert said_day("2026-11-23", language) in text
    for other in set(LANGUAGES) - {language}:
        assert said(other)["print.issuer"] not in text


def test_the_catalogues_have_the_same_keys_and_gaps() -> None:
    told = {language: said(language) for language in LANGUAGES}
    for key in told["en"]:
        gaps = {
            language: sorted(part.split("}")[0] for part in words[key].split("{")[1:])
            for language, words in told.items()
        }
        assert len({tuple(found) for found in gaps.values()}) == 1, key
    assert len({frozenset(words) for words in told.values()}) == 1


def test_a_sample_says_so_on_every_sheet(tmp_path: Path) -> None:
    source = Snapshot.open(publish(tmp_path, replace(governed_town(), synthetic=True)))
    for made in (
        print_wall(source, "c1", JOB),
        print_notice(source, GRID, JOB),
        print_book(source, "t1", JOB),
    ):
        text = text_of(made.pdf)
        assert "示例数据，仅作演示。" in text
        assert text.count("示例数据") >= 2


def test_what_does_not_fit_follows_overleaf(town: Snapshot) -> None:
    press = press_for(town, JOB)
    sheet = wall_sheet(press, town.communities()[0])
    assert len(pages_of(run(press, "t", [sheet], "a3").pdf)) == 1
    rows = [
        {**sheet["rows"][0], "name": f"第{n}号名", "numbers": "、".join(map(str, range(90)))}
        for n in range(60)
    ]
    pdf = run(press, "t", [{**sheet, "rows": rows}], "a3").pdf
    assert len(pages_of(pdf)) > 1
    text = text_of(pdf)
    assert said()["print.more"] in text
    assert all(f"第{n}号名" in text for n in range(60))


def test_a_long_community_lies_above_its_table(town: Snapshot) -> None:
    """9 times as wide as high: 218 mm hold it beside the table, 378 mm above it, so 1:3000 becomes 1:2000."""
    lon, lat, wide = 124.39, 40.13, 7.4e-3
    community: Any = {**town.communities()[0], "bounds": [lon, lat, lon + wide, lat + wide / 9]}
    assert map_size_of(community) == ABOVE
    assert fitted(community["bounds"], *ABOVE, 9).scale == 2000
    assert fitted(community["bounds"], *BESIDE, 9).scale == 3000
    press = press_for(town, JOB)
    sheet = wall_sheet(press, community)
    rows = [{**sheet["rows"][0], "name": f"第{n}号名"} for n in range(11)]
    pdf = run(press, "t", [{**sheet, "rows": rows}], "a3").pdf
    assert len(pages_of(pdf)) == 1
    assert all(f"第{n}号名" in text_of(pdf) for n in range(11))


def test_other_papers_are_the_same_sheet(town: Snapshot) -> None:
    plain_text = text_of(print_wall(town, "c1", JOB).pdf)
    for paper, size in (("a1", (841, 594)), ("a4", (297, 210))):
        pdf = print_wall(town, "c1", replace(JOB, paper=paper)).pdf
        assert pages_of(pdf) == [size]
        assert sorted(text_of(pdf).split()) == sorted(plain_text.split())


# The file


def test_fonts_are_inside_and_the_file_is_for_archives_and_readers(town: Snapshot) -> None:
    pdf = print_wall(town, "c1", JOB).pdf
    found = fonts_of(pdf)
    assert found
    assert all(found.values()), found
    assert all("CJK" in name or "Han" in name for name in found), found
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


def test_the_same_plan_gives_the_same_bytes(town: Snapshot) -> None:
    for make, about in ((print_wall, "c1"), (print_notice, GRID), (print_book, "t1")):
        assert make(town, about, JOB).pdf == make(town, about, JOB).pdf


def test_a_picture_shows_the_same_sheet(town: Snapshot) -> None:
    (page,) = print_wall(town, "c1", replace(JOB, png=True)).pages
    assert page.startswith(b"\x89PNG")
    wide, high = (int.from_bytes(page[at : at + 4], "big") for at in (16, 20))
    assert (wide, high) == (round(420 / 25.4 * 150), round(297 / 25.4 * 150))


def test_an_unknown_area_is_no_sheet(town: Snapshot) -> None:
    for make in (print_wall, print_notice, print_notices, print_book):
        with pytest.raises(NotFoundError):
            make(town, "nowhere", JOB)


# Hostile names


def test_hostile_names_are_only_text(hostile: Snapshot) -> None:
    grid = hostile.grids()[0]["code"]
    for made in (
        print_wall(hostile, "c1", JOB),
        print_notice(hostile, grid, JOB),
        print_book(hostile, "t1", JOB),
    ):
        text = text_of(made.pdf).replace(" ", "")
        for wanted in HOSTILE[:5]:
            assert plain(wanted).replace(" ", "") in text, wanted
        assert "1337" not in text
        assert "\u202e" not in text


def test_the_markup_of_the_typesetter_is_only_text(tmp_path: Path) -> None:
    source = Snapshot.open(publish(tmp_path, _named(" ".join(TYPST))))
    for made in (
        print_wall(source, "c1", JOB),
        print_notice(source, GRID, JOB),
        print_book(source, "t1", JOB),
    ):
        text = text_of(made.pdf).replace(" ", "")
        for wanted in TYPST:
            assert wanted.replace(" ", "") in text, wanted
        assert "42" not in text.replace(SITE, "")


def _named(name: str) -> City:
    """Return the town with ``name`` behind every name that is printed."""
    town = governed_town()

    def more(one: Any) -> Any:
        return replace(one, name=f"{one.name} {name}")

    return replace(
        town,
        name=name,
        names={},
        attribution=name,
        communities=tuple(map(more, town.communities)),
        compounds=tuple(map(more, town.compounds)),
        subdistricts=tuple(map(more, town.subdistricts)),
        branches=tuple(map(more, town.branches)),
        team=tuple(more(one) if one.public else one for one in town.team),
    )


@given(st.text())
def test_what_is_printed_cannot_steer(text: str) -> None:
    told = plain(text)
    assert not {
        char for char in told if ord(char) < 32 or char in "\u202a\u202b\u202d\u202e\u2066\u2067\u2069\u200f"
    }
    assert plain(told) == told
    assert len(shorten(text, 5)) <= 5


def test_rare_characters_of_names_stay() -> None:
    assert plain("王\U00031350\ue000") == "王\U00031350\ue000"
    assert plain("a\tb\u202ec\x00d\n") == "a bcd"


# Fonts


def test_no_chinese_font_is_a_loud_error() -> None:
    with pytest.raises(FontError, match="fonts-noto-cjk"):
        fonts.chosen("zh-Hans", [("DejaVu Sans", 400), ("DejaVu Sans", 700)])
    with pytest.raises(FontError, match="regular and bold"):
        fonts.chosen("zh-Hans", [("Noto Sans CJK SC", 400)])
    assert fonts.chosen("zh-Hant", [("Noto Sans TC", 400), ("Noto Sans TC", 700)]) == "Noto Sans TC"


@pytest.fixture
def fontless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no font on the machine."""
    none = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[])
    monkeypatch.setattr(fonts, "installed", lambda: none)


@pytest.mark.usefixtures("fontless")
def test_without_fonts_nothing_is_printed(town: Snapshot, town_snapshot: Path) -> None:
    with pytest.raises(FontError):
        print_wall(town, "c1", JOB)
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        answer = client.get("/print/c/c1.pdf")
    assert answer.status_code == 500
    assert "fonts" in answer.json()["detail"]


@pytest.mark.usefixtures("fontless")
def test_the_command_says_which_package_to_install(
    town_snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(town_snapshot, "wall", "c1", tmp_path / "wall.pdf") == Exit.LACKING
    assert "apt-get install fonts-noto-cjk" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# Grey


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2) of a colour."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [*PALETTE, SPECIAL])
def test_borders_and_letters_stand_out_on_every_colour_in_grey(colour: str) -> None:
    """Luminance is what a grey print keeps: 4.5 for text, 3 for lines (WCAG 2.2, 1.4.3 and 1.4.11)."""
    assert contrast(INK, on_paper(colour)) >= 4.5
    assert contrast("#4a443a", on_paper(colour)) >= 3


def test_a_grey_print_keeps_every_number(town: Snapshot) -> None:
    """Measured on the paper: between the lightest and the darkest grey of each badge lie ten to one."""
    drawn = draw_community(
        town, town.communities()[0], (236.0, 231.0), font=fonts.family("zh-Hans"), north="北"
    )
    page = picture_of(print_wall(town, "c1", JOB).pdf, dpi=100, grey=True).astype(float) / 255
    page = page.reshape(page.shape[:2])
    linear = np.where(page <= 0.04045, page / 12.92, ((page + 0.055) / 1.055) ** 2.4)
    assert len(drawn.grids) == 3
    dark, light = np.quantile(linear, [0.002, 0.99])
    assert (light + 0.05) / (dark + 0.05) >= 10


# Geometry


@given(
    lon=st.floats(80, 130), lat=st.floats(-50, 55), wide=st.floats(0.0005, 0.03), high=st.floats(0.0005, 0.03)
)
def test_a_frame_shows_all_of_it_at_a_round_scale(lon: float, lat: float, wide: float, high: float) -> None:
    frame = fitted((lon, lat, lon + wide, lat + high), 236, 232, 9)
    assert frame.scale in SCALES
    (x0, y1), (x1, y0) = frame.place(lon, lat), frame.place(lon + wide, lat + high)
    assert 8.999 <= x0 < x1 <= 227.001
    assert 8.999 <= y0 < y1 <= 223.001
    metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, lon + wide, lat + high)[2]
    assert np.hypot(x1 - x0, y1 - y0) * frame.scale / 1000 == pytest.approx(metres, rel=0.007)


@pytest.mark.parametrize("scale", SCALES)
def test_the_scale_bar_is_as_long_as_it_says(scale: int) -> None:
    """Four parts of ``step`` metres: on paper 4000 * step / scale mm, which must fit the panel of 64 mm."""
    length = 4000 * bar_step(scale) / scale
    assert length <= 44 or bar_step(scale) == 10
    assert scale > 600_000 or scale < 500 or length >= 11


def test_a_river_cut_by_communities_is_whole_again() -> None:
    """Two cuts of 6 x 2 that overlap by 2 x 2: together 10 x 2, named once; buildings stay apart."""
    river = [Piece("water", "water", "样例河", shapely.box(x, 0, x + 6, 2)) for x in (0, 4)]
    houses = [Piece("building", "homes", "1", shapely.box(0, 0, 1, 1))] * 2
    found = joined([*houses, *river])
    assert [(one.layer, one.shape.area) for one in found] == [("water", 20), ("building", 1), ("building", 1)]


def test_hatching_stays_inside_and_covers() -> None:
    """A square of 10 mm, lines at 45 degrees 2 mm apart: rows start at x - y = ..., 10 of them inside."""
    square = shapely.box(0, 0, 10, 10)
    lines = hatching(square, 2.0)
    assert square.buffer(1e-9).covers(lines)
    assert lines.length == pytest.approx(
        sum(2**0.5 * (10 - abs(offset)) for offset in range(-8, 10, 2)), abs=0.1
    )


def test_labels_never_lie_on_one_another(town: Snapshot) -> None:
    sheet = Sheet(shapely.box(0, 0, 100, 100))
    for n in range(300):
        sheet.put([Label((f"名字{n}",), (n * 37) % 97, (n * 53) % 89, 2.5, angle=(n * 29) % 180)])
    boxes = [one.box for one in sheet.labels]
    assert 20 < len(boxes) < 300
    left, right = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    assert (left == right).all()
    assert sheet.within.covers(shapely.union_all(boxes))


def test_names_are_broken_evenly() -> None:
    assert list(wrapped("泰河花园", 2)) == [("泰河花园",), ("泰河", "花园")]
    assert list(wrapped("Depot Road West", 3))[-1] == ("Depot", "Road", "West")


# Words


def test_runs_are_drawn_together() -> None:
    words = said()
    assert list(runs(["1", "2", "3", "5", "6", "9"], words)) == ["1–3", "5", "6", "9"]
    assert list(runs(["1号", "3号", "5号", "8号", "20号"], words)) == ["1–5号（单号）", "8", "20号"]
    assert list(runs(["151之1號", "151之2號", "151之3號"], said("zh-Hant"))) == ["151之1–3號"]
    assert list(runs(["65A", "66A", "67A", "007", "B"], said("en"))) == ["65–67A", "007", "B"]
    assert list(runs(["2", "4", "6", "8"], said("en"))) == ["2–8 (even)"]


@given(st.sets(st.integers(1, 60), min_size=1))
def test_runs_tell_exactly_what_is_covered(numbers: set[int]) -> None:
    told: list[int] = []
    for run_ in runs([str(number) for number in sorted(numbers)], said("en")):
        first, _, last = run_.partition(" ")[0].partition("–")
        step = 2 if "(" in run_ else 1
        told += range(int(first), int(last or first) + 1, step)
    assert sorted(told) == sorted(numbers)


def test_numbers_are_told_by_place() -> None:
    card = {"buildings": [{"place": "样例路", "numbers": ["1", "2", "3"]}, {"place": "", "numbers": ["7号"]}]}
    assert said_numbers(card, said()) == "样例路：1–3；7号"


# The command and the service


def command(snapshot: Path, *words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["print", *map(str, words), "--store", f"sqlite:///{snapshot.parent}/store.db"])
    return int(ended.value.code or 0)


def test_the_command_writes_a_file_or_a_picture_a_page(town_snapshot: Path, tmp_path: Path) -> None:
    assert (
        command(town_snapshot, "wall", "c1", tmp_path / "wall.pdf", "--site", SITE, "--paper", "a2")
        == Exit.OK
    )
    assert pages_of((tmp_path / "wall.pdf").read_bytes()) == [(594, 420)]
    assert command(town_snapshot, "notices", "c2", tmp_path / "n.png", "--lang", "en") == Exit.OK
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n-1.png", "n-2.png", "wall.pdf"]


def test_the_command_refuses_in_words(town_snapshot: Path, tmp_path: Path) -> None:
    assert command(town_snapshot, "wall", "c1", tmp_path / "wall.doc") == Exit.USAGE
    assert command(town_snapshot, "notice", "c1", tmp_path / "x.pdf") == Exit.MISSING
    assert command(town_snapshot, "wall", "c1", tmp_path / "x.pdf", "--date", "2020-01-01") == Exit.MISSING
    assert not list(tmp_path.iterdir())


@pytest.fixture
def client(town_snapshot: Path) -> Any:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, site=SITE, issuer="样例区"))) as client:
        yield client


def test_the_service_prints_and_keeps(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []
    real = Prints._print

    def counted(self: Prints, tag: str, *given: Any) -> Any:
        printed.append(tag)
        return real(self, tag, *given)

    monkeypatch.setattr(Prints, "_print", counted)
    first, again = client.get("/print/c/c1.pdf"), client.get("/print/c/c1.pdf")
    assert first.headers["content-type"] == "application/pdf"
    assert first.content == again.content
    assert len(printed) == 1
    assert "样例区" in text_of(first.content)
    assert codes_of(first.content) == [f"{SITE}/?lang=zh-Hans#c=c1"]
    kept = client.get("/print/c/c1.pdf", headers={"If-None-Match": first.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    assert first.headers["etag"] != client.get("/print/c/c1.pdf?lang=en").headers["etag"]
    assert "max-age=" in first.headers["cache-control"]
    assert len(printed) == 2


def test_the_service_shows_pages_as_pictures(client: Any) -> None:
    picture = client.get(f"/print/g/{GRID}.png?paper=a5&lang=zh-Hant")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert client.get("/print/s/t1.png?page=2").status_code == 200
    assert client.get("/print/s/t1.png?page=3").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/print/c/nowhere.pdf", 404),
        ("/print/g/nowhere.png", 404),
        ("/print/s/nowhere.pdf", 404),
        ("/print/c/c1.doc", 422),
        ("/print/c/c1.pdf?lang=fr", 422),
        ("/print/c/c1.pdf?colour=1", 422),
        ("/print/c/c1.pdf?as_of=2020-01-01", 404),
    ],
)
def test_the_service_refuses(client: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert json.loads(answer.content)["status"] == status


def test_a_sheet_costs_more_than_a_question(town_snapshot: Path) -> None:
    """A burst of 15: two sheets take (1 + 10) each and empty it; what is kept costs 1."""
    app = create_app(Settings(town_snapshot, reload_s=0, rate=0.001, burst=15))
    with TestClient(app) as client:
        assert [client.get(f"/print/c/{one}.png").status_code for one in ("c1", "c2", "c1")] == [
            200,
            200,
            429,
        ]


def test_who_finds_too_many_waiting_is_sent_away(client: Any) -> None:
    client.get("/print/c/c1.pdf")
    client.app.state.prints._waiting = 8
    assert client.get("/print/c/c1.pdf").status_code == 200, "what is kept needs no press"
    assert client.get("/print/c/c2.pdf").status_code == 429
