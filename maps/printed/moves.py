"""The notice list of a re-division: every address that changes grid, by the grids it goes from and to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maps.printed.fonts import family
from maps.printed.press import EDITIONS
from maps.printed.svg import plain
from maps.printed.told import printed_words
from maps.printed.typeset import typeset
from maps.words import said_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from maps.printed.job import Job, Printed

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """Addresses that go from one grid to another (0: none), with who will serve them, as far as known."""

    source: int
    target: int
    households: int
    branch: str
    leader: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveList:
    """What a notice list tells; made on ``day`` (ISO), marked where it is of a ``draft``."""

    city: str
    place: str
    title: str
    day: str
    draft: bool
    synthetic: bool
    notes: tuple[str, ...]
    share: float
    moves: tuple[Move, ...]


def print_moves(told: MoveList, job: Job) -> Printed:
    """Print a notice list (A4 upright, as many pages as it takes).

    :raises FontError: no Chinese font is installed.
    """
    said = printed_words(job.language)
    lang, region = EDITIONS[job.language]
    sheet = {
        "kind": "moves",
        "id": "moves",
        "title": said["print.moves"],
        "place": f"{plain(told.city)} · {plain(told.place)} · {plain(told.title)}",
        "summary": _summary(told, said),
        "day": said_day(told.day, job.language),
        "draft": said["print.draft"] if told.draft else "",
        "sample": said["sample"] if told.synthetic else "",
        "page": said["print.page"],
        "heads": [said["print.column.address"], said["print.column.from"], said["print.column.to"]],
        "none": said["print.moves.none"],
        "moves": list(_moves(told.moves, said)),
        "notes": [plain(note) for note in told.notes if note],
    }
    data = {
        "title": f"{said['print.moves']} · {plain(told.place)}",
        "author": "",
        "keywords": [plain(told.city)],
        "font": family("zh-Hant" if job.language == "zh-Hant" else "zh-Hans"),
        "lang": lang,
        "region": region,
        "sheets": [sheet],
    }
    return typeset(data, day=told.day, png=job.png)


def _summary(told: MoveList, said: Mapping[str, str]) -> str:
    counts: dict[str, int | str] = {
        "n": sum(move.households for move in told.moves),
        "p": f"{100 * told.share:.1f}",
        "a": sum(len(move.addresses) for move in told.moves),
    }
    text = said["print.moves.summary"]
    for name, value in counts.items():
        text = text.replace(f"{{{name}}}", f"{value:,}" if isinstance(value, int) else value)
    return text


def _moves(moves: Sequence[Move], said: Mapping[str, str]) -> Iterator[Json]:
    for move in moves:
        serving = [plain(one) for one in (move.branch, move.leader) if one]
        yield {
            "source": str(move.source) if move.source else "–",
            "target": str(move.target) if move.target else "–",
            "head": said["print.moves.pair"]
            .replace("{from}", str(move.source) if move.source else "–")
            .replace("{to}", str(move.target) if move.target else "–")
            .replace("{n}", f"{move.households:,}")
            .replace("{a}", f"{len(move.addresses):,}"),
            "serving": said["print.comma"].join(serving),
            "addresses": [plain(address) for address in move.addresses],
        }
