"""What a portal may ask of an embedded map: the parameters of its address, checked one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from maps.words import DEFAULT, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LAYERS = ("compounds", "branches", "stars", "households", "vacancies", "venues")
PARTS = ("trail", "search", "locate", "layers", "list", "pan", "large")
BASEMAPS = ("city", "tianditu", "pmtiles", "none")
THEMES = ("light", "large")
CODE = re.compile(r"[\w.:-]{1,64}")
NUMBER = re.compile(r"-?\d{1,3}(\.\d{1,8})?")


@dataclass(frozen=True, slots=True)
class Options:
    """How an embedded map is to begin.

    ``center`` is lon, lat in WGS-84. ``day`` chooses the plan in force then, ``beside`` a second one to
    compare it with. ``parts`` are the tools around the map.
    """

    language: str = DEFAULT
    grid: str = ""
    center: tuple[float, float] | None = None
    zoom: float | None = None
    day: date | None = None
    beside: date | None = None
    layers: tuple[str, ...] = ()
    parts: tuple[str, ...] = PARTS
    basemap: str = "city"
    theme: str = "light"
    opened: bool = False

    def query(self) -> dict[str, str]:
        """Return the parameters that say the same; those at their default are left out."""
        center = f"{self.center[0]:g},{self.center[1]:g}" if self.center else ""
        told = {
            "lang": "" if self.language == DEFAULT else self.language,
            "grid": self.grid,
            "center": center,
            "zoom": "" if self.zoom is None else f"{self.zoom:g}",
            "date": self.day.isoformat() if self.day else "",
            "beside": self.beside.isoformat() if self.beside else "",
            "layers": ",".join(self.layers),
            "ui": "" if self.parts == PARTS else ",".join(self.parts) or "none",
            "basemap": "" if self.basemap == "city" else self.basemap,
            "theme": "" if self.theme == "light" else self.theme,
            "list": "1" if self.opened else "",
        }
        return {name: value for name, value in told.items() if value}


def read_options(query: Mapping[str, str]) -> tuple[Options, tuple[str, ...]]:
    """Return the options of a query, and the names of known parameters whose value is none of theirs.

    Unknown parameters are ignored, so that a portal may add its own; a wrong value counts as left out.
    """
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, (field, reader) in READERS.items():
        if name not in query:
            continue
        try:
            found[field] = reader(query[name].strip())
        except ValueError:
            wrong.append(name)
    return Options(**found), tuple(wrong)


def _language(text: str) -> str:
    return _one_of(LANGUAGES)(text)


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError
        return text

    return read


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        names = {part.strip() for part in text.split(",") if part.strip()}
        if not names <= set(known):
            raise ValueError
        return tuple(one for one in known if one in names)

    return read


def _parts(text: str) -> tuple[str, ...]:
    words: dict[str, tuple[str, ...]] = {"full": PARTS, "none": ()}
    return words[text] if text in words else _some_of(PARTS)(text)


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise ValueError
    return text


def _center(text: str) -> tuple[float, float]:
    lon, _, lat = text.partition(",")
    return _number(-180, 180)(lon.strip()), _number(-85, 85)(lat.strip())


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not NUMBER.fullmatch(text) or not least <= float(text) <= most:
            raise ValueError
        return float(text)

    return read


def _yes(text: str) -> bool:
    return _one_of(("0", "1"))(text) == "1"


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "lang": ("language", _language),
    "grid": ("grid", _code),
    "center": ("center", _center),
    "zoom": ("zoom", _number(0, 20)),
    "date": ("day", date.fromisoformat),
    "beside": ("beside", date.fromisoformat),
    "layers": ("layers", _some_of(LAYERS)),
    "ui": ("parts", _parts),
    "basemap": ("basemap", _one_of(BASEMAPS)),
    "theme": ("theme", _one_of(THEMES)),
    "list": ("opened", _yes),
}
