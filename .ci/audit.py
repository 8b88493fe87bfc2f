"""Ask an advisory service for known faults of what locks/run.txt installs: `make audit`.

Ends with 0 where all packages were looked up and no fault is known, 1 where one is known, and 3 where not
all could be looked up: then nothing is said about those, and it says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "locks" / "run.txt"
SERVICES = ("pypi", "osv")
CLEAN, KNOWN, NOT_AUDITED = 0, 1, 3


def asked(service: str) -> list[dict]:
    """Return what a service says of each package; nothing where it cannot be reached."""
    words = [
        sys.executable,
        "-m",
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner",
        "off",
    ]
    words += ["--format", "json", "--vulnerability-service", service, "--requirement", str(LOCK)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    try:
        return json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []


def judged(found: list[dict]) -> tuple[int, list[str]]:
    """Return how the audit ends and what is to be said about it."""
    known = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or '-'}"
        for one in found
        for fault in one.get("vulns", ())
    ]
    left_out = [one["name"] for one in found if "skip_reason" in one]
    looked_up = len(found) - len(left_out)
    if known:
        return KNOWN, known
    if not looked_up:
        return NOT_AUDITED, [
            "NOTHING WAS AUDITED: no advisory service knows or answers for these packages from here."
        ]
    if left_out:
        return NOT_AUDITED, [f"NOT AUDITED: {len(left_out)} packages: {', '.join(left_out)}"]
    return CLEAN, [f"No fault is known of any of the {looked_up} packages of locks/run.txt."]


def main() -> int:
    """Ask one service after the other until one has looked up all packages."""
    end, told = NOT_AUDITED, [""]
    for service in SERVICES:
        end, told = judged(asked(service))
        if end != NOT_AUDITED:
            break
    print("\n".join(told))
    return end


if __name__ == "__main__":
    sys.exit(main())
