"""The service over the snapshot and the store named in the environment, without a limit on one client."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from api import Settings, create_app

if TYPE_CHECKING:
    from fastapi import FastAPI


def app() -> FastAPI:
    """Return the application."""
    jobs = os.environ.get("GEOGRID_BENCH_JOBS")
    snapshot = Path(os.environ["GEOGRID_BENCH_SNAPSHOT"])
    store = os.environ["GEOGRID_BENCH_STORE"]
    kept = Path(jobs) if jobs else None
    return create_app(
        Settings(snapshot, reload_s=0, rate=0, jobs=kept, store=store, city=snapshot.parent.name)
    )
