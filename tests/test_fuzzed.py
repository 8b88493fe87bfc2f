"""The readers of foreign bytes bear what is sound and what atheris made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.feeding import KEPT, TARGETS, clean_up, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def _tidy() -> Iterator[None]:
    yield
    clean_up()


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_sound_is_borne_and_so_is_its_half(target: str) -> None:
    for seed in seeds(target):
        for data in (seed, seed[: len(seed) // 2], seed[::-1], seed.replace(b"1", b"\xff")):
            TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_made_up_is_borne(target: str) -> None:
    kept = sorted((KEPT / target).iterdir())
    assert len(kept) >= 20
    for path in kept:
        TARGETS[target](path.read_bytes())
