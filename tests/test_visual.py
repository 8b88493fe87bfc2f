"""Six pages look as they did: compared with kept thumbnails, an eighth of their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.thumbnails import KEPT, PAGES, thumbnail

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
MEAN, FAR = 4.0, 0.02  # of 255; part of the pixels. Another font of the same size stays below both.


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_did(chromium: Browser, live: str, name: str) -> None:
    """A change that is meant is kept by ``python -m tests.pictures --thumbnails``."""
    found = thumbnail(chromium, live, name, (KEPT / f"{name}.png").read_bytes())
    assert found["mean"] < MEAN, f"the page differs by {found['mean']:.1f} of 255 in the mean"
    assert found["far"] < FAR, f"{found['far']:.1%} of the page look different"


def test_a_difference_is_seen(chromium: Browser, live: str) -> None:
    found = thumbnail(chromium, live, "city", (KEPT / "grid.png").read_bytes())
    assert found["mean"] > MEAN
