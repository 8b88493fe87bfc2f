"""``geogrid lookup``: which grid is mine, and who leads it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.exits import Exit
from geogrid.cli.store import snapshot_in_force

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.snapshot.answers import (
        CompoundPart,
        GridCard,
        LookupAnswer,
        LookupCandidate,
        Post,
        VenueCard,
    )

SHOWN = 6  # grids of one candidate that a person is shown; --json has all

# What a person is told of how an address was read; --json has every step.
EXPLAINED = {
    "corrected": "Corrected",
    "filled": "Filled in",
    "contradicted": "Disagrees",
    "unknown": "Not known here",
    "ignored": "Ignored",
    "former": "Former",
    "alias": "Also called",
    "doubt": "In doubt",
    "alike": "Not to be confused",
}

CrsOption = Annotated[
    str, typer.Option("--crs", help="WGS-84, CGCS2000, GCJ-02 (AMap, Tencent), BD-09 (Baidu) or EPSG:n.")
]


@app.command()
def lookup(
    address: Annotated[str, typer.Argument(help="An address as somebody would type it.")] = "",
    lon: Annotated[float | None, typer.Option(help="A longitude instead of an address.")] = None,
    lat: Annotated[float | None, typer.Option(help="A latitude instead of an address.")] = None,
    crs: CrsOption = "WGS-84",
    limit: Annotated[int, typer.Option(min=1, max=50, help="Candidates shown when it is not certain.")] = 5,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Tell which grid an address or a position lies in; exit 1 where no grid is certain.

    Example: geogrid lookup "65 TELOK BLANGAH DRIVE" --store sqlite:///var/bukit-merah.db --json
    """
    by_point = lon is not None or lat is not None
    if by_point == bool(address):
        raise typer.BadParameter("say an address, or --lon and --lat")
    if by_point and (lon is None or lat is None):
        raise typer.BadParameter("a longitude and a latitude belong together")
    snapshot = snapshot_in_force(store, city)
    if lon is not None and lat is not None:
        answer = snapshot.lookup_point(**_in_degrees(lon, lat, crs))
    else:
        answer = snapshot.lookup_address(address, limit=limit)
    if json:
        print_json(asdict(answer))
    else:
        tell(answer)
    if answer.grid is None:
        raise typer.Exit(Exit.NO)


def _in_degrees(lon: float, lat: float, crs: str) -> dict[str, float]:
    """Return a position in WGS-84 degrees."""
    from geogrid.crs import DEGREES, read_crs, reproject_points

    if read_crs(crs) is None:
        raise typer.BadParameter(f"{crs} is no coordinate system that geogrid knows", param_hint="--crs")
    x, y = reproject_points([lon], [lat], crs, DEGREES)
    if not (abs(x[0]) <= 180 and abs(y[0]) <= 90):
        raise typer.BadParameter("the position is not on the earth", param_hint="--lon/--lat")
    return {"lon": float(x[0]), "lat": float(y[0])}


def tell(answer: LookupAnswer) -> None:
    """Print an answer for a person: the grid and who serves it, or what would settle the question."""
    found = answer.status in {"matched", "historical", "outside"} and answer.address
    say(f"{answer.status}: {found}" if found else answer.status, "bold")
    if answer.grid is not None:
        _tell_grid(answer.grid)
    if answer.score is not None and answer.match_level:
        margin = answer.margin or 0.0
        say(f"Found: {answer.match_level}, score {answer.score:.2f}, {margin:.2f} above any in another grid")
    for step in answer.explain:
        if step.kind in EXPLAINED:
            became = f" -> {step.became}" if step.became else ""
            say(f"{EXPLAINED[step.kind]}: {step.element} {step.text}{became}".rstrip())
    if answer.missing:
        say(f"To be certain, add: {', '.join(answer.missing)}")
    if answer.grid is None and answer.candidates:
        rows = [_candidate(candidate) for candidate in answer.candidates]
        print_table(["candidate", "kind", "score", "grid"], rows)
    if answer.nearest is not None:
        say(
            f"Nearest grid: {answer.nearest['code']} {answer.nearest['name']}, {answer.distance_m:.0f} m away"
        )


def _candidate(candidate: LookupCandidate) -> tuple[str, str, str, str]:
    grids = [candidate.grid["code"]] if candidate.grid else list(candidate.grids)
    more = f" and {len(grids) - SHOWN} more" if len(grids) > SHOWN else ""
    return candidate.text, candidate.kind, f"{candidate.score:.2f}", ", ".join(grids[:SHOWN]) + more


def _tell_grid(card: GridCard) -> None:
    estimated = " (partly estimated)" if card["estimated"] else ""
    rows = [
        ("grid", card["code"]),
        ("name", card["name"]),
        ("community", card["community"]["name"]),
        ("compounds", _compounds(card["compounds"])),
        (card["counts"], f"{card['households']:,}{estimated}"),
        ("branch", _branch(card)),
        *((post["role"].replace("_", " "), _post(post)) for post in card["team"]),
        *((venue["kind"].replace("_", " "), _venue(venue)) for venue in card["venues"]),
    ]
    print_table(["", ""], rows)


def _branch(card: GridCard) -> str:
    if card["branch"] is not None:
        return card["branch"]["name"]
    proposed = card["proposed_branch"]
    until = f", served by {card['served_by']}" if card["served_by"] else ""
    return f"{proposed} (to be founded{until})" if proposed else "none needed"


def _venue(venue: VenueCard) -> str:
    told = (venue["name"], f"{venue['metres']:,} m", venue["phone"], venue["hours"])
    return ", ".join(text for text in told if text)


def _compounds(parts: Sequence[CompoundPart]) -> str:
    """Return the compounds by name; official blocks may share one."""
    names = Counter(f"{one['name'] or one['id']}{'' if one['whole'] else ' (part)'}" for one in parts)
    return ", ".join(
        name if count == 1 else f"{name} ({count} of that name)" for name, count in names.items()
    )


def _post(post: Post) -> str:
    if post["vacant"]:
        return "vacant"
    told = [text for text in (post["name"], post["post"], post["phone"]) if text]
    return ", ".join(told) or "not public"
