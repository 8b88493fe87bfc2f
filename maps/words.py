"""The words of the pages in three languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
DEFAULT = "zh-Hans"


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the words of one of `LANGUAGES` by key."""
    if language not in LANGUAGES:
        raise KeyError(language)
    path = Path(__file__).parent / "text" / f"{language}.json"
    return MappingProxyType(json.loads(path.read_text(encoding="utf-8")))


def language_for(wanted: str | None) -> str:
    """Return the language that suits a ``lang=`` value, the default where none does."""
    if wanted in LANGUAGES:
        return str(wanted)
    tag = (wanted or "").strip().lower().replace("_", "-")
    if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return "zh-Hant"
    return "en" if tag.split("-")[0] == "en" else DEFAULT
