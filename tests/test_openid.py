"""Sign in with an identity provider: one runs beside the service, and each lie it could tell is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from api import create_app
from api.planning.openid_file import read_openid
from api.settings import read_settings
from geogrid.accounts import AccountRole
from geogrid.archive import Actor
from geogrid.errors import InputError
from tests.conftest import listening
from tests.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.planned import PASSWORD, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

BACK = "/v1/planning/openid/back"


class Pair:
    """The service and its identity provider, both listening."""

    def __init__(self, url: str, app: Any, provider: IdentityProvider) -> None:
        self.url, self.app, self.provider = url, app, provider

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)

    def sent(self, client: httpx.Client, who: str) -> str:
        """Go to the provider as somebody and return where it sends the browser back to."""
        there = client.get("/v1/planning/openid").headers["location"]
        return str(httpx.get(f"{there}&who={who}", timeout=60).headers["location"])

    def signed_in(self, client: httpx.Client, back: str) -> bool:
        """Come back and say whether a session was opened."""
        answer = client.get(back)
        assert answer.status_code == 303
        inside = client.get("/v1/planning/session").status_code == 200
        assert inside == (answer.headers["location"] == "/planner")
        return inside


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def pair(tmp_path: Path, provider: IdentityProvider) -> Iterator[Pair]:
    with listening(provider.app) as issuer:
        provider.issuer = issuer
        file = tmp_path / "openid.toml"
        file.write_text(
            f'issuer = "{issuer}"\nclient_id = "{CLIENT}"\nclient_secret = "{SECRET}"\nlabel = "市政登录"\n'
            '[roles]\nplanners = "planner"\napprovers = "approver"\n',
            encoding="utf-8",
        )
        app = create_app(replace(prepare(tmp_path), openid=file))
        with listening(app) as url:
            yield Pair(url, app, provider)
        if hasattr(app.state, "office"):
            app.state.office.close()


def test_whoever_the_provider_knows_gets_the_roles_that_it_tells(pair: Pair) -> None:
    with pair.browser() as client:
        assert pair.signed_in(client, pair.sent(client, "li.na"))
        told = client.get("/v1/planning/session").json()
        assert (told["name"], told["display"], told["roles"]) == ("li.na", "李娜(虚构)", ["planner"])
        pair.provider.spoil = lambda claims: {**claims, "groups": ["approvers"]}
        assert pair.signed_in(client, pair.sent(client, "li.na"))
        assert client.get("/v1/planning/session").json()["roles"] == ["approver"]
        pair.app.state.office.archive.verify_audit()


def test_nobody_without_a_role_comes_in_and_no_account_is_taken_over(pair: Pair) -> None:
    with pair.browser() as client:
        assert not pair.signed_in(client, pair.sent(client, "guest"))
        pair.provider.spoil = lambda claims: {**claims, "preferred_username": "operator"}
        assert not pair.signed_in(client, pair.sent(client, "li.na"))
        accounts = {one.name: one for one in pair.app.state.office.archive.accounts.all()}
        assert accounts["operator"].roles == {AccountRole.OPERATOR}
        assert "guest" not in accounts


def test_a_shut_account_stays_shut(pair: Pair) -> None:
    with pair.browser() as client:
        assert pair.signed_in(client, pair.sent(client, "li.na"))
        pair.app.state.office.archive.accounts.change("li.na", by=Actor("test"), active=False)
        assert not pair.signed_in(client, pair.sent(client, "li.na"))


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "of another sign-in"},
    "another issuer": {"iss": "https://elsewhere.example"},
    "another client": {"aud": "elsewhere"},
    "several clients without saying which": {"aud": [CLIENT, "elsewhere"]},
    "over": {"exp": 1_000_000_000},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_what_was_asked_for_opens_nothing(pair: Pair, lie: str) -> None:
    pair.provider.spoil = lambda claims: {k: v for k, v in {**claims, **LIES[lie]}.items() if v is not None}
    with pair.browser() as client:
        assert not pair.signed_in(client, pair.sent(client, "li.na"))


def test_a_token_signed_with_another_key_opens_nothing(pair: Pair) -> None:
    pair.provider.signing = RSAKey.generate_key(2048, {"kid": "k1"})
    with pair.browser() as client:
        assert not pair.signed_in(client, pair.sent(client, "li.na"))


def test_a_weaker_sign_in_than_asked_for_opens_nothing(pair: Pair) -> None:
    with pair.browser() as client:
        assert pair.signed_in(client, pair.sent(client, "li.na"))
        provider = pair.app.state.office.provider
        provider.said = replace(provider.said, acr="mfa gold")
        there = client.get("/v1/planning/openid").headers["location"]
        assert parse_qs(urlsplit(there).query)["acr_values"] == ["mfa gold"]
        for told, opens in (
            ({"acr": "pwd"}, False),
            ({}, False),
            ({"acr": "mfa"}, True),
            ({"acr": ["mfa"]}, False),
        ):
            pair.provider.spoil = lambda claims, told=told: {**claims, **told}
            fresh = pair.browser()
            assert pair.signed_in(fresh, pair.sent(fresh, "li.na")) == opens


def test_where_passwords_are_off_only_the_provider_lets_in(tmp_path: Path) -> None:
    app = create_app(replace(prepare(tmp_path), passwords=False))
    with listening(app) as url:
        told = {"name": "operator", "password": PASSWORD}
        assert httpx.post(f"{url}/v1/planning/session", json=told).status_code == 403
    app.state.office.close()


def test_a_new_key_of_the_provider_is_learnt(pair: Pair) -> None:
    with pair.browser() as client:
        assert pair.signed_in(client, pair.sent(client, "li.na"))
        pair.provider.key = RSAKey.generate_key(2048, {"kid": "k1"})
        assert pair.signed_in(client, pair.sent(client, "li.na"))


def test_an_answer_counts_only_in_the_browser_that_asked_and_once(pair: Pair) -> None:
    with pair.browser() as client, pair.browser() as other:
        back = pair.sent(client, "li.na")
        pair.sent(other, "li.na")
        assert not pair.signed_in(other, back)  # another state waits there
        assert pair.signed_in(client, pair.sent(client, "li.na"))
    with pair.browser() as fresh:
        back = pair.sent(fresh, "li.na")
        state, cookies = parse_qs(urlsplit(back).query)["state"][0], dict(fresh.cookies)
        assert pair.signed_in(fresh, back)
        fresh.cookies.delete("geogrid-session")
        fresh.cookies.update(cookies)
        assert not pair.signed_in(fresh, back)  # the provider gave the code once
        fresh.cookies.update(cookies)
        assert not pair.signed_in(fresh, f"{BACK}?state={state}&error=access_denied")
        assert fresh.get(f"{back}&iss=https://elsewhere.example").status_code == 422  # said twice
        assert not pair.signed_in(fresh, f"{back.partition('&iss=')[0]}&iss=https://elsewhere.example")


def test_without_settings_there_is_none(tmp_path: Path) -> None:
    app = create_app(prepare(tmp_path))
    with listening(app) as url:
        assert httpx.get(f"{url}/v1/planning/openid").status_code == 404
        assert "/v1/planning/openid" not in httpx.get(f"{url}/planner").text
    app.state.office.close()


def test_a_provider_that_is_down_is_told(pair: Pair) -> None:
    pair.provider.issuer = "https://elsewhere.example"  # it calls itself otherwise now
    with pair.browser() as client:
        assert "signin=failed" in client.get("/v1/planning/openid").headers["location"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('issuer = "http://id.example"\nclient_id = "x"\nclient_secret = "x"', "issuer"),
        ('issuer = "https://id.example"\nclient_id = "x"', "client_secret"),
        ('issuer = "https://id.example"\nclient_id = "x"\nclient_secret = "x"\nnothing = "x"', "nothing"),
        ('issuer = "https://id.example"\nclient_id = "x"\nclient_secret = "x"\n[roles]\na = "king"', "roles"),
    ],
)
def test_settings_that_cannot_be_used_are_told(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "openid.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_openid(file)
    assert [fault.field for fault in told.value.faults] == [field]
    settings = tmp_path / "settings.toml"
    settings.write_text('openid = "openid.toml"', encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(str(file))):
        read_settings(settings, tmp_path)


@pytest.mark.browser
def test_a_browser_goes_there_and_back(pair: Pair, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{pair.url}/planner?lang=zh-Hans")
    page.get_by_role("link", name="市政登录").click()
    page.get_by_role("button", name="guest").click()
    page.wait_for_selector("[role=alert]")
    page.get_by_role("link", name="市政登录").click()
    page.get_by_role("button", name="li.na").click()
    page.wait_for_selector(".plan-list")
    assert "李娜(虚构)" in page.inner_text(".plan-top")
