"""An identity provider that people sign in with (OpenID Connect Core 1.0): authorization code with PKCE.

Off unless the setting ``openid`` names a file, see ``openid_file``.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.planning.shapes import Pending
from geogrid.accounts import Identity
from geogrid.errors import SignInError

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning  # it asks to be told, so it is silenced after it

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.security import generate_token
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.planning.openid_file import OpenID

DISCOVERY = "/.well-known/openid-configuration"
SIGNED_WITH = ["RS256", "PS256", "ES256", "EdDSA"]
FRESH_S = 3600.0  # how long what the provider says of itself is believed
WAIT_S = 10.0
LEEWAY_S = 60


class Provider:
    """One identity provider. What it says of itself is asked once an hour."""

    def __init__(self, said: OpenID) -> None:
        self.said = said
        self._metadata: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._asked_at = 0.0

    async def begin(self, redirect_uri: str) -> tuple[str, Pending]:
        """Return where the browser goes to sign in, and what to keep until it comes back.

        :raises SignInError: the provider cannot be asked.
        """
        pending = Pending(generate_token(32), generate_token(32), generate_token(64))
        async with self._client(redirect_uri) as client:
            metadata = await self._known(client)
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_challenge=create_s256_code_challenge(pending.verifier),
                code_challenge_method="S256",
                **({"acr_values": self.said.acr} if self.said.acr else {}),
            )
        return str(url), pending

    async def finish(self, redirect_uri: str, pending: Pending, code: str) -> Identity:
        """Return who signed in: the code is exchanged, and the ID token checked (OpenID Core, 3.1.3.7).

        :raises SignInError: the provider refuses, or its token is not what was asked for.
        """
        try:
            async with self._client(redirect_uri) as client:
                metadata = await self._known(client)
                token = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=pending.verifier,
                )
                claims = await self._claims(client, str(token.get("id_token", "")), pending.nonce)
        except (OAuthError, JoseError, ValueError, KeyError, OSError) as error:
            raise SignInError("the identity provider did not let you in") from error
        return self._identity(claims)

    def _client(self, redirect_uri: str) -> Any:
        said = self.said
        return AsyncOAuth2Client(
            said.client_id, said.client_secret, scope=said.scope, redirect_uri=redirect_uri, timeout=WAIT_S
        )

    async def _known(self, client: Any, *, anew: bool = False) -> dict[str, Any]:
        """Return the provider's metadata, with its keys beside them."""
        if anew or time.monotonic() > self._asked_at + FRESH_S or not self._metadata:
            try:
                told = await _asked(client, self.said.issuer.rstrip("/") + DISCOVERY)
                self._keys = await _asked(client, told["jwks_uri"])
            except Exception as error:
                raise SignInError("the identity provider cannot be asked") from error
            if told.get("issuer") != self.said.issuer:
                raise SignInError("the identity provider is another one than was set")
            self._metadata, self._asked_at = told, time.monotonic()
        return self._metadata

    async def _claims(self, client: Any, id_token: str, nonce: str) -> dict[str, Any]:
        try:
            token = jwt.decode(id_token, KeySet.import_key_set(self._keys), algorithms=SIGNED_WITH)  # type: ignore[arg-type]
        except (JoseError, ValueError):  # it may have been signed with a newer key
            await self._known(client, anew=True)
            token = jwt.decode(id_token, KeySet.import_key_set(self._keys), algorithms=SIGNED_WITH)  # type: ignore[arg-type]
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.said.issuer},
            aud={"essential": True, "value": self.said.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(token.claims)
        others = token.claims["aud"] != self.said.client_id
        if others and token.claims.get("azp") != self.said.client_id:
            raise ValueError("the token is for another client")
        if self.said.acr and token.claims.get("acr") not in self.said.acr.split():
            raise ValueError("the sign-in was weaker than asked for")
        return dict(token.claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        said = self.said
        roles = None
        if said.roles:
            roles = frozenset(
                said.roles[one] for one in _texts(claims.get(said.roles_claim)) if one in said.roles
            )
            if not roles:
                raise SignInError("the identity provider gives you no role here")
        bound = frozenset(_texts(claims.get(said.subdistricts_claim))) if said.subdistricts_claim else None
        name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
        return Identity(
            subject=f"{said.issuer}|{claims['sub']}",
            name=name.strip().lower(),
            display=str(claims.get("name") or name),
            roles=roles,
            subdistricts=bound,
        )


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


async def _asked(client: Any, url: str) -> dict[str, Any]:
    answer = await client.request("GET", url, withhold_token=True)
    answer.raise_for_status()
    return dict(answer.json())
