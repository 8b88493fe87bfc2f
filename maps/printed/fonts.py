"""Find the Chinese fonts of this machine; without them nothing is printed."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import typst

from geogrid.errors import FontError

if TYPE_CHECKING:
    from collections.abc import Iterable

# The first that is installed in both weights is taken. One design under the names of its three editions.
FAMILIES = {
    "zh-Hans": ("Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans SC"),
    "zh-Hant": ("Noto Sans CJK TC", "Source Han Sans TC", "Source Han Sans TW", "Noto Sans TC"),
}
WEIGHTS = frozenset({400, 700})
FOLDER = "GEOGRID_FONTS"  # the environment variable that names a further folder of fonts


@cache
def installed() -> typst.Fonts:
    """Return the fonts of the system and of the folder in ``GEOGRID_FONTS``, read once."""
    more = os.environ.get(FOLDER, "")
    return typst.Fonts(
        include_system_fonts=True, include_embedded_fonts=False, font_paths=[more] if more else []
    )


def family(language: str) -> str:
    """Return the installed Chinese font family for ``zh-Hans`` or ``zh-Hant`` text.

    :raises FontError: none is installed in a regular and a bold weight.
    """
    return chosen(language, ((one.family, one.weight) for one in installed().fonts()))


def chosen(language: str, known: Iterable[tuple[str, int]]) -> str:
    """Return the first family for ``language`` that is ``known`` in both weights.

    :raises FontError: there is none.
    """
    weights: dict[str, set[int]] = {}
    for name, weight in known:
        weights.setdefault(name, set()).add(weight)
    wanted = FAMILIES[language]
    found = next((name for name in wanted if weights.get(name, set()) >= WEIGHTS), None)
    if found is None:
        raise FontError(
            f"no Chinese font to print with: none of {', '.join(wanted)} is installed in regular and bold. "
            "Install fonts-noto-cjk (Debian, Ubuntu: apt-get install fonts-noto-cjk) or "
            "google-noto-sans-cjk-fonts (Fedora), or put the font files into a folder and name it in "
            f"the environment variable {FOLDER}"
        )
    return found
