"""The words of the pages in three languages."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
DEFAULT = "zh-Hans"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the words of one of `LANGUAGES` by key."""
    if language not in LANGUAGES:
        raise KeyError(language)
    path = Path(__file__).parent / "text" / f"{language}.json"
    return MappingProxyType(json.loads(path.read_text(encoding="utf-8")))


@cache
def words_in(script: str, language: str) -> Mapping[str, str]:
    """Return the words that a script of `maps.assets` names, by key or by the beginning of a key."""
    from maps.assets import asset

    text = asset(script).text
    named = set(re.findall(r'"([a-z_]+(?:\.[a-z_0-9]+)+)"', text)) | set(
        re.findall(r'\bt\("([a-z_]+)"', text)
    )
    begun = tuple(set(re.findall(r'"((?:[a-z_]+\.)+)" \+', text)))
    said = words(language)
    return MappingProxyType(
        {
            key: said[key]
            for key in said
            if key.removesuffix(".1") in named or (begun and key.startswith(begun))
        }
    )


def said_day(day: str, language: str) -> str:
    """Return an ISO day as people write it; empty stays empty.

    >>> said_day("2026-12-01", "zh-Hans"), said_day("2026-12-01", "en")
    ('2026年12月1日', '1 December 2026')
    """
    if not day:
        return ""
    read = date.fromisoformat(day)
    if language == "en":
        return f"{read.day} {MONTHS[read.month - 1]} {read.year}"
    return f"{read.year}年{read.month}月{read.day}日"


def language_for(wanted: str | None) -> str:
    """Return the language that suits a ``lang=`` value, the default where none does."""
    if wanted in LANGUAGES:
        return str(wanted)
    tag = (wanted or "").strip().lower().replace("_", "-")
    if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return "zh-Hant"
    return "en" if tag.split("-")[0] == "en" else DEFAULT
