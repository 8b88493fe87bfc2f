"""The shapes of the answers about published plans."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.shapes import Date, PlanInForce  # noqa: TC001 - read at run time by msgspec


class PlanPeriod(Struct):
    """A published version and its days: ``effective_from <= day < effective_until``, in Asia/Shanghai."""

    version: int
    effective_from: Date
    effective_until: Date | None
    in_force: Annotated[bool, Meta(description="in force today")]
    downloads: dict[str, str]


class PlanList(Struct):
    """Every published version, the first one first, and the one that answers now."""

    plans: list[PlanPeriod]
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool


class GridChange(Struct):
    """Grids that share homes or land and are not the same before and after.

    ``households_moved`` changed to a grid that does not succeed theirs; ``successors`` are pairs of codes.
    """

    kind: Literal["renumbered", "redrawn", "split", "merged", "rearranged", "new", "retired"]
    before: list[str]
    after: list[str]
    successors: list[list[str]]
    households: int
    households_moved: int
    addresses_moved: int


class Move(Struct):
    """An address that changes grid; a code is empty where it lay in none."""

    address: str
    before: str
    after: str


class PlanDiff(Struct):
    """What differs between the plans of two days; ``moved`` may be cut, ``addresses_moved`` is not."""

    before: PlanInForce
    after: PlanInForce
    counts: str
    grids_before: int
    grids_after: int
    unchanged: int
    changes: list[GridChange]
    households_compared: int
    households_moved: int
    addresses_compared: int
    addresses_moved: int
    addresses_new: int
    addresses_gone: int
    moved: list[Move]
    attribution: str
    licence: str
    synthetic: bool


PLAN_SHAPES = (PlanList, PlanDiff)
