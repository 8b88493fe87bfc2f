"""Addresses: from what a resident types to the right door and its grid, or an honest question back."""

from geogrid.addresses.answer import AddressAnswer, Candidate, Level, Note, Status
from geogrid.addresses.compile import compile_index
from geogrid.addresses.elements import Elements, Number
from geogrid.addresses.index import AddressIndex
from geogrid.addresses.naming import KnownName
from geogrid.addresses.suggest import Suggestion

__all__ = [
    "AddressAnswer",
    "AddressIndex",
    "Candidate",
    "Elements",
    "KnownName",
    "Level",
    "Note",
    "Number",
    "Status",
    "Suggestion",
    "compile_index",
]
