"""Block-street-unit addresses: 65 TELOK BLANGAH DRIVE #01-158 SINGAPORE 100065.

``parse`` reads folded text. Street words are spelled out (ST, JLN, BT), so that one street has one key.
"""

from __future__ import annotations

import re

from geogrid.addresses.elements import Elements, Number

SPELLED = {
    "ST": "STREET", "STR": "STREET", "RD": "ROAD", "DR": "DRIVE", "AVE": "AVENUE", "AV": "AVENUE",
    "CRES": "CRESCENT", "CL": "CLOSE", "PL": "PLACE", "LN": "LANE", "TER": "TERRACE", "TERR": "TERRACE",
    "SQ": "SQUARE", "PK": "PARK", "CTRL": "CENTRAL", "CTR": "CENTRE", "CENTER": "CENTRE",
    "HTS": "HEIGHTS", "GDNS": "GARDENS", "GDN": "GARDEN", "LK": "LINK", "BLVD": "BOULEVARD",
    "PROM": "PROMENADE", "JLN": "JALAN", "BT": "BUKIT", "BKT": "BUKIT", "LOR": "LORONG",
    "TG": "TANJONG", "TJG": "TANJONG", "KG": "KAMPONG", "KPG": "KAMPONG", "UPP": "UPPER", "UP": "UPPER",
    "LWR": "LOWER", "NTH": "NORTH", "STH": "SOUTH", "MT": "MOUNT", "TMN": "TAMAN", "PT": "POINT",
    "TK": "TELOK", "SG": "SUNGEI",
}  # fmt: skip
_COUNTRY = re.compile(r"\b(?:REPUBLIC OF )?(?:SINGAPORE|S(?=\s*\(?[0-9]))\s*\(?([0-9]{5,6})?\)?")
_POSTCODE = re.compile(r"(?<![0-9#\-])([0-9]{6})(?![0-9\-])")
_UNIT = re.compile(
    r"(?:#|\bUNIT )\s*(?P<floor>B?[0-9]{1,6})"
    r"(?:\s*-\s*(?P<room>[0-9]{1,5}[A-Z]?(?:\s*(?:/|TO|&)\s*[0-9]{1,5}[A-Z]?)*))?"
    r"|(?<![0-9A-Z/#\-])(?P<floor2>B?[0-9]{1,2})-(?P<room2>[0-9]{2,5}[A-Z]?)(?![0-9A-Z\-])"
)
_BLOCK = re.compile(r"\b(?:BLOCK|BLK|NO|NUMBER)\b\.?\s*(?=[0-9])")
_NUMBER = re.compile(
    r"(?<![0-9A-Z])(?P<first>[0-9]{1,4}[A-Z]?)(?P<more>(?:\s*[/,;&\-]\s*[0-9]{1,4}[A-Z]?)*)(?![0-9A-Z])"
)
_ONE = re.compile(r"([0-9]{1,4})([A-Z]?)")
_LEVEL = re.compile(r"\b(?:LEVEL|FLOOR|LVL)\s*([0-9]{1,2})\b|\b([0-9]{1,2})(?:ST|ND|RD|TH) FLOOR\b")
_NUMBERED = frozenset({"STREET", "LANE", "AVENUE", "ROAD", "DRIVE", "CRESCENT", "CLOSE", "LORONG", "BLOCK"})


def number(text: str) -> Number | None:
    """Read one block number: 80C."""
    found = _ONE.fullmatch(text.strip())
    return Number(int(found[1]), 0, found[2].lower()) if found else None


def spell_out(text: str) -> str:
    """Write every shortened street word in full: ``TELOK BLANGAH ST 32`` -> ``TELOK BLANGAH STREET 32``."""
    words = re.findall(r"[^\s.,]+", text)
    first = words[:1]
    if first == ["ST"]:  # a leading ST is Saint
        return " ".join(["ST", *[SPELLED.get(word, word) for word in words[1:]]])
    return " ".join(SPELLED.get(word, word) for word in words)


def parse(text: str) -> Elements:
    """Read a folded address; the unit, the postcode and the country may stand anywhere."""
    postcode, body = _postcode(text)
    floor, room, body = _unit(body)
    body = _BLOCK.sub("", body.replace("(", " ").replace(")", " "))
    for found in _NUMBER.finditer(body):
        before = spell_out(body[: found.start()]).split()
        if before and before[-1] in _NUMBERED and len(before) > 1:
            continue  # the number belongs to the name: TELOK BLANGAH STREET 32
        numbers = [value for part in re.split(r"[/,;&\-]", found[0]) if (value := number(part)) is not None]
        street, other = body[found.end() :], body[: found.start()]
        if not re.search(r"[A-Z]", street):
            street, other = other, street
        return Elements(
            road=spell_out(street.replace(",", " ")),
            number=numbers[0],
            floor=floor,
            room=room,
            postcode=postcode,
            alternatives=tuple(numbers[1:]),
            rest=other.strip(" ,-"),
        )
    return Elements(road=spell_out(body.replace(",", " ")), floor=floor, room=room, postcode=postcode)


def _postcode(text: str) -> tuple[str, str]:
    """Find the postcode; a leading zero that a spreadsheet ate is put back."""
    if (found := _COUNTRY.search(text)) is not None:
        code = found[1] or ""
        text = f"{text[: found.start()]} {text[found.end() :]}"
        if code:
            return code.zfill(6), text
    if (found := _POSTCODE.search(text)) is not None:
        return found[1], f"{text[: found.start()]} {text[found.end() :]}"
    return "", text


def _unit(text: str) -> tuple[str, str, str]:
    if (found := _UNIT.search(text)) is not None:
        floor = (found["floor"] or found["floor2"]).lstrip("0")
        room = re.sub(r"\s+", "", found["room"] or found["room2"] or "")
        if not room and len(floor) > 2:  # "#1074" is a unit without its floor
            floor, room = "", floor
        return floor, room, f"{text[: found.start()]} {text[found.end() :]}"
    if (found := _LEVEL.search(text)) is not None:
        return (found[1] or found[2]).lstrip("0"), "", f"{text[: found.start()]} {text[found.end() :]}"
    return "", "", text
