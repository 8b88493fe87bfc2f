"""The service over the snapshot named in the environment, without a limit on one client."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from api import Settings, create_app

if TYPE_CHECKING:
    from fastapi import FastAPI


def app() -> FastAPI:
    """Return the application."""
    return create_app(Settings(Path(os.environ["GEOGRID_BENCH_SNAPSHOT"]), reload_s=0, rate=0))
