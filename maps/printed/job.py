"""What is printed how: paper, language, format, and what the issuing body wants to be read on a sheet."""

from __future__ import annotations

from dataclasses import dataclass

from maps.words import DEFAULT

# Width and height upright, mm (ISO 216), and how much larger than A3 everything is drawn.
PAPERS: dict[str, tuple[float, float]] = {
    "a1": (594.0, 841.0),
    "a2": (420.0, 594.0),
    "a3": (297.0, 420.0),
    "a4": (210.0, 297.0),
    "a5": (148.0, 210.0),
}
DPI = 150


@dataclass(frozen=True, slots=True)
class Job:
    """How a sheet is to be printed.

    ``site`` is where the service answers the public; without it a sheet has no QR code. ``issuer`` is the
    issuing body, ``review_number`` the map review number (审图号); both are left out where they are empty.
    ``paper`` is a key of `PAPERS`, empty for the sheet's own: A3 for walls and books, A4 for notices.
    """

    language: str = DEFAULT
    png: bool = False
    paper: str = ""
    site: str = ""
    issuer: str = ""
    review_number: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A finished document of ``sheets``: one PDF, or one PNG a page."""

    pages: tuple[bytes, ...]
    sheets: int

    @property
    def pdf(self) -> bytes:
        """Return the whole document."""
        return self.pages[0]

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return sum(len(page) for page in self.pages)
