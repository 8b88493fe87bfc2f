"""Provinces, cities and counties at the front of an address, with the names they had since 1996.

The table ``divisions.txt`` (see ``divisions.LICENSE.txt``) is facts of the official code books. It is read
where an address may come from anywhere; a served city knows its own divisions better.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from importlib import resources
from typing import NamedTuple

MUNICIPALITIES = ("北京市", "天津市", "上海市", "重庆市")
_PEOPLES = (
    "维吾尔|回族|壮族|藏族|彝族|苗族|侗族|傣族|土家族|哈尼族|布依族|朝鲜族|(?<!内)蒙古族?|羌族|白族|景颇族"
    "|傈僳族|哈萨克|柯尔克孜|满族|畲族|瑶族|黎族|各族|土族|撒拉族|东乡族|裕固族|仡佬族|毛南族|佤族|拉祜族|布朗族|纳西族"
    "|普米族|怒族|独龙族|达斡尔族|锡伯"
)
_ENDING = re.compile(
    rf"(?:(?:{_PEOPLES})*(?:自治州|自治县|自治旗|自治区|特别行政区)|地区|林区|特区|省|市|盟|区|县|旗)$"
)
_ZONE = re.compile(r"(?:国家级?)?(?:经济技术|高新技术产业|经济|高新)开发区")


class Divisions(NamedTuple):
    """What stands at the front of a text. ``said`` is as written then, the names are today's.

    ``until`` is the last year of a name that is no longer in use, 0 for present names.
    """

    province: str = ""
    city: str = ""
    county: str = ""
    rest: str = ""
    said: tuple[str, str, str] = ("", "", "")
    until: int = 0


class _Row(NamedTuple):
    said: tuple[str, str, str]
    now: tuple[str, str, str]
    until: int


@functools.cache
def _table() -> tuple[_Row, ...]:
    text = resources.files(__package__).joinpath("divisions.txt").read_text("utf-8")
    rows = []
    for line in text.splitlines():
        cells = line.split("\t")
        said = (cells[0], cells[1], cells[2])
        now = said if len(cells) < 7 else (cells[3], cells[4], cells[5])
        rows.append(_Row(said, now, int(cells[-1] or 0)))
    return tuple(rows)


@functools.cache
def _names() -> dict[str, list[tuple[int, str]]]:
    """Return what each name, full or short, may be: (level, full name)."""
    found: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in _table():
        for level, name in enumerate(row.said):
            if name:
                found[name].add((level, name))
                short = _ENDING.sub("", name)
                if len(short) > 1:
                    found[short].add((level, name))
    return {name: sorted(those) for name, those in found.items()}


@functools.cache
def _by_name() -> dict[tuple[int, str], tuple[_Row, ...]]:
    found: dict[tuple[int, str], list[_Row]] = defaultdict(list)
    for row in _table():
        for level, name in enumerate(row.said):
            if name:
                found[level, name].append(row)
    return {key: tuple(rows) for key, rows in found.items()}


def read_divisions(text: str) -> Divisions:
    """Read the divisions at the front of a text (simplified characters); repeated ones are read once."""
    body = re.sub(r"^[\s,，]*中国", "", text)
    best: tuple[tuple[int, ...], int, tuple[_Row, ...]] | None = None
    for used, levels, rows, full in _readings(body, 0, (), None, 0):
        present = any(row.until == 0 for row in rows)
        order = (used, full, present, -levels[-1], -len(rows))
        if best is None or order > best[0]:
            best = (order, used, rows)
    if best is None:
        return Divisions(rest=body)
    depth = max((i for i in range(3) if _agreed(best[2], i)), default=-1)
    return _settled(body, best[1], best[2], depth)


def _settled(body: str, used: int, rows: tuple[_Row, ...], depth: int) -> Divisions:
    rows = tuple(row for row in rows if row.until == 0) or rows
    said = tuple(_agreed(rows, level) if level <= depth else "" for level in range(3))
    now = tuple(_agreed_now(rows, level) for level in range(3))
    if all(row.said[2] for row in rows) and not said[2]:
        now = (now[0], now[1], "")
    rest = body[used:]
    if now[0] in MUNICIPALITIES:
        now = (now[0], now[0], now[2])
    zone = _ZONE.match(rest)
    if zone is not None and not now[2]:
        now, rest = (now[0], now[1], zone[0]), rest[zone.end() :]
    until = 0 if any(row.until == 0 for row in rows) else max(row.until for row in rows)
    return Divisions(now[0], now[1], now[2], rest, (said[0], said[1], said[2]), until)


def _agreed(rows: tuple[_Row, ...], level: int) -> str:
    names = {row.said[level] for row in rows}
    return names.pop() if len(names) == 1 else ""


def _agreed_now(rows: tuple[_Row, ...], level: int) -> str:
    names = {row.now[level] for row in rows}
    return names.pop() if len(names) == 1 else ""


def _readings(
    text: str, at: int, levels: tuple[int, ...], rows: tuple[_Row, ...] | None, full: int
) -> list[tuple[int, tuple[int, ...], tuple[_Row, ...], int]]:
    """Return every way to read names from ``at`` on: end, levels, rows that fit, length of full names."""
    found = []
    while at < len(text) and text[at] in " ,，":
        at += 1
    for end in range(min(len(text), at + 16), at + 1, -1):
        for level, name in _names().get(text[at:end], ()):
            if levels and level <= levels[-1]:
                continue
            if end - at < len(name) and re.match(r"[路街巷道大中东南西北]*[路街巷道]", text[end:]):
                continue  # 重庆路 is a road
            fitting = _by_name()[level, name]
            kept = fitting if rows is None else tuple(row for row in fitting if _under(row, rows, levels))
            if not kept:
                continue
            kept = _narrowed(kept, level)
            spelled = full + (end - at if end - at == len(name) else 0)
            found.append((end, (*levels, level), kept, spelled))
            found += _readings(text, end, (*levels, level), kept, spelled)
    return found


def _under(row: _Row, rows: tuple[_Row, ...], levels: tuple[int, ...]) -> bool:
    above = {tuple(other.said[level] for level in levels) for other in rows}
    return tuple(row.said[level] for level in levels) in above


def _narrowed(rows: tuple[_Row, ...], level: int) -> tuple[_Row, ...]:
    """Keep the division itself where the table has a line of its own for it."""
    own = tuple(row for row in rows if not any(row.said[level + 1 :]))
    return own or rows
