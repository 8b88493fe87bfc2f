"""What the service says is said in the asked language, every sentence of it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.problems import TITLES
from api.sentences import SENTENCES
from api.words import STATUS, language_of, said, sentence
from geogrid.snapshot import LookupAnswer
from tests.published import EVERYTHING_HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

API = Path(__file__).parent.parent / "api"


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0))) as client:
        yield client


def templates() -> list[str]:
    """Return every text that a refusal of ours is made with, braces for what is filled in."""
    found: list[str] = []
    for path in {*API.rglob("*.py")} - {
        *(API / "planning").rglob("*.py")
    }:  # planners are told in their own words
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in ("Refusal", "_refused") and len(node.args) > 1:  # type: ignore[attr-defined]
                found += _text(node.args[1])  # type: ignore[attr-defined]
    return found


def _text(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values]
        return ["".join(parts)]
    return []


def test_every_sentence_of_ours_has_its_translations() -> None:
    ours = templates()
    assert len(ours) > 15
    assert [text for text in ours if text not in SENTENCES] == []
    assert [title for _, title in TITLES.values() if title not in SENTENCES] == []
    assert [text for text in STATUS.values() if text not in SENTENCES] == []


@pytest.mark.parametrize(("english", "row"), SENTENCES.items())
def test_a_translation_keeps_what_is_filled_in(english: str, row: tuple[str, str]) -> None:
    values = [f"<{place}>" for place in range(english.count("{}"))]
    for language, text in zip(("zh-Hans", "zh-Hant"), row, strict=True):
        told = said(english.format(*values), language)
        assert told == text.format(*values), "another sentence of the table fits first"


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", "", "en"),
        ("", "de-DE,fr;q=0.8", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("", "zh-TW", "zh-Hant"),
        ("", "en;q=0.5,zh-HK;q=0.7", "zh-Hant"),
        ("", "zh;q=0,en;q=0.1", "en"),
        ("", "zh;q=x", "zh-Hans"),
        ("lang=zh-Hant", "en", "zh-Hant"),
        ("lang=en&x=1", "zh", "en"),
        ("lang=", "zh", "zh-Hans"),
        ("lang=%00", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for(query: str, accept: str, language: str) -> None:
    headers = [(b"accept-language", accept.encode())] if accept else []
    assert language_of({"type": "http", "query_string": query.encode(), "headers": headers}) == language


def test_a_refusal_is_told_in_the_asked_language(client: TestClient) -> None:
    told = client.get("/v1/lookup", params={"lon": "1", "lang": "zh-Hans"})
    assert (told.json()["title"], told.json()["detail"]) == (
        "请求中有无法使用的值",
        "经度和纬度须同时给出。",
    )
    assert told.headers["content-language"] == "zh-Hans"
    told = client.get("/v1/lookup?limit=99&address=A", headers={"Accept-Language": "zh-TW"})
    assert told.json()["errors"] == [{"in": "query", "name": "limit", "message": "不得大於 20"}]
    told = client.get("/ogc/collections/grids/items?bbox=1&lang=zh-Hans")
    assert (told.status_code, told.json()["errors"][0]["message"]) == (400, "须为四个或六个数")
    assert client.get("/v1/city?lang=xx").status_code == 422
    assert client.get("/nothing", headers={"Accept-Language": "zh"}).json()["title"] == "没有找到"


def test_an_answer_is_told_in_words(client: TestClient) -> None:
    def told(language: str, **asked: Any) -> str:
        link = client.get("/v1/lookup", params={**asked, "lang": language}).json()
        body = client.post("/v1/lookup", json={**asked, "lang": language}).json()
        assert link == body
        return str(link["sentence"])

    assert told("zh-Hans", address="A小区1号楼") == "属于Community c1第 1 网格（A小区）。网格长：样例乙。"
    assert told("en", address="A小区1号楼") == (
        "It lies in grid 1 (A小区) of Community c1. Grid leader: 样例乙."
    )
    assert told("zh-Hant", address="A小区9号楼") == "資訊不足，請補充：棟號。"
    assert told("zh-Hans", lon=124.38, lat=40.1318) == (
        "不在任何网格内；最近的是A小区（Community c1），相距 852 米。"
    )
    assert told("en", address="无") == "Nothing that is known here fits."
    assert "sentence" not in client.get("/v1/lookup", params={"address": "A小区1号楼"}).json()


def test_a_hostile_name_is_only_carried_over() -> None:
    card: Any = {"number": 1, "name": EVERYTHING_HOSTILE, "community": {"name": "{0}{x}"}, "team": []}
    told = sentence(LookupAnswer("matched", card), "zh-Hans")
    assert told == f"属于{{0}}{{x}}第 1 网格（{EVERYTHING_HOSTILE}）。"
