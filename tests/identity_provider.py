"""A small identity provider (OpenID Connect Core 1.0) for tests: discovery, sign-in form, tokens, keys.

It knows ``PEOPLE`` and asks for no password. It insists on PKCE with S256, on the client's secret and on the
same redirect URI, and gives each code once. ``spoil`` changes claims before they leave.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

CLIENT, SECRET = "geogrid", "the client's secret"
PEOPLE = {
    "li.na": {"name": "李娜(虚构)", "groups": ["planners", "staff"]},
    "wang": {"name": "王(虚构)", "groups": ["approvers"]},
    "guest": {"name": "客(虚构)", "groups": ["staff"]},
}


@dataclass
class IdentityProvider:
    """A provider at ``issuer``; ``app`` serves it."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    spoil: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    signing: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/keys", self.keys),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse(told)

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """Show who there is; whoever is chosen goes back with a code."""
        asked = dict(request.query_params)
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        if any(asked.get(name) != value for name, value in wanted.items()) or "nonce" not in asked:
            return HTMLResponse("what is asked is not allowed", 400)
        who = asked.pop("who", "")
        if who not in PEOPLE:
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
                for name, value in asked.items()
            )
            buttons = "".join(f'<button name="who" value="{one}">{one}</button>' for one in PEOPLE)
            return HTMLResponse(f"<form>{fields}{buttons}</form>")
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "who": who}
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

    async def token(self, request: Request) -> Response:
        """Exchange a code for an ID token."""
        sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        code = self.codes.pop(sent.get("code", ""), None)
        if request.headers.get("authorization") != f"Basic {known}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if code is None or sent.get("redirect_uri") != code["redirect_uri"] or not _proved(sent, code):
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 60}
        return JSONResponse({**answer, "id_token": self.id_token(code)})

    def id_token(self, code: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.issuer, "aud": CLIENT, "sub": f"subject of {code['who']}"}
        claims |= {"iat": now, "exp": now + 300, "nonce": code["nonce"], "preferred_username": code["who"]}
        claims |= PEOPLE[code["who"]]
        claims = self.spoil(claims) if self.spoil else claims
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.signing or self.key)


def _proved(sent: dict[str, str], code: dict[str, str]) -> bool:
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == code["code_challenge"]
