"""Answer rows from a compiled plan, exactly as a single lookup does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from geogrid.addresses import Matcher as AddressMatcher
from geogrid.batch.told import Candidate, Kinds, RowAnswer, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from geogrid.addresses import AddressAnswer
    from geogrid.addresses import Candidate as FoundCandidate
    from geogrid.snapshot import Snapshot

    Locate = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.int32]]

OUTSIDE = RowAnswer("outside", "the position lies in no grid", match_level="point")


class Matcher(Protocol):
    """Answers rows; implemented over a snapshot, and by hand in tests."""

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer address texts, one answer each, in order."""

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        """Answer positions in WGS-84 degrees, one each, in order; all of them are on the earth."""


class PointMatcher:
    """Answers positions from a point index and the code and name of each of its labels."""

    def __init__(self, locate: Locate, grids: Iterable[tuple[str, str]]) -> None:
        self._locate = locate
        inside = tuple(RowAnswer("matched", "point", code, name, "point") for code, name in grids)
        self.of_points = Kinds((*inside, OUTSIDE))

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer that nothing fits: only positions are known here."""
        return [RowAnswer("none", _REASONS["none"])] * len(texts)

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        """Answer positions in WGS-84 degrees, one each, in order."""
        labels = self._locate(lon, lat)
        labels[labels < 0] = len(self.of_points.answers) - 1
        return Told(self.of_points, labels)


class SnapshotMatcher(PointMatcher):
    """Answers rows from a compiled plan, exactly as a single lookup does."""

    def __init__(self, snapshot: Snapshot, candidates: int = 5) -> None:
        self._cards = snapshot.grids()
        super().__init__(snapshot.locate, ((card["code"], card["name"]) for card in self._cards))
        self._match = AddressMatcher(snapshot.addresses, snapshot.grid_of_door).match
        self._buildings = snapshot.addresses.texts["door_building"]
        self._candidates = candidates

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer address texts, one answer each, in order."""
        return [self._of_text(self._match(text, limit=self._candidates)) for text in texts]

    def _of_text(self, answer: AddressAnswer) -> RowAnswer:
        status, level = str(answer.status), str(answer.match_level)
        judged = (level, answer.score, answer.margin)
        if answer.grid >= 0:
            card = self._cards[answer.grid]
            return RowAnswer(status, level, card["code"], card["name"], *judged)
        candidates = tuple(self._candidate(one) for one in answer.candidates)
        if status == "matched":
            reason = "the address is known but lies in no grid"
            return RowAnswer("outside", reason, "", "", *judged, candidates=candidates)
        asked_back = answer.missing and status != "none"
        reason = f"missing: {', '.join(answer.missing)}" if asked_back else _REASONS.get(status, "")
        return RowAnswer(status, reason, "", "", *judged, answer.missing, candidates)

    def _candidate(self, one: FoundCandidate) -> Candidate:
        codes = self._codes([one.grid] if one.grid >= 0 else one.grids)
        return Candidate(one.text, codes, self._buildings[one.door].as_py() if one.door >= 0 else "")

    def _codes(self, labels: Sequence[int]) -> str:
        return "; ".join(self._cards[label]["code"] for label in labels if label >= 0)


_REASONS = {
    "ambiguous": "several places in different grids fit",
    "partial": "only a part of it was found",
    "historical": "known only under a former name",
    "none": "nothing fits",
}


def matcher_of(snapshot: Snapshot) -> Matcher:
    """Return what answers rows from a snapshot."""
    return SnapshotMatcher(snapshot)
