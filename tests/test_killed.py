"""Loading, dividing, publishing and assigning survive a kill; ``make soak`` kills them hundreds of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.killing_commands import forkserver, killed, rehearse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_a_killed_command_leaves_nothing_half_done_and_ends_when_it_is_run_again(tmp_path: Path) -> None:
    context = forkserver()
    for seed, rehearsal in enumerate(rehearse(context, tmp_path).values(), start=2):
        killed(context, rehearsal, tmp_path / str(seed), seed)
