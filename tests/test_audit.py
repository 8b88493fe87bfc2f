"""The audit of dependencies says what was looked up and never calls silence a clean result."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
AUDIT = runpy.run_path(str(ROOT / ".ci" / "audit.py"))
FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"]}


def clean(name: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": []}


def skipped(name: str) -> dict[str, Any]:
    return {"name": name, "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "end", "word"),
    [
        ([clean("a"), clean("b")], 0, "any of the 2 packages"),
        ([clean("a"), {**clean("b"), "vulns": [FAULT]}], 1, "b 1.0: PYSEC-2026-1, mended in 2.0"),
        ([skipped("a"), {**clean("b"), "vulns": [FAULT]}], 1, "b 1.0"),
        ([clean("a"), skipped("b")], 3, "NOT AUDITED: 1 packages: b"),
        ([skipped("a"), skipped("b")], 3, "NOTHING WAS AUDITED"),
        ([], 3, "NOTHING WAS AUDITED"),
    ],
    ids=["clean", "known", "known and unknown", "some unknown", "all unknown", "no answer"],
)
def test_what_was_not_looked_up_is_not_clean(found: list[dict[str, Any]], end: int, word: str) -> None:
    code, told = AUDIT["judged"](found)
    assert code == end
    assert word in "\n".join(told)


def test_the_audit_is_of_what_is_installed_and_belongs_to_the_check() -> None:
    assert AUDIT["LOCK"] == ROOT / "locks" / "run.txt"
    told = subprocess.run(
        ["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert ".ci/audit.py" in told
    assert (
        ".ci/audit.py"
        not in subprocess.run(
            ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    )
