"""Read printed documents as a reader would: their text, fonts, pictures and codes."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import zxingcpp


def text_of(pdf: bytes) -> str:
    """Return the text of all pages as a viewer copies it, in one line."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).split())


def pages_of(pdf: bytes) -> list[tuple[int, int]]:
    """Return the size of every page in mm."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [
            (round(w / 72 * 25.4), round(h / 72 * 25.4)) for w, h in (page.get_size() for page in document)
        ]


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Return every font that a document writes with, and whether it is embedded."""
    found: dict[str, bool] = {}
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            for one in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=8):
                font = pdfium.FPDFTextObj_GetFont(one.raw)
                name = (pdfium.c_char * 200)()
                pdfium.FPDFFont_GetBaseFontName(font, name, 200)
                found[name.value.decode()] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
    return found


def picture_of(pdf: bytes, page: int = 0, *, dpi: int = 100, grey: bool = False) -> Any:
    """Return a page as pixels."""
    with pypdfium2.PdfDocument(pdf) as document:
        return document[page].render(scale=dpi / 72, grayscale=grey).to_numpy().copy()


def codes_of(pdf: bytes, *, dpi: int = 150) -> list[str]:
    """Return what the QR codes of the first page say to a phone."""
    return [one.text for one in zxingcpp.read_barcodes(picture_of(pdf, dpi=dpi, grey=True))]
