"""The QR code of a sheet: the way from paper to the live page."""

from __future__ import annotations

import segno

from maps.printed.svg import document, path, rect

MARGIN = 4  # modules of quiet around a code (ISO/IEC 18004)


def code_svg(url: str) -> str:
    """Return the QR code of an address as SVG; a quarter of it may be soiled (level Q)."""
    import shapely

    code = segno.make(url, error="q", micro=False, boost_error=False)
    size = len(code.matrix) + 2 * MARGIN
    dark = [
        shapely.box(x + MARGIN, y + MARGIN, x + MARGIN + 1, y + MARGIN + 1)
        for y, row in enumerate(code.matrix)
        for x, bit in enumerate(row)
        if bit
    ]
    whole = shapely.orient_polygons(shapely.get_parts(shapely.union_all(dark)))
    return document(
        size, size, rect(0, 0, size, size, fill="#ffffff"), path(whole, fill="#000000", fill_rule="evenodd")
    )
