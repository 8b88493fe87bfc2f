"""Changed block-and-street addresses, made from the number, street and postcode columns."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.errors.cases import Truth
from benchmarks.errors.maker import Changed, Maker, changes_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

SHORT = {
    "STREET": "ST", "ROAD": "RD", "DRIVE": "DR", "AVENUE": "AVE", "CRESCENT": "CRES", "CLOSE": "CL",
    "PLACE": "PL", "TERRACE": "TER", "JALAN": "JLN", "BUKIT": "BT", "CENTRAL": "CTRL", "HEIGHTS": "HTS",
    "TANJONG": "TG", "UPPER": "UPP",
}  # fmt: skip
INVENTED = ("QUARTZ", "MAGNOLIA", "LAVENDER FIELD", "JUNIPER", "OBSIDIAN", "WALNUT", "ZEPHYR")
BEFORE = ("Deliver to ", "My address is ", "Please send to: ", "Attn Mr Tan, ", "Home: ")
BEHIND = (" please call on arrival", " (leave with guard)", ", tel 91234567", " - void deck", " thanks")


@dataclass(frozen=True, slots=True)
class BlockAddress:
    """One block by its columns; ``postcode`` is empty where the register has none."""

    door: str
    number: str
    street: str
    postcode: str

    def written(self, *, unit: str = "") -> str:
        """Write it out, with a unit number and the country where the postcode is known."""
        country = f" SINGAPORE {self.postcode}" if self.postcode else ""
        return f"{self.number} {self.street}{unit}{country}"


class BlockErrors(Maker[BlockAddress]):
    """Makes one case of a mechanism from an address; knows all streets to tell collisions."""

    def __init__(
        self, addresses: Sequence[BlockAddress], known: Sequence[tuple[str, str]], chance: Random
    ) -> None:
        super().__init__(chance)
        self.numbers: dict[str, set[str]] = defaultdict(set)
        for (
            number,
            street,
        ) in known:  # every way in which the register says a number, also "83 NEIL RD, #01-06"
            self.numbers[_plain(street)].add(number)
        names = sorted({a.street for a in addresses})
        chance.shuffle(names)
        #: former name -> today's name, invented for this exam and given to the city's data as such
        self.former = {f"{old} ESTATE ROAD": name for old, name in zip(INVENTED, names, strict=False)}
        self.former_of = {name: old for old, name in self.former.items()}

    def mechanisms(self) -> Mapping[str, Callable[[BlockAddress], Changed | None]]:
        """Return what changes a block's address."""
        return {
            "clean": lambda a: Changed(a.written()),
            "dropped elements": self._dropped,
            "order": self._reordered,
            "numeral forms": self._shortened,
            "separators": self._separated,
            "old name": self._old_name,
            "typo in a name": self._misspelt,
            "extra text": self._wordy,
            "non-existent building": self._no_such_block,
            "non-existent compound": self._no_such_street,
        }

    def _unit(self) -> str:
        return f" #{self.chance.randint(1, 25):02}-{self.chance.randint(1, 400)}"

    def _dropped(self, a: BlockAddress) -> Changed:
        way = self.chance.choice(("country", "postcode", "leading zero"))
        if way == "leading zero" and a.postcode.startswith("0"):
            return Changed(replace(a, postcode=a.postcode[1:]).written(unit=self._unit()), Truth.DOOR, way)
        return Changed(replace(a, postcode="").written(unit=self._unit()), Truth.DOOR, "postcode")

    def _reordered(self, a: BlockAddress) -> Changed:
        unit = self._unit().strip()
        country = f" SINGAPORE {a.postcode}" if a.postcode else ""
        ways = (
            f"{unit}, {a.number} {a.street}{country}",
            f"{unit} BLK {a.number} {a.street}{country}",
            f"{a.street} BLK {a.number} {unit}{country}",
        )
        return Changed(self.chance.choice(ways), Truth.DOOR, "")

    def _shortened(self, a: BlockAddress) -> Changed:
        street = " ".join(SHORT.get(word, word) for word in a.street.split())
        text = f"Blk {a.number} {street}{self._unit()}" + (f" S({a.postcode})" if a.postcode else "")
        return Changed(self.chance.choice((text, text.lower(), text.title())), Truth.DOOR, "")

    def _separated(self, a: BlockAddress) -> Changed:
        mark = self.chance.choice((", ", "  ", " , ", "; ", "\n"))
        tail = [f"Singapore {a.postcode}"] if a.postcode else []
        return Changed(mark.join([f"{a.number} {a.street}", self._unit().strip(), *tail]), Truth.DOOR, mark)

    def _old_name(self, a: BlockAddress) -> Changed | None:
        old = self.former_of.get(a.street)
        return None if old is None else Changed(replace(a, street=old).written(), what=old)

    def _misspelt(self, a: BlockAddress) -> Changed | None:
        words = a.street.split()
        at = max(
            range(len(words)),
            key=lambda i: (len(words[i]) if words[i].isalpha() and words[i] not in SHORT else 0, -i),
        )
        word = words[at]
        if len(word) < 4:
            return None
        i = self.chance.randrange(1, len(word) - 1)
        kind = self.chance.choice(("swapped", "doubled", "dropped", "replaced"))
        changed = {
            "swapped": word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            "doubled": word[: i + 1] + word[i:],
            "dropped": word[:i] + word[i + 1 :],
            "replaced": word[:i] + self.chance.choice("ABCDEFGHIKLMNOPRSTUWY") + word[i + 1 :],
        }[kind]
        if changed == word:
            return None
        street = " ".join([*words[:at], changed, *words[at + 1 :]])
        others = [
            s
            for s in self.numbers
            if s != a.street and changes_between(street, s) <= 1 and a.number in self.numbers[s]
        ]
        return Changed(replace(a, street=street).written(), Truth.SEVERAL if others else Truth.DOOR, kind)

    def _wordy(self, a: BlockAddress) -> Changed:
        return self.worded(a.written(unit=self._unit()), BEFORE, BEHIND)

    def _no_such_block(self, a: BlockAddress) -> Changed:
        main = int(re.sub(r"\D.*$", "", a.number))
        while any(re.search(rf"(?<!\d){main}(?!\d)", number) for number in self.numbers[_plain(a.street)]):
            main += self.chance.choice((1, 2, 7, 100))
        return Changed(
            replace(a, number=str(main), postcode="").written(unit=self._unit()), Truth.NOTHING, ""
        )

    def _no_such_street(self, a: BlockAddress) -> Changed:
        street = f"{self.chance.choice(INVENTED)} {self.chance.choice(('STREET', 'ROAD', 'AVENUE'))}"
        return Changed(
            replace(a, street=street, postcode="").written(unit=self._unit()), Truth.NOTHING, street
        )


def _plain(street: str) -> str:
    """Write a street as most rows of the register do: NEIL RD, #01-06 -> NEIL ROAD."""
    return re.sub(r" RD$", " ROAD", street.split(",", maxsplit=1)[0])
