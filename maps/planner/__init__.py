"""The planner's page: a shell that the scripts fill from the planner's service."""

from maps.planner.page import planner_page

__all__ = ["planner_page"]
