"""What the planner's routes work with: the open store, its city, and what is read of them only once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from geogrid.archive import Archive
from geogrid.errors import NotFoundError
from geogrid.workbench import services

if TYPE_CHECKING:
    from pathlib import Path

    from api.planning.identity import Provider
    from api.settings import Settings
    from geogrid.archive import Place
    from geogrid.model import City
    from geogrid.plan import Plan
    from geogrid.workbench import Bench, Service


class Office:
    """One open store and the city that is planned; routes reach it as ``request.app.state.office``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.city_id = settings.city
        self.archive = Archive.open(settings.store, clock=settings.clock)
        self.provider = _provider(settings.openid) if settings.openid else None
        # A community changes hands only with the city's data, and these are known by their edition.
        self._places: tuple[int, dict[str, Place]] = (0, {})
        self._localities: tuple[int, dict[str, City]] = (0, {})

    @property
    def snapshots(self) -> Path:
        """Return the folder in which the city's snapshots lie."""
        return self.settings.snapshot.parent

    @cached_property
    def plane(self) -> str:
        """Return the city's metric plane."""
        return self.archive.plane(self.city_id)

    def places(self) -> dict[str, Place]:
        """Return the communities by id, as the newest data have them."""
        edition = self.archive.edition(self.city_id)
        if self._places[0] != edition:
            self._places = edition, {one.id: one for one in self.archive.places(self.city_id)}
        return self._places[1]

    def place(self, community_id: str) -> Place:
        """Return one community.

        :raises NotFoundError: the city has none such.
        """
        found = self.places().get(community_id)
        if found is None:
            raise NotFoundError("community", community_id)
        return found

    def locality(self, community_id: str) -> City:
        """Return what belongs to one community: its buildings, streets, branches and team.

        :raises NotFoundError: the city has none such.
        """
        edition = self.archive.edition(self.city_id)
        if self._localities[0] != edition:
            self._localities = edition, {}
        known = self._localities[1]
        if community_id not in known:
            known[community_id] = self.archive.locality(self.city_id, community_id)
        return known[community_id]

    def services(self, bench: Bench, plan: Plan) -> dict[int, Service]:
        """Return who would serve the grids of a plan today."""
        city = self.locality(bench.graph.community_id)
        return services(bench, plan, city, as_of=self.archive.today())

    def close(self) -> None:
        """Let go of the store."""
        self.archive.close()


def _provider(file: Path) -> Provider:
    from api.planning.identity import Provider  # most offices have none, and it loads slowly
    from api.planning.openid_file import read_openid

    return Provider(read_openid(file))
