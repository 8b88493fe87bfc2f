"""Turn the cards of a snapshot into the shapes that the API answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from api.shapes import Area, GridFacts, GridName, PlanInForce

if TYPE_CHECKING:
    from geogrid.snapshot import CityCard, GridCard


def plan_of(city: CityCard) -> PlanInForce:
    """Return the plan that answers."""
    return PlanInForce(city["version"], city["status"], city["effective_from"], city["effective_until"])


def credit_of(city: CityCard) -> dict[str, Any]:
    """Return where the data come from, what they allow, and whether they are made up."""
    return {"attribution": city["attribution"], "licence": city["licence"], "synthetic": city["synthetic"]}


def grid_of(card: GridCard) -> GridFacts:
    """Return what is shown of a grid: the fields of the shape and no others."""
    return msgspec.convert(card, GridFacts)


def name_of(card: GridCard) -> GridName:
    """Return what names a grid."""
    return GridName(card["code"], card["number"], card["name"], msgspec.convert(card["community"], Area))
