"""Carry out what desktop programs asked for, by geogrid's own rules, or say why not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from geogrid.archive import audit, versions
from geogrid.archive.desk_schema import desk_edit
from geogrid.archive.engine import reading, writing
from geogrid.archive.records import NOBODY, DeskEdit
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.workbench import Bench, begin, by_hand, unfit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from geogrid.archive.records import Version

_NAMES = ("id", "version_id", "community_id", "unit_id", "number", "who", "at")
_FACTS = [desk_edit.c[name] for name in _NAMES]


class DeskOrders:
    """What was asked for at desktop programs of a store."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def open(self, version: int) -> tuple[DeskEdit, ...]:
        """Return what was asked for a version and is still open, the oldest first."""
        with reading(self._engine) as connection:
            return read_orders(connection, version)

    def take(self, version: int, *, who: str = NOBODY) -> tuple[Version, tuple[DeskEdit, ...]]:
        """Carry out what was asked for a draft; return it and each order with its fate.

        :raises FrozenError: the version is published.
        """
        with writing(self._engine) as connection:
            now = self._clock()
            before = versions.editable(connection, version, None)
            after, orders = take_orders(connection, before, now)
            if orders:
                told = [
                    {"unit": one.unit_id, "grid": one.number, "by": one.who, "refusal": one.refusal}
                    for one in orders
                ]
                audit.record(
                    connection, at=now, who=who, what="take-desk-orders", subject=f"version {version}",
                    before=before.digest, after=after.digest, details={"orders": told},
                )  # fmt: skip
            return after, orders


def read_orders(connection: Connection, version_id: int) -> tuple[DeskEdit, ...]:
    """Return what was asked for a version and neither carried out nor refused, the oldest first."""
    open_ones = (desk_edit.c.version_id == version_id) & desk_edit.c.taken_at.is_(None)
    query = select(*_FACTS).where(open_ones, desk_edit.c.refusal == "").order_by(desk_edit.c.id)
    return tuple(DeskEdit(*row) for row in connection.execute(query))


def take_orders(connection: Connection, here: Version, at: datetime) -> tuple[Version, tuple[DeskEdit, ...]]:
    """Carry out the open orders of a draft, community by community; return it and every order's fate.

    A community whose division would break a hard rule stays as it is, and all of its orders are refused with
    the rules that they would break.
    """
    told: list[DeskEdit] = []
    by_community: dict[str, list[DeskEdit]] = {}
    for one in read_orders(connection, here.id):
        by_community.setdefault(one.community_id, []).append(one)
    for community_id, orders in by_community.items():
        stored = versions.read_stored(connection, here.id, community_id)
        numbers = {**stored.division.plan.assignment, **{one.unit_id: one.number for one in orders}}
        bench = Bench(stored.graph, stored.policy or EIGHT_TO_TEN, Plan(community_id, numbers))
        faults = unfit(bench, begin(bench))
        refusal = "; ".join(fault.message for fault in faults)
        if not faults:
            here = versions.replace_division(connection, here, by_hand(bench, begin(bench)), stored.policy)
        told += [replace(one, refusal=refusal) for one in orders]
        ids = desk_edit.c.id.in_([one.id for one in orders])
        fate = {"refusal": refusal} if refusal else {"taken_at": at}
        connection.execute(update(desk_edit).where(ids).values(**fate))
    return here, tuple(told)
