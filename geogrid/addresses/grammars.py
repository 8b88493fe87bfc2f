"""Which grammar reads a city's addresses; a city states it, nobody guesses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geogrid.addresses import grammar_block, grammar_lane, grammar_mainland
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.addresses.elements import Elements

PARSERS: dict[Grammar, Callable[[str], Elements]] = {
    Grammar.LANE: grammar_lane.parse,
    Grammar.BLOCK: grammar_block.parse,
    Grammar.MAINLAND: grammar_mainland.parse,
}
