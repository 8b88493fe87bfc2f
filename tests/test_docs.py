"""The documents keep their word: every command line in them is one that geogrid understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from geogrid.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.M | re.S)


def command_lines(page: Path) -> list[str]:
    """Return the lines of code blocks and the spans of text that call geogrid."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in blocks.splitlines()]
    spans = re.findall(r"`(geogrid [^`]+)`", text)
    found = [line.split(" #")[0] for line in [*lines, *spans] if line.startswith("geogrid ")]
    return [line for line in found if "..." not in line and not re.search(r"\b[A-Z]{4,}\b --help", line)]


LINES = [(page, line) for page in PAGES for line in command_lines(page)]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page.stem}: {line}" for page, line in LINES])
def test_every_command_line_is_understood(page: Path, line: str) -> None:
    group = get_command(app)
    words = shlex.split(line)[1:]
    if words[:1] == ["--debug"] or "COMMAND" in words:
        return
    assert words[0] in group.commands, f"{page.name} names a command that does not exist"  # type: ignore[attr-defined]
    command = group.commands[words[0]]  # type: ignore[attr-defined]
    if "--help" in words:
        words.remove("--help")
    rest = words[1:]
    if hasattr(command, "commands"):
        assert rest[0] in command.commands, f"{page.name} names a command that does not exist"
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(words[0], rest)


def test_the_reader_of_pages_finds_lines() -> None:
    assert any(page.name == "cli.md" for page, _ in LINES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_numbers_of_the_readme_are_those_of_the_reports(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rows = [re.findall(r"\d+", line) for line in text.splitlines() if re.match(r"\|.*\d.*\|.*\d", line)]
    table = [row for row in rows if len(row) >= 2][-4:]
    # Four rows: communities, grids, 8-10 held, proved; in each Bukit Merah, then Songshan.
    told = [numbers_of_report(city) for city in ("bukit-merah", "songshan")]
    assert [row[-len(told[0][place]) * 2 :] for place, row in enumerate(table)] == [
        told[0][place] + told[1][place] for place in range(4)
    ]


def numbers_of_report(city: str) -> list[list[str]]:
    """Return the numbers of a report's totals: communities (with homes), grids, 8-10 held, proved of all."""
    text = (ROOT / "docs" / f"division-report-{city}.md").read_text(encoding="utf-8")
    (communities,) = re.findall(r"^- (\d+) communities, ", text, re.M)
    ((held, lived),) = re.findall(r"^- (\d+) of the (\d+) communities with homes have 8-10", text, re.M)
    ((grids, special),) = re.findall(r"(\d+) grids with homes and (\d+) special-purpose", text)
    ((proved, all_),) = re.findall(r"^- (\d+) of (\d+) divisions are proved", text, re.M)
    return [[communities, lived], [grids, special], [held], [proved, all_]]
