"""The page of an embedded map: a small document; one script draws everything from data it fetches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maps.assets import asset
from maps.explorer import View, bar, city_name, early, explorer_map, explorer_setup, parts, readings
from maps.markup import Markup, element, json_block
from maps.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.snapshot import CityCard
    from maps.options import Options

SCRIPTS = ("leaflet.js", "atlas.js")
PARTS = {"areas": "areas.js", "grids": "grids.js", "tools": "tools.js"}
STYLES = ("atlas.css",)
TIANDITU = "https://t{n}.tianditu.gov.cn"
SERVERS = 8
PROTOCOL = 1


@dataclass(frozen=True)
class Host:
    """Who serves the map and who may show it.

    ``base`` is the service's own address; ``sites`` are the origins whose pages may frame the map and talk
    to it, ``*`` for all; ``review`` is the map review number (审图号); ``tianditu`` a key for its tiles;
    ``pmtiles`` what the operator's own basemap holds: "", "raster" or
    "vector", up to the zoom ``finest``, of the source ``credit``.
    """

    base: str
    sites: tuple[str, ...] = ()
    review: str = ""
    tianditu: str = ""
    pmtiles: str = ""
    finest: int = 0
    credit: str = ""


def embed_page(
    city: CityCard,
    plan: Mapping[str, Any],
    view: View,
    options: Options,
    host: Host,
    wrong: tuple[str, ...] = (),
) -> str:
    """Return the document; the same input gives the same bytes."""
    from maps.shell import Figure  # brings folium along

    said = words(options.language)
    name = " · ".join(filter(None, (view.name, city_name(city, options.language))))
    figure = Figure(language=options.language, title=f"{said['map.label']} · {name}", anonymous=True)
    figure.use(scripts=scripts_of(view), styles=STYLES)
    figure.body_class = f"embed theme-{options.theme}"
    figure.head += [early(view), *_discovery(view, options, host, said, name)]
    shown = explorer_map(said, view)
    setup = explorer_setup(
        city, plan, view, shown, options.language, ("atlas.js", *PARTS.values()), host.review
    )
    figure.body += [
        element("a", said["skip.list"], href="#panel", class_="skip"),
        element("header", bar(said, element("h1", name, class_="hidden"))),
        element("main", shown.render(), _panel(said)),
        json_block(
            {**setup, **_wishes(options, host, wrong), "parts": parts(**_rest(view))}, "geogrid-setup"
        ),
    ]
    return figure.render()


def scripts_of(view: View) -> tuple[str, ...]:
    """Return the scripts that a map begins with; the rest comes when it is needed."""
    return (*SCRIPTS, PARTS[_first(view)])


def _first(view: View) -> str:
    return "areas" if view.kind in ("city", "subdistrict") else "grids"


def _rest(view: View) -> dict[str, str]:
    return {called: name for called, name in PARTS.items() if called != _first(view)}


def policy(options: Options, host: Host) -> str:
    """Return the content security policy: scripts by their hashes, other hosts only where asked for."""
    images = [TIANDITU.format(n=n) for n in range(SERVERS)] if uses_tianditu(options, host) else []
    allowed = {
        "default-src": ["'none'"],
        "script-src": [f"'{asset(name).integrity}'" for name in (*SCRIPTS, *PARTS.values())],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *images],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'", *host.sites],
    }
    return "; ".join(" ".join((name, *sources)) for name, sources in allowed.items())


def uses_tianditu(options: Options, host: Host) -> bool:
    """Tell whether tiles of Tianditu are asked for and there is a key for them."""
    return options.basemap == "tianditu" and bool(host.tianditu)


def path_of(view: View, query: str = "") -> str:
    """Return the path of an embedded map, with the query given."""
    kinds = {"city": "city", "subdistrict": "s/", "community": "c/", "grid": "g/"}
    return f"embed/{kinds[view.kind]}{view.id}" + (f"?{query}" if query else "")


def _wishes(options: Options, host: Host, wrong: tuple[str, ...]) -> dict[str, Any]:
    basemap = options.basemap
    if (basemap == "tianditu" and not host.tianditu) or (basemap == "pmtiles" and not host.pmtiles):
        basemap = "city"
    return {
        "options": {
            "grid": options.grid,
            "center": options.center,
            "zoom": options.zoom,
            "day": options.day.isoformat() if options.day else "",
            "beside": options.beside.isoformat() if options.beside else "",
            "layers": options.layers,
            "parts": options.parts,
            "theme": options.theme,
            "list": options.opened,
        },
        "wrong": wrong,
        "basemap": {"kind": basemap, **_tiles(basemap, host)},
        "sites": host.sites,
        "protocol": PROTOCOL,
        "base": host.base,
    }


def _tiles(basemap: str, host: Host) -> dict[str, Any]:
    if basemap == "tianditu":
        return {"url": TIANDITU.format(n="{s}"), "key": host.tianditu, "servers": SERVERS}
    told = {"content": host.pmtiles, "credit": host.credit, "max": host.finest}
    return told if basemap == "pmtiles" else {}


def _discovery(view: View, options: Options, host: Host, said: Mapping[str, str], name: str) -> list[Markup]:
    """Return the links by which other programs learn what this is, and its picture."""
    from urllib.parse import quote, urlencode

    here = host.base + path_of(View(view.kind, quote(view.id, safe=""), ""), urlencode(options.query()))
    oembed = f"{host.base}oembed?{urlencode({'url': here, 'format': 'json'})}"
    picture = f"{host.base}{path_of(View(view.kind, quote(view.id, safe=''), ''))}.png"
    title = f"{said['map.label']} · {name}"
    tags = {
        "og:type": "website", "og:title": title, "og:description": said["tagline"], "og:url": here,
        "og:image": picture, "og:image:width": "1200", "og:image:height": "630", "og:image:alt": title,
    }  # fmt: skip
    return [
        element("meta", name="description", content=said["tagline"]),
        element("link", rel="alternate", type="application/json+oembed", href=oembed, title=title),
        *(element("meta", property=key, content=value) for key, value in tags.items()),
        element("meta", name="twitter:card", content="summary_large_image"),
    ]


def _panel(said: Mapping[str, str]) -> Markup:
    return element(
        "div",
        readings(said),
        class_="panel",
        id="panel",
        tabindex="-1",
        role="region",
        aria_label=said["panel"],
    )
