"""The page about the API keeps its word: every example in it is asked, and answers what it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import validate

from api import Settings, create_app
from api.problems import TITLES, TYPE
from tests.examples import ask, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
PROGRAMS = PAGE[PAGE.index("## From a program") :]
EXAMPLES = re.findall(r"^```http\n(.*?)^```\n\n```json\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        yield client


def assert_shown(shown: Any, real: Any, place: str = "$") -> None:
    """Assert that ``real`` is what is ``shown``, which may leave out keys and the ends of lists."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), place
        for key, value in shown.items():
            assert key in real, f"{place}.{key}"
            assert_shown(value, real[key], f"{place}.{key}")
    elif isinstance(shown, list):
        more = bool(shown) and shown[-1] == "..."
        wanted = shown[:-1] if more else shown
        assert len(real) > len(wanted) if more else len(real) == len(wanted), place
        for i, value in enumerate(wanted):
            assert_shown(value, real[i], f"{place}[{i}]")
    elif isinstance(shown, float):
        assert real == pytest.approx(shown, abs=1), place
    else:
        assert real == shown, place


@pytest.mark.parametrize(("asked", "shown"), EXAMPLES, ids=[asked.splitlines()[0] for asked, _ in EXAMPLES])
def test_an_example_is_true(client: TestClient, asked: str, shown: str) -> None:
    head, _, body = asked.partition("\n\n")
    method, path = head.splitlines()[0].split(" ", 1)
    response = client.request(
        method, path, content=body.encode() or None, headers={"Content-Type": "application/json"}
    )
    answer = response.json()
    assert_shown(json.loads(shown), answer)
    refused = response.headers["content-type"] == "application/problem+json"
    assert response.status_code == (answer["status"] if refused else 200)


def program(language: str, url: str) -> str:
    """Return the page's first example in a language that asks for an address, sent to ``url``."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PROGRAMS, re.M | re.S)
    return str(blocks[0]).replace("http://127.0.0.1:8000", url)


@pytest.mark.parametrize(
    ("language", "runs"),
    [
        ("sh", ["sh", "-c"]),
        ("js", ["node", "--input-type=module", "-e"]),
        ("python", [sys.executable, "-c"]),
    ],
)
def test_a_program_of_the_page_runs(live: str, language: str, runs: list[str]) -> None:
    tool = "curl" if language == "sh" else runs[0]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run(
        [*runs, program(language, live)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "matched" in done.stdout
    assert "210602001001001" in done.stdout
    if language == "python":
        assert done.stdout.split() == [
            *("matched", "210602001001001", "1.0", "1.0", "[]"),
            *("matched", "210602001001003", "outside"),
        ]


def test_the_page_has_examples_of_every_status() -> None:
    assert len(EXAMPLES) >= 10
    text = "".join(shown for _, shown in EXAMPLES)
    assert all(f'"status": "{status}"' in text for status in ("matched", "ambiguous", "partial", "outside"))


def test_every_path_is_in_the_page(client: TestClient) -> None:
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in PAGE, path


def test_every_problem_is_in_the_page() -> None:
    for status, (name, _) in TITLES.items():
        if status not in (400, 409):  # no route answers them yet
            assert re.search(rf"^\| {status} \| `{name}` \|", PAGE, re.M), status
    assert TYPE in PAGE


def test_a_false_example_is_noticed() -> None:
    with pytest.raises(AssertionError):
        assert_shown({"a": [1, "..."]}, {"a": [1]})
    with pytest.raises(AssertionError):
        assert_shown({"a": {"b": 1}}, {"a": {"b": 2}})


# The examples of the OpenAPI document


@pytest.fixture(scope="module")
def taking(town_snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that takes files, too."""
    settings = Settings(town_snapshot, reload_s=0, rate=0, jobs=tmp_path_factory.mktemp("jobs"))
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize(("operation", "name", "one"), examples())
def test_an_example_of_the_document_is_true(
    taking: TestClient, operation: str, name: str, one: dict[str, Any]
) -> None:
    answer = ask(taking, operation, one)
    assert answer.is_success, answer.text
    assert answer.json() == one.get("answer", answer.json()), "run `python -m tests.examples`, and look"
    method, path = operation.split(" ")
    document = taking.get("/openapi.json").json()
    told = document["paths"][path][method.lower()]
    content = told["responses"][str(answer.status_code)]["content"]["application/json"]
    validate(answer.json(), {**content["schema"], "components": document["components"]})
    if "answer" in one:
        assert content["examples"][name]["value"] == one["answer"]
    if "body" in one:
        media = told["requestBody"]["content"][one.get("content_type", "application/json")]
        assert media["examples"][name]["value"] == one["body"]
        if "schema" in media and "content_type" not in one:
            validate(one["body"], {**media["schema"], "components": document["components"]})


def test_what_people_ask_most_has_examples(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    bodies = {
        path: body["content"].get("application/json", {})
        for path, told in paths.items()
        if path.startswith("/v1/") and (body := told.get("post", {}).get("requestBody"))
    }
    assert {path for path, told in bodies.items() if told and not told.get("examples")} == set()
    asked = paths["/v1/lookup"]["get"]["parameters"]
    assert {one["name"] for one in asked if "examples" in one} >= {"address", "lon", "lat", "lang"}


@pytest.mark.parametrize("path", ["/v1/lookup", "/v1/suggest", "/v1/reverse"])
def test_a_link_and_a_body_can_ask_the_same(client: TestClient, path: str) -> None:
    document = client.get("/openapi.json").json()
    told = document["paths"][path]
    content = told["post"]["requestBody"]["content"]["application/json"]["schema"]
    body = document["components"]["schemas"][content["$ref"].rpartition("/")[2]]["properties"]
    link = {one["name"] for one in told["get"]["parameters"]}
    assert link - {"lang"} == set(body) - {"lang"}  # lang= is taken by every route
    with_defaults = {one["name"]: one["schema"].get("default") for one in told["get"]["parameters"]}
    assert {name: with_defaults[name] for name in body} == {name: body[name].get("default") for name in body}
