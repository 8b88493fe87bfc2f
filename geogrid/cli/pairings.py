"""``geogrid pairings``: which organisation is paired with which branch, and what is proposed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.store import opened, which_city

if TYPE_CHECKING:
    from geogrid.model import City
    from geogrid.roster import PairingReport


@app.command()
def pairings(
    target: Annotated[
        Path | None, typer.Argument(help="A .csv, .xlsx, .parquet, .geojson or .gpkg file to write.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Propose a branch for every organisation that has none (共建共促), with the cost and the reason.

    Given pairs stay. All proposals together cost the least that is possible. The file that is written is a
    table of the layer pairings: put it into the city's folder and load it to accept what is proposed.

    Example: geogrid pairings var/dandong/pairings.parquet --store sqlite:///var/dandong.db
    """
    from geogrid.exports import pairings_table
    from geogrid.roster import propose_pairs
    from geogrid.tables import write_table

    with opened(store) as archive:
        held = archive.load_city(which_city(archive, city))
    report = propose_pairs(held)
    rows = proposals(held, report)
    if target is not None:
        count = write_table(target, pairings_table(held, report), layer="pairings")
        say(f"{target}: {count:,} organisations, {len(rows):,} of them with a proposed branch")
    elif json:
        print_json({**_counts(report), "proposed": rows})
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows]) if rows else None
        say(", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in _counts(report).items()))


def _counts(report: PairingReport) -> dict[str, int]:
    return {
        "given": len(report.pairs) - len(report.proposed),
        "proposed_pairs": len(report.proposed),
        "unpaired_organisations": len(report.unpaired_organisations),
        "unpaired_branches": len(report.unpaired_branches),
        "branches_paired_twice": len(report.paired_twice),
    }


def proposals(city: City, report: PairingReport) -> list[dict[str, Any]]:
    """Return a row for each proposed pair, in words."""
    from geogrid.roster import reason_of

    organisations = {one.id: one for one in city.pairings}
    branches = {one.id: one for one in city.branches}
    return [
        {
            "organisation": organisations[pair.organisation_id].organisation,
            "branch": branches[pair.branch_id].name,
            "branch_id": pair.branch_id,
            "cost": round(pair.cost.total, 3),
            "reason": reason_of(pair, organisations[pair.organisation_id], branches[pair.branch_id]),
        }
        for pair in report.proposed
    ]
