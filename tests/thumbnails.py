"""Small pictures of pages, made and compared in the browser, so that no fonts' hairlines count."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.test_pages import DESKTOP, PHONE, READY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KEPT = Path(__file__).parent / "visual"
# name: path, size of the window
PAGES: dict[str, tuple[str, tuple[int, int]]] = {
    "page": ("/?lang=en#c=c1", DESKTOP),
    "page-phone": ("/?lang=zh-Hans#g=210602001001001", PHONE),
    "city": ("/embed/city?lang=zh-Hans&list=1", DESKTOP),
    "grid": ("/embed/g/210602001001001?lang=zh-Hant", DESKTOP),
    "grid-phone": ("/embed/g/210602001001001?lang=en", PHONE),
    "layers": ("/embed/c/c1?lang=en&layers=households,compounds,venues", DESKTOP),
}
SCALE = 8
# Draws a picture small and gives its bytes; with another one also how much they differ.
SHRINK = """async ([picture, other, width, height]) => {
  const pixels = async (source) => {
    const image = new Image();
    image.src = "data:image/png;base64," + source;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    Object.assign(pen, { imageSmoothingEnabled: true, imageSmoothingQuality: "high" });
    pen.drawImage(image, 0, 0, width, height);
    return [canvas.toDataURL("image/png").split(",")[1], pen.getImageData(0, 0, width, height).data];
  };
  const [small, own] = await pixels(picture);
  if (!other) return { small };
  const [, theirs] = await pixels(other);
  let [sum, far] = [0, 0];
  for (let i = 0; i < own.length; i += 4) {
    const apart = [0, 1, 2].reduce((all, n) => all + Math.abs(own[i + n] - theirs[i + n]) / 3, 0);
    sum += apart;
    far += apart > 48;
  }
  return { small, mean: sum / (own.length / 4), far: far / (own.length / 4) };
}"""


def thumbnail(browser: Browser, base: str, name: str, other: bytes | None = None) -> dict[str, Any]:
    """Return the thumbnail of a page, and how it differs from another: mean of 255, share of far pixels."""
    path, (width, height) = PAGES[name]
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.goto(base + path)
    page.wait_for_selector(READY)
    page.wait_for_timeout(400)
    found = _shrunk(page, page.screenshot(), other, width // SCALE, height // SCALE)
    context.close()
    return found


def _shrunk(page: Page, picture: bytes, other: bytes | None, width: int, height: int) -> dict[str, Any]:
    told = [b64encode(picture).decode(), b64encode(other).decode() if other else "", width, height]
    found: dict[str, Any] = page.evaluate(SHRINK, told)
    return {**found, "small": b64decode(found["small"])}
