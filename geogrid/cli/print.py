"""``geogrid print``: sheets for walls and stairwells."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import note, say
from geogrid.cli.store import snapshot_in_force

if TYPE_CHECKING:
    from geogrid.snapshot import Snapshot
    from maps.printed import Job, Printed


class Sheet(StrEnum):
    """What can be printed."""

    WALL = "wall"
    NOTICE = "notice"
    NOTICES = "notices"
    SUBDISTRICT = "subdistrict"


class Language(StrEnum):
    """The languages of the sheets."""

    ZH_HANS = "zh-Hans"
    ZH_HANT = "zh-Hant"
    EN = "en"


class Paper(StrEnum):
    """Sizes of paper (ISO 216)."""

    A1 = "a1"
    A2 = "a2"
    A3 = "a3"
    A4 = "a4"
    A5 = "a5"


SheetArgument = Annotated[
    Sheet,
    typer.Argument(
        help="wall: a community; notice: a grid; notices: all grids of a community; subdistrict: "
        "an index and all its wall sheets."
    ),
]
AreaArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The id of the community or subdistrict, the code of the grid.")
]
TargetArgument = Annotated[
    Path, typer.Argument(help="A .pdf or .png file; a PNG of several pages becomes several files.")
]
LanguageOption = Annotated[Language, typer.Option("--lang", help="The language of the words.")]
PaperOption = Annotated[
    Paper | None, typer.Option("--paper", help="A3 for walls and subdistricts, A4 for notices if left out.")
]
DayOption = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="The plan in force on this day; today if left out."),
]
SiteOption = Annotated[
    str,
    typer.Option(
        "--site",
        envvar="GEOGRID_SITE",
        metavar="URL",
        help="Where the service answers: the QR code leads there.",
    ),
]
IssuerOption = Annotated[str, typer.Option("--issuer", envvar="GEOGRID_ISSUER", help="The issuing body.")]
ReviewOption = Annotated[
    str,
    typer.Option("--review-number", envvar="GEOGRID_REVIEW_NUMBER", help="The map review number (审图号)."),
]


@app.command(name="print")
def print_(
    sheet: SheetArgument,
    area: AreaArgument,
    target: TargetArgument,
    language: LanguageOption = Language.ZH_HANS,
    paper: PaperOption = None,
    day: DayOption = None,
    site: SiteOption = "",
    issuer: IssuerOption = "",
    review_number: ReviewOption = "",
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
) -> None:
    """Print a sheet of a published plan as PDF or PNG; `geogrid levels` tells the ids.

    Example: geogrid print wall 210602001001 var/wall.pdf --store sqlite:///var/dandong.db
    """
    from maps.printed import Job

    if target.suffix.lower() not in (".pdf", ".png"):
        raise typer.BadParameter("give a .pdf or a .png file", param_hint="TARGET")
    png = target.suffix.lower() == ".png"
    job = Job(language.value, png, paper.value if paper else "", site, issuer, review_number)
    snapshot = snapshot_in_force(store, city, day.date() if day else None)
    printed = _print(snapshot, sheet, area, job)
    for path in _write(printed, target):
        say(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    if not site:
        note("Without --site the sheet has no QR code.")


def _print(snapshot: Snapshot, sheet: Sheet, area: str, job: Job) -> Printed:
    from maps import printed

    printers = {
        Sheet.WALL: printed.print_wall,
        Sheet.NOTICE: printed.print_notice,
        Sheet.NOTICES: printed.print_notices,
        Sheet.SUBDISTRICT: printed.print_book,
    }
    return printers[sheet](snapshot, area, job)


def _write(printed: Printed, target: Path) -> list[Path]:
    """Write a document, or its pages as ``name-1.png``, ``name-2.png`` ...; return the files."""
    from geogrid.aside import written_aside

    several = len(printed.pages) > 1
    places = [
        target.with_stem(f"{target.stem}-{n}") if several else target
        for n in range(1, len(printed.pages) + 1)
    ]
    for place, content in zip(places, printed.pages, strict=True):
        with written_aside(place) as aside:
            aside.write_bytes(content)
    return places
