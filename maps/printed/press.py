"""What every sheet of one job shares: words, font, plan, credits, the link of its QR code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from maps.explorer import city_name
from maps.printed.fonts import family
from maps.printed.job import PAPERS, Job, Printed
from maps.printed.qr import code_svg
from maps.printed.svg import plain
from maps.printed.told import printed_words
from maps.printed.typeset import typeset
from maps.words import said_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.snapshot import Snapshot

Json = dict[str, Any]
EDITIONS = {"zh-Hans": ("zh", "cn"), "zh-Hant": ("zh", "tw"), "en": ("en", "gb")}


@dataclass(frozen=True, slots=True)
class Press:
    """A snapshot that is printed for one job."""

    source: Snapshot
    job: Job
    said: Mapping[str, str]
    font: str

    @property
    def city(self) -> str:
        """Return the city's name in the language of the job."""
        return plain(city_name(self.source.city, self.job.language))


def press_for(source: Snapshot, job: Job) -> Press:
    """Return the press for a job.

    :raises FontError: no Chinese font is installed.
    """
    named = source.city["language"] if job.language == "en" else job.language
    edition = "zh-Hant" if named == "zh-Hant" else "zh-Hans"
    return Press(source, job, printed_words(job.language), family(edition))


def issue_facts(press: Press) -> list[tuple[str, str]]:
    """Return effective date, version, issuing body and review number as label and text, what is known."""
    city, said, job = press.source.city, press.said, press.job
    known = (
        ("effective", said_day(city["effective_from"], job.language)),
        ("version", str(city["version"])),
        ("issuer", plain(job.issuer)),
        ("review", plain(job.review_number)),
    )
    return [(said[f"print.{name}"], text) for name, text in known if text]


def notes_of(press: Press) -> list[str]:
    """Return the lines of small print: sample or not, source, licence, estimates."""
    city, said = press.source.city, press.said
    known = (
        ("source", city["attribution"]),
        ("licence", city["licence"]),
        ("estimation", city["estimation"]),
    )
    notes = [
        _labelled(f"{said[f'footer.{name}']}{said['print.colon']}", plain(text))
        for name, text in known
        if text
    ]
    if city["synthetic"]:
        notes.insert(0, said["print.sample"].replace("{text}", said["sample.long"]))
    return notes


def _labelled(label: str, text: str) -> str:
    """Return a text behind its label; some licences ask for a text that has it already."""
    return text if text.startswith(label) else label + text


def shared(press: Press, kind: str, id_: str, anchor: str) -> Json:
    """Return what every kind of sheet tells; ``anchor`` is where it is found on the live page."""
    return {
        "kind": kind,
        "id": id_,
        "sample": press.said["sample"] if press.source.city["synthetic"] else "",
        "notes": notes_of(press),
        **_code(press, anchor),
    }


def _code(press: Press, anchor: str) -> Json:
    site = press.job.site.rstrip("/")
    scan = {"c": "community", "g": "grid"}.get(anchor[1:2], "city")
    url = f"{site}/?lang={press.job.language}{anchor}"
    text = press.said[f"print.scan.{scan}"]
    return {"qr": code_svg(url) if site else "", "qr_text": text, "qr_alt": f"{text} {url}"}


def anchor_of(kind: str, id_: str) -> str:
    """Return the part of the live page's address that opens a community (c) or a grid (g)."""
    return f"#{kind}={quote(id_, safe='')}"


def on_paper_of(job: Job, own: str) -> Json:
    """Return the sides of the paper, mm, and how much larger than on its ``own`` a sheet is drawn."""
    sides = PAPERS[job.paper or own]
    return {"paper": sides, "k": min(side / made for side, made in zip(sides, PAPERS[own], strict=True))}


def run(press: Press, title: str, sheets: Sequence[Json], own: str) -> Printed:
    """Set the sheets of a job, made for ``own`` paper, as one document."""
    lang, region = EDITIONS[press.job.language]
    data = {
        "title": f"{plain(title)} · {press.city}",
        "author": plain(press.job.issuer),
        "keywords": [press.city],
        "font": press.font,
        "lang": lang,
        "region": region,
        "sheets": [{**one, **on_paper_of(press.job, own), "paged": len(sheets) > 1} for one in sheets],
    }
    return typeset(data, day=press.source.city["effective_from"], png=press.job.png)
