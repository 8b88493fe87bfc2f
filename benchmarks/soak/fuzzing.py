"""Feed a reader with what atheris makes up: ``python -m benchmarks.soak.fuzzing TARGET FOLDER``.

FOLDER keeps the inputs that reached something new, sound ones to begin with. What follows goes to libFuzzer:
``-max_total_time=SECONDS``, ``-artifact_prefix=DIR/``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

# All that is fed is told to atheris while it is imported, so that it sees which lines an input reaches.
with atheris.instrument_imports(include=["geogrid.addresses", "geogrid.assignments", "geogrid.boundaries"]):
    from tests.feeding import TARGETS, seeds


def main() -> None:
    """Feed until the time is over; libFuzzer ends the process."""
    target = sys.argv[1]
    for number, seed in enumerate(seeds(target)):
        TARGETS[target](seed)  # what is sound must be borne
        Path(sys.argv[2], f"sound-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
