"""What the command line says and where: results on stdout, progress and complaints on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from geogrid.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from geogrid.errors import Fault


def results() -> Console:
    """Return the console of results; plain text without colours when piped."""
    return Console(highlight=False, markup=False, soft_wrap=True)


def notes() -> Console:
    """Return the console of progress and complaints."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def plain(text: object) -> str:
    """Return ``text`` without characters that could steer a terminal: it may be foreign data."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def say(text: str, style: str = "") -> None:
    """Print one line of a result."""
    results().print(Text(plain(text), style=style))


def note(text: str, style: str = "") -> None:
    """Print one line beside the result, on stderr."""
    notes().print(Text(plain(text), style=style))


def print_json(value: object) -> None:
    """Print one JSON document in UTF-8 on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table whose cells are shown as they are, never as markup."""
    drawn = Table(title=Text(plain(title)) if title else None, title_justify="left", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    return drawn


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout; a pipe gets it as wide as it needs."""
    _print(results(), table(title, columns, rows))


def _print(console: Console, drawn: Table) -> None:
    console.print(drawn, width=None if console.is_terminal else 200)


def note_faults(faults: Sequence[Fault]) -> None:
    """Print every fault as a table on stderr, the refused ones first."""
    if not faults:
        return
    order = list(Severity)
    rows = [
        (fault.severity, fault.rule, _place(fault), fault.message, fault.remedy)
        for fault in sorted(faults, key=lambda fault: order.index(fault.severity))
    ]
    _print(notes(), table("", ["severity", "rule", "where", "what", "remedy"], rows))


def _place(fault: Fault) -> str:
    named = {"layer": fault.layer, "id": fault.id, "field": fault.field}
    return " ".join([fault.file, *(f"{name} {value}" for name, value in named.items() if value)]).strip()


def columns() -> tuple[Any, ...]:
    """Return the columns of every progress bar."""
    return (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@contextmanager
def bar(description: str, total: float | None = None) -> Iterator[Progress]:
    """Show a progress bar on stderr with one task; nothing where stderr is no terminal."""
    console = notes()
    with Progress(*columns(), console=console, disable=not console.is_terminal, transient=True) as progress:
        progress.add_task(plain(description), total=total)
        yield progress
