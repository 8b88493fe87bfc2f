"""``geogrid lookup``: which grid is mine, and who leads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json
from geogrid.cli.exits import Exit
from geogrid.cli.store import snapshot_in_force

if TYPE_CHECKING:
    from geogrid.snapshot import Snapshot

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
    _, snapshot = snapshot_in_force(store, city)
    if lon is not None and lat is not None:
        answer = _by_point(snapshot, lon, lat, crs)
    else:
        answer = as_json(snapshot, snapshot.lookup_address(address, limit=limit))
    if json:
        print_json(answer)
    else:
        tell(answer)
    if answer["grid"] is None:
        raise typer.Exit(Exit.NO)


def _by_point(snapshot: Snapshot, lon: float, lat: float, crs: str) -> dict[str, Any]:
    import numpy as np

    from geogrid.crs import DEGREES, read_crs, reproject_points

    if read_crs(crs) is None:
        raise typer.BadParameter(f"{crs} is no coordinate system that geogrid knows", param_hint="--crs")
    x, y = reproject_points(np.array([lon]), np.array([lat]), crs, DEGREES)
    return as_json(snapshot, snapshot.lookup_point(lon=float(x[0]), lat=float(y[0])))


def as_json(snapshot: Snapshot, answer: Any) -> dict[str, Any]:
    """Return an answer as JSON values."""
    raise NotImplementedError


def tell(answer: dict[str, Any]) -> None:
    """Print an answer for a person."""
    raise NotImplementedError
