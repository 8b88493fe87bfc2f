"""Set sheets with Typst: its templates lie in ``layout/``, everything else reaches it as JSON.

Typst reads a string of JSON as text, never as markup or code, so that a name like ``#eval("1")`` or ``$x$``
is printed as it is. The documents are PDF/A-2a and PDF/UA-1: fonts inside, text that can be searched and
read aloud, and the same bytes for the same input.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from geogrid.clock import SHANGHAI
from maps.printed.fonts import installed
from maps.printed.job import DPI, Printed

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYOUT = Path(__file__).parent / "layout"
STANDARDS: list[Any] = ["a-2a", "ua-1"]


def typeset(data: Mapping[str, Any], *, day: str, png: bool) -> Printed:
    """Return the document that ``data`` describes, dated ``day`` (ISO), as one PDF or one PNG a page.

    :raises FontError: no Chinese font is installed.
    """
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    made = typst.compile(
        str(LAYOUT / "main.typ"),
        root=str(LAYOUT),
        font_paths=installed(),
        ignore_system_fonts=True,
        format="png" if png else "pdf",
        ppi=DPI,
        sys_inputs={"data": written},
        pdf_standards=[] if png else STANDARDS,
        timestamp=_stamp(day),
    )
    return Printed(tuple(made) if isinstance(made, list) else (made,), len(data["sheets"]))


def _stamp(day: str) -> int:
    begun = datetime.combine(date.fromisoformat(day or "2000-01-01"), datetime.min.time(), SHANGHAI)
    return int(begun.timestamp())
