"""Check a finished plan from the geometry up, as somebody who trusts nobody would.

Nothing here is shared with the code that made the plan: what touches what, what lies in one piece, how many
households a grid has and where the window lies is found anew, from community, tiles, compounds, buildings
and the assignment alone.
"""

from geogrid.check.case import Excuse, Finding
from geogrid.check.plans import check_city, check_plan
from geogrid.check.published import check_published

__all__ = ["Excuse", "Finding", "check_city", "check_plan", "check_published"]
