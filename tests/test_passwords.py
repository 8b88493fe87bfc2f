"""Passwords: slow salted hashes, any characters, refused where they are easily guessed or stolen."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.errors import InputError
from geogrid.passwords import (
    BREACHED,
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    hash_password,
    is_breached,
    password_fits,
    weak_password,
)

PASSWORD = "correct horse battery"


def rules_of(password: str, *words: str) -> list[str]:
    return [fault.rule for fault in weak_password(password, words)]


def test_a_password_is_kept_as_a_salted_argon2id_hash() -> None:
    one, other = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one != other
    assert one.startswith("$argon2id$")
    assert password_fits(PASSWORD, one)
    assert not password_fits(PASSWORD + " ", one)
    assert not password_fits(PASSWORD.upper(), one)
    assert not password_fits(PASSWORD, "")
    assert not password_fits("nobody has this password", "")
    assert not password_fits(PASSWORD, "no hash")


def test_a_long_password_counts_to_its_last_character() -> None:
    long = "a sentence that goes on and on, " * 4
    assert len(long) == LONGEST_PASSWORD
    assert rules_of(long) == []
    hashed = hash_password(long)
    assert password_fits(long, hashed)
    assert not password_fits(long[:-1] + ".", hashed)


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("short", "short-password"),
        ("x" * 129, "long-password"),
        ("aaaaaaaaaaaa", "weak-password"),
        ("password1234", "weak-password"),
        ("Passw0rd2026!", "weak-password"),
        ("qwertyuiop[]", "weak-password"),
        ("19900101199001", "weak-password"),
        ("administrator!", "weak-password"),
        ("Wang-wang-wang", "weak-password"),  # the account's own name
        ("Geogrid-2026-planner", "weak-password"),  # the product's words
        ("社区网格社区网格社区网格", "weak-password"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, rule: str) -> None:
    assert rules_of(password, "wang", "王五") == [rule]


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "twelvesmallletters without a digit",
        "鸭绿江边的第三棵柳树在春天发芽",
        "9 4 7 1 0 3 8 2 6 5 5 1 8",
        "\tspaces  and\u00a0tabs count\t",
        "🐢🚲🌊🥟🏮🎐🪁🧊🦆🌾🪷🍐",
    ],
)
def test_any_characters_may_be_used(password: str) -> None:
    assert rules_of(password) == []


def stolen(passwords: list[str]) -> str:
    hashes = sorted(hashlib.sha1(one.encode()).hexdigest().upper() for one in passwords)
    return "".join(f"{one}:{number}\r\n" for number, one in enumerate(hashes, 1))


@given(st.lists(st.text(max_size=8), min_size=1, max_size=40, unique=True), st.text(max_size=8))
def test_a_stolen_password_is_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, listed: list[str], other: str
) -> None:
    path = tmp_path_factory.mktemp("stolen") / "pwned.txt"
    path.write_text(stolen(listed), newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(BREACHED, str(path))
        assert all(is_breached(one) for one in listed)
        assert is_breached(other) == (other in listed)


def test_a_stolen_password_is_refused(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("list") / "pwned.txt"
    path.write_text(stolen([PASSWORD]))
    assert rules_of(PASSWORD) == []
    monkeypatch.setenv(BREACHED, str(path))
    assert rules_of(PASSWORD) == ["breached-password"]
    path.write_text("")
    with pytest.raises(InputError, match="cannot be read"):
        weak_password(PASSWORD, ())
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        weak_password(PASSWORD, ())


def test_a_password_may_be_as_short_as_is_said() -> None:
    assert SHORTEST_PASSWORD >= 8
    assert LONGEST_PASSWORD >= 64
    assert rules_of("kX9#vQ2!mZ7$") == []
