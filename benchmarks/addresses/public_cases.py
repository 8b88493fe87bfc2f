"""Score public address cases written by others.

``location_cases.jsonl`` expects province, city, county and what is left; ``normalizing_cases.jsonl`` also
road, road number and building. Every difference is printed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from geogrid.addresses.divisions import Divisions, read_divisions
from geogrid.addresses.grammar_mainland import parse
from geogrid.addresses.normalize import fold

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.addresses import Elements


def location(case: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return (expected, read) for every field of a location case."""
    expected, read = case["expected"], read_divisions(case["text"])
    fields = {name: (expected[name] or "", getattr(read, name)) for name in ("province", "city", "county")}
    return fields | {"detail": (expected["detail"], read.rest)}


def normalizing(case: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return (expected, read) for every field of a normalizing case; names as they were then."""
    expected, divided = case["expected"], read_divisions(case["text"])
    read = parse(fold(_without_repeats(divided)))
    ours = {
        "province": divided.said[0] or divided.province,
        "city": divided.said[1] or divided.city,
        "district": divided.said[2] or divided.county or read.county,
        "street": read.subdistrict,
        "road": read.road,
        "roadNum": _road_number(read),
        "buildingNum": _building(read),
    }
    told = {name: (expected[name] or "") for name in ours}
    told["province"] = told["province"] + "市" * (told["province"] in ("北京", "上海", "天津", "重庆"))
    told["buildingNum"] = re.sub(r"[^0-9A-Z]+|(?<![0-9])0+", "-", told["buildingNum"].upper()).strip("-")
    return {name: (told[name], ours[name]) for name in ours}


def _without_repeats(divided: Divisions) -> str:
    """Drop divisions that are written again."""
    rest = divided.rest
    known = {*divided.said, divided.province, divided.city, divided.county, ""}
    for _ in range(3):
        again = read_divisions(rest)
        if not any(again.said) or not {name for name in again.said if name} <= known:
            break
        rest = again.rest
    return rest


def _road_number(read: Elements) -> str:
    if read.lane:
        return f"{read.lane}弄"
    return f"{read.number}号" if read.number is not None else ""


def _building(read: Elements) -> str:
    """Return building, unit, floor and room as digits between dashes, for both sides alike."""
    if read.lane and read.building is None and read.number is not None:
        parts = [str(read.number), read.unit, read.floor, read.room]
    else:
        parts = [str(read.building or ""), read.unit, read.floor, read.room]
    return "-".join(part for part in parts if part)


def score(folder: Path) -> None:
    """Score both files and print every difference."""
    for name, fields_of in (("location", location), ("normalizing", normalizing)):
        lines = (folder / f"{name}_cases.jsonl").read_text("utf-8").splitlines()
        right: Counter[str] = Counter()
        whole = 0
        for case in map(json.loads, lines):
            fields = fields_of(case)
            wrong = {field: pair for field, pair in fields.items() if pair[0] != pair[1]}
            right.update(field for field in fields if field not in wrong)
            whole += not wrong
            if wrong:
                told = "; ".join(f"{field} {a!r}, read {b!r}" for field, (a, b) in wrong.items())
                print(f"- {name}: {case['text']}: {told}")
        counts = ", ".join(f"{field} {count}" for field, count in right.items())
        print(f"- {name}: {whole} of {len(lines)} in all fields; {counts}")
