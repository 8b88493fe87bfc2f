"""Draw the common characters and write which look alike: ``python -m benchmarks.look_alikes OUT``.

Made once, with Noto Sans and Noto Serif CJK (SIL Open Font Licence; the table holds no glyphs); needs
Pillow. Two
characters look alike when the blurred drawings, less what all drawings share, have a cosine above
``ALIKE``, and a little alike above ``LEAST``.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = tuple(
    Path("/usr/share/fonts/opentype/noto") / f"Noto{kind}CJK-Regular.ttc" for kind in ("Sans", "Serif")
)
FACES = {"gb2312": 2, "big5": 3}  # the Simplified and the Traditional Chinese face of a collection
NEIGHBOURS, ALIKE, LEAST = 20, 0.58, 0.42


def characters(codec: str) -> list[str]:
    """Return the characters of GB 2312 or the common ones of Big5, in the order of the code."""
    if codec == "gb2312":
        codes = [(high, low) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)]
    else:
        codes = [
            (high, low) for high in range(0xA4, 0xC7) for low in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
        ]
    decoded = (bytes(code).decode(codec, "ignore") for code in codes)
    return [char for char in decoded if char and "\u4e00" <= char <= "\u9fff"]


def drawings(chars: list[str], face: int) -> npt.NDArray[np.float32]:
    """Return one unit vector a character: drawn, blurred, less the mean drawing."""
    parts = []
    for path in FONTS:
        font = ImageFont.truetype(str(path), 56, index=face)
        rows = []
        for char in chars:
            image = Image.new("L", (64, 64))
            ImageDraw.Draw(image).text((4, -8), char, font=font, fill=255)
            small = image.filter(ImageFilter.GaussianBlur(1.6)).resize((32, 32), Image.Resampling.BOX)
            rows.append(np.asarray(small, dtype=np.float32).ravel())
        part = np.array(rows)
        part -= part.mean(axis=0)
        parts.append(part / np.linalg.norm(part, axis=1, keepdims=True))
    return np.asarray(np.hstack(parts) / np.sqrt(len(parts)), dtype=np.float32)


def look_alikes() -> dict[str, str]:
    """Return the look-alikes of every character, the most alike first."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for codec, face in FACES.items():
        chars = characters(codec)
        drawn = drawings(chars, face)
        for start in range(0, len(chars), 1024):
            alike = drawn[start : start + 1024] @ drawn.T
            for row, order in enumerate(np.argsort(-alike, axis=1)[:, : NEIGHBOURS + 1]):
                one = chars[start + row]
                for other in order.tolist():
                    if chars[other] != one and alike[row, other] >= LEAST:
                        found[one][chars[other]] = max(
                            found[one].get(chars[other], 0.0), float(alike[row, other])
                        )
    return {one: _line(others) for one, others in sorted(found.items())}


def _line(others: dict[str, float]) -> str:
    """Write the alike, a bar, and the little alike."""
    ordered = sorted(others, key=lambda other: (-others[other], other))
    close = sum(others[other] >= ALIKE for other in ordered)
    return "".join(ordered[:close]) + "|" + "".join(ordered[close:])


def main() -> None:
    """Write one line a character: the character, those that look like it, a bar, those that do a little."""
    lines = [one + others for one, others in look_alikes().items()]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} characters, {sum(map(len, lines)) - len(lines)} look-alikes")


if __name__ == "__main__":
    main()
