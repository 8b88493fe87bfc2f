"""The archive: a store with its plan versions, from draft to published to retired."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from geogrid.archive import assembling, links, versions
from geogrid.archive.accounts import Accounts
from geogrid.archive.carrying import carried
from geogrid.archive.comments import Comments
from geogrid.archive.deposits import Deposits
from geogrid.archive.desk import DeskOrders
from geogrid.archive.drafts import Drafts
from geogrid.archive.engine import announce, reading, writing
from geogrid.archive.identities import Identities
from geogrid.archive.records import NOBODY, GridRecord, Status, StoredDivision, Version
from geogrid.archive.replays import Replays
from geogrid.archive.reviews import Reviews
from geogrid.archive.sessions import Sessions
from geogrid.archive.shares import Shares
from geogrid.archive.store import Store
from geogrid.archive.tokens import Tokens
from geogrid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from geogrid.adjacency import UnitGraph
    from geogrid.archive.links import Succession
    from geogrid.errors import Fault
    from geogrid.partition import Division
    from geogrid.plan import Plan
    from geogrid.policy import Policy


class Archive(Store):
    """A store with its plan versions; ``Archive.open("sqlite:///FILE")`` opens one.

    A version is a draft until it is published for a day; from then on it never changes.
    """

    @cached_property
    def accounts(self) -> Accounts:
        """Return who works with the drafts."""
        return Accounts(self._engine, self._clock)

    @cached_property
    def sessions(self) -> Sessions:
        """Return who is signed in."""
        return Sessions(self._engine, self._clock)

    @cached_property
    def tokens(self) -> Tokens:
        """Return what programs come in with."""
        return Tokens(self._engine, self._clock)

    @cached_property
    def identities(self) -> Identities:
        """Return the way in for people whom an identity provider knows."""
        return Identities(self._engine, self.accounts, self.sessions)

    @cached_property
    def _replays(self) -> Replays:
        return Replays()

    @cached_property
    def drafts(self) -> Drafts:
        """Return what planners are working at."""
        return Drafts(self._engine, self._clock, self._replays)

    @cached_property
    def reviews(self) -> Reviews:
        """Return what is decided about the drafts."""
        return Reviews(self._engine, self._clock, self._replays)

    @cached_property
    def deposits(self) -> Deposits:
        """Return the snapshots that are kept in the store."""
        return Deposits(self._engine, self._clock)

    @cached_property
    def desk(self) -> DeskOrders:
        """Return what was asked for at desktop programs."""
        return DeskOrders(self._engine, self._clock)

    @cached_property
    def comments(self) -> Comments:
        """Return what is said about the drafts."""
        return Comments(self._engine, self._clock)

    @cached_property
    def shares(self) -> Shares:
        """Return the links that show drafts to others."""
        return Shares(self._engine, self._clock)

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

    def moved_on(self, city_id: str) -> tuple[Fault, ...]:
        """Return a fault for each community that the newest data have more, or less, than today's plan."""
        with reading(self._engine) as connection:
            here = versions.in_force(connection, city_id, self.today())
            number = self._edition(connection, city_id)
            return tuple(assembling.moved_on(connection, here.id, number)) if here is not None else ()

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
        succession: Succession | None = None,
        who: str = NOBODY,
    ) -> Version:
        """Freeze a version and put it in force from 00:00 of a day in Asia/Shanghai.

        Its grids are linked to those of the version that it follows; with a ``succession`` that was found
        before the store is held for less long. Publishing it again for the same day changes nothing.

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
                links.link_grids(connection, here, old, succession)
            details = {"effective_from": effective_from.isoformat(), "follows": old.id if old else None}
            self._mark(connection, who, "publish", here, details)
            return versions.read_version(connection, version)

    def succession(self, version: int, effective_from: date) -> Succession | None:
        """Find what the grids of a version would replace, were it published for a day; None for nothing."""
        with reading(self._engine) as connection:
            here = versions.read_version(connection, version)
            old = versions.in_force(connection, here.city_id, effective_from)
            if old is None or here.status is Status.PUBLISHED:
                return None
            return links.succession(connection, here, old)

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
            announce(connection, here.city_id)
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

    def all_stored_of(self, wanted: Iterable[int]) -> dict[int, tuple[StoredDivision, ...]]:
        """Return the divisions of several versions, each as `all_stored` returns it, by version.

        :raises NotFoundError: no such version.
        """
        graphs: dict[int, UnitGraph] = {}
        with reading(self._engine) as connection:
            return {one: versions.read_all_stored(connection, one, graphs) for one in wanted}

    def plan(self, version: int, community_id: str) -> Plan:
        """Return the plan of one community in a version.

        :raises NotFoundError: the version or the community is not there.
        """
        return self.stored(version, community_id).division.plan

    def plan_on(self, version: int, graph: UnitGraph) -> Plan:
        """Return the plan of a community in a version, carried over to other units of it.

        :raises NotFoundError: the version or the community is not there.
        """
        stored = self.stored(version, graph.community_id)
        return carried(stored.division.plan, stored.graph, graph)

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
