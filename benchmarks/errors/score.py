"""Mark the answers: right grid, wrong grid, asked back; collisions and places that do not exist apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.errors.cases import MECHANISMS, Case, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANSWERED = ("matched", "historical")


@dataclass
class Marks:
    """What happened to the cases of one mechanism."""

    right: int = 0
    wrong: int = 0
    asked: int = 0
    asked_with_truth: int = 0
    collisions: int = 0
    collisions_asked: int = 0
    collisions_right: int = 0
    collisions_word: int = 0  # answered with the door whose own address the text is, word for word
    collisions_other: int = 0
    nothing: int = 0
    nothing_answered: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def variants(self) -> int:
        """Count the cases that have one right grid."""
        return self.right + self.wrong + self.asked


def mark(
    cases: Sequence[Case],
    answers: Iterable[tuple[str, int, Sequence[int]]],
    grid_of: dict[str, int],
) -> dict[str, Marks]:
    """Mark ``answers`` (status, certain grid or -1, all grids offered) against the truth, by mechanism.

    ``grid_of`` is the grid of each door by its building id.
    """
    marks: dict[str, Marks] = defaultdict(Marks)
    for case, (status, grid, offered) in zip(cases, answers, strict=True):
        one, truth = marks[case.mechanism], grid_of[case.door]
        answered = status in ANSWERED and grid >= 0
        if case.truth is Truth.NOTHING:
            one.nothing += 1
            one.nothing_answered += answered
        elif case.truth is Truth.DOOR:
            one.right += answered and grid == truth
            one.wrong += answered and grid != truth
            one.asked += not answered
            one.asked_with_truth += not answered and truth in offered
        else:
            one.collisions += 1
            one.collisions_asked += not answered
            one.collisions_right += answered and grid == truth
            word = answered and grid != truth and grid == grid_of.get(case.other, -1)
            one.collisions_word += word
            one.collisions_other += answered and grid != truth and not word
        bad = (case.truth is Truth.NOTHING and answered) or (
            case.truth is Truth.DOOR and not (answered and grid == truth)
        )
        if bad and len(one.examples) < 12:
            one.examples.append((case.text, f"{case.truth} {case.what}", f"{status} {grid} not {truth}"))
    return {name: marks[name] for name in MECHANISMS if name in marks}


def table(marks: dict[str, Marks]) -> str:
    """Write the marks as a Markdown table."""
    heads = ["mechanism", "variants", "right grid", "wrong of answered", "asked back (truth offered)"]
    heads += ["collisions: asked / right / its own words / other", "no such place: answered"]
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    lines += [_row(name, one) for name, one in marks.items()]
    return "\n".join([*lines, _row("**all**", total(marks))])


def total(marks: dict[str, Marks]) -> Marks:
    """Add up the marks of all mechanisms."""
    counted = [name for name in vars(Marks()) if name != "examples"]
    return Marks(**{name: sum(getattr(one, name) for one in marks.values()) for name in counted})


def _row(name: str, one: Marks) -> str:
    answered = one.right + one.wrong
    right = f"{one.right / one.variants:.2%}" if one.variants else ""
    wrong = f"{one.wrong / answered:.2%} ({one.wrong})" if answered else ""
    asked = f"{one.asked} ({one.asked_with_truth})" if one.variants else ""
    clash = (
        f"{one.collisions_asked} / {one.collisions_right} / {one.collisions_word} / {one.collisions_other}"
        if one.collisions
        else ""
    )
    nothing = f"{one.nothing_answered} of {one.nothing}" if one.nothing else ""
    return f"| {name} | {one.variants or ''} | {right} | {wrong} | {asked} | {clash} | {nothing} |"
