"""Loading, dividing, publishing and assigning survive a kill; ``make soak`` kills them hundreds of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.killing import forkserver, kill_often, rehearse

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = (2, 3, 4, 5)  # one kill of each command, all before its end


@pytest.mark.slow
def test_a_killed_command_leaves_nothing_half_done_and_ends_when_it_is_run_again(tmp_path: Path) -> None:
    context, failures = forkserver(), list[str]()
    counts = kill_often(context, rehearse(context, tmp_path), tmp_path, SEEDS, failures.append)
    assert failures == []
    assert [kills for kills, _, _ in counts.values()] == [1, 1, 1, 1]
