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

from api import Settings, create_app
from api.problems import TITLES, TYPE

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
