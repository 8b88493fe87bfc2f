"""Printed sheets of a published plan: a wall sheet of a community, a notice of a grid, a subdistrict's book.

The typesetter is imported when a sheet is first printed: the service starts without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from maps.printed.job import PAPERS, Job, Printed

if TYPE_CHECKING:
    from maps.printed.book import print_book
    from maps.printed.moves import Move, MoveList, print_moves
    from maps.printed.notice import print_notice, print_notices
    from maps.printed.wall import print_wall

ROOMS = {
    "Move": "moves",
    "MoveList": "moves",
    "print_book": "book",
    "print_moves": "moves",
    "print_notice": "notice",
    "print_notices": "notice",
    "print_wall": "wall",
}

__all__ = [
    "PAPERS",
    "Job",
    "Move",
    "MoveList",
    "Printed",
    "print_book",
    "print_moves",
    "print_notice",
    "print_notices",
    "print_wall",
]


def __getattr__(name: str) -> Any:
    """Import what prints when it is asked for."""
    if name not in ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"maps.printed.{ROOMS[name]}"), name)
