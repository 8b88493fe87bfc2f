"""All routes of the planner's service."""

from api.planning import accounts, advice, comparing, drafts, files, openid, releases, review, sessions

ROUTERS = (
    sessions.router,
    openid.router,
    accounts.router,
    drafts.router,
    advice.router,
    comparing.router,
    files.router,
    review.router,
    releases.router,
)

__all__ = ["ROUTERS"]
