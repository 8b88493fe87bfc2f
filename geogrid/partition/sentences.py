"""Sentences for planners in three languages; the words are data, in ``text/``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


@dataclass(frozen=True)
class Sentence:
    """What is said, by key, and the names and numbers in it; a value that is a key itself is translated."""

    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def say(self, language: str = "en") -> str:
        """Return the sentence in one of ``LANGUAGES``.

        :raises KeyError: another language.
        """
        text = _text(language)
        values = {name: text.get(str(value), value) for name, value in self.values.items()}
        return text[self.key].format_map(values)


@cache
def _text(language: str) -> Mapping[str, str]:
    if language not in LANGUAGES:
        raise KeyError(language)
    path = Path(__file__).parent / "text" / f"{language}.json"
    return MappingProxyType(json.loads(path.read_text(encoding="utf-8")))
