"""One open store: cities, their units, and the trail of who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select

from geogrid.archive import audit, cities, graphs, names, places, versions
from geogrid.archive.areas import read_area_codes, register_areas
from geogrid.archive.engine import listening, open_engine, reading, writing
from geogrid.archive.locality import read_locality
from geogrid.archive.naming import store_file
from geogrid.archive.records import NOBODY, StoredCity
from geogrid.archive.schema import community, edition
from geogrid.clock import SHANGHAI, now
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from geogrid.addresses import KnownName
    from geogrid.adjacency import UnitGraph
    from geogrid.archive.places import Place
    from geogrid.archive.records import AuditEntry, DatedCode, LearntName, Version
    from geogrid.model import City


class Store:
    """One open store. Every method is one transaction: all of it is seen, or nothing.

    ``who`` names the person or program that acts; it is written to the trail. ``Archive`` adds
    the plan versions.
    """

    def __init__(self, engine: Engine, file: Path | None, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self.file = file

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime] = now) -> Self:
        """Open the store at ``url``, migrating it where needed.

        It is ``sqlite:///FILE``, which is created, or ``postgresql://USER@HOST/NAME``, an existing database.

        :raises StoreError: it cannot be opened, or a newer geogrid wrote it.
        """
        return cls(open_engine(url), store_file(url), clock)

    def close(self) -> None:
        """Let go of the store's files and connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def listening(self) -> AbstractContextManager[Callable[[float], None]]:
        """Give a function that waits until another process publishes, or for some seconds at most.

        :raises StoreError: the store cannot be reached, then or while waiting.
        """
        return listening(self._engine)

    def now(self) -> datetime:
        """Return the time of the store's clock."""
        return self._clock()

    def today(self) -> date:
        """Return today's date in Asia/Shanghai."""
        return self._clock().astimezone(SHANGHAI).date()

    # Cities

    def cities(self) -> tuple[StoredCity, ...]:
        """Return what is stored, by id."""
        query = select(edition).where(edition.c.current)
        with reading(self._engine) as connection:
            found = (
                StoredCity(row.city_id, row.name, row.id, row.digest, row.stored_at, row.synthetic)
                for row in connection.execute(query)
            )
            return tuple(sorted(found, key=lambda one: one.id))

    def store_city(self, city: City, *, who: str = NOBODY) -> int:
        """Replace all that is known about a city and return its edition; equal data changes nothing.

        Data that a plan version stands on are kept beside the new ones.

        :raises StoreError: the store cannot be written, or the addresses have unknown columns.
        """
        with writing(self._engine) as connection:
            before = cities.current_edition(connection, city.id)
            at = self._clock()
            number = cities.write_city(connection, city, at)
            if before is not None and before.id == number:
                return number
            register_areas(connection, city, self.today())
            after = cities.current_edition(connection, city.id)
            assert after is not None
            self._note(
                connection,
                who,
                "store-city",
                subject=f"city {city.id}",
                before=before.digest if before else "",
                after=after.digest,
                details={"edition": number, "addresses": len(city.addresses)},
            )
            return number

    def load_city(self, city_id: str, *, version: int | None = None) -> City:
        """Return a city as it was stored, or as it was when ``version`` was made.

        :raises NotFoundError: no such city or version.
        """
        with reading(self._engine) as connection:
            number = None if version is None else versions.read_version(connection, version).edition
            return cities.read_city(connection, city_id, number)

    def city_digest(self, city_id: str, *, version: int) -> str:
        """Return the hash of a city's data as they were when ``version`` was made.

        :raises NotFoundError: no such version.
        """
        with reading(self._engine) as connection:
            number = versions.read_version(connection, version).edition
            here = (edition.c.city_id == city_id) & (edition.c.id == number)
            return str(connection.execute(select(edition.c.digest).where(here)).scalar_one())

    def area_codes(self, city_id: str, *, on: date | None = None) -> tuple[DatedCode, ...]:
        """Return the codes of a city's areas: all that ever were, or those valid on a day."""
        with reading(self._engine) as connection:
            return read_area_codes(connection, city_id, on)

    # Names

    def learn_names(self, city_id: str, taught: Iterable[KnownName], *, who: str = NOBODY) -> int:
        """Keep further names of a city's roads and doors from today on; return how many are new.

        A text that meant something else until now stops meaning it today.

        :raises NotFoundError: no such city.
        """
        with writing(self._engine) as connection:
            self._edition(connection, city_id)
            new = names.learn(connection, city_id, taught, who=who, at=self._clock(), today=self.today())
            if new:
                self._note(connection, who, "learn-names", subject=f"city {city_id}", details={"names": new})
            return new

    def forget_names(self, city_id: str, ids: Iterable[int], *, who: str = NOBODY) -> int:
        """Let taught names end today; they are kept with their days. Return how many were in use."""
        with writing(self._engine) as connection:
            wanted = set(ids)
            found = [
                one.id
                for one in names.read_learnt(connection, city_id)
                if one.id in wanted and one.until is None
            ]
            if found:
                names.end(connection, found, self.today())
                details = {"names": len(found)}
                self._note(connection, who, "forget-names", subject=f"city {city_id}", details=details)
            return len(found)

    def learnt_names(self, city_id: str) -> tuple[LearntName, ...]:
        """Return every name that was ever taught about a city, the oldest first."""
        with reading(self._engine) as connection:
            return names.read_learnt(connection, city_id)

    def known_names(self, city_id: str) -> tuple[KnownName, ...]:
        """Return the names to compile beside the city's own: taught ones in use, former names and codes."""
        with reading(self._engine) as connection:
            return names.known_names(connection, city_id)

    def places(self, city_id: str) -> tuple[Place, ...]:
        """Return the communities of a city's newest data with what they lie in.

        :raises NotFoundError: no such city.
        """
        with reading(self._engine) as connection:
            return places.read_places(connection, self._edition(connection, city_id))

    def plane(self, city_id: str) -> str:
        """Return the metric plane of a city's newest data.

        :raises NotFoundError: no such city.
        """
        with reading(self._engine) as connection:
            return places.read_plane(connection, self._edition(connection, city_id))

    def locality(self, city_id: str, community_id: str) -> City:
        """Return what belongs to one community in a city's newest data; without addresses.

        :raises NotFoundError: no such city or community.
        """
        with reading(self._engine) as connection:
            return read_locality(connection, city_id, community_id)

    def edition(self, city_id: str) -> int:
        """Return which edition a city's newest data are.

        :raises NotFoundError: no such city.
        """
        with reading(self._engine) as connection:
            return self._edition(connection, city_id)

    def count_addresses(self, city_id: str, community_id: str) -> dict[str, int]:
        """Return how many addresses each building of a community has."""
        with reading(self._engine) as connection:
            return places.count_addresses(connection, self._edition(connection, city_id), community_id)

    def address_texts(
        self, city_id: str, community_id: str, buildings: Sequence[str]
    ) -> list[tuple[str, str]]:
        """Return the addresses of some buildings as (building id, text), in the order of the data."""
        with reading(self._engine) as connection:
            number = self._edition(connection, city_id)
            return places.read_address_texts(connection, number, community_id, buildings)

    # Units

    def store_graphs(self, city_id: str, built: Iterable[UnitGraph], *, who: str = NOBODY) -> None:
        """Store the units and graphs of communities of a city's newest data.

        :raises NotFoundError: no such city.
        """
        with writing(self._engine) as connection:
            number = self._edition(connection, city_id)
            sets = {graph.community_id: graphs.write_graph(connection, number, graph) for graph in built}
            after = audit.digest_of(sorted(sets.items()))
            details = {"communities": len(sets)}
            self._note(
                connection, who, "store-units", subject=f"city {city_id}", after=after, details=details
            )

    def without_units(self, city_id: str) -> tuple[str, ...]:
        """Return the communities of a city's newest data whose units are not stored yet, by id.

        :raises NotFoundError: no such city.
        """
        with reading(self._engine) as connection:
            number = self._edition(connection, city_id)
            query = select(community.c.id).where(community.c.edition_id == number)
            return tuple(
                sorted(set(connection.scalars(query)) - set(graphs.current_sets(connection, number)))
            )

    def graphs(self, city_id: str) -> dict[str, UnitGraph]:
        """Return the stored units and graphs of a city's newest data by community.

        :raises NotFoundError: no such city.
        """
        with reading(self._engine) as connection:
            sets = graphs.current_sets(connection, self._edition(connection, city_id))
            return {
                community: graphs.read_graph(connection, number) for community, number in sorted(sets.items())
            }

    # The trail

    def audit_trail(self, subject: str | None = None) -> tuple[AuditEntry, ...]:
        """Return who changed what, the oldest first; ``subject`` is like ``version 3`` or ``city ID``."""
        with reading(self._engine) as connection:
            return audit.read_trail(connection, subject)

    def verify_audit(self) -> int:
        """Check the chain of hashes and return the number of lines.

        :raises StoreError: a line was changed, taken out or put in.
        """
        with reading(self._engine) as connection:
            return audit.verify_trail(connection)

    def _edition(self, connection: Connection, city_id: str) -> int:
        row = cities.current_edition(connection, city_id)
        if row is None:
            raise NotFoundError("city", city_id)
        return int(row.id)

    def _note(self, connection: Connection, who: str, what: str, **line: Any) -> None:
        audit.record(connection, at=self._clock(), who=who, what=what, **line)

    def _mark(
        self,
        connection: Connection,
        who: str,
        what: str,
        here: Version,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Note a step that changes the standing of a version and none of its plans."""
        same = here.digest
        subject = f"version {here.id}"
        self._note(connection, who, what, subject=subject, before=same, after=same, details=details)
