"""Passwords: how they are kept, and which are refused as easy to guess.

No rule says which characters a password must have; what counts is how many guesses it withstands. Sources:
NIST SP 800-63B, section 5.1.1.2; OWASP ASVS 5.0, chapter 6.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
WITHSTANDS = 1e10  # guesses, as zxcvbn counts them: its last degree, "very unguessable"
JUDGED = 72  # characters that zxcvbn looks at; it takes longer than linear time
OURS = ("geogrid", "workbench", "planner", "approver", "publisher", "operator", "wangge", "网格", "社区")
BREACHED = "GEOGRID_BREACHED_PASSWORDS"
_HASHER = PasswordHasher()  # argon2id with the parameters of RFC 9106 that argon2-cffi keeps up to date


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, salted."""
    return _HASHER.hash(password)


def password_fits(password: str, hashed: str) -> bool:
    """Tell whether a password has this hash; an empty hash fits none and takes as long."""
    try:
        return _HASHER.verify(hashed or _NOBODYS, password) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(hashed)


# Checked where there is no such account, so that the time taken does not tell which accounts there are.
_NOBODYS = _HASHER.hash("nobody has this password")


def weak_password(password: str, words: Iterable[str]) -> tuple[Fault, ...]:
    """Return why a password is refused: too short, too long, known to be stolen, or easy to guess.

    ``words`` are those that somebody who guesses would try first, like the account's name.
    """
    if len(password) < SHORTEST_PASSWORD:
        return _refused("short-password", f"a password has at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        return _refused("long-password", f"a password has at most {LONGEST_PASSWORD} characters", "")
    if is_breached(password):
        return _refused("breached-password", "the password is on a list of stolen ones", "Choose another.")
    if _guesses(password, [*OURS, *words]) < WITHSTANDS:
        told = "the password is easy to guess: made of common words, names, dates, keys in a row or repeats"
        return _refused("weak-password", told)
    return ()


def _refused(rule: str, words: str, remedy: str = "Use a sentence.") -> tuple[Fault, ...]:
    return (Fault(rule, words, remedy, field="password"),)


def _guesses(password: str, words: list[str]) -> float:
    """Return how many guesses a password withstands, once the words that come to mind first are taken out."""
    from zxcvbn import zxcvbn  # its word lists are large, and passwords are seldom set

    for word in sorted((word for word in words if len(word) > 1), key=len, reverse=True):
        password = re.sub(re.escape(word), "", password, flags=re.IGNORECASE)
    return float(zxcvbn(password[:JUDGED])["guesses"]) if password else 0.0


def is_breached(password: str) -> bool:
    """Tell whether a password is on the operator's list of stolen ones; without a list none is.

    The environment variable ``GEOGRID_BREACHED_PASSWORDS`` names the file, as "Pwned Passwords" is offered
    for download: ``SHA-1:COUNT`` a line, in the order of the hashes. It is never read whole.

    :raises InputError: the list cannot be read.
    """
    place = os.environ.get(BREACHED)
    if not place:
        return False
    sought = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with Path(place).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            return _holds(lines, sought)
    except (OSError, ValueError) as error:  # then no password is taken, rather than any
        told = "the list of stolen passwords cannot be read"
        raise InputError((Fault("unreadable-list", told, f"Mend {BREACHED}.", place),)) from error


def _holds(lines: mmap.mmap, sought: bytes) -> bool:
    """Look a hash up among sorted lines, by halves."""
    low, high = 0, len(lines)
    while low < high:
        begin = lines.rfind(b"\n", 0, (low + high) // 2) + 1
        end = lines.find(b"\n", begin)
        end = len(lines) if end < 0 else end
        found = lines[begin : begin + len(sought)].upper()
        if found == sought:
            return True
        low, high = (end + 1, high) if found < sought else (low, begin)
    return False
