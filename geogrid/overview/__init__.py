"""Tell how the organisation of a whole city stands on its grids, and what the rules would take."""

from geogrid.overview.facts import Overview
from geogrid.overview.figures import Figure, count_figures
from geogrid.overview.made import make_overview, overview_json
from geogrid.overview.page import overview_html
from geogrid.overview.told import sentences
from geogrid.overview.words import LANGUAGES

__all__ = [
    "LANGUAGES",
    "Figure",
    "Overview",
    "count_figures",
    "make_overview",
    "overview_html",
    "overview_json",
    "sentences",
]
