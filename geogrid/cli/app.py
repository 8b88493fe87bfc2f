"""The Typer application: its name, its common options, and how an error ends it."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from geogrid.cli.console import note, note_faults
from geogrid.cli.exits import Exit, exit_of
from geogrid.errors import FaultyError, GeogridError


class Guarded(TyperGroup):
    """A group of commands that tells errors in words and ends with the exit code they stand for."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn what geogrid raises on purpose into words and an exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, typer.BadParameter, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            note("Interrupted; what was finished is kept.")
            raise typer.Exit(Exit.INTERRUPTED) from None
        except GeogridError as error:
            if _debugging(ctx):
                raise
            tell(error)
            raise typer.Exit(exit_of(error)) from None
        except Exception as error:
            if _debugging(ctx):
                raise
            # The message may hold data; the type is enough to report it.
            note(f"geogrid failed: {type(error).__name__}. Run `geogrid --debug ...` to see where.", "bold")
            raise typer.Exit(Exit.BUG) from None


def _debugging(ctx: Any) -> bool:
    return bool(ctx.params.get("debug"))


def tell(error: GeogridError) -> None:
    """Print an error for a person: a table of all faults, or one sentence."""
    if isinstance(error, FaultyError):
        note(f"{len(error.faults)} fault{'s' * (len(error.faults) != 1)}; {error.kept}.", "bold")
        note_faults(error.faults)
    else:
        note(str(error) or type(error).__name__, "bold")


app = typer.Typer(
    name="geogrid",
    cls=Guarded,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def geogrid(
    debug: Annotated[bool, typer.Option("--debug", envvar="GEOGRID_DEBUG", help="Show tracebacks.")] = False,
) -> None:
    """Divide a city into service grids, and tell every resident which grid is theirs.

    Exit codes: 0 yes; 1 no; 2 usage; 3 bad data; 4 store; 5 nothing there; 70 a fault in geogrid itself;
    130 interrupted.
    """


def _no_password(ctx: typer.Context, url: str) -> str:
    """Warn of a password that every user of this machine can read among the running commands."""
    source = ctx.get_parameter_source("store")
    if source is not None and source.name == "COMMANDLINE" and PASSWORD.match(url):
        note("A password on the command line can be read by others; use PGPASSWORD or GEOGRID_STORE.", "bold")
    return url


PASSWORD = re.compile(r"[a-z+0-9]+://[^/@]*:[^/@]+@")
StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        callback=_no_password,
        envvar="GEOGRID_STORE",
        metavar="URL",
        help="Where plans are kept: sqlite:///FILE or postgresql://USER@HOST/NAME.",
    ),
]
CityOption = Annotated[
    str, typer.Option("--city", metavar="ID", help="Which city of the store; not needed while it holds one.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]

DEFAULT_STORE = "sqlite:///var/geogrid.db"
