"""Put the organisation onto the grids: branches matched, teams filled, organisations paired."""

from geogrid.roster.community import BranchPlace, GridTeam, Roster, ground_held, match_roster
from geogrid.roster.matching import EarlierGrid, held_through
from geogrid.roster.pairing import Pair, PairCost, PairingReport, accept_pairs, propose_pairs, reason_of
from geogrid.roster.people import PublicPerson, Seat, public_view
from geogrid.roster.tally import Burden, CityTally, SubdistrictTally, tally_city

__all__ = [
    "BranchPlace",
    "Burden",
    "CityTally",
    "EarlierGrid",
    "GridTeam",
    "Pair",
    "PairCost",
    "PairingReport",
    "PublicPerson",
    "Roster",
    "Seat",
    "SubdistrictTally",
    "accept_pairs",
    "ground_held",
    "held_through",
    "match_roster",
    "propose_pairs",
    "public_view",
    "reason_of",
    "tally_city",
]
