"""How alike two names are: the same sound or look, a slip of the fingers, or another name altogether."""

from __future__ import annotations

import functools
import json
import unicodedata
from importlib import resources, util
from pathlib import Path

from geogrid.addresses.normalize import folding

SAME_SOUND = 0.3
NEAR_SOUND = 0.45
SAME_LOOK = 0.35
SOME_LOOK = 0.6
OTHER = 1.2
DROPPED = 0.8
ADDED = 1.1
DOUBLED = 0.3
SWAPPED = 0.5
OTHER_CHARACTERS = 0.45  # the most for a name of which no telling character was written
#: Endings that many names share: they carry no weight in telling names apart.
GENERIC = (
    "住宅小区", "小区", "花园", "家园", "公寓", "大厦", "新村", "新城", "广场", "佳苑", "名苑", "嘉园",
    "雅居", "庭院", "名居", "豪庭", "公馆", "华府", "新居", "丽都", "山庄", "别墅", "花苑", "家苑",
    "雅苑", "大道", "大街", "苑", "里", "路", "街", "巷",
)  # fmt: skip
_CONFUSED = (
    ("ZH", "Z"),
    ("CH", "C"),
    ("SH", "S"),
    ("ANG", "AN"),
    ("ENG", "EN"),
    ("ING", "IN"),
    ("L", "N"),
    ("F", "H"),
)


@functools.cache
def _readings() -> dict[str, str]:
    """Read pypinyin's table of single characters: code point in decimal -> readings with commas between.

    The file alone: the package loads its table of phrases too, which nobody here asks and which takes a third
    of a second and 30 MB.
    """
    found = util.find_spec("pypinyin")
    assert found is not None
    assert found.origin is not None
    table: dict[str, str] = json.loads(Path(found.origin).with_name("pinyin_dict.json").read_text("utf-8"))
    return table


@functools.lru_cache(maxsize=65536)
def sounds(char: str) -> frozenset[str]:
    """Return the toneless readings of a character in capitals; a Latin letter sounds like itself."""
    readings = _readings().get(str(ord(char)), "")
    if not readings:
        return frozenset((char,))
    return frozenset(_toneless(reading) for reading in readings.split(","))


@functools.lru_cache(maxsize=8192)
def _toneless(reading: str) -> str:
    plain = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    return "".join(char for char in plain if not unicodedata.combining(char)).upper()


@functools.lru_cache(maxsize=65536)
def sound(char: str) -> str:
    """Return the commonest toneless reading of a character."""
    readings = _readings().get(str(ord(char)), "")
    return _toneless(readings.split(",")[0]) if readings else char


def syllables(key: str) -> str:
    """Write a name as one private character a syllable, so that string distances count syllables."""
    return "".join(_syllable(sound(char)) for char in key)


_SYLLABLES: dict[str, str] = {}


def _syllable(text: str) -> str:
    if len(text) == 1:
        return text
    return _SYLLABLES.setdefault(text, chr(0xE000 + len(_SYLLABLES)))


@functools.cache
def look_alikes() -> dict[str, dict[str, float]]:
    """Read the tables of look-alike characters, folded and made symmetric.

    One was made from the parts of characters, the other by drawing them (``benchmarks/look_alikes.py``).
    Characters are compared as they were written, traditional or simplified, and kept as they are folded.
    """
    ours = resources.files(__package__)
    parts = json.loads(ours.joinpath("similar_characters.json").read_text("utf-8"))["table"]
    drawn = ours.joinpath("look_alikes.txt").read_text("utf-8").split()
    pairs = [(wrong, right, SAME_LOOK) for wrong, rights in parts.items() for right, _ in rights]
    for line in drawn:
        alike, little = line[1:].split("|")
        pairs += [(line[0], other, SAME_LOOK) for other in alike] + [
            (line[0], other, SOME_LOOK) for other in little
        ]
    fold = folding()
    found: dict[str, dict[str, float]] = {}
    for one, other, price in pairs:
        a, b = one.translate(fold), other.translate(fold)
        for x, y in ((a, b), (b, a)):
            costs = found.setdefault(x, {})
            costs[y] = min(price, costs.get(y, OTHER))
    return found


#: Characters that tell neighbours apart; one is never a slip for another of its kind.
TELLING = (
    "零一二三四五六七八九十0123456789",
    "东西南北中",
    "甲乙丙丁戊己庚辛",
    "ABCDEFGHJKLMN上下前后左右内外",
)
FORBIDDEN = 9.0


@functools.lru_cache(maxsize=65536)
def exchange(a: str, b: str) -> float:
    """Return the cost of having written ``a`` for ``b``."""
    if a == b:
        return 0.0
    if any(a in kind and b in kind for kind in TELLING):
        return FORBIDDEN
    if not a.isascii() and sounds(a) & sounds(b):
        return SAME_SOUND
    look = look_alikes().get(a, {}).get(b, OTHER)
    if (
        not a.isascii()
        and not b.isascii()
        and {_blurred(s) for s in sounds(a)} & {_blurred(s) for s in sounds(b)}
    ):
        return min(look, NEAR_SOUND)
    return look


@functools.lru_cache(maxsize=4096)
def _blurred(syllable: str) -> str:
    for one, other in _CONFUSED:
        if syllable.startswith(one) and len(one) < 3:
            syllable = other + syllable[len(one) :]
        elif syllable.endswith(one) and len(one) == 3:
            syllable = syllable[: -len(one)] + other
    return syllable


def cost(written: str, meant: str) -> float:
    """Return the least cost of the slips that turn ``meant`` into ``written``."""
    if len(written) == len(meant):
        changed = [(a, b) for a, b in zip(written, meant, strict=True) if a != b]
        if len(changed) == 1:
            return exchange(*changed[0])
    rows = [[DROPPED * j for j in range(len(meant) + 1)]]
    for i, a in enumerate(written, 1):
        extra, last = _extra(written, i), rows[-1]
        row = [last[0] + extra]
        for j, b in enumerate(meant, 1):
            best = min(last[j - 1] + exchange(a, b), last[j] + extra, row[j - 1] + DROPPED)
            if i > 1 and j > 1 and a == meant[j - 2] and written[i - 2] == b and a != b:
                best = min(best, rows[-2][j - 2] + SWAPPED)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _extra(written: str, i: int) -> float:
    return DOUBLED if i > 1 and written[i - 1] == written[i - 2] else ADDED


@functools.lru_cache(maxsize=65536)
def core_length(key: str) -> int:
    """Count the characters of a name that tell it from others: without its generic ending."""
    for ending in GENERIC:
        if key.endswith(ending) and len(key) > len(ending) + 1:
            return len(key) - len(ending)
    return max(len(key), 1)


def _endings_differ(written: str, meant: str) -> bool:
    """Tell whether two names have words for their kind that are others: 玫瑰家园 is not 玫瑰花园."""
    one, other = written[core_length(written) :], meant[core_length(meant) :]
    return len(one) > 1 and len(other) > 1 and syllables(one) != syllables(other)


def quality(written: str, meant: str) -> float:
    """Judge from 1 (the name itself) to 0 how likely ``written`` is a slip for ``meant``.

    One homophone in a name with two telling characters is 0.87, two swapped 0.79, one dropped of three
    0.71; another character altogether is below 0.5 in a short name and above 0.6 only in a long one.
    """
    if ("期" in written) != ("期" in meant):
        return 0.0  # a phase that was said is never dropped
    slips = cost(written, meant)
    core = core_length(meant)
    if _endings_differ(written, meant):
        return min(OTHER_CHARACTERS, 1 - 0.25 * slips)
    judged = 1 - 0.25 * slips - 0.35 * slips / max(core, 2)
    if not set(written) & set(meant[:core]):
        judged = min(judged, OTHER_CHARACTERS)
    return max(0.0, judged)
