"""All routes of the planner's service."""

from api.planning import accounts, advice, drafts, files, releases, review, sessions

ROUTERS = (
    sessions.router,
    accounts.router,
    drafts.router,
    advice.router,
    files.router,
    review.router,
    releases.router,
)

__all__ = ["ROUTERS"]
