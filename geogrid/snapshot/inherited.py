"""The address index of an earlier version: taken over where compiling it anew would give the same.

A new division of one community changes no address, and reading all of them again is most of the work of a
publication.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from geogrid.addresses import AddressIndex, compile_index
from geogrid.archive.audit import digest_of
from geogrid.errors import SnapshotError
from geogrid.snapshot.files import read_manifest

if TYPE_CHECKING:
    from geogrid.snapshot.layout import Layout

ADDRESSES = Path(compile_index.__code__.co_filename).parent


def index_source(layout: Layout) -> str:
    """Return a hash of what an address index comes of: the city's data, the names, and what reads them."""
    return digest_of([layout.city_digest, [list(name) for name in layout.names], _readers()])


@cache
def _readers() -> str:
    """Return a hash of the room that reads addresses: another release may read them differently."""
    total = hashlib.sha256()
    for path in sorted(one for one in ADDRESSES.iterdir() if one.is_file()):
        total.update(path.read_bytes())
    return total.hexdigest()


def inherited_index(layout: Layout, root: Path) -> AddressIndex | None:
    """Return the index of a whole snapshot in ``root`` that comes of the same, None where there is none."""
    source = index_source(layout)
    folders = sorted((one for one in root.glob("*") if one.name.isdecimal()), key=lambda one: -int(one.name))
    for folder in folders:
        try:
            if read_manifest(folder, verify=False).get("index") == source:
                read_manifest(folder)
                return AddressIndex.open(folder / "addresses")
        except SnapshotError:  # damaged, of another format, or just taken away
            continue
    return None
