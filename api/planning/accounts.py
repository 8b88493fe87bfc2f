"""Accounts, tokens and the audit trail."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from msgspec import UNSET
from starlette.responses import Response

from api.asked import read_body
from api.documented import takes
from api.planning.drafts import Viewer, told
from api.planning.shapes import AccountChange, NewAccount, NewToken
from api.planning.who import Who, needs
from api.problems import Refusal
from geogrid.accounts import AccountRole, Right

if TYPE_CHECKING:
    from geogrid.accounts import Account
    from geogrid.archive.tokens import Token

router = APIRouter(prefix="/v1/planning", tags=["planning: accounts"])
Operator = Annotated[Who, needs(Right.MANAGE)]


@router.get("/accounts", summary="All accounts")
async def accounts(who: Operator) -> Response:
    """List the accounts."""
    return told([_account_told(one) for one in await asyncio.to_thread(who.office.archive.accounts.all)])


@router.post("/accounts", summary="Add an account", status_code=201, **takes(NewAccount))
async def add_account(request: Request, who: Operator) -> Response:
    """Add an account with its roles, and with the subdistricts in which a planner plans."""
    asked = await read_body(request, NewAccount)
    added = await asyncio.to_thread(
        who.office.archive.accounts.add,
        asked.name,
        by=who.actor,
        roles=[AccountRole(one) for one in asked.roles],
        password=asked.password,
        display=asked.display,
        subdistricts=asked.subdistricts,
        subject=asked.subject,
        provisional=True,
    )
    return told(_account_told(added), 201)


@router.patch("/accounts/{name}", summary="Change an account", **takes(AccountChange))
async def change_account(request: Request, who: Operator, name: str) -> Response:
    """Change roles, subdistricts or the password, or shut an account off; its sessions end.

    A password that is set for somebody else lets in for a week, and only to change it.
    Nobody takes the last operator's role away, nor their own.
    """
    asked = await read_body(request, AccountChange)
    wanted: dict[str, Any] = {
        key: value
        for key in ("roles", "subdistricts", "active", "password")
        if (value := getattr(asked, key)) is not UNSET
    }
    loses = wanted.get("active") is False or "operator" not in wanted.get("roles", ["operator"])
    if name == who.account.name and loses:
        raise Refusal(422, "An operator cannot shut off the own account or give up its role.")
    wanted["provisional"] = name != who.account.name
    if "roles" in wanted:
        wanted["roles"] = [AccountRole(one) for one in wanted["roles"]]
    done = await asyncio.to_thread(who.office.archive.accounts.change, name, by=who.actor, **wanted)
    return told(_account_told(done))


@router.delete("/accounts/{name}/sessions", summary="End all sessions of an account", status_code=204,
               response_class=Response)  # fmt: skip
async def end_sessions(who: Operator, name: str) -> Response:
    """Sign somebody out everywhere."""
    await asyncio.to_thread(who.office.archive.sessions.end_all, name, by=who.actor)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


@router.get("/tokens", summary="One's own tokens")
async def tokens(who: Viewer) -> Response:
    """List the tokens of this account; their secrets are known to nobody."""
    found = await asyncio.to_thread(who.office.archive.tokens.of, who.account.name)
    return told([_token_told(one) for one in found])


@router.post("/tokens", summary="Make a token", status_code=201, **takes(NewToken))
async def add_token(request: Request, who: Viewer) -> Response:
    """Make a token for a program, with some of the account's rights; the secret is told only now."""
    asked = await read_body(request, NewToken)
    scopes = [Right(one) for one in asked.scopes]
    if not set(scopes) <= who.rights:
        raise Refusal(403, "A token cannot have more rights than its account.")
    made, secret = await asyncio.to_thread(
        who.office.archive.tokens.add,
        who.account.name,
        by=who.actor,
        label=asked.label,
        scopes=scopes,
        lasts=timedelta(days=asked.days),
    )
    return told({**_token_told(made), "secret": secret}, 201)


@router.delete("/tokens/{token_id}", summary="Take a token back", status_code=204, response_class=Response)
async def revoke_token(who: Viewer, token_id: int) -> Response:
    """Revoke one of one's own tokens; an operator may revoke anybody's."""
    name = None if Right.MANAGE in who.rights else who.account.name
    await asyncio.to_thread(who.office.archive.tokens.revoke, token_id, by=who.actor, name=name)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


@router.get("/audit", summary="The audit trail")
async def audit(
    who: Operator, subject: Annotated[str | None, Query(max_length=200, description="Like `draft 3`.")] = None
) -> Response:
    """List who did what, when and from where, and say whether the chain of hashes holds."""
    trail = await asyncio.to_thread(who.office.archive.audit_trail, subject)
    lines = await asyncio.to_thread(who.office.archive.verify_audit)
    return told({"lines": lines, "entries": [asdict(one) for one in trail]})


def _account_told(one: Account) -> dict[str, Any]:
    return {
        "name": one.name,
        "display": one.display,
        "roles": sorted(one.roles),
        "subdistricts": sorted(one.subdistricts),
        "active": one.active,
    }


def _token_told(one: Token) -> dict[str, Any]:
    return {**asdict(one), "scopes": sorted(one.scopes)}
