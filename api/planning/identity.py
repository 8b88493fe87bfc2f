"""An identity provider that people sign in with (OpenID Connect Core 1.0): authorization code with PKCE.

Off unless the setting ``openid`` names a TOML file with ``issuer``, ``client_id`` and ``client_secret``.
"""

from __future__ import annotations

import time
import tomllib
import warnings
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.planning.shapes import Pending
from geogrid.accounts import AccountRole, Identity
from geogrid.errors import Fault, InputError, SignInError

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning  # it asks to be told, so it is silenced after it

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.security import generate_token
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DISCOVERY = "/.well-known/openid-configuration"
SIGNED_WITH = ["RS256", "PS256", "ES256", "EdDSA"]
FRESH_S = 3600.0  # how long what the provider says of itself is believed
WAIT_S = 10.0
LEEWAY_S = 60
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class OpenID:
    """What the operator says of the provider.

    ``roles`` maps values of the claim ``roles_claim`` to roles here; while it is empty, roles are given by
    the operator and only accounts with the provider's subject may come in. ``subdistricts_claim`` names the
    claim of the subdistricts that a planner is bound to, empty: the operator gives them. ``acr`` are the
    strengths of authentication that are enough (OpenID Core, 2), with spaces between; empty: any.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str = "OpenID Connect"
    scope: str = "openid profile email"
    roles_claim: str = "groups"
    subdistricts_claim: str = ""
    acr: str = ""
    roles: Mapping[str, AccountRole] = field(default_factory=dict)


def read_openid(path: Path) -> OpenID:
    """Return the settings of a TOML file.

    :raises InputError: it cannot be read, or has a name or value that is none; all are told.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = "the settings of the identity provider cannot be read"
        raise InputError((Fault("broken-settings", words, "Check the file.", str(path)),)) from error
    known = {one.name for one in fields(OpenID)}
    faults = [_wrong(path, name, "there is no such setting") for name in told.keys() - known]
    texts = [name for name in known - {"roles"} if name in told and not isinstance(told[name], str)]
    faults += [_wrong(path, name, "the value must be a text") for name in texts]
    missing = [name for name in ("issuer", "client_id", "client_secret") if not told.get(name)]
    faults += [_wrong(path, name, "the setting is missing") for name in missing]
    roles = told.get("roles", {})
    if not isinstance(roles, dict) or any(value not in set(AccountRole) for value in roles.values()):
        faults.append(_wrong(path, "roles", f"roles are {', '.join(AccountRole)}"))
    issuer = urlsplit(str(told.get("issuer", "")))
    if issuer.scheme != "https" and issuer.hostname not in LOCAL:
        faults.append(_wrong(path, "issuer", "the issuer must be asked over https"))
    if faults:
        raise InputError(tuple(sorted(faults, key=lambda fault: fault.field)))
    return OpenID(**{**told, "roles": {value: AccountRole(role) for value, role in roles.items()}})


def _wrong(path: Path, name: str, words: str) -> Fault:
    return Fault("bad-setting", words, "See docs/settings.md.", str(path), field=name)


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
