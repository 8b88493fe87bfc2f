"""The application that a worker process serves; what it serves stands in its environment."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings, read_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

FACTORY = "api.worker:served"
SNAPSHOT = "GEOGRID_SERVED_SNAPSHOT"
SETTINGS = "GEOGRID_SETTINGS"
STORE = "GEOGRID_SERVED_STORE"
CITY = "GEOGRID_SERVED_CITY"


def served() -> FastAPI:
    """Return the application of the snapshot named in the environment; every worker process calls it."""
    from api.app import create_app  # the command that starts workers needs it not
    from api.logged import start_log

    snapshot = Path(os.environ[SNAPSHOT])
    told = os.environ.get(SETTINGS)
    settings = read_settings(Path(told), snapshot) if told else Settings(snapshot)
    if not settings.store:
        settings = replace(settings, store=os.environ[STORE], city=os.environ[CITY])
    start_log(settings.log)
    return create_app(settings)
