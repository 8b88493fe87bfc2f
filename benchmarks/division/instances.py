"""The communities of the benchmark: four cities as the product cuts them, changed homes, drawn towns."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from geogrid.adjacency import UnitGraph, build_graph
from geogrid.boundaries import read_city
from geogrid.check import check_plan
from geogrid.sample import draw_dandong
from geogrid.units import Unit, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.check import Excuse, Finding
    from geogrid.model import City
    from geogrid.plan import Plan
    from geogrid.policy import Policy

ROOT = Path(__file__).parent.parent.parent
SETS = ("songshan", "bukit-merah", "dandong", "taipei")
HOMES = "every_home_lies_in_one_grid"
# What no plan may break, by the names that geogrid.check gives; it shares no code with the solver.
HARD = (
    "every_unit_lies_in_one_grid",
    "no_grid_crosses_a_community",
    "every_grid_is_in_one_piece",
    "no_grid_mixes_parts_of_compounds",
    HOMES,
)


@dataclass(frozen=True)
class Instance:
    """A community, its units as the product cuts them, and the city that its plans are judged with."""

    city: City
    graph: UnitGraph

    @cached_property
    def displaced(self) -> frozenset[str]:
        """The houses counted in the community that stand outside it, where no grid of it can hold them."""
        ground = next(one for one in self.city.communities if one.id == self.graph.community_id).geometry
        own = [b for b in self.city.buildings if b.community_id == self.graph.community_id]
        return frozenset(b.id for b in own if not ground.covers(b.geometry.centroid))

    def findings(
        self, plan: Plan, policy: Policy, gave_way: Sequence[Excuse] | None = None
    ) -> tuple[Finding, ...]:
        """Return all that ``geogrid check`` finds wrong with a plan, from the geometry up.

        A house that the data puts outside its own community is no fault of the plan: no plan holds it.
        """
        city = self.city
        community = next(one for one in city.communities if one.id == self.graph.community_id)
        units, assignment = self.graph.units, plan.assignment
        things = city.compounds, city.buildings, city.barriers
        found = check_plan(community, units, assignment, *things, policy, gave_way=gave_way)
        return tuple(one for one in found if not (one.rule == HOMES and one.where[0] in self.displaced))

    def keeps_hard_rules(self, plan: Plan, policy: Policy) -> bool:
        """Tell whether ``geogrid check`` finds no hard rule broken."""
        return not any(found.rule in HARD for found in self.findings(plan, policy))


def data_folder(given: str | None) -> Path:
    """Return the folder of the shared instances: as given, from GEOGRID_DATA, or ``../shared/data``."""
    return Path(given or os.environ.get("GEOGRID_DATA") or ROOT.parent / "shared" / "data")


def city_of(name: str, folder: Path, every: int = 1) -> City:
    """Return a city of ``SETS``; of Taipei each ``every``-th community alone."""
    if name == "taipei":
        return taipei(folder / "taipei_city", every)
    return draw_dandong() if name == "dandong" else read_city(ROOT / "data" / "boundaries" / name)


def taipei(source: Path, every: int = 1) -> City:
    """Read Taipei, or each ``every``-th community of it, without its addresses, which play no part here."""
    mapping = (ROOT / "benchmarks" / "cities" / "taipei.toml").read_text("utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "city.toml").write_text(mapping[: mapping.index("[layers.addresses]")], "utf-8")

        def keep(layer: str, **wanted: Sequence[str]) -> gpd.GeoDataFrame:
            file = f"taipei_city_{layer}.parquet"
            filters = [(column, "in", list(names)) for column, names in wanted.items()]
            frame = gpd.read_parquet(source / file, filters=filters or None)
            frame.to_parquet(folder / file)
            return frame

        ids = sorted(gpd.read_parquet(source / "taipei_city_communities.parquet").community_id)[::every]
        keep("communities", community_id=ids)
        blocks = keep("compounds", community_id=ids)
        keep("buildings", community_id=ids, compound_id=blocks.compound_id)
        return read_city(folder, folder / "city.toml")


def changed(graph: UnitGraph, seed: int, share: float = 0.05) -> UnitGraph:
    """Return the community after ``share`` of its homes were pulled down and as many built elsewhere.

    Each home is as likely as any other to go; the new ones are spread over all units with homes alike.
    """
    draw = np.random.default_rng(seed)
    homes = np.array([unit.households for unit in graph.units])
    moved = round(share * int(homes.sum()))
    lost = draw.multivariate_hypergeometric(homes, moved)
    built = draw.multinomial(moved, (homes > 0) / max((homes > 0).sum(), 1))
    now = homes - lost + built
    units = (replace(unit, households=int(n)) for unit, n in zip(graph.units, now, strict=True))
    return replace(graph, units=tuple(units))


def town(units: int, seed: int) -> UnitGraph:
    """Return a drawn town: cells of random points, one compound each, 20 to 200 households."""
    draw = np.random.default_rng(seed)
    points = shapely.multipoints(draw.uniform(0, 1000, (units, 2)))
    frame = shapely.box(0, 0, 1000, 1000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    cells = shapely.intersection(cells, frame)
    order = np.lexsort((shapely.get_y(shapely.centroid(cells)), shapely.get_x(shapely.centroid(cells))))
    homes = draw.integers(20, 200, units)
    names = [f"b{i:04d}" for i in range(units)]
    drawn = (
        Unit(name, "town", UnitKind.COMPOUND, cell, int(count), compound_id=name)
        for name, cell, count in zip(names, cells[order], homes, strict=True)
    )
    return build_graph(tuple(drawn), (), "town")
