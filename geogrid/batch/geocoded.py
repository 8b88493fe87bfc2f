"""Ask a geocoder about the rows that text cannot answer; what it says is marked as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geogrid.batch.told import GEOCODED, Candidate, RowAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geogrid.batch.matchers import Matcher
    from geogrid.batch.told import Told
    from geogrid.geocode import Geocoder

ASKED = ("none", "partial")  # an ambiguous row has its candidates: no service knows better which is meant


class GeocodingMatcher:
    """Answers rows from a matcher, and positions from a geocoder where the matcher has no answer.

    Its rows have the status ``geocoded``, never ``matched``, and go to the review file as well.
    """

    def __init__(self, matcher: Matcher, geocoder: Geocoder) -> None:
        self._matcher, self._geocoder = matcher, geocoder

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer address texts, one answer each, in order."""
        answers = list(self._matcher.addresses(texts))
        for place, answer in enumerate(answers):
            if answer.status in ASKED and (found := self._geocoded(texts[place])) is not None:
                answers[place] = found
        return answers

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        """Answer positions as the matcher does."""
        return self._matcher.points(lon, lat)

    def _geocoded(self, text: str) -> RowAnswer | None:
        place = self._geocoder.locate(text)
        if place is None:
            return None
        (inside,) = self._matcher.points(np.array([place.lon]), np.array([place.lat])).answers()
        if not inside.grid_code:
            return None  # another city's address of the same name
        reason = f"{self._geocoder.name}: {place.level}"
        shown = Candidate(f"{place.lon:.6f}, {place.lat:.6f} ({reason})", inside.grid_code)
        return RowAnswer(GEOCODED, reason, inside.grid_code, inside.grid_name, candidates=(shown,))
