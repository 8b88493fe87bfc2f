"""Addresses: from what a resident types to the right door and its grid, or an honest question back.

From the ground up: ``normalize`` and the grammars read a text into ``elements``; ``compile`` makes an
``index`` with its ``gazetteer`` from a city; ``match`` and ``suggest`` answer from the index.
"""

from geogrid.addresses.answer import AddressAnswer, Candidate, Level, Note, Status
from geogrid.addresses.compile import compile_index
from geogrid.addresses.elements import Elements, Number
from geogrid.addresses.index import AddressIndex
from geogrid.addresses.lesson import lesson
from geogrid.addresses.match import Matcher
from geogrid.addresses.naming import KnownName
from geogrid.addresses.suggest import Suggestion, suggest, warm

__all__ = [
    "AddressAnswer",
    "AddressIndex",
    "Candidate",
    "Elements",
    "KnownName",
    "Level",
    "Matcher",
    "Note",
    "Number",
    "Status",
    "Suggestion",
    "compile_index",
    "lesson",
    "suggest",
    "warm",
]
