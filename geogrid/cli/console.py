"""What the command line says and where: results on stdout, progress and complaints on stderr."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from geogrid.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from geogrid.errors import Fault

PIPED_WIDTH = 240


def results() -> Console:
    """Return the console of results; plain text without colours, as wide as it needs, when piped."""
    return _console(stderr=False)


def notes() -> Console:
    """Return the console of progress and complaints."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    return console


def plain(text: object) -> str:
    """Return ``text`` without characters that could steer a terminal: it may be foreign data."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def say(text: str, style: str = "") -> None:
    """Print one line of a result."""
    results().print(Text(plain(text), style=style), soft_wrap=True)


def note(text: str, style: str = "") -> None:
    """Print one line beside the result, on stderr."""
    notes().print(Text(plain(text), style=style), soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON document in UTF-8 on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table whose cells are shown as they are, never as markup."""
    drawn = Table(box=SIMPLE_HEAD, show_header=any(columns), pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    return drawn


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout."""
    results().print(table(columns, rows))


def note_faults(faults: Sequence[Fault]) -> None:
    """Print every fault as a table on stderr, the refused ones first; nothing where there is none."""
    if not faults:
        return
    order = list(Severity)
    rows = [
        (fault.severity, fault.rule, _place(fault), fault.message, fault.remedy)
        for fault in sorted(faults, key=lambda fault: order.index(fault.severity))
    ]
    notes().print(table(["severity", "rule", "where", "what", "remedy"], rows))


def note_repairs(faults: Sequence[Fault]) -> None:
    """Print how often what was repaired or is worth knowing, with an example of each, on stderr."""
    kinds = Counter((fault.severity, fault.rule) for fault in faults)
    first = {(fault.severity, fault.rule): fault for fault in reversed(faults)}
    rows = [
        (severity, rule, count, _place(first[severity, rule]), first[severity, rule].message)
        for (severity, rule), count in kinds.items()
    ]
    notes().print(table(["severity", "rule", "times", "for example", "what"], rows))


def _place(fault: Fault) -> str:
    named = {"layer": fault.layer, "row": fault.row, "id": fault.id, "field": fault.field}
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
