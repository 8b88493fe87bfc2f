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
    command.make_context(words[0], words[1:])


def test_the_reader_of_pages_finds_lines() -> None:
    assert any(page.name == "cli.md" for page, _ in LINES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
