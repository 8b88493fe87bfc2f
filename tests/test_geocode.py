"""The geocoder, against a local server that answers like AMap, Tianditu and Nominatim."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from geogrid.batch import GeocodingMatcher, RowAnswer, Told, assign_file
from geogrid.crs import from_wgs84
from geogrid.errors import InputError
from geogrid.geocode import FAILURES, Geocoder, GeocoderSettings
from tests.test_batch import Toy, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Reply = Callable[[str, dict[str, list[str]]], tuple[int, dict[str, str], bytes]]

KEY = "secret-key"
PLACE = (124.39, 40.13)  # of every address that the fake services know, in WGS-84


@contextmanager
def serving(reply: Reply) -> Iterator[tuple[str, list[str]]]:
    """Serve on a free port; hand out the root and the paths that were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is the library's
            asked.append(self.path)
            split = urlsplit(self.path)
            status, headers, body = reply(split.path, parse_qs(split.query))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def plain(value: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def amap(path: str, asked: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
    assert (path, asked["key"]) == ("/v3/geocode/geo", [KEY])
    lon, lat = from_wgs84([PLACE[0]], [PLACE[1]], "GCJ-02")
    level = "道路" if "路" in asked["address"][0] else "门牌号"
    place = {"location": f"{lon[0]:.6f},{lat[0]:.6f}", "level": level}
    return plain({"status": "1", "geocodes": [] if "无" in asked["address"][0] else [place]})


def tianditu(path: str, asked: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
    assert (path, asked["tk"]) == ("/geocoder", [KEY])
    word = json.loads(asked["ds"][0])["keyWord"]
    if "无" in word:
        return plain({"msg": "无结果", "status": "101"})
    place = {"lon": PLACE[0], "lat": PLACE[1], "level": "道路" if "路" in word else "门址", "keyWord": word}
    return plain({"msg": "ok", "status": "0", "location": place})


def nominatim(path: str, asked: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
    assert path == "/search"
    word = asked["q"][0]
    kind = "highway" if "路" in word else "building"
    place = {"lon": str(PLACE[0]), "lat": str(PLACE[1]), "class": kind, "display_name": "somewhere"}
    return plain([] if "无" in word else [place])


SERVICES: dict[str, Reply] = {"amap": amap, "tianditu": tianditu, "nominatim": nominatim}


def geocoder(service: str, url: str, **settings: Any) -> Geocoder:
    return Geocoder(GeocoderSettings(service, KEY, url, **{"rate": 0.0, **settings}))


@pytest.mark.parametrize("service", SERVICES)
def test_a_place_comes_back_in_wgs84_whatever_the_service_speaks(service: str) -> None:
    with serving(SERVICES[service]) as (url, _):
        found = geocoder(service, url).locate("泰河花园3号楼")
    assert found is not None
    assert (found.lon, found.lat) == pytest.approx(PLACE, abs=2e-6)  # AMap rounds to six digits


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_and_what_is_too_coarse_are_no_answer(service: str) -> None:
    with serving(SERVICES[service]) as (url, asked):
        asking = geocoder(service, url)
        assert asking.locate("无此地址") is None
        assert asking.locate("锦山大街北一路") is None
        assert (len(asked), asking.stopped) == (2, "")


def test_an_address_is_asked_once_and_the_budget_is_kept() -> None:
    with serving(amap) as (url, asked):
        asking = geocoder("amap", url, budget=2)
        for text in ("一号楼", "一号楼", "二号楼", "一号楼", "三号楼"):
            asking.locate(text)
        assert (len(asked), asking.asked) == (2, 2)
        assert asking.stopped == "the budget of 2 requests is spent"
        assert asking.locate("二号楼") is not None  # known already


def test_requests_keep_their_distance() -> None:
    waits: list[float] = []
    with serving(amap) as (url, _):
        asking = Geocoder(GeocoderSettings("amap", KEY, url, rate=0.5), sleep=waits.append)
        for text in ("一号楼", "二号楼", "三号楼"):
            asking.locate(text)
    assert waits[0] == 0
    assert waits[1] == pytest.approx(2, abs=0.5)
    assert waits[2] == pytest.approx(4, abs=0.5)  # nobody slept, so the third waits for both


def test_no_redirect_leads_to_another_host() -> None:
    with serving(amap) as (other, reached):
        with serving(lambda *_: (302, {"Location": f"{other}/v3/geocode/geo"}, b"")) as (url, _):
            assert geocoder("amap", url).locate("一号楼") is None
        assert reached == []


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(amap) as (proxy, reached), serving(amap) as (url, asked):
        monkeypatch.setenv("http_proxy", proxy)
        assert geocoder("amap", url).locate("一号楼") is not None
        assert (len(asked), reached) == (1, [])


def test_an_endless_answer_is_refused() -> None:
    with serving(lambda *_: (200, {}, b"[" * (1 << 21))) as (url, _):
        assert geocoder("amap", url).locate("一号楼") is None


@pytest.mark.parametrize("code", ["10001", "10003"])
def test_a_refused_key_and_a_used_up_quota_stop_at_once(code: str) -> None:
    with serving(lambda *_: plain({"status": "0", "infocode": code, "info": "x"})) as (url, asked):
        asking = geocoder("amap", url)
        assert asking.locate("一号楼") is None
        assert asking.locate("二号楼") is None
        assert len(asked) == 1
        assert asking.stopped


def test_a_service_that_fails_is_left_alone_after_a_while() -> None:
    with serving(lambda *_: (500, {}, b"no")) as (url, asked):
        asking = geocoder("tianditu", url)
        for number in range(FAILURES + 5):
            assert asking.locate(f"{number}号楼") is None
        assert len(asked) == FAILURES
        assert "GeocoderServiceError" in asking.stopped


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        (GeocoderSettings("google"), ["unknown-geocoder"]),
        (GeocoderSettings("amap"), ["no-key"]),
        (
            GeocoderSettings("amap", url="http://geo.example", budget=0),
            ["no-key", "not-encrypted", "no-budget"],
        ),
        (GeocoderSettings("nominatim", url="file:///etc/passwd"), ["bad-url"]),
        (GeocoderSettings("nominatim", url="https://user:word@geo.example"), ["bad-url"]),
    ],
)
def test_settings_that_could_not_work_are_told_at_once(settings: GeocoderSettings, rules: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Geocoder(settings)
    assert [fault.rule for fault in caught.value.faults] == rules


def test_nothing_of_an_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda *_: (500, {}, "泰河花园".encode())) as (url, _):
        for service in SERVICES:
            geocoder(service, url).locate("泰河花园3号楼")
    assert "泰河" not in caplog.text
    assert "%E6" not in caplog.text


class Placed(Toy):
    """The toy with a grid around the place that the services know."""

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        inside = np.hypot(lon - PLACE[0], lat - PLACE[1]) < 1e-4
        return Told.each(
            [RowAnswer("matched", "point", "G-001", "G") if one else RowAnswer("outside") for one in inside]
        )


def test_only_rows_that_text_cannot_answer_are_asked_and_they_say_so(tmp_path: Path) -> None:
    source, target, review = (tmp_path / name for name in ("in.csv", "out.csv", "review.csv"))
    source.write_text("address\nMain 1\nMain\n后院3号楼\n无此院\n", encoding="utf-8")
    with serving(amap) as (url, asked):
        tally = assign_file(source, target, GeocodingMatcher(Placed(), geocoder("amap", url)), review=review)
    assert len(asked) == 2  # not for the matched row, and not for the ambiguous one
    rows = [(row["status"], row["grid_code"], row["reason"]) for row in read(target)]
    assert rows[0] == ("matched", "A-001", "door")
    assert rows[1][:2] == ("ambiguous", "")
    assert rows[2] == ("geocoded", "G-001", "amap: 门牌号")
    assert rows[3][:2] == ("none", "")
    assert tally.by_status == {"ambiguous": 1, "geocoded": 1, "matched": 1, "none": 1}
    assert tally.unmatched == 3
    assert [row["row"] for row in read(review)] == ["2", "2", "3", "4"]


def test_a_place_in_no_grid_answers_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("address\n后院3号楼\n", encoding="utf-8")

    class Elsewhere(Placed):
        def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
            return super().points(lon + 1, lat)

    with serving(amap) as (url, _):
        assign_file(source, target, GeocodingMatcher(Elsewhere(), geocoder("amap", url)))
    assert read(target)[0]["status"] == "none"
