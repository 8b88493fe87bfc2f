"""Lane-and-number addresses: 臺北市松山區民有里30鄰民權東路三段106巷3弄65號二樓之1.

``parse`` reads folded text (``normalize.fold``). One regular expression reads the written order; what it
cannot place is left in ``rest``, and ``parse_loose`` collects elements wherever they stand.
"""

from __future__ import annotations

import re

from geogrid.addresses.elements import Elements, Number
from geogrid.addresses.numerals import NUMERAL, value

_NUM = NUMERAL
# 5號之3, 5之3號, 臨5號, 5臨號, and 5臨40號: the 40th temporary door of number 5.
_SUB = r"(?:[之-]|(?<=临))"
_NUMBER = (
    rf"(?P<temporary>临)?(?P<main>{_NUM})(?P<annex>临)?"
    rf"(?:{_SUB}(?P<sub>(?>{_NUM})))?(?:号(?:[之-](?P<sub2>(?>{_NUM}))(?![楼层F]))?|(?=$))"
)
_FLOOR = (
    rf"(?:(?P<below>地下|B)?(?P<floor>{_NUM})?(?:楼|层|F(?![A-Z]))|(?P<cellar>地下)室?|(?P<bfloor>B[0-9])F?)"
)
_ROOM = rf"(?:[之-]?(?P<room>{_NUM}|[A-Z])(?:室|号)?)?"
_HEAD = (
    r"(?:台湾省?)?(?P<city>[^市县区0-9]{1,3}[市县])?"
    r"(?P<county>[^区市镇乡0-9路街]{1,3}[区市镇乡](?!民大道|府路))?"
    r"(?P<village>[^里0-9路街段巷弄区]{1,4}[里村](?!路|街|大道))?"
    rf"(?:(?P<group>{_NUM})邻)?"
)
_BODY = (
    rf"(?:(?P<section>{_NUM})段)?)?"
    rf"(?:(?P<lane>{_NUM}|[^0-9路街段]{{1,4}})巷)?"
    rf"(?:(?P<alley>{_NUM})弄)?(?:(?P<sub_alley>{_NUM})衖)?"
    rf"(?:{_NUMBER})?(?:-?{_FLOOR}{_ROOM})?(?P<rest>.*)$"
)
_ORDER = re.compile(_HEAD + r"(?:(?P<road>[^0-9巷弄号]{1,10}?(?:路|街|大道))" + _BODY, re.DOTALL)
# A road whose ending was left out: 八德三段158巷8弄1號.
_NAMELESS = re.compile(
    _HEAD + rf"(?:(?P<road>[^0-9巷弄号路街]{{2,10}}?)(?=[0-9]|{_NUM}[段巷弄号])" + _BODY, re.DOTALL
)
# Dashes that do not stand between two parts of a number.
_STRAY = re.compile(r"(?<![0-9号楼层F零一二三四五六七八九十])-|-(?![0-9零一二三四五六七八九十])|/")
_NOTES = re.compile(r"\([^()]*\)?")
_MARKS = re.compile(r"[\s,.()#:'\"]+")


def strip_notes(text: str) -> tuple[str, str]:
    """Take bracketed remarks away: (address, remarks)."""
    if "(" not in text:
        return text, ""
    notes = " ".join(_NOTES.findall(text))
    return _NOTES.sub("", text), notes


def parse(text: str) -> Elements:
    """Read a folded address in its usual order, from city to floor."""
    body, notes = text, ""
    if not text.isalnum():  # the usual address has no mark to take away
        body, notes = strip_notes(text)
        body = _STRAY.sub("", _MARKS.sub("", body))
    found = _ORDER.match(body)
    if found is not None and not found["road"] and found["rest"]:
        found = _NAMELESS.match(body) or found
    if found is None:
        return Elements(rest=text)
    city, county, village, group, road, section, lane, alley, sub_alley, *tail, rest = found.groups()
    number, floor, room = _door(tail)
    return Elements(
        city=city or "",
        county=county or "",
        community=village or "",
        group=value(group) if group else 0,
        road=road or "",
        section=value(section) if section else 0,
        lane=_lane(lane) if lane else "",
        alley=value(alley) if alley else 0,
        sub_alley=value(sub_alley) if sub_alley else 0,
        number=number,
        floor=floor,
        room=room,
        rest=rest + notes,
    )


def _lane(text: str) -> str:
    try:
        return str(value(text))
    except (KeyError, ValueError):
        return text


def _door(tail: list[str | None]) -> tuple[Number | None, str, str]:
    temporary, main, annex, sub, sub2, below, floor, cellar, bfloor, room = tail
    number = None
    if main:
        later = sub or sub2
        number = Number(value(main), value(later) if later else 0, "临" if temporary or annex else "")
    storey = ""
    if bfloor:
        storey = bfloor
    elif cellar or below:
        storey = f"B{value(floor) if floor else 1}"
    elif floor:
        storey = str(value(floor))
    return number, storey, _room(room) if room else ""


def _room(text: str) -> str:
    return text if text.isalpha() and text.isascii() else str(value(text))


_PIECES = {
    "group": re.compile(rf"({_NUM})邻"),
    "section": re.compile(rf"({_NUM})段"),
    "lane": re.compile(rf"({_NUM})巷"),
    "alley": re.compile(rf"({_NUM})弄"),
    "number": re.compile(rf"(临)?({_NUM})(临)?(?:{_SUB}({_NUM}))?号(?:[之-]((?>{_NUM}))(?![楼层F]))?"),
    "floor": re.compile(rf"(地下)?({_NUM})(?:楼|层|F)(?:[之-]({_NUM}))?"),
}


def parse_loose(text: str) -> Elements:
    """Collect numbered elements wherever they stand; names stay in ``rest`` for the gazetteer to find."""
    rest = _MARKS.sub("", strip_notes(text)[0])
    fields: dict[str, re.Match[str]] = {}
    for name, pattern in _PIECES.items():
        if (found := pattern.search(rest)) is not None:
            fields[name] = found
            rest = f"{rest[: found.start()]} {rest[found.end() :]}"
    plain = {name: value(found[1]) for name, found in fields.items() if name not in ("number", "floor")}
    number = floor = room = None
    if (found := fields.get("number")) is not None:
        later = found[4] or found[5]
        number = Number(value(found[2]), value(later) if later else 0, "临" if found[1] or found[3] else "")
    if (found := fields.get("floor")) is not None:
        floor = ("B" if found[1] else "") + str(value(found[2]))
        room = str(value(found[3])) if found[3] else ""
    return Elements(
        group=plain.get("group", 0),
        section=plain.get("section", 0),
        lane=str(plain["lane"]) if "lane" in plain else "",
        alley=plain.get("alley", 0),
        number=number,
        floor=floor or "",
        room=room or "",
        rest=rest.strip(),
    )
