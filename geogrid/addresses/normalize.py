"""One spelling for all: NFKC, capitals, traditional to simplified, dashes, spaces.

The same folding is applied to the city's own names when an index is compiled and to every query, so
two texts are the same name exactly when their folded keys are equal. Folding is per character: phrase-wise
conversion would make the key of a name depend on what stands beside it.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import opencc

MAX_LENGTH = 300
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_DASHES = "‐‑‒–—―−－﹣╱⁃─ー~～〜_"
_COMMAS = "、，。；;:：·•・|｜"
_SILENT = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
# Variant characters that address registers use and the conversion table leaves alone.
_VARIANTS = {
    "坂": "坂",
    "衕": "同",
    "衖": "衖",
    "臺": "台",
    "舘": "馆",
    "邨": "村",
    "巿": "市",
    "〇": "零",
    "○": "零",
    "Ｏ": "O",
}
_SPACES = re.compile(r"\s+")
_BRACKETS = str.maketrans(dict.fromkeys("（[【［〔〈《「『{", "(") | dict.fromkeys("）]】］〕〉》」』}", ")"))


@functools.cache
def folding() -> dict[int, str | None]:
    """Build the table of single characters (code point -> folded text), once a process."""
    converter = opencc.OpenCC("t2s")
    han = [chr(code) for low, high in _HAN for code in range(low, high + 1)]
    converted = converter.convert("\n".join(han)).split("\n")
    table: dict[int, str | None] = {
        ord(a): b for a, b in zip(han, converted, strict=True) if a != b and len(b) == 1
    }
    for code, one in table.items():  # 薴 is written 苧, and 苧 is written 苎
        table[code] = one and table.get(ord(one), one)
    table |= {ord(c): "-" for c in _DASHES} | {ord(c): "," for c in _COMMAS} | {ord(c): None for c in _SILENT}
    table |= {ord(a): b for a, b in _VARIANTS.items()} | _BRACKETS
    table |= dict.fromkeys(range(32), " ") | {0x3000: " ", 0xA0: " "}
    return table


def fold(text: str) -> str:
    """Fold a text to its key spelling, keeping single spaces and the punctuation ``- , ( ) #``."""
    text = text[:MAX_LENGTH]
    # Twice, because capitals of composed letters may come apart.
    text = _composed(_composed(text).translate(folding()).upper())
    return _SPACES.sub(" ", text).strip() if " " in text else text


def _composed(text: str) -> str:
    if unicodedata.is_normalized("NFKC", text):
        return text
    return unicodedata.normalize("NFKC", text)[:MAX_LENGTH]


_NOT_NAME = re.compile(r"[\s,()\-.'\"#&/]+")


def name_key(text: str) -> str:
    """Fold a name to the key under which it is looked up: no spaces, no punctuation."""
    return _NOT_NAME.sub("", fold(text))


@functools.lru_cache(maxsize=65536)
def key_of(folded: str) -> str:
    """Turn an already folded name into its key; kept, because names repeat."""
    return _NOT_NAME.sub("", folded)
