"""The archive: cities, their units, plan versions and the trail of who changed what, in one store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select

from geogrid.archive import audit, cities, graphs, links, versions
from geogrid.archive.areas import read_area_codes, register_areas
from geogrid.archive.engine import open_engine, reading, store_file, writing
from geogrid.archive.records import GridRecord, Status, StoredCity, StoredDivision, Version
from geogrid.archive.schema import building, edition
from geogrid.errors import NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from geogrid.adjacency import UnitGraph
    from geogrid.archive.records import AuditEntry, DatedCode
    from geogrid.model import City
    from geogrid.partition import Division
    from geogrid.plan import Plan
    from geogrid.policy import Policy

# China keeps one time without summer time since 1991, so no time zone database is needed.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
NOBODY = "geogrid"


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(SHANGHAI)


class Archive:
    """One open store. Every method is one transaction: all of it is seen, or nothing.

    ``who`` names the person or program that acts; it is written to the trail.
    """

    def __init__(self, engine: Engine, file: Path | None, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self.file = file

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime] = now) -> Archive:
        """Open the store at ``url`` (``sqlite:///FILE``), creating and migrating it where needed.

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

    def today(self) -> date:
        """Return today's date in Asia/Shanghai."""
        return self._clock().astimezone(SHANGHAI).date()

    # Cities

    def cities(self) -> tuple[StoredCity, ...]:
        """Return what is stored, by id."""
        query = select(edition).where(edition.c.current).order_by(edition.c.city_id)
        with reading(self._engine) as connection:
            return tuple(
                StoredCity(row.city_id, row.name, row.id, row.digest, row.stored_at, row.synthetic)
                for row in connection.execute(query)
            )

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

    def area_codes(self, city_id: str, *, on: date | None = None) -> tuple[DatedCode, ...]:
        """Return the codes of a city's areas: all that ever were, or those valid on a day."""
        with reading(self._engine) as connection:
            return read_area_codes(connection, city_id, on)

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

    def graphs(self, city_id: str) -> dict[str, UnitGraph]:
        """Return the stored units and graphs of a city's newest data by community.

        :raises NotFoundError: no such city.
        """
        with reading(self._engine) as connection:
            sets = graphs.current_sets(connection, self._edition(connection, city_id))
            return {
                community: graphs.read_graph(connection, number) for community, number in sorted(sets.items())
            }

    # Versions

    def add_version(
        self,
        city_id: str,
        divisions: Iterable[Division],
        *,
        policy: Policy | None = None,
        who: str = NOBODY,
        note: str = "",
    ) -> Version:
        """Add a draft with the divisions of communities whose units are stored.

        :raises NotFoundError: no such city, or a community without stored units.
        :raises PlanError: a plan does not assign exactly the stored units, or a community comes twice.
        """
        with writing(self._engine) as connection:
            new = versions.write_version(
                connection,
                city_id,
                self._edition(connection, city_id),
                divisions,
                policy,
                status=Status.DRAFT,
                note=note,
                created_by=who,
                created_at=self._clock(),
            )
            self._note(connection, who, "add-version", subject=f"version {new.id}", after=new.digest)
            return new

    def extend_version(
        self,
        version: int,
        divisions: Iterable[Division],
        *,
        policy: Policy | None = None,
        who: str = NOBODY,
    ) -> Version:
        """Add the divisions of further communities to a draft, so that long work can be kept piece by piece.

        :raises FrozenError: the version is published.
        :raises NotFoundError: no such version or community, or a community without stored units.
        :raises PlanError: a plan does not assign exactly the stored units, or a community comes twice.
        """
        with writing(self._engine) as connection:
            before = versions.editable(connection, version, None)
            added = tuple(divisions)
            for one in added:
                versions.write_division(connection, before, one, policy)
            versions.change(connection, version, revision=before.revision + 1)
            versions.redigest(connection, version)
            after = versions.read_version(connection, version)
            self._note(
                connection,
                who,
                "extend-version",
                subject=f"version {version}",
                before=before.digest,
                after=after.digest,
                details={"communities": [one.plan.community_id for one in added]},
            )
            return after

    def copy_version(self, version: int, *, who: str = NOBODY, note: str = "") -> Version:
        """Add a draft that equals an earlier version, on the data it was made from; roll-back begins here.

        :raises NotFoundError: no such version.
        """
        with writing(self._engine) as connection:
            old = versions.read_version(connection, version)
            new = versions.copy_version(
                connection,
                old,
                status=Status.DRAFT,
                note=note,
                created_by=who,
                created_at=self._clock(),
                copy_of=old.id,
            )
            self._note(
                connection,
                who,
                "copy-version",
                subject=f"version {new.id}",
                before=old.digest,
                after=new.digest,
                details={"copy_of": old.id},
            )
            return new

    def edit_version(
        self,
        version: int,
        division: Division,
        *,
        revision: int,
        policy: Policy | None = None,
        who: str = NOBODY,
    ) -> Version:
        """Replace the division of one community in a draft.

        ``revision`` is the one the editor saw.

        :raises StaleError: somebody else edited the draft since.
        :raises FrozenError: the version is published.
        :raises PlanError: the plan does not assign exactly the stored units.
        """
        with writing(self._engine) as connection:
            before = versions.editable(connection, version, revision)
            after = versions.replace_division(connection, before, division, policy)
            details = {"community": division.plan.community_id, "revision": after.revision}
            self._note(
                connection,
                who,
                "edit-version",
                subject=f"version {version}",
                before=before.digest,
                after=after.digest,
                details=details,
            )
            return after

    def submit(self, version: int, *, revision: int | None = None, who: str = NOBODY) -> Version:
        """Hand a draft in for publication; submitting it again changes nothing.

        :raises StaleError: somebody else edited the draft since ``revision``.
        :raises FrozenError: the version is published.
        """
        with writing(self._engine) as connection:
            here = versions.editable(connection, version, revision)
            if here.status is not Status.SUBMITTED:
                versions.change(connection, version, status=Status.SUBMITTED)
                self._mark(connection, who, "submit", here)
            return versions.read_version(connection, version)

    def publish(
        self,
        version: int,
        effective_from: date,
        *,
        revision: int | None = None,
        who: str = NOBODY,
    ) -> Version:
        """Freeze a version and put it in force from 00:00 of a day in Asia/Shanghai.

        Its grids are linked to those of the version that it follows. Publishing it again for the same day
        changes nothing.

        :raises FrozenError: it is published for another day.
        :raises StaleError: somebody else edited it since ``revision``.
        :raises StoreError: the day is over and another version was in force or announced then.
        """
        with writing(self._engine) as connection:
            here = versions.read_version(connection, version)
            if here.status is Status.PUBLISHED and here.effective_from == effective_from:
                return here
            here = versions.editable(connection, version, revision)
            versions.refuse_rewriting(connection, here, effective_from, self.today())
            old = versions.in_force(connection, here.city_id, effective_from)
            versions.publish_row(connection, here, effective_from, self._clock())
            if old is not None:
                links.link_grids(connection, here, old, _households(connection, here.edition))
            details = {"effective_from": effective_from.isoformat(), "follows": old.id if old else None}
            self._mark(connection, who, "publish", here, details)
            return versions.read_version(connection, version)

    def withdraw(self, version: int, *, who: str = NOBODY) -> Version:
        """Retire a published version before the day on which it would have come into force.

        :raises StoreError: it is not published, or already in force.
        """
        with writing(self._engine) as connection:
            here = versions.read_version(connection, version)
            if here.status is not Status.PUBLISHED or here.effective_from is None:
                raise StoreError(f"version {version} is {here.status}: only a published one can be withdrawn")
            if here.effective_from <= self.today():
                raise StoreError(
                    f"version {version} is in force since {here.effective_from}; publish another one instead"
                )
            versions.change(connection, version, status=Status.RETIRED, effective_until=here.effective_from)
            versions.chain(connection, here.city_id)
            self._mark(connection, who, "withdraw", here)
            return versions.read_version(connection, version)

    def version(self, version: int) -> Version:
        """Return one version.

        :raises NotFoundError: no such version.
        """
        with reading(self._engine) as connection:
            return versions.read_version(connection, version)

    def versions(self, city_id: str) -> tuple[Version, ...]:
        """Return the versions of a city, the oldest first."""
        with reading(self._engine) as connection:
            return versions.read_versions(connection, city_id)

    def version_in_force(self, city_id: str, *, on: date | None = None) -> Version | None:
        """Return the version in force on a day in Asia/Shanghai (today), None before the first."""
        with reading(self._engine) as connection:
            return versions.in_force(connection, city_id, self.today() if on is None else on)

    def stored(self, version: int, community_id: str) -> StoredDivision:
        """Return the division of one community in a version, with the units it stands on.

        :raises NotFoundError: the version or the community is not there.
        """
        with reading(self._engine) as connection:
            return versions.read_stored(connection, version, community_id)

    def all_stored(self, version: int) -> tuple[StoredDivision, ...]:
        """Return the division of every community of a version with its units, in the city's order.

        :raises NotFoundError: no such version.
        """
        with reading(self._engine) as connection:
            return versions.read_all_stored(connection, version)

    def plan(self, version: int, community_id: str) -> Plan:
        """Return the plan of one community in a version.

        :raises NotFoundError: the version or the community is not there.
        """
        return self.stored(version, community_id).division.plan

    def grids(self, version: int) -> tuple[GridRecord, ...]:
        """Return the grids of a version by community and number, with what they replace.

        :raises NotFoundError: no such version.
        """
        with reading(self._engine) as connection:
            versions.read_version(connection, version)
            replaced = links.read_links(connection, version)
            return tuple(
                replace(one, replaces=replaced.get(one.id, ()))
                for one in versions.read_grids(connection, version)
            )

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


def _households(connection: Connection, number: int) -> dict[str, int]:
    query = select(building.c.id, building.c.households).where(building.c.edition_id == number)
    return {row.id: row.households for row in connection.execute(query)}
