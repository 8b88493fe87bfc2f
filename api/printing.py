"""Sheets that were asked for: one is printed at a time, the last ones are kept."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING

from api.problems import Refusal
from geogrid.errors import FontError
from maps import printed

if TYPE_CHECKING:
    from geogrid.snapshot import Snapshot
    from maps.printed import Job, Printed

log = logging.getLogger("geogrid.api")
KEPT_BYTES = 64_000_000
WAITING = 8  # who may wait for the press; more are sent away
MEDIA = {"pdf": "application/pdf", "png": "image/png"}
PRINTERS = {"wall": "print_wall", "notice": "print_notice", "book": "print_book"}


@dataclass(frozen=True, slots=True)
class Order:
    """One document to print: a ``kind`` of `PRINTERS`, what it is about, and how."""

    kind: str
    about: str
    job: Job


class Prints:
    """Prints orders off the event loop and keeps the documents that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Printed] = OrderedDict()
        self._lock = threading.Lock()
        self._press = asyncio.Lock()
        self._waiting = 0

    async def document(self, source: Snapshot, order: Order) -> tuple[Printed, bool]:
        """Return a document, and whether it had to be printed.

        :raises NotFoundError: the plan has no such area.
        :raises Refusal: too many wait already, or the machine has no Chinese fonts.
        """
        tag = tag_of(source, order)
        found = self._take(tag)
        if found is not None:
            return found, False
        if self._waiting >= WAITING:
            raise Refusal(429, "Too many sheets are being printed; ask again in a few seconds.")
        self._waiting += 1
        try:
            async with self._press:
                found = self._take(tag)  # another may have asked for the same
                if found is not None:
                    return found, False
                return await asyncio.to_thread(self._print, tag, source, order), True
        finally:
            self._waiting -= 1

    def _take(self, tag: str) -> Printed | None:
        with self._lock:
            found = self._kept.get(tag)
            if found is not None:
                self._kept.move_to_end(tag)
            return found

    def _print(self, tag: str, source: Snapshot, order: Order) -> Printed:
        try:
            made: Printed = getattr(printed, PRINTERS[order.kind])(source, order.about, order.job)
        except FontError as error:
            log.error("%s", error)  # noqa: TRY400 - the message says it all and holds no question
            raise Refusal(
                500, "This service has no Chinese fonts to print with; its log says more."
            ) from None
        with self._lock:
            self._kept[tag] = made
            while sum(one.size for one in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return made


def tag_of(source: Snapshot, order: Order) -> str:
    """Return the entity tag of a document: it says all that its bytes depend on, before they are made."""
    job = order.job
    told = (
        source.manifest["sha256"], order.kind, order.about, job.language, job.png, job.paper, job.site,
        job.issuer, job.review_number, version("geogrid"), version("typst"),
    )  # fmt: skip
    return f'"{sha256(repr(told).encode()).hexdigest()[:20]}"'
