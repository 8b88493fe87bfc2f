"""Write Chinese place names in Latin letters (Hanyu Pinyin), for readers who cannot read characters.

The specific part is written as one word, the common noun behind it as another, and a syllable that begins
with a, o or e takes an apostrophe inside a word (GB/T 28039-2011, GB/T 16159-2012, 6.2): 馨园小区 is
"Xinyuan Xiaoqu", 西安路 is "Xi'an Lu". Tones are left out, as on the signs of streets.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Longest first: what stands behind a name is read once.
COMMON = (
    "党群服务中心", "服务中心", "自治县", "自治区", "党支部", "服务站", "街道", "社区", "小区", "花园",
    "家园", "佳苑", "名苑", "名居", "山庄", "公寓", "大厦", "广场", "新村", "新区", "庄园", "公园", "市场",
    "学校", "小学", "中学", "医院", "党委", "网格", "胡同", "大街", "大道",
    "省", "市", "区", "县", "镇", "乡", "村", "里", "巷", "路", "街",
)  # fmt: skip
HAN = re.compile(r"[\u3400-\u9fff]+")
VOWELS = "aoe"
SIGNS = str.maketrans({"、": ", ", "，": ", ", "（": "(", "）": ")"})


@lru_cache(maxsize=16_384)
def romanised(name: str) -> str:
    """Return ``name`` in Latin letters; empty where it has no Chinese characters."""
    if not HAN.search(name):
        return ""
    spaced = re.sub(r"\s+", " ", HAN.sub(lambda found: f" {_words(found.group())} ", name)).strip()
    return re.sub(r"([(（]) | (?=[)）、，,])", r"\1", spaced).translate(SIGNS).replace("  ", " ")


def _words(text: str) -> str:

    behind: list[str] = []
    while found := next((one for one in COMMON if text.endswith(one) and len(text) - len(one) >= 2), None):
        behind.insert(0, found)
        text = text.removesuffix(found)
        if len(behind) == 3:
            break
    return " ".join(_word(part) for part in (text, *behind))


def _word(text: str) -> str:
    from pypinyin import Style, lazy_pinyin  # brings its table of phrases along

    syllables = lazy_pinyin(text, style=Style.NORMAL, v_to_u=True)
    joined = "".join(f"'{one}" if place and one[:1] in VOWELS else one for place, one in enumerate(syllables))
    return joined[:1].upper() + joined[1:]
