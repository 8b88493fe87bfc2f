"""Tell how the organisation of a whole city stands on its grids, and what the rules would take."""

from geogrid.overview.figures import Figure, count_figures
from geogrid.overview.made import Overview, make_overview, overview_json
from geogrid.overview.page import overview_html

__all__ = ["Figure", "Overview", "count_figures", "make_overview", "overview_html", "overview_json"]
