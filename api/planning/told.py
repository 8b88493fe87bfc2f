"""Drafts and advice as JSON can write them; geometry leaves in WGS-84 degrees."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

from geogrid.crs import to_degrees
from geogrid.policy import policy_table
from geogrid.workbench import operation_to_json, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geogrid.archive import DraftRecord, OpenDraft
    from geogrid.model import City
    from geogrid.rules import Breach, Verdict
    from geogrid.workbench import Bench, Comparison, Draft, Preview, Proposal, Service

DIGITS = 7
ALONG_M = 20.0  # from the middle of a street to what lies along it


def encode(value: Any) -> bytes:
    """Return a value as JSON; dates and times in ISO 8601."""
    return msgspec.json.encode(value)


def record_told(record: DraftRecord) -> dict[str, Any]:
    """Return where a draft stands."""
    return asdict(record)


def open_told(opened: OpenDraft, serving: Mapping[int, Service]) -> dict[str, Any]:
    """Return a draft with its state, its table, who would serve it, the rules' answers and its history."""
    on_path = {step.id for step in opened.history.path(opened.record.head)}
    return {
        "draft": record_told(opened.record),
        "state": opened.draft.facts(),
        "tally": tally_told(opened.bench, opened.draft, serving),
        "history": [
            {
                "id": step.id,
                "parent": step.parent,
                "operation": operation_to_json(step.operation),
                "who": step.who,
                "at": step.at,
                "done": step.id in on_path,
            }
            for step in opened.history.steps.values()
        ],
    }


def tally_told(bench: Bench, draft: Draft, serving: Mapping[int, Service]) -> dict[str, Any]:
    """Return the table of a draft and every rule's answer."""
    told = tally(bench, draft)
    return {
        "grids": [{**asdict(row), "service": service_told(serving.get(row.grid))} for row in told.rows],
        "households": told.households,
        "unassigned": list(told.unassigned),
        "window": told.window,
        "moved": told.moved,
        "objectives": told.objectives,
        "verdicts": verdicts_told(told.verdicts),
    }


def service_told(service: Service | None) -> dict[str, Any] | None:
    """Return who would serve a grid, None for one without units."""
    return None if service is None else asdict(service)


def verdicts_told(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """Return the rules' answers: holds, broken, or not finished."""
    return [
        {
            "rule": one.rule,
            "state": one.state.value,
            "hard": one.hard,
            "breaches": breaches_told(one.breaches),
        }
        for one in verdicts
    ]


def breaches_told(breaches: Iterable[Breach]) -> list[dict[str, Any]]:
    """Return the places where rules do not hold; ``words`` are English, a page says it from the rest."""
    return [
        {"rule": one.rule, "where": list(one.where), "by": one.by, "words": one.words} for one in breaches
    ]


def bench_told(bench: Bench, city: City) -> dict[str, Any]:
    """Return units (GeoJSON), graph, policy and reference: what a page needs to count by itself.

    And what it needs to search: the buildings of each unit by number, and which units lie along which street.
    """
    plane = city.plane
    compounds = {one.id: one.name for one in city.compounds}
    shapes = to_degrees(np.array([unit.geometry for unit in bench.graph.units], dtype=object), plane)
    spots = shapely.get_coordinates(shapely.point_on_surface(shapes)).round(DIGITS)
    rounded = shapely.transform(shapes, lambda points: points.round(DIGITS))
    features = [
        {
            "type": "Feature",
            "id": unit.id,
            "geometry": shapely.geometry.mapping(shape),
            "properties": {
                "kind": unit.kind.value,
                "name": unit.name,
                "compound": unit.compound_id,
                "compound_name": compounds.get(unit.compound_id, ""),
                "households": unit.households,
                "estimated": unit.estimated,
                "buildings": len(unit.building_ids),
                "area_m2": round(unit.geometry.area, 1),
                "spot": spot.tolist(),
            },
        }
        for unit, shape, spot in zip(bench.graph.units, rounded, spots, strict=True)
    ]
    edges = [
        {
            "a": edge.a,
            "b": edge.b,
            "length_m": round(edge.length_m, 1),
            "open": edge.b in bench.beside[edge.a],
        }
        for edge in bench.graph.edges
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "edges": edges,
        "policy": policy_table(bench.policy),
        "reference": dict(sorted(bench.reference.assignment.items())),
        "buildings": buildings_told(bench, city),
        "streets": streets_along(bench, city),
    }


def buildings_told(bench: Bench, city: City) -> dict[str, list[dict[str, Any]]]:
    """Return the buildings of each unit: what people call them, their homes, and a point in the middle."""
    known = {one.id: one for one in city.buildings}
    inside = ((unit.id, id_) for unit in bench.graph.units for id_ in unit.building_ids)
    owners = [(unit, known[id_]) for unit, id_ in inside if id_ in known]
    shapes = np.array([one.geometry for _, one in owners], dtype=object)
    spots = shapely.get_coordinates(to_degrees(shapely.centroid(shapes), city.plane)).round(DIGITS).tolist()
    told: dict[str, list[dict[str, Any]]] = {}
    for (unit, one), spot in zip(owners, spots, strict=True):
        name = one.name or f"{one.street}{one.number}"
        told.setdefault(unit, []).append({"name": name, "households": one.households, "spot": spot})
    return told


def streets_along(bench: Bench, city: City) -> dict[str, list[str]]:
    """Return the units that lie along each named street, within 20 m of it."""
    tree = shapely.STRtree([unit.geometry for unit in bench.graph.units])
    lines = [one for one in city.streets if one.name]
    found: dict[str, set[str]] = {}
    if lines:
        rows, units = tree.query([one.geometry for one in lines], predicate="dwithin", distance=ALONG_M)
        for row, unit in zip(rows.tolist(), units.tolist(), strict=True):
            found.setdefault(lines[row].name, set()).add(bench.graph.units[unit].id)
    return {name: sorted(units) for name, units in sorted(found.items())}


def preview_told(found: Preview) -> dict[str, Any]:
    """Return what an operation would do."""
    return {
        "before": [asdict(row) for row in found.before],
        "after": [asdict(row) for row in found.after],
        "moved": found.moved,
        "verdicts": verdicts_told(found.verdicts),
    }


def proposal_told(found: Proposal) -> dict[str, Any]:
    """Return a proposal with its objectives, bounds, gap and what it would change."""
    return {
        "operation": operation_to_json(found.operation),
        "vector": dict(found.division.vector),
        "bounds": dict(found.division.bounds),
        "gap": found.division.gap,
        "proved": found.division.proved,
        "engine": found.division.engine,
        "seconds": found.division.seconds,
        "gave_way": [asdict(one) for one in found.division.gave_way],
        "change": comparison_told(found.change),
    }


def comparison_told(found: Comparison) -> dict[str, Any]:
    """Return what differs between two plans."""
    return {
        "successors": {str(old): new for old, new in found.successors.items()},
        "flows": [asdict(flow) for flow in found.flows],
        "founded": list(found.founded),
        "ended": list(found.ended),
        "households": found.households,
        "addresses": found.addresses,
        "share": found.share,
    }
