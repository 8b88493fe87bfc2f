"""Drive the workbench's page in a real browser as planners do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.planner.page import planner_words
from tests.planned import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY = "html[data-ready=true]"


class Desks:
    """A service and the browsers that work on it; what goes wrong in any page is kept."""

    def __init__(self, url: str, browser: Browser) -> None:
        self.url = url
        self.browser = browser
        self.wrong: list[str] = []

    def page(self, *, language: str = "zh-Hans", width: int = 1400, path: str = "/planner") -> Page:
        page = self.browser.new_context(viewport={"width": width, "height": 860}).new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda dialog: self.wrong.append(dialog.message))
        page.on("console", lambda told: self.wrong.append(told.text) if "Policy" in told.text else None)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((self.url, "data:")) else self.wrong.append(asked.url),
        )
        page.goto(f"{self.url}{path}?lang={language}")
        page.wait_for_selector(READY)
        return page

    def signed_in(self, name: str, *, language: str = "zh-Hans", width: int = 1400) -> Page:
        page = self.page(language=language, width=width)
        page.fill("input[name=account]", name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".plan-list")
        return page


def say(key: str, language: str = "zh-Hans") -> str:
    return planner_words(language)[f"planner.{key}"]


def begin(page: Page) -> None:
    page.click(".begin")
    page.click("dialog button.main")
    page.wait_for_selector(".plan-table tbody tr")


def homes(page: Page) -> list[str]:
    """Return the households of each grid as the table shows them."""
    cells = page.locator(".table-frame tbody td:nth-child(2)").all_inner_texts()
    return [cell.split()[0] for cell in cells]


def at_revision(page: Page, revision: int) -> None:
    page.wait_for_selector(f"html[data-revision='{revision}']")


def at_rest(page: Page) -> None:
    """Wait until the page has asked and drawn everything."""
    page.wait_for_selector("html[data-pending='0']")


def tab(page: Page, key: str) -> None:
    page.click(f"[data-tab={key}]")


def grid_at(desks: Desks, page: Page, unit: str) -> int:
    """Return the number of the grid that residents are told at a unit's inner point."""
    spot = page.evaluate(f"geogrid.planner().bench.units.get({unit!r}).spot")
    answer = page.request.get(f"{desks.url}/v1/lookup?lon={spot[0]}&lat={spot[1]}").json()
    return int(answer["grid"]["number"])
