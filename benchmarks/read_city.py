"""Time the reading of cities: ``python -m benchmarks.read_city [TAIPEI_FOLDER]``.

Reads the cities that ship with geogrid, and the whole of Taipei (456 communities, 244,651 doors, 1,095,233
addresses) from the folder given, or named by GEOGRID_TAIPEI.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from geogrid.boundaries import read_city

ROOT = Path(__file__).parent.parent
SHIPPED = ("bukit-merah", "songshan")


def measure(name: str, folder: Path, mapping: Path | None = None) -> None:
    """Read one city and print what it took."""
    began, busy = time.perf_counter(), time.process_time()
    city = read_city(folder, mapping)
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = sorted(Counter(fault.rule for fault in city.faults).items())
    print(
        f"{name}: {len(city.communities):,} communities, {len(city.buildings):,} buildings, "
        f"{len(city.addresses):,} addresses: {wall:.1f} s, {cpu:.1f} s of CPU, peak {peak:,.0f} MB so far; "
        f"told: {', '.join(f'{rule} {count}' for rule, count in told) or 'nothing'}"
    )


def main() -> None:
    """Measure every city there is."""
    for name in SHIPPED:
        measure(name, ROOT / "data" / "boundaries" / name)
    taipei = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GEOGRID_TAIPEI", "")
    if taipei:
        measure("taipei", Path(taipei), ROOT / "benchmarks" / "cities" / "taipei.toml")


if __name__ == "__main__":
    main()
