"""Mainland addresses: 元宝区兴东街道泰河花园小区3号楼2单元501室, 泰河花园3-2-501, 北一路甲3号A栋.

``parse`` reads folded text in three passes: the divisions in front, a road with its number, then a name with
building, unit, floor and room. What it cannot place is left in ``rest``.
"""

from __future__ import annotations

import re
from typing import Any

from geogrid.addresses.elements import Elements, Number
from geogrid.addresses.likeness import GENERIC
from geogrid.addresses.numerals import HAN_NUMERAL, NUMERAL, value

STEMS = "甲乙丙丁戊己庚辛壬癸"
_NUM = NUMERAL
_DIVISIONS = re.compile(
    r"(?:中国)?"
    r"(?P<province>[^省市县区0-9]{2,3}省|(?:内蒙古|广西壮族|西藏|宁夏回族|新疆维吾尔)自治区)?"
    r"(?P<city>(?!城市|都市)[^省市县区0-9路街]{2,5}(?:市(?!场|里)|自治州|地区|盟))?"
    r"(?P<county>(?![^市县区]{0,6}(?:花园|家园|公寓|小区|[名雅佳家花]苑|嘉园|新村|山庄|[0-9A-Z]|期))"
    r"(?:(?![城都]市)[^市县区0-9路街号]{2,6}?市(?!场|里)"
    r"|[^市县区0-9路街号]{1,8}?(?:自治县|县|自治旗|(?<=[左右前后中合])旗|(?<!小)(?<!社)区(?!域))))?"
    r"(?P<subdistrict>[^市县区镇乡0-9路号]{2,6}?(?:街道办事处|街道办|街道|办事处|镇(?!政府)|乡(?!政府)))?"
    r"(?P<community>[^0-9号]{2,8}?(?:社区居民委员会|社区居委会|社区居委|居民委员会|居委会|社区|村委会|(?<!新)村(?![庄]))"
    rf"|(?<![0-9]){_NUM}社区)?"
    rf"(?:(?P<group>{_NUM})(?:组|网格)(?!合))?"
)
_ROAD = re.compile(
    r"(?P<road>[^0-9号,]{1,12}?(?:大道|大街|胡同|马路|公路|路|街|巷(?=[0-9甲乙丙])))"
    rf"(?:(?P<section>{_NUM})段)?"
    rf"(?:(?P<lane>{_NUM})(?:弄|巷))?"
    rf"(?:(?P<tag>[{STEMS}附临]|[A-Z])?(?P<main>[0-9]{{1,5}}|{HAN_NUMERAL}{{2,5}}|{HAN_NUMERAL}(?=号))(?P<letter>[A-Z](?![A-Z]))?"
    rf"(?:[-之](?P<sub>[0-9]{{1,4}}))?(?:号(?P<stem>[{STEMS}])?(?:附(?P<annex>{_NUM})号?)?(?!楼)|(?=#)|(?=-[0-9]))(?P<yard>院|大院)?)?"
)
_ZONE = re.compile(
    rf"(?P<zone>(?:第?(?:{_NUM}|[A-Z])期)?(?:(?:[A-Z]|{HAN_NUMERAL}|[东西南北中]|[{STEMS}])(?:区|园区|苑区|组团))?)$"
)
_ZONE_NUMERAL = re.compile(rf"{_NUM}(?=期|区)")
_BUILDING = re.compile(
    rf"(?:(?P<tag>[{STEMS}]|(?<![A-Z])[A-Z]|临)?(?P<main>{_NUM})(?P<letter>[A-Z]|[{STEMS}])?(?:-(?P<sub>[0-9]{{1,3}}))?"
    rf"(?:号?(?:住宅楼|楼(?!上|下|层)|栋楼?|幢|座|#楼?)|号(?!院|门|码)))"
    rf"|(?P<name>[A-Z]|[{STEMS}])(?:号楼|栋楼?|幢|座|楼)"
)
_DASHED = re.compile(
    rf"(?P<tag>[{STEMS}]|(?<![A-Z])[A-Z])?(?P<main>[0-9]{{1,4}})(?P<letter>[A-Z])?(?:号楼|栋|幢|号|#)?-(?P<second>[0-9]{{1,4}}|[A-Z])"
    r"(?:单元)?(?:-(?P<third>[0-9]{1,5}[A-Z]?))?(?:-(?P<fourth>[0-9]{1,5}[A-Z]?))?(?:室|号|户)?"
)
_UNIT = re.compile(rf"(?P<unit>{_NUM}|[A-Z{STEMS}])(?:单元|门(?!口|市|面)|梯(?!间)|组(?=[0-9]))")
_FLOOR = re.compile(rf"(?P<below>地下|负|B)?(?P<floor>{_NUM})(?:楼|层|F(?![A-Z]))")
_ROOM = re.compile(r"(?P<room>[0-9]{1,5}[A-Z]?|(?<![A-Z])[A-Z][0-9]{0,4})(?:室|号|户|房|铺)?(?![0-9A-Z米])")
_MARKS = re.compile(r"[\s,.:'\"()]+")
# Slashes and dashes that do not stand between two parts of a number.
_STRAY = re.compile(r"(?<![0-9A-Z#号楼栋幢座元])-|-(?![0-9A-Z])|/(?![0-9])|(?<![0-9])/")
RELATIVE = re.compile(
    r"(?:[东西南北]侧|对面|对过|旁边?|附近|隔壁|斜对|交叉口|交口|交汇处?|路口|[东西南北]行|以[东西南北]|向[东西南北]|米处?)"
)


def parse(text: str) -> Elements:
    """Read a folded mainland address."""
    body = text if text.isalnum() else _STRAY.sub("", _MARKS.sub("", text))
    fields: dict[str, str] = {}
    body = _read_divisions(body, fields)
    road, body = _read_road(body)
    tail = _read_tail(body, after_road=bool(road.get("number")))
    community, compound = fields.get("community", ""), tail.get("compound", "")
    if community and not compound and not road and tail.get("building"):
        community, compound = "", community
    return Elements(
        province=fields.get("province", ""),
        city=fields.get("city", ""),
        county=fields.get("county", ""),
        subdistrict=fields.get("subdistrict", ""),
        community=community,
        group=value(fields["group"]) if "group" in fields else 0,
        compound=compound,
        **road,
        **{name: found for name, found in tail.items() if name != "compound"},
    )


_INSIDE_FIRST = re.compile(
    r"^(?P<inside>[0-9A-Z#\-]+(?:号?楼|栋|幢|座|#|-)[0-9A-Z号楼单元门层室户\-]*)(?P<name>[^0-9]{2,}.*)$"
)


def rearranged(text: str) -> list[str]:
    """Put an address written from the small to the large into the usual order, in all likely ways."""
    segments = [part for part in re.split(r"[\s,;:|]+", text) if part]
    turned = []
    for segment in segments:
        found = _INSIDE_FIRST.match(segment)
        turned.append(f"{found['name']}{found['inside']}" if found is not None else segment)
    names = [part for part in turned if not re.search("[0-9]", part)]
    numbered = [part for part in turned if re.search("[0-9]", part)]
    ways = ["".join([*reversed(names), *numbered]), "".join([*names, *numbered])]
    return [way for way in dict.fromkeys(ways) if way != "".join(segments)]


def _read_divisions(body: str, fields: dict[str, str]) -> str:
    """Take divisions from the front, also when they are repeated; the last one said of each kind counts."""
    for _ in range(4):
        found = _DIVISIONS.match(body)
        said = {name: text for name, text in found.groupdict().items() if text} if found is not None else {}
        if found is None or not said or (fields and len(said) == 1 and not said.items() <= fields.items()):
            return body
        fields.update(said)
        body = body[found.end() :]
    return body


def _read_road(body: str) -> tuple[dict[str, Any], str]:
    found = _ROAD.match(body)
    if found is None or (not found["main"] and body.startswith(GENERIC, found.end())):
        return {}, body  # 铁路花园 is a compound
    read: dict[str, Any] = {"road": found["road"]}
    if found["section"]:
        read["section"] = value(found["section"])
    if found["lane"]:
        read["lane"] = str(value(found["lane"]))
    if found["main"]:
        sub = found["sub"] or found["annex"]
        read["number"] = _number(found["tag"] or found["stem"], found["main"], found["letter"], sub)
    return read, body[found.end() :]


def _number(tag: str | None, main: str | None, letter: str | None, sub: str | None = None) -> Number:
    trailing = letter if letter and letter in STEMS else (letter or "").lower()
    return Number(value(main) if main else 0, value(sub) if sub else 0, tag or trailing)


def _read_tail(body: str, *, after_road: bool) -> dict[str, Any]:
    """Read name, building, unit, floor and room; ``after_road`` a bare number is no building of the road."""
    read: dict[str, Any] = {}
    if (found := _DASHED.search(body)) is not None:
        name, body = body[: found.start()], body[found.end() :]
        read |= _dashed(found)
    else:
        found = _BUILDING.search(body)
        if found is not None and _is_floor(found, body, after_road):
            found = None
        if found is not None:
            read["building"] = _number(
                found["tag"] or found["name"], found["main"], found["letter"], found["sub"]
            )
            name, body = body[: found.start()], body[found.end() :]
        else:
            first = min(
                (m.start() for m in (_UNIT.search(body), _FLOOR.search(body), _ROOM.search(body)) if m),
                default=None,
            )
            name, body = (body, "") if first is None else (body[:first], body[first:])
        read |= _rooms(body)
        body = str(read.pop("left", ""))
    return read | _named(name, body)


def _is_floor(found: re.Match[str], body: str, after_road: bool) -> bool:
    """Tell 15楼 the storey from 11楼 the building: behind a road only a unit makes it a building."""
    if not found[0].endswith("楼") or "号" in found[0] or found["name"]:
        return False
    following = body[found.end() :]
    return after_road and not re.match(rf"{_NUM}(?:单元|门)", following)


def _dashed(found: re.Match[str]) -> dict[str, Any]:
    read: dict[str, Any] = {"building": _number(found["tag"], found["main"], found["letter"])}
    later = [found[n] for n in ("second", "third", "fourth") if found[n]]
    if len(later) == 3:
        read["unit"], read["floor"], read["room"] = later
    elif len(later) == 2:
        read["unit"], read["room"] = later
    else:
        read["room"] = later[0]
    return read


def _rooms(body: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, pattern in (("unit", _UNIT), ("floor", _FLOOR), ("room", _ROOM)):
        if (found := pattern.search(body)) is None:
            continue
        text = found[name]
        read[name] = str(value(text)) if text[0] not in STEMS and not re.search("[A-Z]", text) else text
        if name == "floor" and found["below"]:
            read[name] = f"B{read[name]}"
        body = body[: found.start()] + body[found.end() :]
    return read | {"left": body}


def _named(name: str, left: str) -> dict[str, Any]:
    """Split a name from its phase or zone, and what is said about its surroundings from the name."""
    relative = RELATIVE.search(name)
    if relative is not None:
        name, left = name[: relative.start()], name[relative.start() :] + left
    zone = _ZONE.search(name)
    read: dict[str, Any] = {"rest": left.strip("-#")}
    if zone is not None and zone["zone"] and zone.start() > 1:
        read["zone"] = _ZONE_NUMERAL.sub(lambda found: str(value(found[0])), zone["zone"].removeprefix("第"))
        name = name[: zone.start()]
    name = name.strip("-#")
    return read | {"compound": name} if name else read
