"""All routes of the planner's service."""

from api.planning import accounts, advice, drafts, releases, review, sessions

ROUTERS = (
    sessions.router,
    accounts.router,
    drafts.router,
    advice.router,
    review.router,
    releases.router,
)

__all__ = ["ROUTERS"]
