"""Changed mainland addresses, made from their parts: 振兴区永昌街道瑞祥新城3号楼2单元501室."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.errors import characters
from benchmarks.errors.cases import Truth
from benchmarks.errors.maker import Changed, Maker, changes_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

CODEC = "gb2312"
ENDINGS = (
    "花园",
    "小区",
    "家园",
    "公寓",
    "名苑",
    "豪庭",
    "新村",
    "新城",
    "雅居",
    "庭院",
    "丽都",
    "公馆",
    "华府",
    "名居",
)
INVENTED = ("翡翠", "琥珀", "珊瑚", "玫瑰", "蔷薇", "琉璃", "玛瑙", "鸢尾", "茉莉", "紫藤", "芙蓉", "檀香")
BEFORE = (
    "收件地址：",
    "我住在",
    "请送到",
    "地址 ",
    "住址:",
    "我家在",
    "您好，",
    "客户地址：",
    "辽宁省丹东市",
)
BEHIND = (
    "，麻烦快一点",
    " 谢谢",
    "（请按门铃）",
    "，电话13900000000",
    " 王先生收",
    "（物业代收）",
    "，到了请打电话",
    " 楼下是超市",
)
_FULL = re.compile(
    r"(?P<county>.+?(?:自治县|区|市|县))(?P<subdistrict>.+?(?:街道|镇|乡|经济区|新区|管理区))"
    r"(?P<compound>.+?)(?P<building>\d+)号楼(?P<unit>\d+)单元(?P<room>\d+)室"
)


@dataclass(frozen=True, slots=True)
class MainlandAddress:
    """One flat of a compound."""

    door: str
    county: str
    subdistrict: str
    community: str
    compound: str
    building: str
    unit: str
    room: str

    @property
    def inside(self) -> str:
        """Return building, unit and room."""
        return f"{self.building}号楼{self.unit}单元{self.room}室"

    def written(self, *, head: str | None = None, inside: str | None = None) -> str:
        """Write it out; ``head`` replaces the divisions, ``inside`` what stands behind the compound."""
        before = f"{self.county}{self.subdistrict}" if head is None else head
        return before + self.compound + (self.inside if inside is None else inside)


def read_flat(door: str, community: str, text: str) -> MainlandAddress | None:
    """Take apart an address of the drawn city, None where it is not a flat in a compound."""
    found = _FULL.fullmatch(text)
    return None if found is None else MainlandAddress(door, community=community, **found.groupdict())


class MainlandErrors(Maker[MainlandAddress]):
    """Makes one case of a mechanism from an address; knows all compounds to tell collisions."""

    def __init__(
        self, addresses: Sequence[MainlandAddress], chance: Random, also: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__(chance)
        self.also = also  # the other names of a door's compound
        #: (county, subdistrict) pairs by compound name; a name can stand for several compounds
        self.places: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.buildings: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self.doors: dict[tuple[str, str, str, str], str] = {}
        names = sorted({a.compound for a in addresses})
        for a in addresses:
            for name in (a.compound, *also.get(a.door, ())):
                self.places[name].add((a.county, a.subdistrict))
                self.buildings[a.county, a.subdistrict, name].add(a.building)
                self.doors[a.county, a.subdistrict, name, a.building] = a.door
        self.subdistricts = sorted({(a.county, a.subdistrict) for a in addresses})
        chance.shuffle(names)
        free = [a + b for a in "澄泓灏沁沅漪" for b in "霁霖岚皓晟洲"]
        chance.shuffle(free)
        #: former name -> today's name, invented for this exam and given to the city's data as such
        self.former = {
            f"{old}家园": name
            for old, name in zip(free, [n for n in names if len(self.places[n]) == 1][:30], strict=False)
        }
        self.former_of = {name: old for old, name in self.former.items()}

    def mechanisms(self) -> Mapping[str, Callable[[MainlandAddress], Changed | None]]:
        """Return what changes a mainland address."""
        return {
            "clean": lambda a: Changed(a.written()),
            "dropped elements": self._dropped,
            "order": self._reordered,
            "homophone": lambda a: self._wrong_name(a, "sound"),
            "look-alike character": lambda a: self._wrong_name(a, "look"),
            "simplified/traditional": lambda a: Changed(characters.traditional(a.written())),
            "numeral forms": self._renumbered,
            "separators": self._separated,
            "old name": self._old_name,
            "typo in a name": lambda a: self._wrong_name(a, "slip"),
            "wrong subdistrict": self._wrong_subdistrict,
            "extra text": self._wordy,
            "non-existent building": self._no_such_building,
            "non-existent compound": self._no_such_compound,
        }

    def _alone(self, a: MainlandAddress, within: str = "") -> Truth:
        """Tell whether name and building are one place, in the whole city or in what is stated."""
        places = [p for p in self.places[a.compound] if within in p or not within]
        fitting = [p for p in places if a.building in self.buildings[*p, a.compound]]
        return Truth.DOOR if len(fitting) == 1 else Truth.SEVERAL

    def _dropped(self, a: MainlandAddress) -> Changed | None:
        way = self.chance.choice(("divisions", "county", "subdistrict", "room", "unit", "suffixes", "ending"))
        if way == "divisions":
            return Changed(a.written(head=""), self._alone(a), way)
        if way == "county":
            return Changed(a.written(head=a.subdistrict), self._alone(a, a.subdistrict), way)
        if way == "subdistrict":
            return Changed(a.written(head=a.county), self._alone(a, a.county), way)
        if way == "room":
            return Changed(a.written(inside=f"{a.building}号楼"), Truth.DOOR, way)
        if way == "unit":
            return Changed(a.written(inside=f"{a.building}号楼{a.room}"), Truth.DOOR, way)
        if way == "suffixes":
            head = a.subdistrict.removesuffix("街道") if a.subdistrict.endswith("街道") else a.subdistrict
            return Changed(a.written(head=head), self._alone(a, a.subdistrict), way)
        short = next((a.compound.removesuffix(e) for e in ("小区",) if a.compound.endswith(e)), "")
        if len(short) < 2:
            return None
        others = [n for n in self.places if n != a.compound and n.startswith(short)]
        return Changed(replace(a, compound=short).written(), Truth.SEVERAL if others else Truth.DOOR, way)

    def _reordered(self, a: MainlandAddress) -> Changed:
        ways = (
            f"{a.compound}{a.inside} {a.county}{a.subdistrict}",
            f"{a.compound}{a.inside}，{a.subdistrict}，{a.county}",
            f"{a.inside}{a.compound} {a.county}{a.subdistrict}",
            f"{a.subdistrict}{a.county}{a.compound}{a.inside}",
        )
        return Changed(self.chance.choice(ways), Truth.DOOR, "")

    def _wrong_name(self, a: MainlandAddress, how: str) -> Changed | None:
        """Change one character of the compound's own name."""
        ending = next((e for e in ENDINGS if a.compound.endswith(e) and len(a.compound) > len(e) + 1), "")
        core = a.compound.removesuffix(ending)
        wrong, what = self.misspelt(core, how, CODEC)
        if not wrong or wrong == core:
            return None
        wrong += ending
        head = self.chance.choice((None, a.subdistrict, ""))
        within = "" if head == "" else a.subdistrict
        text = replace(a, compound=wrong).written(head=head)
        own = {a.compound, *self.also.get(a.door, ())}
        if wrong in self.places and wrong not in own:
            others = [self.doors.get((*place, wrong, a.building), "") for place in self.places[wrong]
                      if within in place or not within]  # fmt: skip
            return Changed(text, Truth.OTHER, what, others[0] if len(others) == 1 else "")
        rivals = self._near(wrong, within) - own
        alone = self._alone(a, within)
        return Changed(text, Truth.SEVERAL if rivals or alone is Truth.SEVERAL else Truth.DOOR, what)

    def _near(self, wrong: str, within: str) -> set[str]:
        """Return the names one change away from a wrong one, of compounds in what is stated."""
        near = {name for name in self.places if changes_between(wrong, name) <= 1}
        return {name for name in near if any(within in place or not within for place in self.places[name])}

    def _renumbered(self, a: MainlandAddress) -> Changed:
        b, u, r = a.building, a.unit, a.room
        ways = {
            "words": f"{characters.in_words(int(b))}号楼{characters.in_words(int(u))}单元{r}室",
            "dashes": f"{b}-{u}-{r}",
            "hash": f"{b}#{u}单元{r}",
            "hash dashes": f"{b}#-{u}-{r}",
            "dong": f"{b}栋{u}单元{r}",
            "zhuang": f"{b}幢{u}单元{r}号",
            "number": f"{b}号{u}单元{r}室",
            "full width": characters.full_width(a.inside),
        }
        way = self.chance.choice(sorted(ways))
        return Changed(a.written(inside=ways[way]), Truth.DOOR, way)

    def _separated(self, a: MainlandAddress) -> Changed:
        mark = self.chance.choice((" ", "，", "-", "/", "、", "　", "．", "  ", "|"))
        parts = (a.county, a.subdistrict, a.compound, f"{a.building}号楼", f"{a.unit}单元", f"{a.room}室")
        return Changed(mark.join(parts), Truth.DOOR, mark)

    def _old_name(self, a: MainlandAddress) -> Changed | None:
        old = self.former_of.get(a.compound)
        return None if old is None else Changed(replace(a, compound=old).written(), what=old)

    def _wrong_subdistrict(self, a: MainlandAddress) -> Changed | None:
        if len(self.places[a.compound]) > 1:
            return None
        county, subdistrict = self.chance.choice(self.subdistricts)
        if subdistrict == a.subdistrict:
            return None
        return Changed(replace(a, county=county, subdistrict=subdistrict).written(), Truth.DOOR, subdistrict)

    def _wordy(self, a: MainlandAddress) -> Changed:
        return self.worded(a.written(), BEFORE, BEHIND)

    def _no_such_building(self, a: MainlandAddress) -> Changed:
        taken = {b for p in self.places[a.compound] for b in self.buildings[*p, a.compound]}
        number = int(a.building)
        while str(number) in taken:
            number += self.chance.choice((1, 2, 10, 30))
        return Changed(a.written(inside=f"{number}号楼{a.unit}单元{a.room}室"), Truth.NOTHING, "")

    def _no_such_compound(self, a: MainlandAddress) -> Changed:
        while (name := self.chance.choice(INVENTED) + self.chance.choice(ENDINGS)) in self.places:
            pass
        head = self.chance.choice((None, a.subdistrict, ""))
        text = replace(a, compound=name).written(head=head)
        # One character off a real name is what a typo looks like too: nobody can tell them apart.
        near = any(changes_between(name, other) <= 1 for other in self.places)
        return Changed(text, Truth.SEVERAL if near else Truth.NOTHING, name)
