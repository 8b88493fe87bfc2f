"""Numbers as people write them in addresses: 158, 一百五十八, 廿三, 二〇一."""

from __future__ import annotations

import functools

DIGITS = (
    {c: i for i, c in enumerate("零一二三四五六七八九")}
    | {"两": 2, "壹": 1, "贰": 2, "叁": 3, "参": 3, "肆": 4, "伍": 5}
    | {"陆": 6, "柒": 7, "捌": 8, "玖": 9}
)
POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
TWENTIES = {"廿": 20, "卅": 30, "卌": 40}
#: One numeral, Arabic or Chinese, as a piece of a regular expression (folded text).
HAN_NUMERAL = "[零一二三四五六七八九十百千两廿卅拾佰壹贰叁参肆伍陆柒捌玖]"
NUMERAL = rf"(?:[0-9]{{1,5}}|{HAN_NUMERAL}{{1,7}})"


@functools.lru_cache(maxsize=8192)
def value(text: str) -> int:
    """Read a folded numeral; raise ValueError where it is none."""
    if text.isdecimal():
        return int(text)
    if not any(c in POWERS or c in TWENTIES for c in text):
        return int("".join(str(DIGITS[c]) for c in text))
    total = pending = 0
    for char in text:
        if char in DIGITS:
            pending = DIGITS[char]
        elif char in TWENTIES:
            total += TWENTIES[char]
        else:
            total += (pending or 1) * POWERS[char]
            pending = 0
    return total + pending
