"""Invented names of compounds, streets and persons, and the real names of communities."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from geogrid.sample.chance import stream

if TYPE_CHECKING:
    import numpy as np

_WORDS: dict[str, list[str]] = tomllib.loads(
    (files("geogrid.sample") / "data" / "names.toml").read_text(encoding="utf-8")
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_DIGITS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Place:
    """A community as the code book has it."""

    code: str
    name: str
    subdistrict_code: str
    subdistrict: str
    county_code: str
    county: str


def places() -> list[Place]:
    """Return the 193 communities in the order of their codes."""
    text = (files("geogrid.sample") / "data" / "dandong.csv").read_text(encoding="utf-8")
    return [Place(**row) for row in csv.DictReader(text.splitlines())]


def compound_names(count: int, seed: int) -> list[str]:
    """Return ``count`` names, the first of them 泰河花园; a few stand twice, as they do in cities."""
    rng = stream(seed, "compound names")
    pairs = [front + back for back in _WORDS["back"] for front in _WORDS["front"]]
    order = rng.permutation(len(pairs))
    names = ["泰河花园", *[pairs[n] for n in order if pairs[n] != "泰河花园"][: count - 1]]
    for n in range(count // 60, count, count // 12):
        names[n] = names[n - count // 60 + 1]
    return names


def alias(name: str, rng: np.random.Generator) -> tuple[str, ...]:
    """Return what else people call a compound: a former name, a shorter one, or nothing."""
    kind = int(rng.integers(10))
    if kind == 0:
        fronts, former = _WORDS["front"], _WORDS["former"]
        return (fronts[int(rng.integers(len(fronts)))] + former[int(rng.integers(len(former)))],)
    if kind == 1 and len(name) == 4:
        return (name[:2] + "院",)
    return ()


class StreetNames:
    """Hands out street names within one town, each once."""

    def __init__(self, town: str, seed: int) -> None:
        rng = stream(seed, town, "street names")
        roads = [_WORDS["roads"][n] for n in rng.permutation(len(_WORDS["roads"]))]
        self._arterial = [f"{name}大街" for name in roads[:18]]
        self._collector = [f"{name}路" for name in roads[18:]] + [f"{name}街" for name in roads]
        tens = [*_DIGITS, *(f"十{d}" for d in _DIGITS[:9]), *(f"二十{d}" for d in _DIGITS[:9])]
        numbered = [f"{n}{kind}" for n in tens for kind in ("经街", "纬路")]
        small = [f"{name}{d}{kind}" for d in _DIGITS for kind in ("巷", "胡同", "横街") for name in roads]
        self._street = numbered + [small[n] for n in rng.permutation(len(small))]

    def arterial(self) -> str:
        """Return the next name of an avenue."""
        return self._arterial.pop(0) if self._arterial else self.collector()

    def collector(self) -> str:
        """Return the next name of a road."""
        return self._collector.pop(0) if self._collector else self.street()

    def street(self) -> str:
        """Return the next name of a side street."""
        return str(self._street.pop(0))


def person(rng: np.random.Generator) -> str:
    """Return a name that says that nobody bears it."""
    return f"{_SURNAMES[int(rng.integers(len(_SURNAMES)))]}某某(虚构)"


def organs() -> list[str]:
    """Return what the city's organs deal with."""
    return _WORDS["organs"]
