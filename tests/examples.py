"""The examples of the OpenAPI document, asked of the drawn town; ``python -m tests.examples`` renews them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient

from api import Settings, create_app
from tests.published import publish

if TYPE_CHECKING:
    from httpx import Response

FILE = Path(__file__).parent.parent / "api" / "examples.json"


def examples() -> list[tuple[str, str, dict[str, Any]]]:
    """Return every example with its operation and its name."""
    told: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return [(operation, name, one) for operation, named in told.items() for name, one in named.items()]


def ask(client: TestClient, operation: str, one: dict[str, Any]) -> Response:
    """Ask what an example asks."""
    method, path = operation.split(" ")
    media = one.get("content_type", "application/json")
    body = one.get("body")
    content = body if body is None or isinstance(body, str) else json.dumps(body)
    place = path.format(**one.get("path", {}))
    answer: Response = client.request(
        method, place, params=one.get("query"), content=content, headers={"Content-Type": media}
    )
    return answer


def main() -> None:
    """Write the answers of today beside the questions."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(publish(Path(folder) / "town"), reload_s=0, rate=0, jobs=Path(folder) / "jobs")
        with TestClient(create_app(settings)) as client:
            for operation, name, one in examples():
                answer = ask(client, operation, one)
                answer.raise_for_status()
                if answer.status_code == 200:  # a job's has a secret and the time in it
                    told[operation][name]["answer"] = answer.json()
    FILE.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
