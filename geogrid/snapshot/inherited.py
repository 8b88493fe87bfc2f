"""The address index of an earlier version: taken over where compiling it anew would give the same.

A new division of one community changes no address, and reading all of them again is most of the work of a
publication.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING

from geogrid.addresses import AddressIndex
from geogrid.archive.audit import digest_of
from geogrid.errors import SnapshotError
from geogrid.snapshot.files import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.snapshot.layout import Layout


def index_source(layout: Layout) -> str:
    """Return a hash of what an address index comes of: the city's data, the names, and what reads them."""
    return digest_of([layout.city_digest, [list(name) for name in layout.names], _readers()])


@cache
def _readers() -> str:
    """Return a hash of what reads addresses, and of the tables of characters that it reads them by.

    Another release of geogrid, OpenCC or Unicode may read them differently.
    """
    releases = metadata.version("geogrid"), metadata.version("opencc"), unicodedata.unidata_version
    total = hashlib.sha256(" ".join(releases).encode())
    room = resources.files("geogrid.addresses")
    for file in sorted((one for one in room.iterdir() if one.is_file()), key=lambda one: one.name):
        total.update(file.read_bytes())
    return total.hexdigest()


def inherited_index(source: str, root: Path) -> AddressIndex | None:
    """Return the index of a whole snapshot in ``root`` that comes of ``source``, None where there is none."""
    folders = sorted((one for one in root.glob("*") if one.name.isdecimal()), key=lambda one: -int(one.name))
    for folder in folders:
        try:
            if read_manifest(folder, verify=False).get("index") != source:
                continue
            whole = read_manifest(folder)
            index = AddressIndex.open(folder / "addresses")
            # It may have been compiled anew meanwhile.
            if whole.get("index") == source and read_manifest(folder, verify=False) == whole:
                return index
        except SnapshotError:  # damaged, of another format, or just taken away
            continue
    return None
