"""The published figures of Dandong (2020) that the sample reproduces; nothing else types them in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """How many there are of each thing; money in yuan a year."""

    subdistricts: int = 20
    communities: int = 193
    compounds: int = 788
    branches: int = 955
    building_groups: int = 3_027
    member_centre_households: int = 8_621
    members: int = 41_312
    secretaries_chosen: int = 612
    secretaries_concurrent: int = 17
    city_organisations: int = 413
    county_organisations: int = 542
    model_branches: int = 20
    share_of_three_stars: float = 0.9
    funded_branches: int = 805
    funds: int = 4_830_000


PUBLISHED = Figures()
