"""Three servers behind nginx on one database, and how long a publication takes to reach all of them."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bars import Bar, at_least, at_most
from geogrid.archive import Archive
from geogrid.clock import SHANGHAI, now
from geogrid.snapshot import publish_snapshot
from tests.governed import filled
from tests.postgres import PostgresServer
from tests.servers import GridServer, nginx_before, version_at, wait_until

SERVERS = 3
ADDRESS = "D小区1号楼"
GOAL_S = 2.0


def fleet(*, count: int) -> list[Bar]:
    """Publish ``count`` plans one after the other and ask every server until it answers from the new one."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        store = stack.enter_context(PostgresServer()).new_store()
        archive = stack.enter_context(Archive.open(store))
        today = now().astimezone(SHANGHAI).date()
        first = filled(archive)
        publish_snapshot(archive, first.id, today, folder / "publisher" / str(first.id))
        servers = [GridServer(store, folder / f"server-{n}") for n in range(SERVERS)]
        for one in servers:
            stack.callback(one.kill)
            one.start()
        front = stack.enter_context(nginx_before(servers, folder / "nginx"))
        waited = []
        for _ in range(count):
            draft = archive.copy_version(first.id)
            publish_snapshot(archive, draft.id, today, folder / "publisher" / str(draft.id))
            began = time.monotonic()  # the plan is published, and its snapshot deposited
            for url in (*(one.url for one in servers), front):
                wait_until(lambda url=url, wanted=draft.id: version_at(url, ADDRESS) == wanted, 60)
            waited.append(time.monotonic() - began)
    print(
        f"{count} publications reached {SERVERS} servers and nginx before them in "
        f"{statistics.median(waited):.2f} s in the median, {max(waited):.2f} s at most"
    )
    return [
        at_least("publications", count, 1),
        at_most("a publication reaches all servers, s in the median", statistics.median(waited), GOAL_S),
        at_most("a publication reaches all servers, s at most", max(waited), GOAL_S),
    ]
