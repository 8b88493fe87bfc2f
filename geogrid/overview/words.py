"""The words of the report in three languages."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
DEFAULT = "zh-Hans"


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the words of one of `LANGUAGES` by key.

    :raises KeyError: there is no such language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    text = (files("geogrid.overview") / "text" / f"{language}.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(text))
