"""The compiled address index: sorted integer arrays and string tables, memory-mapped when opened.

It is data only: ``compile.py`` makes it from a city, ``match.py`` and ``suggest.py`` answer from it. It
knows no plan: who asks passes one grid label a door.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from geogrid.addresses.gazetteer import Gazetteer, Name
from geogrid.addresses.normalize import fold
from geogrid.errors import SnapshotError
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

FORMAT = 1
ARRAYS = (
    "place_key",
    "place_first",
    "entry_key",
    "entry_door",
    "numbers_key",
    "numbers_entry",
    "unit_key",
    "unit_address",
    "postcode",
    "postcode_door",
    "door_community",
    "door_compound",
    "community_subdistrict",
    "community_district",
    "door_homes",
    "door_x",
    "door_y",
)
TEXTS = (
    "entry_text",
    "door_building",
    "suffix_key",
    "suffix_text",
    "community_id",
    "compound_id",
    "stem_key",
    "stem_text",
)


@dataclass(frozen=True)
class AddressIndex:
    """Everything needed to answer addresses of one city.

    ``arrays``: ``place_key`` int64 (P,) sorted; ``place_first`` int32 (P + 1,) first entry of each place;
    ``entry_key``
    int64 (E,) sorted, with ``entry_door`` int32 (E,); ``numbers_key`` int64 (E,) sorted lane, alley and
    number without
    the road, with ``numbers_entry``; ``unit_key`` int64 (U,) sorted ``door << 24 | suffix``, with
    ``unit_address``, the
    row of ``City.addresses``; ``door_*`` (D,) for each door; x, y in metres in the city's plane, NaN where
    unknown.
    Doors 0..len(city.buildings) are the city's buildings in their order; addresses of no building follow.
    ``views`` are the arrays as plain sequences: single reads cost a tenth of numpy's.
    """

    grammar: Grammar
    arrays: dict[str, npt.NDArray[Any]]
    texts: dict[str, pa.StringArray]
    gazetteer: Gazetteer
    tags: dict[str, int]
    lanes: dict[str, int]
    meta: dict[str, Any] = field(default_factory=dict)
    #: The arrays as plain sequences: single reads cost a tenth of numpy's.
    views: dict[str, memoryview] = field(init=False, repr=False)
    #: Derived look-up tables, built at first use and never part of the saved index.
    caches: dict[str, Any] = field(init=False, repr=False)
    compound_ids: list[str] = field(init=False, repr=False)
    community_ids: list[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        views = {name: np.ascontiguousarray(self.arrays[name]).data for name in ARRAYS}
        object.__setattr__(self, "views", views)
        object.__setattr__(self, "caches", {})
        object.__setattr__(self, "_written", _views_of_texts(self.texts["entry_text"]))
        # The last one is what -1 points to: unknown.
        object.__setattr__(self, "compound_ids", [*self.texts["compound_id"].to_pylist(), ""])
        object.__setattr__(self, "community_ids", [*self.texts["community_id"].to_pylist(), ""])

    def written(self, entry: int) -> str:
        """Return a door's address as the city writes it, without what stands under the door."""
        starts, content = self.__dict__["_written"]
        return str(content[starts[entry] : starts[entry + 1]], "utf-8")

    @property
    def door_count(self) -> int:
        """The number of doors: the length that ``grid_of_door`` must have."""
        return len(self.arrays["door_x"])

    def door_building_ids(self) -> list[str]:
        """Return the building id of every door, "" for an address of no building."""
        return self.texts["door_building"].to_pylist()  # type: ignore[no-any-return]

    def door_communities(self) -> list[str]:
        """Return the community id of every door, "" where unknown."""
        return [self.community_ids[i] for i in self.arrays["door_community"].tolist()]

    def door_points(self) -> npt.NDArray[np.float64]:
        """Return the (D, 2) points of the doors in metres in the city's plane, NaN where unknown."""
        return np.column_stack([self.arrays["door_x"], self.arrays["door_y"]])

    def save(self, folder: str | Path) -> None:
        """Write the index into ``folder``; the same index gives the same bytes."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", self.arrays[name], allow_pickle=False)
        for name in TEXTS:
            _write_table(folder / f"{name}.arrow", pa.table({name: self.texts[name]}))
        _write_table(folder / "names.arrow", _names_table(self.gazetteer.names))
        head = {
            "format": FORMAT,
            "grammar": self.grammar.value,
            "tags": self.tags,
            "lanes": self.lanes,
            "meta": self.meta,
        }
        (folder / "index.json").write_text(
            json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
        )

    @classmethod
    def open(cls, folder: str | Path) -> AddressIndex:
        """Open a saved index, its arrays memory-mapped.

        :raises SnapshotError: it is missing, damaged or of another format.
        """
        folder = Path(folder)
        try:
            head = json.loads((folder / "index.json").read_text("utf-8"))
            if head["format"] != FORMAT:
                raise SnapshotError(
                    f"address index of format {head['format']}, not {FORMAT}: publish the plan again"
                )
            arrays = {
                name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS
            }
            texts = {name: _read_table(folder / f"{name}.arrow").column(0).chunk(0) for name in TEXTS}
            names = _read_names(folder / "names.arrow")
            grammar = Grammar(head["grammar"])
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise SnapshotError(f"the address index cannot be read: {type(error).__name__}") from error
        stems = dict(zip(texts["stem_key"].to_pylist(), range(len(texts["stem_key"])), strict=True))
        return cls(grammar, arrays, texts, Gazetteer(names, stems), head["tags"], head["lanes"], head["meta"])


def _views_of_texts(texts: pa.StringArray) -> tuple[memoryview, memoryview]:
    """Return where each text starts and the bytes of all: one costs a fifth of an Arrow scalar."""
    _, starts, content = texts.buffers()
    first = texts.offset
    return memoryview(starts).cast("i")[first:], memoryview(content or b"")


def _write_table(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(len(table), 1))


def _read_table(path: Path) -> pa.Table:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    return table if table.num_rows else pa.table({n: pa.array([], pa.string()) for n in table.column_names})


def _names_table(names: Sequence[Name]) -> pa.Table:
    columns = {f: pa.array([getattr(name, f) for name in names]) for f in Name._fields}
    return pa.table({f: (a.cast(pa.string()) if pa.types.is_null(a.type) else a) for f, a in columns.items()})


def _read_names(path: Path) -> tuple[Name, ...]:
    table = _read_table(path)
    return tuple(Name(*row) for row in zip(*(table.column(f).to_pylist() for f in Name._fields), strict=True))


def folded_or_empty(text: object) -> str:
    """Fold what a frame holds; anything but a text (a missing value) is empty."""
    return fold(text) if isinstance(text, str) else ""
