"""How the parts of a compiled loop are compiled, so that a loop can be told in many short functions.

Only loops are called from Python. What they are made of needs no way in from there, which would have to be
compiled as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Told = TypeVar("Told", bound="Callable[..., Any]")

# What a loop counts from: for a plain number, which is a type of its own, numba compiles each step once more.
ZERO: Any = np.int64(0)
OPTIONS: dict[str, Any] = {"cache": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def step(told: Told) -> Told:
    """Compile a step, which becomes a part of the loop that calls it.

    numba counts the references to every array that a function is given or takes out of a tuple, with a locked
    instruction each: annealing told in functions took fifteen times as long. A step does not count: it works
    on arrays that its caller holds, makes none, which numba would refuse of it and of what it calls, and
    returns none. Nor does it ask before each division whether that is by zero.
    """
    options: Any = OPTIONS | {"forceinline": True, "error_model": "numpy", "_nrt": False}
    compiled: Told = njit(**options)(told)
    return compiled


def part(told: Told) -> Told:
    """Compile a part that is large, or makes arrays or returns some: it counts, and stays a call."""
    compiled: Told = njit(**OPTIONS)(told)
    return compiled
