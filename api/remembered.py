"""Keep what a job has answered, so that one that was cut short goes on where it stopped.

The answers lie beside the input, one line of JSON for each run of rows: the distinct answers, and which of
them each row got. They name grids, never what was asked. A file is read and written anew, which is quick;
what took long is not asked again.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from geogrid.batch.told import ADDED, JUDGED, RowAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from geogrid.batch.matchers import Matcher
    from geogrid.batch.told import Told

KEPT = (*ADDED, *JUDGED)


class Remembered:
    """Answers rows as ``matcher`` does, and runs of addresses that were answered before from ``path``.

    ``plan`` is the seal of the plan that answers: what another plan has answered is forgotten.
    """

    def __init__(self, matcher: Matcher, path: Path, plan: str) -> None:
        self._matcher = matcher
        lines = _whole_lines(path)
        seal = [plan, *KEPT]
        told = lines if lines[:1] == [seal] else [seal]
        self._known = iter(told[1:])
        aside = path.with_suffix(".aside")
        self._file = aside.open("w", encoding="utf-8")
        aside.chmod(0o600)
        for line in told:
            self._keep(line)
        aside.replace(path)  # an interruption before this leaves the old one whole

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer address texts, one answer each, in order."""
        run: Any = next(self._known, None)
        if run is None:
            run = _run_of(self._matcher.addresses(texts))
            self._keep(run)
        told = (dict(zip(KEPT, kind, strict=True)) for kind in run["kinds"])
        kinds = [RowAnswer(**one | {"missing": tuple(one["missing"])}) for one in told]
        return [kinds[at] for at in run["of_row"]]

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        """Answer positions; that is as quick as reading the answers would be."""
        return self._matcher.points(lon, lat)

    def _keep(self, told: object) -> None:
        self._file.write(json.dumps(told, ensure_ascii=False) + "\n")
        self._file.flush()


def _whole_lines(path: Path) -> list[Any]:
    """Return the lines that were written to their end."""
    found: list[Any] = []
    with contextlib.suppress(OSError, ValueError):
        found.extend(_read(path))
    return found


def _read(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _run_of(answers: Sequence[RowAnswer]) -> dict[str, Any]:
    places: dict[tuple[Any, ...], int] = {}
    told = [tuple(getattr(one, name) for name in KEPT) for one in answers]
    return {"of_row": [places.setdefault(one, len(places)) for one in told], "kinds": list(places)}
