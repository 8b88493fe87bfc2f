"""Put the organisation onto the grids: branches matched, teams filled, organisations paired."""

from geogrid.roster.community import BranchPlace, GridTeam, Roster, ground_held, match_roster
from geogrid.roster.matching import EarlierGrid, held_through
from geogrid.roster.pairing import Pair, PairingReport, propose_pairs
from geogrid.roster.people import PublicPerson, Seat, public_view
from geogrid.roster.tally import Burden, CityTally, SubdistrictTally, tally_city

__all__ = [
    "BranchPlace",
    "Burden",
    "CityTally",
    "EarlierGrid",
    "GridTeam",
    "Pair",
    "PairingReport",
    "PublicPerson",
    "Roster",
    "Seat",
    "SubdistrictTally",
    "ground_held",
    "held_through",
    "match_roster",
    "propose_pairs",
    "public_view",
    "tally_city",
]
