"""The page of the workbench; what it shows is fetched by it, so the page itself holds no data of a draft."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from maps.explorer import LANGUAGE_NAMES
from maps.markup import Markup, element, json_block
from maps.shell import Figure
from maps.words import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPTS = (
    "leaflet.js",
    "text.js",
    "fills.js",
    "ground.js",
    "shapes.js",
    "swipe.js",
    "planner-store.js",
    "planner-dialog.js",
    "planner-bench.js",
    "planner-map.js",
    "planner-sweep.js",
    "planner-pins.js",
    "planner-menu.js",
    "planner-keys.js",
    "planner-steps.js",
    "planner-table.js",
    "planner-units.js",
    "planner-rules.js",
    "planner-panels.js",
    "planner-propose.js",
    "planner-selection.js",
    "planner-compare.js",
    "planner-review.js",
    "planner-files.js",
    "planner-desk.js",
    "planner-account.js",
    "planner-begin.js",
    "planner.js",
)
STYLES = ("leaflet.css", "map.css", "page.css", "swipe.css", "planner.css")
SIGN_IN = "/v1/planning/openid"
SHARED_KEYS = ("map.in", "map.out", "grid.number", "kind.special")


def planner_page(language: str, today: str, *, shared: str = "", provider: str = "") -> str:
    """Return the page in one of the languages; ``shared`` is the secret of a link that shows one draft.

    ``today`` is the day in Asia/Shanghai, the first on which a plan may come into force; ``provider`` what
    the identity provider is called that people may sign in with.
    """
    said = planner_words(language)
    figure = Figure(language=language, title=said["planner.title"])
    figure.use(scripts=SCRIPTS, styles=STYLES)
    figure.body_class = "planner"
    figure.body += [
        element("header", element("h1", said["planner.title"]), _languages(language), class_="top"),
        element("main", id="planner"),
        element("div", id="status", role="status", aria_live="polite", class_="hidden"),
        json_block(
            {
                "language": language,
                "today": today,
                "shared": shared,
                "provider": provider and {"label": provider, "href": SIGN_IN},
                "words": dict(said),
            },
            "geogrid-setup",
        ),
    ]
    return figure.render()


def _languages(language: str) -> Markup:
    """Return the links to the same page in the other languages; a bare query keeps the path."""
    links = [
        element(
            "a", LANGUAGE_NAMES[one], href=f"?lang={one}", lang=one, hreflang=one,
            aria_current="true" if one == language else None,
        )
        for one in LANGUAGES
    ]  # fmt: skip
    return element("nav", *links, class_="languages", aria_label=words(language)["language"])


@cache
def planner_words(language: str) -> Mapping[str, str]:
    """Return the words of the workbench, and those that it shares with the other pages."""
    path = Path(__file__).parent / f"words.{language}.json"
    common = words(language)
    told = {key: common[key] for key in SHARED_KEYS} | json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType(told)
