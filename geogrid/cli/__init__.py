"""The command line; each file is a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Each import adds its command, in the order in which a newcomer needs them.
from geogrid.cli import demo, load, divide, publish, withdraw, lookup, levels, assign, learn  # isort: skip  # noqa: F401
from geogrid.cli import check, map, print, report, pairings, export, serve, sample  # isort: skip  # noqa: A004, F401
from geogrid.cli import account, audit, draft, stores, follow, cluster  # isort: skip  # noqa: F401
from geogrid.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    app(args=list(arguments) if arguments is not None else None, prog_name="geogrid")
