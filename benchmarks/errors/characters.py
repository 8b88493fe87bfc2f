"""Characters that sound or look alike, from sources that the matcher does not use."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING

from hanziconv import HanziConv
from xpinyin import Pinyin

if TYPE_CHECKING:
    from random import Random

# Pairs that people and scanners confuse, typed by hand; each string is one group.
_LOOKS = """
民氏 生主 權灌 東束 南喃 復複 興與 健建 康庚 光先 敦郭 慶廣 寧寜 寶實 延廷 壽籌 塔搭 悠攸 撫憮 遠達
三王 富當 錦綿 新親 中申 西酉 饒撓 河何 基其 隆降 長镸 安妥 北比 美羡 仁仨 松枌 山屾 平乎 忠患 孝李
信倍 義義 和利 莊荘 敬警 華畢 龍壟 江汪 泰秦 园圆 苑宛 阳杨 庭廷 佳住 福褔 瑞端 祥详 锦绵 绣锈 朝潮
滨缤 鹃绢 香杳 榭谢 豪毫 邸抵 城诚 雅稚 居局 站沾 前剪 丝纹 绸稠 纺仿 织枳 向问 供拱 吉古 利刹 景影
公么 寓寄 揽搅 胜性 名各 北此 太大 天夫 未末 土士 千干 日曰 己已 人入 木本 石右 永水 昌冒 广厂 济挤
兴头 帽冒 盔盗 大犬 草早 凰凤 凤风 宽竟 甸旬 珍诊 珠株 临监 头买 七匕 九丸 道遒 五互 龙尤 金全 汤汤
丽两 都部 文丈 化仕 新斯 苹萍 果杲 桥侨 清情 湖糊 海悔 明朋 星里 月用 林木 花化 春舂 秋秒 夏复 冬终
红红 青晴 绿录 白自 师帅 杜社 柳抑 桃挑 梅悔 菊掬 竹行 凱剴 達逹 格恪 蘭闌 艋猛 舺押 堤提 頂預 德徳
仰迎 府附 愛受 重童 慶廣 承丞 羅維 斯期
"""


@functools.cache
def _looks() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for group in _LOOKS.split():
        for char in group:
            found[char] += [other for other in group if other != char and other not in found[char]]
    return found


def look_alike(char: str, chance: Random) -> str:
    """Return a character that looks like this one, "" where the list has none."""
    others = _looks().get(char, [])
    return chance.choice(others) if others else ""


@functools.cache
def _common(codec: str) -> tuple[str, ...]:
    """Return the common characters of a script: the first planes of GB 2312 and of Big5."""
    if codec == "gb2312":
        pairs = [(high, low) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)]
    else:
        pairs = [
            (high, low) for high in range(0xA4, 0xC7) for low in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
        ]
    chars = (bytes(pair).decode(codec, "ignore") for pair in pairs)
    return tuple(char for char in chars if char)


@functools.cache
def _homophones(codec: str) -> dict[str, list[str]]:
    pinyin = Pinyin()
    found: dict[str, list[str]] = defaultdict(list)
    for char in _common(codec):
        found[pinyin.get_pinyin(char, "")].append(char)
    return found


def homophone(char: str, chance: Random, codec: str) -> str:
    """Return a common character of the same toneless sound, "" where there is none."""
    others = [other for other in _homophones(codec).get(Pinyin().get_pinyin(char, ""), []) if other != char]
    return chance.choice(others) if others else ""


def any_character(chance: Random, codec: str) -> str:
    """Return some common character."""
    return chance.choice(_common(codec))


def simplified(text: str) -> str:
    """Write a text in simplified characters."""
    return str(HanziConv.toSimplified(text))


def traditional(text: str) -> str:
    """Write a text in traditional characters."""
    return str(HanziConv.toTraditional(text))


_DIGITS = "〇一二三四五六七八九"


def in_words(number: int) -> str:
    """Write 0-9999 as Chinese words: 158 -> 一百五十八, 12 -> 十二."""
    if number < 10:
        return _DIGITS[number].replace("〇", "零")
    words, gap = "", False
    for power, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            words += "零" * gap + _DIGITS[digit] + word
        gap = bool(words) and not digit
    return words.removeprefix("一") if 10 <= number < 20 else words


def full_width(text: str) -> str:
    """Write ASCII digits in full width."""
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})


def slip(name: str, chance: Random, codec: str) -> tuple[str, str]:
    """Make one typing slip in a name: swap, double, drop or replace a character. Return (name, what)."""
    kinds = ["swapped", "doubled", "replaced"] + ["dropped"] * (len(name) > 2)
    kind = chance.choice(kinds)
    at = chance.randrange(len(name))
    if kind == "swapped" and len(name) > 1:
        at = min(at, len(name) - 2)
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :], kind
    if kind == "doubled":
        return name[: at + 1] + name[at:], kind
    if kind == "dropped":
        return name[:at] + name[at + 1 :], kind
    return name[:at] + any_character(chance, codec) + name[at + 1 :], "replaced"
