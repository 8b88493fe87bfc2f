"""Changed lane-and-number addresses, made from the columns of the official register."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from benchmarks.errors import characters
from benchmarks.errors.cases import Truth
from benchmarks.errors.maker import Changed, Maker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

CODEC = "big5"
INVENTED = (
    "翡翠",
    "琥珀",
    "珊瑚",
    "玫瑰",
    "薔薇",
    "琉璃",
    "珍珠",
    "瑪瑙",
    "鳶尾",
    "茉莉",
    "杜若",
    "紫藤",
    "海棠",
    "芙蓉",
)
BEFORE = ("收件地址：", "我住在", "請送到", "地址 ", "住址:", "我家在", "您好，", "客戶地址：", "台灣")
BEHIND = (
    "，麻煩快一點",
    " 謝謝",
    "（請按電鈴）",
    "，電話0912345678",
    " 王先生收",
    "（社區管理室代收）",
    "，到了請打電話",
    " 一樓是便利商店",
)
ORIGINAL = "原名"


@dataclass(frozen=True, slots=True)
class LaneAddress:
    """One address by its register columns; ``tail`` is what follows the number (floor and unit)."""

    door: str
    city: str
    district: str
    li: str
    lin: int
    road: str
    section: str
    lane: str
    alley: str
    number: str
    tail: str

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Return the road, section, lane and alley."""
        return self.road, self.section, self.lane, self.alley

    def written(self, *, head: str | None = None, number: str | None = None) -> str:
        """Write it out; ``head`` replaces everything before the road."""
        before = f"{self.city}{self.district}{self.li}{self.lin}鄰" if head is None else head
        door = self.number if number is None else number
        return f"{before}{self.road}{self.section}{self.lane}{self.alley}{door}{self.tail}"


class LaneErrors(Maker[LaneAddress]):
    """Makes one case of a mechanism from an address; knows all real addresses to tell collisions."""

    def __init__(self, addresses: Sequence[LaneAddress], chance: Random) -> None:
        self.addresses = addresses
        super().__init__(chance)
        self.doors = {(*a.place, a.number): a for a in addresses}
        self.roads = {a.road for a in addresses}
        self.lis = sorted({(a.district, a.li) for a in addresses})
        self.numbers: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
        for a in addresses:
            self.numbers[a.place].add(a.number)
        ordered = sorted(self.roads)
        chance.shuffle(ordered)
        used = {road[:-1] for road in ordered}
        free = [a + b for a in "慶豐瑞祥榮昌" for b in "澤霖嵐皓晟洲" if a + b not in used]
        #: former name -> today's name, invented for this exam and given to the city's data as such
        self.former = {f"{free[i]}路": road for i, road in enumerate(ordered[: min(24, len(ordered) // 4)])}
        self.former_of = {road: old for old, road in self.former.items()}

    @cached_property
    def _without_section(self) -> Counter[tuple[str, ...]]:
        return Counter((r, lane, alley, n) for r, _, lane, alley, n in self.doors)

    @cached_property
    def _without_lane(self) -> Counter[tuple[str, ...]]:
        return Counter((r, s, alley, n) for r, s, _, alley, n in self.doors if alley)

    @cached_property
    def _in_li(self) -> Counter[tuple[str, ...]]:
        unique = {(a.li, a.lane, a.alley, a.number, a.door) for a in self.addresses}
        return Counter(key[:-1] for key in unique)

    @cached_property
    def _by_path(self) -> dict[tuple[str, str, str, str], set[str]]:
        found: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
        for road, section, lane, alley, number in self.doors:
            found[section, lane, alley, number].add(road)
        return found

    def mechanisms(self) -> Mapping[str, Callable[[LaneAddress], Changed | None]]:
        """Return what changes a lane address."""
        return {
            "clean": lambda a: Changed(a.written()),
            "dropped elements": self._dropped,
            "order": self._reordered,
            "homophone": lambda a: self._wrong_road(a, "sound"),
            "look-alike character": lambda a: self._wrong_road(a, "look"),
            "simplified/traditional": lambda a: Changed(characters.simplified(a.written())),
            "numeral forms": self._renumbered,
            "separators": self._separated,
            "old name": self._old_name,
            "typo in a name": lambda a: self._wrong_road(a, "slip"),
            "wrong subdistrict": self._wrong_li,
            "extra text": self._wordy,
            "non-existent building": self._no_such_number,
            "non-existent compound": self._no_such_road,
        }

    def _dropped(self, a: LaneAddress) -> Changed | None:
        """Leave something out; where more than one real address is left, asking back is right."""
        ways = ["divisions", "li", "号", "ending", "floor"] + ["section"] * bool(a.section)
        ways += ["lane"] * bool(a.lane and a.alley) + ["road"] * bool(a.lane)
        way = self.chance.choice(ways)
        if way == "divisions":
            return Changed(a.written(head=""), Truth.DOOR, way)
        if way == "li":
            return Changed(a.written(head=a.district), Truth.DOOR, way)
        if way == "floor":
            return Changed(replace(a, tail="").written(), Truth.DOOR, way)
        if way == "号":
            return Changed(replace(a, tail="", number=a.number.removesuffix("號")).written(), Truth.DOOR, way)
        if way == "ending":
            if not (a.section or a.lane):
                return None
            short = a.road.removesuffix("大道") if a.road.endswith("大道") else a.road[:-1]
            others = [r for r in self.roads if r != a.road and r.startswith(short) and len(r) == len(a.road)]
            clash = any((r, *a.place[1:], a.number) in self.doors for r in others)
            return Changed(replace(a, road=short).written(), Truth.SEVERAL if clash else Truth.DOOR, way)
        if way == "section":
            left = self._without_section[a.road, a.lane, a.alley, a.number]
            return Changed(
                replace(a, section="").written(head=""), Truth.DOOR if left == 1 else Truth.SEVERAL, way
            )
        if way == "lane":
            left = self._without_lane[a.road, a.section, a.alley, a.number]
            return Changed(
                replace(a, lane="").written(head=""), Truth.DOOR if left == 1 else Truth.SEVERAL, way
            )
        left = self._in_li[a.li, a.lane, a.alley, a.number]
        bare = replace(a, road="", section="").written()
        return Changed(bare, Truth.DOOR if left == 1 else Truth.SEVERAL, way)

    def _reordered(self, a: LaneAddress) -> Changed:
        street = f"{a.road}{a.section}{a.lane}{a.alley}{a.number}"
        ways = (
            f"{street}{a.tail} {a.li} {a.district} {a.city}",
            f"{a.li}{a.district}{a.city}{street}",
            f"{street}，{a.district}",
            f"{a.number}{a.alley}{a.lane}{a.road}{a.section}",
            f"{a.tail} {a.city}{a.district}{street}" if a.tail else f"{street} {a.city}",
        )
        return Changed(self.chance.choice(ways), Truth.DOOR, "")

    def _wrong_road(self, a: LaneAddress, how: str) -> Changed | None:
        """Change one character of the road's own name."""
        cut = 2 if a.road.endswith("大道") else 1
        core, ending = a.road[:-cut], a.road[-cut:]
        wrong, what = self.misspelt(core, how, CODEC)
        if not wrong or wrong == core:
            return None
        wrong += ending
        li = f"{a.city}{a.district}{a.li}"
        head, stated = self.chance.choice(
            ((None, (a.district, a.li)), ("", ()), (a.district, (a.district,)), (li, (a.district, a.li)))
        )
        text = replace(a, road=wrong).written(head=head)
        other = self.doors.get((wrong, *a.place[1:], a.number))
        if other is not None:
            whole = set(stated) <= {other.district, other.li}
            return Changed(text, Truth.OTHER, what, other.door if whole else "")
        rivals = {r for r in self._by_path[(*a.place[1:], a.number)] if _apart(wrong, r) <= 1} - {a.road}
        return Changed(text, Truth.SEVERAL if rivals or wrong in self.roads else Truth.DOOR, what)

    def _renumbered(self, a: LaneAddress) -> Changed:
        text = a.written()
        way = self.chance.choice(("words", "full width", "arabic", "dash", "F"))
        if way == "words":
            return Changed(re.sub(r"\d+", lambda m: characters.in_words(int(m[0])), text), Truth.DOOR, way)
        if way == "full width":
            return Changed(characters.full_width(text), Truth.DOOR, way)
        words = "一二三四五六七八九"
        if way == "dash" and "之" in a.number:
            return Changed(text.replace("之", "-"), Truth.DOOR, way)
        arabic = re.sub(r"([一二三四五六七八九])(?=段|樓)", lambda m: str(words.index(m[1]) + 1), text)
        return Changed((arabic.replace("樓", "F") if way == "F" else arabic), Truth.DOOR, way)

    def _separated(self, a: LaneAddress) -> Changed:
        mark = self.chance.choice((" ", "，", "-", "/", "、", "　", "．", "  ", "|"))
        parts = (a.city, a.district, a.li, f"{a.lin}鄰", a.road, a.section, a.lane, a.alley, a.number, a.tail)
        return Changed(mark.join(part for part in parts if part), Truth.DOOR, mark)

    def _old_name(self, a: LaneAddress) -> Changed | None:
        old = self.former_of.get(a.road)
        return None if old is None else Changed(replace(a, road=old).written(), what=old)

    def _wrong_li(self, a: LaneAddress) -> Changed:
        near = [li for district, li in self.lis if district == a.district and li != a.li]
        li = self.chance.choice(near or [li for _, li in self.lis if li != a.li])
        return Changed(replace(a, li=li).written(), Truth.DOOR, li)

    def _wordy(self, a: LaneAddress) -> Changed:
        head = self.chance.choice((None, "", a.district))
        return self.worded(a.written(head=head), BEFORE, BEHIND)

    def _no_such_number(self, a: LaneAddress) -> Changed:
        main = int(re.findall(r"\d+", a.number)[0])
        while f"{main}號" in self.numbers[a.place]:
            main += self.chance.choice((1, 2, 7, 100))
        head = self.chance.choice((None, "", a.district))
        return Changed(replace(a, tail="").written(head=head, number=f"{main}號"), Truth.NOTHING, "")

    def _no_such_road(self, a: LaneAddress) -> Changed:
        road = self.chance.choice(INVENTED) + self.chance.choice(("路", "街"))
        while road in self.roads:
            road = self.chance.choice(INVENTED) + self.chance.choice(("路", "街"))
        head = self.chance.choice((None, "", a.district))
        return Changed(replace(a, road=road).written(head=head), Truth.NOTHING, road)


def _apart(one: str, other: str) -> int:
    """Count the changed characters between names of equal length; unequal ones are far apart."""
    if len(one) != len(other):
        return 9
    return sum(a != b for a, b in zip(one, other, strict=True))
