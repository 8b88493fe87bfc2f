"""Ask a geocoding service where an address is (AMap, Tianditu, Nominatim, by geopy); off unless it is set.

What a resident typed leaves the house here, so an operator switches it on and says which host may be asked.
No other host is ever reached: there is no default proxy and no redirect is followed. Nothing is logged, and
what was asked is kept in memory only, as hashes, so that an address of a run is asked once.

Sources: https://lbs.amap.com/api/webservice/guide/api/georegeo (AMap),
http://lbs.tianditu.gov.cn/server/geocodinginterface.html (Tianditu), https://nominatim.org/release-docs/.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener

from geopy.adapters import URLLibAdapter
from geopy.exc import (
    GeocoderAuthenticationFailure,
    GeocoderInsufficientPrivileges,
    GeocoderQuotaExceeded,
    GeocoderServiceError,
    GeopyError,
)
from geopy.geocoders import Nominatim
from geopy.geocoders.base import Geocoder as Service
from geopy.location import Location

from geogrid.crs import CGCS2000, DEGREES, GCJ02, WGS84, reproject_points
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

USER_AGENT = "geogrid"
LARGEST = 1 << 20  # bytes of an answer
FAILURES = 5  # failed requests in a row after which a run asks no more
HERE = ("localhost", "127.0.0.1", "::1")


class Found(NamedTuple):
    """Where a service says that an address is, in WGS-84 degrees, and what kind of place it found."""

    lon: float
    lat: float
    level: str


@dataclass(frozen=True, slots=True)
class GeocoderSettings:
    """Which service is asked, where, and how much.

    ``url`` is its root (the service's public one if empty). A run sends at most ``budget`` requests, at most
    ``rate`` a second.
    """

    service: str
    key: str = ""
    url: str = ""
    city: str = ""
    budget: int = 1000
    rate: float = 1.0
    timeout_s: float = 5.0


class Geocoder:
    """Asks one service, within a budget; an address that it was asked before costs nothing.

    ``stopped`` says why it asks no more, "" while it does.
    """

    def __init__(self, settings: GeocoderSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        _check(settings)
        kind = KINDS[settings.service]
        self.name = settings.service
        self.asked = 0
        self.stopped = ""
        self._service: Service = kind.make(settings)
        self._crs, self._read, self._fine = kind.crs, kind.read, kind.fine
        self._settings, self._sleep = settings, sleep
        self._known: dict[bytes, Found | None] = {}
        self._failures, self._next = 0, 0.0

    def locate(self, text: str) -> Found | None:
        """Return the place of an address, None where the service knows no door or point for it."""
        key = hashlib.sha256(text.encode()).digest()
        if key in self._known:
            return self._known[key]
        if self.stopped:
            return None
        if self.asked >= self._settings.budget:
            self.stopped = f"the budget of {self._settings.budget} requests is spent"
            return None
        self._wait()
        self.asked += 1
        try:
            found = self._placed(self._service.geocode(text))
        except GeopyError as error:
            self._failed(error)
            return None
        self._failures = 0
        self._known[key] = found
        return found

    def _placed(self, location: Any) -> Found | None:
        """Turn an answer into degrees; a road or a district is no answer to an address."""
        if location is None:
            return None
        level = self._read(location.raw)
        if not self._fine(level):
            return None
        lon, lat = reproject_points([location.longitude], [location.latitude], self._crs, DEGREES)
        return Found(float(lon[0]), float(lat[0]), level)

    def _failed(self, error: GeopyError) -> None:
        refused = (GeocoderAuthenticationFailure, GeocoderInsufficientPrivileges, GeocoderQuotaExceeded)
        self._failures += 1
        if isinstance(error, refused) or self._failures >= FAILURES:
            # The class says enough; the message may hold the address.
            self.stopped = f"the service refused or failed: {type(error).__name__}"

    def _wait(self) -> None:
        if self._settings.rate > 0:
            now = time.monotonic()
            self._sleep(max(0.0, self._next - now))
            self._next = max(now, self._next) + 1 / self._settings.rate


class _Stay(HTTPRedirectHandler):
    """Refuses every redirect: only the host that is set may be asked."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return no request; the answer is then an error."""
        return


class _OneHost(URLLibAdapter):  # type: ignore[misc]
    """Reaches one host: no proxy of the environment, no redirect, no endless answer."""

    def __init__(self, *, proxies: Any, ssl_context: Any) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self.urlopen = build_opener(_Stay, ProxyHandler({}), HTTPSHandler(context=ssl_context)).open

    def _decode_page(self, page: Any) -> str:
        body = page.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise GeocoderServiceError("the answer is too long")
        return str(body.decode("utf-8", "replace"))


class AMap(Service):  # type: ignore[misc]
    """AMap's web service, for geopy; positions come in GCJ-02."""

    def __init__(self, root: str, key: str, city: str, **options: Any) -> None:
        super().__init__(**options)
        self._root, self._key, self._city = root, key, city

    def geocode(self, query: str) -> Location | None:
        """Return the first place for an address."""
        asked = {"address": query, "key": self._key, "output": "JSON"} | (
            {"city": self._city} if self._city else {}
        )
        return self._call_geocoder(f"{self._root}/v3/geocode/geo?{urlencode(asked)}", _of_amap)


def _of_amap(told: dict[str, Any]) -> Location | None:
    if told.get("status") != "1":
        code = str(told.get("infocode", ""))
        if code in {"10003", "10004", "10014", "10019", "10020", "10021", "10044", "10045"}:
            raise GeocoderQuotaExceeded("the quota is used up")
        if code in {"10001", "10002", "10005", "10006", "10007", "10009", "10012", "10013"}:
            raise GeocoderAuthenticationFailure("the key is refused")
        raise GeocoderServiceError("the service could not answer")
    places = told.get("geocodes") or []
    if not places:
        return None
    lon, lat = places[0]["location"].split(",")
    return Location("", (float(lat), float(lon)), places[0])


class Tianditu(Service):  # type: ignore[misc]
    """Tianditu's geocoder, for geopy; positions come in CGCS2000."""

    def __init__(self, root: str, key: str, **options: Any) -> None:
        super().__init__(**options)
        self._root, self._key = root, key

    def geocode(self, query: str) -> Location | None:
        """Return the place for an address."""
        asked = {"ds": json.dumps({"keyWord": query}, ensure_ascii=False), "tk": self._key}
        return self._call_geocoder(f"{self._root}/geocoder?{urlencode(asked)}", _of_tianditu)


def _of_tianditu(told: dict[str, Any]) -> Location | None:
    status = str(told.get("status", told.get("code", "")))
    if status == "101" or not told.get("location"):
        return None
    if status != "0":
        raise GeocoderServiceError("the service could not answer")
    place = told["location"]
    return Location("", (float(place["lat"]), float(place["lon"])), place)


class _Kind(NamedTuple):
    """One service: where it is, in what system it answers, and which of its answers are fine enough."""

    root: str
    keyed: bool
    crs: str
    make: Callable[[GeocoderSettings], Service]
    read: Callable[[dict[str, Any]], str]
    fine: Callable[[str], bool]


def _options(settings: GeocoderSettings) -> dict[str, Any]:
    return {"timeout": settings.timeout_s, "user_agent": USER_AGENT, "adapter_factory": _OneHost}


def _root(settings: GeocoderSettings) -> str:
    return (settings.url or KINDS[settings.service].root).rstrip("/")


def _amap(settings: GeocoderSettings) -> Service:
    return AMap(_root(settings), settings.key, settings.city, **_options(settings))


def _tianditu(settings: GeocoderSettings) -> Service:
    return Tianditu(_root(settings), settings.key, **_options(settings))


def _nominatim(settings: GeocoderSettings) -> Service:
    root = urlsplit(_root(settings))
    return Nominatim(domain=f"{root.netloc}{root.path}", scheme=root.scheme, **_options(settings))


KINDS = {
    "amap": _Kind(
        "https://restapi.amap.com",
        True,
        GCJ02,
        _amap,
        lambda raw: str(raw.get("level", "")),
        {"门牌号", "门址", "单元号", "兴趣点", "住宅区"}.__contains__,
    ),
    "tianditu": _Kind(
        "https://api.tianditu.gov.cn",
        True,
        CGCS2000,
        _tianditu,
        lambda raw: str(raw.get("level", "")),
        {"门址", "门牌号", "兴趣点", "地名地址"}.__contains__,
    ),
    "nominatim": _Kind(
        "https://nominatim.openstreetmap.org",
        False,
        WGS84,
        _nominatim,
        lambda raw: str(raw.get("class", "")),
        {"building", "amenity", "shop", "office", "tourism", "leisure"}.__contains__,
    ),
}


def _check(settings: GeocoderSettings) -> None:
    """Refuse what could not work, or would send a key in the clear.

    :raises InputError: all that is wrong.
    """
    faults = []
    kind = KINDS.get(settings.service)
    if kind is None:
        told = f"there is no geocoding service {settings.service}"
        faults.append(Fault("unknown-geocoder", told, f"one of {', '.join(KINDS)}", field="service"))
    elif kind.keyed and not settings.key:
        told = f"{settings.service} wants a key"
        faults.append(Fault("no-key", told, "set GEOGRID_GEOCODER_KEY", field="key"))
    root = urlsplit(settings.url or (kind.root if kind else "https://none"))
    if root.scheme not in {"http", "https"} or not root.hostname or root.query or root.username:
        told = "the service's root is no plain http or https address"
        faults.append(Fault("bad-url", told, "write https://HOST", field="url"))
    elif root.scheme == "http" and root.hostname not in HERE:
        told = "addresses and keys would travel in the clear"
        faults.append(Fault("not-encrypted", told, "use https", field="url"))
    if settings.budget < 1:
        faults.append(Fault("no-budget", "a budget of no request asks nothing", "allow some", field="budget"))
    if faults:
        raise InputError(tuple(faults))


# geopy writes the addresses that it asks to its log, at the levels of debugging and of information.
logging.getLogger("geopy").setLevel(logging.CRITICAL + 1)
