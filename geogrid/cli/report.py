"""``geogrid report``: how a city was divided."""

from __future__ import annotations

import json as json_
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, say
from geogrid.cli.store import opened, version_in_force, which_city
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.report import CityReport


class Language(StrEnum):
    """The languages of the report of the organisation."""

    ZH_HANS = "zh-Hans"
    ZH_HANT = "zh-Hant"
    EN = "en"


@app.command()
def report(
    target: Annotated[
        Path | None, typer.Argument(help="A .md, .html or .json file; Markdown on stdout if left out.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="A version; the one in force if left out.")] = None,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    organisation: Annotated[
        bool,
        typer.Option("--organisation", help="The whole city: branches, teams, coverage (.html or .json)."),
    ] = False,
    json: JsonOption = False,
    language: Annotated[Language, typer.Option(help="Of the report of the organisation.")] = Language.ZH_HANS,
) -> None:
    """Tell for every community how it was divided, how good that is proved to be, and which rules gave way.

    With --organisation: how branches and teams stand on the grids of the whole city, rule by rule and
    subdistrict by subdistrict, beside what the policy compound-first would give.

    Example: geogrid report docs/division-report-bukit-merah.md --store sqlite:///var/bukit-merah.db
    """
    if organisation:
        _overview(store, city, version, target, language.value)
        return
    made = _made(store, city, version)
    if target is not None:
        _write(made, target)
        say(f"{target}: {len(made.communities)} communities")
    elif json:
        _print_json(made)
    else:
        _print_markdown(made)


def _made(store: str, city: str, version: int | None) -> CityReport:
    from geogrid.policy import EIGHT_TO_TEN
    from geogrid.report import report_city, report_community

    with opened(store) as archive:
        city_id = which_city(archive, city)
        number = version_in_force(archive, city_id).id if version is None else version
        data = archive.load_city(city_id, version=number)
        stored = archive.all_stored(number)
    named = {community.id: community for community in data.communities}
    rows = [report_community(named[one.graph.community_id], one.graph, one.division) for one in stored]
    policies = [one.policy for one in stored if one.policy is not None]
    return report_city(data, rows, policies[0] if policies else EIGHT_TO_TEN, version=str(number))


def _overview(store: str, city: str, version: int | None, target: Path | None, language: str) -> None:
    """Print the report of the organisation as JSON, or write it as .html or .json."""
    from geogrid.aside import written_aside
    from geogrid.overview import make_overview, overview_html, overview_json, sentences
    from geogrid.policy import EIGHT_TO_TEN

    with opened(store) as archive:
        city_id = which_city(archive, city)
        number = version_in_force(archive, city_id).id if version is None else version
        data = archive.load_city(city_id, version=number)
        stored = archive.all_stored(number)
        today = archive.today()
    policies = [one.policy for one in stored if one.policy is not None]
    plans = [(one.graph, one.division.plan) for one in stored]
    policy = policies[0] if policies else EIGHT_TO_TEN
    made = make_overview(data, plans, policy, as_of=today, version=str(number))
    if target is None:
        print_json(overview_json(made, language))
        return
    text = json_.dumps(overview_json(made, language), ensure_ascii=False, indent=2) + "\n"
    if target.suffix.lower() == ".html":
        outlines = {one.id: one.geometry for one in data.communities}
        text = overview_html(made, language, outlines)
    elif target.suffix.lower() != ".json":
        told = f"this report cannot be written as {target.suffix or 'a file without an ending'}"
        raise InputError((Fault("unknown-format", told, "use .html or .json", str(target)),))
    with written_aside(target) as aside:
        aside.write_text(text, encoding="utf-8")
    for line in sentences(made, language):
        say(line)


def _print_json(made: CityReport) -> None:
    from geogrid.report import as_json

    print_json(as_json(made))


def _print_markdown(made: CityReport) -> None:
    from geogrid.report import as_markdown

    typer.echo(as_markdown(made), nl=False)


def _write(made: CityReport, target: Path) -> None:
    from geogrid.aside import written_aside
    from geogrid.report import as_html, as_json, as_markdown

    makers: dict[str, Callable[[CityReport], str]] = {
        ".md": as_markdown,
        ".html": as_html,
        ".json": lambda report: json_.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n",
    }
    make = makers.get(target.suffix.lower())
    if make is None:
        told = f"a report cannot be written as {target.suffix or 'a file without an ending'}"
        raise InputError((Fault("unknown-format", told, "use .md, .html or .json", str(target)),))
    with written_aside(target) as aside:
        aside.write_text(make(made), encoding="utf-8")
