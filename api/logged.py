"""Where a worker's log goes: one JSON object a line on standard error, with its time in UTC.

Whatever a line holds is encoded, so that no text can begin another line. What an exception says is left
out, because it may hold a question; its kind and its places are told.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from geogrid.errors import Fault, InputError

LEVELS = {"errors": logging.WARNING, "requests": logging.INFO}


class Line(logging.Formatter):
    """Writes a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "logger": record.name}
        told |= _said(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            told |= kind_and_place(record.exc_info[1])
        return json.dumps(told, default=str)  # in ASCII: no sign of any alphabet ends a line


def _said(message: str) -> dict[str, Any]:
    """Return what a line says; our own are objects already."""
    try:
        told = json.loads(message)
    except ValueError:
        return {"message": message}
    return told if isinstance(told, dict) else {"message": message}


def kind_and_place(error: BaseException) -> dict[str, Any]:
    """Return the kind of an error and its innermost places, not its words."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "at": places[-12:]}


def start_log(what: str) -> None:
    """Log ``errors`` or all ``requests`` of this process to standard error.

    :raises InputError: it is neither.
    """
    if what not in LEVELS:
        words = f"log is one of {', '.join(LEVELS)}"
        raise InputError((Fault("bad-setting", words, "See docs/settings.md.", field="log"),))
    handler = logging.StreamHandler()
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("geogrid").setLevel(LEVELS[what])
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = name != "uvicorn.access"
