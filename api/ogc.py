"""OGC API - Features, parts 1 (core) and 2 (coordinate systems): what is asked, and what is told.

Sources: OGC 17-069r4 and OGC 18-058r1. A value that cannot be used is a 400 there, not a 422.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import numpy as np
import orjson
import shapely

from api.problems import Refusal
from api.replies import GEOJSON, JSON
from geogrid.clock import SHANGHAI
from geogrid.crs import CRS84, DEGREES, northing_first, offered_crs, reproject
from geogrid.snapshot.geojson import geometry_texts
from geogrid.snapshot.layers import LAYERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from api.served import Served
    from geogrid.snapshot.layers import Layer

PART = "http://www.opengis.net/spec/ogcapi-features-"
CONFORMS_TO = [f"{PART}1/1.0/conf/core", f"{PART}1/1.0/conf/geojson", f"{PART}2/1.0/conf/crs"]
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
MOST = 10_000
MOST_METRES = 1e8  # no coordinate on the earth is larger
HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]+")
TITLES = {
    "cities": "The city",
    "districts": "Districts and counties (区县)",
    "subdistricts": "Subdistricts (街道)",
    "communities": "Communities (社区)",
    "compounds": "Residential compounds (小区)",
    "grids": "Grids (网格)",
    "branches": "Compound branches (小区党支部), drawn as the compounds they cover",
    "venues": "Service centres and stations (党群服务中心)",
    "pairings": "Organisations and the branches they are paired with (共建共促)",
}


@dataclass(frozen=True)
class Asked:
    """The parameters of a request for features, checked."""

    area: Any = None  # a shape in degrees
    crs: str = CRS84
    limit: int = 10
    offset: int = 0


def base_of(request: Request) -> str:
    """Return the address that links begin with; a relative one where the Host header is none."""
    plain = HOST.fullmatch(request.headers.get("host", ""))
    return str(request.base_url).rstrip("/") if plain else ""


def link(href: str, rel: str, media: str = JSON, title: str = "") -> dict[str, str]:
    """Return a link object."""
    told = {"href": href, "rel": rel, "type": media}
    return {**told, "title": title} if title else told


def landing(base: str, here: Served) -> dict[str, Any]:
    """Return the landing page."""
    city = here.snapshot.city
    return {
        "title": f"{city['name']}: grids, version {city['version']}",
        "description": "The published division of the city into grids.",
        "attribution": city["attribution"],
        "licence": city["licence"],
        "links": [
            link(f"{base}/ogc", "self"),
            link(f"{base}/openapi.json", "service-desc", OPENAPI, "The definition of the API"),
            link(f"{base}/docs", "service-doc", "text/html", "The documentation of the API"),
            link(f"{base}/ogc/conformance", "conformance", JSON, "What this service conforms to"),
            link(f"{base}/ogc/collections", "data", JSON, "The collections"),
        ],
    }


def collections(base: str, here: Served) -> dict[str, Any]:
    """Return all collections."""
    found = [collection(base, here, name) for name in LAYERS]
    return {
        "links": [link(f"{base}/ogc/collections", "self")],
        "crs": list(offered_crs(here.snapshot.city["plane"])),
        "collections": found,
    }


def collection(base: str, here: Served, name: str) -> dict[str, Any]:
    """Return one collection: its extent in space and time, its systems and its links.

    :raises NotFoundError: there is none of that name.
    """
    layer = here.snapshot.layer(name)
    begins, ends = validity(here)
    interval = [_instant(begins), _instant(ends) if ends else None]
    extent: dict[str, Any] = {"temporal": {"interval": [interval]}}
    if layer.bounds:
        extent["spatial"] = {"bbox": [layer.bounds], "crs": CRS84}
    place = f"{base}/ogc/collections/{name}"
    return {
        "id": name,
        "title": TITLES[name],
        "description": f"{TITLES[name]} of {here.snapshot.city['name']}",
        "attribution": here.snapshot.city["attribution"],
        "licence": here.snapshot.city["licence"],
        "itemType": "feature",
        "extent": extent,
        "crs": list(offered_crs(here.snapshot.city["plane"])),
        "storageCrs": CRS84,
        "links": [
            link(place, "self"),
            link(f"{place}/items", "items", GEOJSON, TITLES[name]),
            link(f"{base}/v1/{name}?f=fgb&limit={MOST}", "enclosure", "application/vnd.flatgeobuf"),
        ],
    }


def validity(here: Served) -> tuple[datetime, datetime | None]:
    """Return from when until when the plan is in force."""
    until = here.plan.effective_until
    ends = _midnight(date.fromisoformat(until)) if until else None
    return _midnight(date.fromisoformat(here.plan.effective_from)), ends


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), SHANGHAI)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_time(text: str | None, here: Served) -> bool:
    """Tell whether the plan is in force at an instant or within an interval (OGC 17-069r4, 7.15.4).

    :raises Refusal: it is neither.
    """
    if text is None:
        return True
    parts = text.split("/")
    if len(parts) > 2 or (len(parts) == 1 and text in ("", "..")):
        raise _refused("datetime", "an instant or an interval (RFC 3339), open ends as ..")
    first, last = (_moment(parts[0], last=False), _moment(parts[-1], last=True))
    if first and last and first > last:
        raise _refused("datetime", "the interval ends before it begins")
    begins, ends = validity(here)
    return (last is None or begins <= last) and (first is None or ends is None or first < ends)


def _moment(text: str, *, last: bool) -> datetime | None:
    """Return an instant, None for an open end; a day is its first or its last moment in Asia/Shanghai."""
    if text in ("", ".."):
        return None
    try:
        if len(text) == 10:
            day = _midnight(date.fromisoformat(text))
            return day + timedelta(days=1) - timedelta(microseconds=1) if last else day
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise _refused("datetime", "an instant or an interval (RFC 3339), open ends as ..") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _refused(name: str, message: str) -> Refusal:
    return Refusal(400, errors=[{"in": "query", "name": name, "message": message}])


def known_crs(uri: str | None, here: Served, parameter: str) -> str:
    """Return a system that is offered, CRS84 where none is named.

    :raises Refusal: it is not offered.
    """
    offered = offered_crs(here.snapshot.city["plane"])
    if uri is not None and uri not in offered:
        raise _refused(parameter, f"offered are {', '.join(offered)}")
    return uri or CRS84


def area_of(bbox: str | None, uri: str, here: Served) -> Any:
    """Return the shape in degrees that a bbox asks for, None where there is none.

    Edges are bent to follow the system they are given in; a box of degrees whose west lies east of its east
    crosses the antimeridian; heights are passed over.

    :raises Refusal: it is no box of four or six numbers.
    """
    if bbox is None:
        return None
    try:
        numbers = [float(part) for part in bbox.split(",")]
    except ValueError:
        raise _refused("bbox", "four or six numbers") from None
    if len(numbers) not in (4, 6) or not np.less_equal(np.abs(numbers), MOST_METRES).all():
        raise _refused("bbox", "four or six numbers")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if northing_first(uri):
        low, high = low[::-1], high[::-1]
    if low[1] > high[1]:
        raise _refused("bbox", "the lower corner comes first")
    return _drawn(low, high, offered_crs(here.snapshot.city["plane"])[uri])


def _drawn(low: Sequence[float], high: Sequence[float], crs: str) -> Any:
    if crs != DEGREES and low[0] <= high[0]:
        whole = shapely.box(low[0], low[1], high[0], high[1])
        bent = shapely.segmentize(whole, max(high[0] - low[0], high[1] - low[1], 1.0) / 32)
        found = reproject(np.array([bent], dtype=object), crs, DEGREES)[0]
        if not np.isfinite(shapely.get_coordinates(found)).all():
            raise _refused("bbox", "outside the area of its coordinate system")
        return found
    if low[0] <= high[0]:
        return shapely.box(low[0], low[1], high[0], high[1])
    east, west = shapely.box(low[0], low[1], 180, high[1]), shapely.box(-180, low[1], high[0], high[1])
    return shapely.union(east, west)


def places_in(layer: Layer, area: Any) -> list[int]:
    """Return the places of the features that touch an area, in their order."""
    if area is None:
        return list(range(len(layer.rows)))
    return sorted(int(place) for place in layer.tree.query(area, predicate="intersects"))


def features_in(layer: Layer, places: Sequence[int], uri: str, plane: str) -> list[dict[str, Any]]:
    """Return features with their coordinates in a system, its axes in the order of its authority."""
    shapes, crs = layer.shapes[list(places)], offered_crs(plane)[uri]
    if crs != DEGREES and len(shapes):
        shapes = reproject(shapes, DEGREES, crs)
    if northing_first(uri):
        shapes = shapely.transform(shapes, lambda points: points[:, ::-1])
    texts = geometry_texts(shapes, 7 if crs in (DEGREES, "EPSG:4490") else 3)
    return [
        {
            "type": "Feature",
            "id": layer.rows[place]["id"],
            "properties": layer.rows[place],
            "geometry": orjson.Fragment(text),
        }
        for place, text in zip(places, texts, strict=True)
    ]


def items_links(
    base: str, name: str, query: dict[str, str], asked: Asked, matched: int
) -> list[dict[str, str]]:
    """Return the links of a page of features."""
    place = f"{base}/ogc/collections/{name}"

    def page(rel: str, offset: int) -> dict[str, str]:
        said = {**query, "limit": str(asked.limit), "offset": str(offset)}
        return link(f"{place}/items?{urlencode(said)}", rel, GEOJSON)

    links = [page("self", asked.offset), link(place, "collection")]
    if asked.offset + asked.limit < matched:
        links.append(page("next", asked.offset + asked.limit))
    if asked.offset:
        links.append(page("prev", max(0, asked.offset - asked.limit)))
    return links


def item(base: str, here: Served, name: str, id: str, uri: str) -> dict[str, Any]:  # noqa: A002
    """Return one feature.

    :raises NotFoundError: there is none of that id.
    """
    layer = here.snapshot.layer(name)
    found = features_in(layer, [layer.place(id)], uri, here.snapshot.city["plane"])[0]
    place = f"{base}/ogc/collections/{name}"
    links = [
        link(f"{place}/items/{quote(id, safe='')}", "self", GEOJSON),
        link(place, "collection"),
        link(f"{base}/v1/{name}/{quote(id, safe='')}", "alternate"),
    ]
    return {**found, "links": links, **here.head()}
