"""From a city to the units and divisions of its communities, many at once, one process a core."""

from __future__ import annotations

import pickle
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geogrid.adjacency import UnitGraph, build_graph
from geogrid.children import spawned_pool
from geogrid.errors import GeogridError, NotFoundError, PlanError
from geogrid.partition import Division, carried_over, divide
from geogrid.units import build_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from geogrid.model import City
    from geogrid.plan import Plan
    from geogrid.policy import Policy


@dataclass(frozen=True, slots=True)
class Divided:
    """One community with its units, its graph and its division."""

    community_id: str
    graph: UnitGraph
    division: Division


@dataclass(frozen=True)
class _Work:
    """All that a worker has to know; sent to each once."""

    city: City
    policy: Policy
    incumbents: Mapping[str, tuple[UnitGraph, Plan]]
    time_limit_s: float | None


def divide_city(
    city: City,
    policy: Policy,
    *,
    workers: int = 2,
    communities: Sequence[str] | None = None,
    incumbents: Mapping[str, tuple[UnitGraph, Plan]] | None = None,
    time_limit_s: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    found: Callable[[Divided], None] | None = None,
) -> tuple[Divided, ...]:
    """Divide all communities of ``city`` (or those named) and return them in the city's order.

    ``workers`` processes share the work; 1 stays in this process. ``incumbents`` are the plans in force by
    community. ``progress`` is told ``(community id, done, all)`` after each, ``found`` is handed each as it
    comes, so that a caller can keep it. An error of geogrid's own keeps
    its type and names the community; nothing goes on working after an error or an interruption.

    :raises NotFoundError: a community of ``communities`` is not in the city.
    :raises PlanError: a worker process was killed, or a community met an unforeseen error.
    """
    ids = _ids(city, communities)
    # Addresses play no part in a division, and they are most of a city's bytes.
    bare = replace(city, addresses=city.addresses.iloc[:0])
    work = _Work(bare, policy, incumbents or {}, time_limit_s)
    done: dict[str, Divided] = {}
    results = _one_by_one(work, ids) if workers <= 1 or len(ids) <= 1 else _spread(work, ids, workers)
    for one in results:
        done[one.community_id] = one
        if found is not None:
            found(one)
        if progress is not None:
            progress(one.community_id, len(done), len(ids))
    return tuple(done[one] for one in ids)


def cut(city: City, community_id: str) -> UnitGraph:
    """Cut a community into units and tell which of them are neighbours.

    :raises NotFoundError: the city has no such community.
    :raises PlanError: it met an unforeseen error; named.
    """
    with _naming(community_id, "cutting", "cut into units"):
        return _cut(city, community_id)


def _cut(city: City, community_id: str) -> UnitGraph:
    return build_graph(build_units(city, community_id), city.barriers, community_id)


@contextmanager
def _naming(community_id: str, doing: str, done: str) -> Iterator[None]:
    """Let every error name the community that it met."""
    try:
        yield
    except GeogridError as error:
        error.add_note(f"while {doing} community {community_id}")
        raise
    except Exception as error:
        raise PlanError(f"community {community_id} could not be {done}: {error!r}") from error


def _ids(city: City, communities: Sequence[str] | None) -> tuple[str, ...]:
    known = [community.id for community in city.communities]
    if communities is None:
        return tuple(known)
    for asked in communities:
        if asked not in known:
            raise NotFoundError("community", asked)
    wanted = set(communities)
    return tuple(one for one in known if one in wanted)


def _one_by_one(work: _Work, ids: Sequence[str]) -> Iterator[Divided]:
    for one in ids:
        yield _divide_one(work, one)


def _divide_one(work: _Work, community_id: str) -> Divided:
    with _naming(community_id, "dividing", "divided"):
        graph = _cut(work.city, community_id)
        held = work.incumbents.get(community_id)
        division = divide(
            graph,
            work.policy,
            incumbent=carried_over(graph, held) if held is not None else None,
            time_limit_s=work.time_limit_s,
        )
    return Divided(community_id, graph, division)


def _spread(work: _Work, ids: Sequence[str], workers: int) -> Iterator[Divided]:
    """Yield the communities as they are done, from fresh processes that end with this call."""
    with spawned_pool(min(workers, len(ids)), _start_worker, pickle.dumps(work)) as pool:
        waiting = {pool.submit(_task, one): one for one in ids}
        for future in as_completed(waiting):
            try:
                yield pickle.loads(future.result())  # noqa: S301 - written by our own worker
            except BrokenProcessPool as error:
                raise PlanError(
                    f"a worker process ended while dividing community {waiting[future]} or one beside it; "
                    "it was killed or ran out of memory"
                ) from error


_WORK: list[_Work] = []  # one entry, in worker processes only


def _start_worker(work: bytes) -> None:
    _WORK[:] = [pickle.loads(work)]  # noqa: S301 - written by our own parent


def _task(community_id: str) -> bytes:
    return pickle.dumps(_divide_one(_WORK[0], community_id))
