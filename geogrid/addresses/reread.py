"""Other ways to read an address, tried when the usual order finds nothing.

Divisions without their ending, elements out of order, words around the address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from geogrid.addresses import grammar_block, grammar_lane, grammar_mainland
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.normalize import name_key
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.addresses.elements import Elements
    from geogrid.addresses.gazetteer import Gazetteer, Name
    from geogrid.addresses.index import AddressIndex

_FIELD = {"community": "community", "subdistrict": "subdistrict", "district": "county", "city": "city"}
_LONGEST = 16
# What people write around an address, and divisions above the city.
_COURTESY = re.compile(
    r"(?:您好|你好|麻烦|谢谢|我|你|您|他|咱|们|家|的|住址?|是|在|于|位|送|到|至|请|寄|给|去|往|收|件|人|地址|地点|联系|电话|手机|配送|客户|详细|通讯|户籍|"
    r"现|居|楼盘|中国|辽宁省?|台湾省?|广东省?|省|市|区|县|本|市内|[0-9]|[,.:;!?#()\-])*"
)


_GROUP = re.compile(r"[0-9]+邻")
_SEPARATORS = re.compile(r"[\s,.:!?;()]+")


class Piece(NamedTuple):
    """A name found inside a text, from ``start`` to ``end``."""

    names: tuple[Name, ...]
    start: int
    end: int


def rereadings(index: AddressIndex, text: str, read: Elements) -> Iterator[Elements]:
    """Yield other readings of a folded text, the likeliest first; ``read`` is the usual one."""
    if index.grammar is Grammar.BLOCK:
        yield from _words(index, read)
        return
    for field in ("compound", "road"):
        if name := getattr(read, field):
            yield from _behind_divisions(index.gazetteer, read, field, name)
    yield from _behind_separators(index, text)
    yield from _behind_courtesy(index, text)
    if index.grammar is Grammar.LANE:
        loose = grammar_lane.parse_loose(text)
        yield from _named(index.gazetteer, loose)
    else:
        yield from (grammar_mainland.parse(other) for other in grammar_mainland.rearranged(text))


def with_divisions_of_rest(gazetteer: Gazetteer, read: Elements) -> Elements:
    """Read the divisions that stand behind the address: 泰河花园3号楼，兴东街道，元宝区."""
    found: dict[str, Any] = {}
    for piece in _scan(gazetteer, read.rest):
        if (field := _FIELD.get(piece.names[0].kind)) is not None and not getattr(read, field):
            found.setdefault(field, read.rest[piece.start : piece.end])
    if not found:
        return read
    rest = read.rest
    for text in found.values():
        rest = rest.replace(text, "", 1)
    return read._replace(**(found | {"rest": rest}))


def behind_divisions(gazetteer: Gazetteer, text: str) -> str:
    """Return what stands behind the divisions at the front of a text."""
    at = 0
    while (piece := _division_at(gazetteer, text, at)) is not None:
        group = _GROUP.match(text, piece.end)
        at = piece.end if group is None else group.end()
    return text[at:]


def _behind_divisions(gazetteer: Gazetteer, read: Elements, field: str, name: str) -> Iterator[Elements]:
    """Take divisions and courtesies off the front of a name: 丹东元宝兴东泰河花园 -> 泰河花园."""
    found: dict[str, Any] = {}
    at = _courtesy_end(name, 0)
    cuts: list[tuple[int, dict[str, Any]]] = [(at, {})] if at else []
    while (piece := _division_at(gazetteer, name, at)) is not None:
        found[_FIELD[piece.names[0].kind]] = name[piece.start : piece.end]
        at = _courtesy_end(name, piece.end)
        cuts.append((at, dict(found)))
    for cut, divisions in reversed(cuts):
        if len(name) - cut > 1:
            stated = {key: text for key, text in divisions.items() if not getattr(read, key)}
            yield read._replace(**({field: name[cut:]} | stated))


def _courtesy_end(text: str, at: int) -> int:
    found = _COURTESY.match(text, at)
    return at if found is None else found.end()


def _division_at(gazetteer: Gazetteer, text: str, start: int) -> Piece | None:
    for end in range(min(len(text), start + _LONGEST), start + 1, -1):
        names = tuple(name for name in gazetteer.by_key.get(text[start:end], ()) if name.kind in _FIELD)
        if names:
            return Piece(names, start, end)
    return None


def _behind_separators(index: AddressIndex, text: str) -> Iterator[Elements]:
    """Leave out what stands before a separator: 您好, ... or a company's name."""
    for found in list(_SEPARATORS.finditer(text))[:3]:
        read = PARSERS[index.grammar](text[found.end() :])
        if read.number is not None or read.building is not None:
            yield read._replace(rest=" ".join((text[: found.start()], read.rest)).strip())


def _behind_courtesy(index: AddressIndex, text: str) -> Iterator[Elements]:
    """Leave out polite words in front: 请送到..."""
    if at := _courtesy_end(text, 0):
        yield PARSERS[index.grammar](text[at:])


def _named(gazetteer: Gazetteer, loose: Elements) -> Iterator[Elements]:
    """Put the names found anywhere in the rest to elements that were collected without them."""
    fields: dict[str, Any] = {}
    left = loose.rest
    for piece in _scan(gazetteer, left):
        kinds = {name.kind for name in piece.names}
        text = left[piece.start : piece.end]
        if "stem" in kinds:
            fields.setdefault("compound" if loose.building is not None else "road", text)
        else:
            fields.setdefault(_FIELD[piece.names[0].kind], text)
    if "road" in fields or "compound" in fields:
        yield loose._replace(**fields, rest="")


def _scan(gazetteer: Gazetteer, text: str) -> Iterator[Piece]:
    """Find known names from left to right, the longest first, each where a word may begin."""
    at, bound = 0, True
    while at < len(text):
        piece = _longest(gazetteer, text, at) if bound else None
        if piece is not None:
            yield piece
            at = piece.end
            continue
        behind = _courtesy_end(text, at)
        bound = behind > at or text[at] == " "
        at = max(behind, at + 1)


def _longest(gazetteer: Gazetteer, text: str, start: int) -> Piece | None:
    for end in range(min(len(text), start + _LONGEST), start + 1, -1):
        names = tuple(
            n for n in gazetteer.by_key.get(text[start:end], ()) if n.kind in _FIELD or _whole_stem(n)
        )
        if names:
            return Piece(names, start, end)
    return None


def _whole_stem(name: Name) -> bool:
    """Tell whether a name is a road's or compound's full one: a short one may be the start of another."""
    return name.kind == "stem" and name.how != "short"


def _words(index: AddressIndex, read: Elements) -> Iterator[Elements]:
    """Find a known street among the words of a longer text: NEAR 65 TELOK BLANGAH DRIVE MARKET."""
    words = read.road.split()
    if read.number is None and len(words) > 1 and (number := grammar_block.number(words[-1])) is not None:
        yield read._replace(road=" ".join(words[:-1]), number=number)
    for size in range(len(words) - 1, 1, -1):
        for start in range(len(words) - size + 1):
            road = " ".join(words[start : start + size])
            if name_key(road) in index.gazetteer.stems:
                yield read._replace(
                    road=road, rest=" ".join([*words[:start], *words[start + size :], read.rest]).strip()
                )
                return
