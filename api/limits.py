"""How often a client may ask: a bucket of tokens for each, refilled at a steady rate."""

from __future__ import annotations

import ipaddress
import time
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from api.problems import PLANNING
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Scope

    from api.settings import Settings

DAY_S = 86_400
MOST_CLIENTS = 100_000
FREE = frozenset(("/healthz", "/readyz", "/metrics"))


@dataclass(frozen=True, slots=True)
class Token:
    """Somebody who may ask at a rate of their own; ``per_day`` 0: as often as the rate allows."""

    name: str
    rate: float
    burst: int
    per_day: int = 0


class UnknownToken(Exception):  # noqa: N818
    """The request carries a token that nobody was given."""


class Buckets:
    """A bucket for each client; at most about ``MOST_CLIENTS`` are remembered.

    Two generations: a bucket that nobody touched while one passed would be full again, and is forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._young: dict[str, tuple[float, float]] = {}
        self._old: dict[str, tuple[float, float]] = {}
        self._turned = clock()

    def take(self, client: str, rate: float, burst: int, cost: float = 1.0, *, always: bool = False) -> float:
        """Take ``cost`` out of a bucket; return 0, or the seconds after which it would hold enough.

        ``always`` takes it even where it is not there, for a cost that is known only afterwards.
        """
        now = self._clock()
        if now - self._turned > burst / rate or len(self._young) > MOST_CLIENTS:
            self._old, self._young, self._turned = self._young, {}, now
        level, at = self._young.get(client) or self._old.get(client) or (float(burst), now)
        level = min(float(burst), level + (now - at) * rate)
        if level < cost and not always:
            self._young[client] = (level, now)
            return (cost - level) / rate
        self._young[client] = (level - cost, now)
        return 0.0


class Gate:
    """Decides whether a request may be answered now."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._buckets = Buckets(clock)
        self._clock = clock
        self._tokens = read_tokens(settings.tokens) if settings.tokens else {}
        self._today: dict[str, tuple[int, float]] = {}

    def wait_s(self, scope: Scope) -> float:
        """Return 0 where a request may be answered, else the seconds after which to ask again.

        :raises UnknownToken: it carries a token that nobody was given.
        """
        if scope["path"] in FREE:
            return 0.0
        token = self._token(scope) if self._tokens else None
        if token is None:
            return self._take(scope, 1.0, always=False)
        scope["geogrid.token"] = token
        return self._take_token(token, 1.0, always=False)

    def charge(self, scope: Scope, rows: int) -> None:
        """Charge for the rows of a batch, after they were answered."""
        self.charge_requests(scope, rows / self._settings.batch_rows)

    def charge_requests(self, scope: Scope, cost: float) -> None:
        """Charge for work that counts as ``cost`` requests, after it was done."""
        token = scope.get("geogrid.token")
        if token is None:
            self._take(scope, cost, always=True)
        else:
            self._take_token(token, cost, always=True)

    def _take(self, scope: Scope, cost: float, *, always: bool) -> float:
        rate = self._settings.rate
        if not rate:
            return 0.0
        client = client_of(scope, self._settings.proxies)
        return self._buckets.take(client, rate, self._settings.burst, cost, always=always)

    def _take_token(self, token: Token, cost: float, *, always: bool) -> float:
        if token.per_day:
            day = int(time.time() // DAY_S)
            known, used = self._today.get(token.name, (day, 0.0))
            used = used if known == day else 0.0
            if used + cost > token.per_day and not always:
                return DAY_S - time.time() % DAY_S
            self._today[token.name] = (day, used + cost)
        return self._buckets.take(f"token {token.name}", token.rate, token.burst, cost, always=always)

    def _token(self, scope: Scope) -> Token | None:
        if scope["path"].startswith(PLANNING):  # tokens of accounts are known there
            return None
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                found = self._tokens.get(sha256(value[7:].strip()).hexdigest())
                if found is None:
                    raise UnknownToken
                return found
        return None


def client_of(scope: Scope, proxies: int) -> str:
    """Return who asks: the network address, of IPv6 its /64.

    Behind ``proxies`` trusted ones it is what the outermost of them saw; nothing further left in
    X-Forwarded-For is believed, because the client may write there what it likes.
    """
    told = scope["client"][0] if scope.get("client") else ""
    if proxies:
        lists = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        seen = [one.strip() for one in b",".join(lists).decode("latin-1").split(",") if one.strip()]
        told = seen[-proxies] if len(seen) >= proxies else told
    return _network(told) if ":" in told else told[:64]


def scheme_of(scope: Scope, proxies: int) -> str:
    """Return how the client asked, http or https; behind trusted proxies it is what the nearest one says."""
    told = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"] if proxies else []
    named = told[-1].rpartition(b",")[2].strip().lower() if told else b""
    return named.decode() if named in {b"http", b"https"} else str(scope.get("scheme", "http"))


def _network(told: str) -> str:
    try:
        address = ipaddress.IPv6Address(told)
    except ValueError:
        return told[:64]
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> 64 << 64))


def read_tokens(path: Path) -> dict[str, Token]:
    """Return the tokens of a TOML file by the SHA-256 of each.

    A table ``[name]`` holds ``sha256``, ``rate``, ``burst`` and maybe ``per_day``.

    :raises InputError: the file cannot be read, or an entry is not of that form.
    """
    try:
        told: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = Fault("broken-tokens", "the tokens cannot be read", "check the file", str(path))
        raise InputError((fault,)) from error
    found: dict[str, Token] = {}
    faults: list[Fault] = []
    for name, entry in told.items():
        try:
            digest, token = _token_of(name, entry)
            found[digest] = token
        except (KeyError, ValueError, TypeError, AttributeError):
            remedy = "give sha256, rate > 0, burst >= 1 and maybe per_day"
            faults.append(Fault("bad-token", "the entry is not a token", remedy, str(path), field=name))
    if faults:
        raise InputError(tuple(faults))
    return found


def _token_of(name: str, entry: dict[str, Any]) -> tuple[str, Token]:
    token = Token(name, float(entry["rate"]), int(entry["burst"]), int(entry.get("per_day", 0)))
    digest = str(entry["sha256"]).lower()
    if len(bytes.fromhex(digest)) != 32 or token.rate <= 0 or token.burst < 1 or token.per_day < 0:
        raise ValueError(name)
    return digest, token
