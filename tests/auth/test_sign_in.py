"""Sign-in against real OpenID Connect servers."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from local.identity import browser
from services.auth.application import Running
from tests.auth.app import App, query
from tests.auth.conftest import REDIRECT, Identities

pytestmark = pytest.mark.integration


def subject(app: App, running: Running, address: str, provider: str = "google", **person: str) -> str:
    token = app.sign_in(address, provider, **person)["access_token"]
    return running.service.issuer.bearer(token).principal.user


def test_a_person_with_google_and_apple_is_one_account(app: App, running: Running) -> None:
    """Apple says that the address is verified with a string."""
    first = subject(app, running, "Ada@Example.com")
    assert subject(app, running, "ada@example.com", "apple", verified='"true"') == first
    assert subject(app, running, "Ada@Example.com") == first


@pytest.mark.parametrize("verified", ["false", '"false"', "null", "1"])
def test_an_address_that_is_not_verified_leads_to_no_other_account(app: App, running: Running, verified: str) -> None:
    owner = subject(app, running, "eve@example.com")
    other = subject(app, running, "eve@example.com", "apple", verified=verified, subject=f"thief-{verified}")
    assert other != owner
    assert subject(app, running, "eve@example.com") == owner, "who waits under an address does not get its owner"


def test_an_identity_stays_with_its_account_whatever_its_address_becomes(app: App, running: Running) -> None:
    bob = subject(app, running, "bob@example.com", subject="the-same")
    carol = subject(app, running, "carol@example.com", "apple")
    assert subject(app, running, "carol@example.com", subject="the-same") == bob != carol


def test_a_person_who_refuses_comes_back_with_that(app: App) -> None:
    assert app.answer("ada@example.com", refuse="1") == {"error": "access_denied", "state": "the-apps-state"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"code_challenge": ""}, "PKCE"),
        ({"code_challenge_method": "plain"}, "PKCE"),
        ({"code_challenge_method": ""}, "PKCE"),
        ({"code_challenge": "x" * 44}, "PKCE"),
        ({"state": ""}, "state"),
        ({"state": "x" * 513}, "state"),
        ({"state": "a\nb"}, "state"),
        ({"device": "a\x01b"}, "device"),
        ({"redirect_uri": ""}, "redirect_uri"),
        ({"redirect_uri": "https://evil.example/signed-in"}, "redirect_uri"),
        ({"redirect_uri": f"{REDIRECT}/"}, "redirect_uri"),
        ({"redirect_uri": f"{REDIRECT}?x=1"}, "redirect_uri"),
        ({"redirect_uri": "https://app.example@evil.example/signed-in"}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:99999/signed-in"}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:80@evil.example/signed-in"}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:8080/other"}, "redirect_uri"),
        ({"redirect_uri": "http://localhost:8080/signed-in"}, "redirect_uri"),
    ],
)
def test_a_sign_in_does_not_begin_with(app: App, wrong: dict[str, str], says: str) -> None:
    answer = app.http.get(app.start(**wrong))
    assert answer.status_code == 400
    assert says in answer.json()["detail"]


def test_a_program_may_listen_at_any_port_of_loopback(app: App) -> None:
    assert app.http.get(app.start(redirect_uri="http://127.0.0.1:54321/signed-in")).status_code == 302


def test_an_unknown_provider_is_404(app: App) -> None:
    assert app.http.get(app.start("facebook")).status_code == 404


def begun(app: App, provider: str = "google") -> dict[str, str]:
    """What our service asks of the provider."""
    return query(app.http.get(app.start(provider)).headers["location"])


def test_the_provider_is_asked_with_pkce_state_and_nonce_that_are_new_each_time(app: App) -> None:
    one, other = begun(app), begun(app)
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name]) == 43
        assert one[name] != other[name]
    assert one["code_challenge_method"] == "S256"
    assert "response_mode" not in one
    assert begun(app, "apple")["response_mode"] == "form_post"


def callback(app: App, provider: str = "google", **answer: str) -> httpx.Response:
    return app.http.get(f"/v1/auth/callback/{provider}", params=answer)


@pytest.mark.parametrize("state", ["", "another", "x" * 5000])
def test_an_answer_with_another_state_ends_nothing(app: App, state: str) -> None:
    assert callback(app, state=state, code="c").status_code == 400


def test_a_state_is_of_one_provider_and_good_for_one_answer(app: App) -> None:
    state = begun(app)["state"]
    assert callback(app, "apple", state=state, code="c").status_code == 400
    first = callback(app, state=state, code="no code of the provider")
    assert query(first.headers["location"])["error"] == "access_denied"
    assert callback(app, state=state, code="c").status_code == 400


@pytest.mark.parametrize(
    "change", ["nonce = 'another'", "verifier = repeat('x', 43)"], ids=["nonce mismatch", "PKCE verifier mismatch"]
)
def test_an_answer_of_another_sign_in_signs_nobody_in(app: App, database_url: str, change: str) -> None:
    """As if a code or an ID token of somebody else's sign-in had been put into this one."""

    def changed(request: httpx.Request) -> httpx.Response:
        if "/callback/" in request.url.path:
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(f"update sign_ins set {change}".encode())
        with httpx.Client(verify=app.tls, trust_env=False) as client:
            return client.send(request)

    who = {"address": "ada@example.com", "verified": "true"}
    answer = query(browser.sign_in(app.start(), REDIRECT, who, app.tls, send=changed))
    assert answer["error"] == "access_denied"
    assert "code" not in answer


def test_keys_that_the_provider_rotates_are_fetched(
    app: App, identities: Identities, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.jwks.MIN_REFETCH_SECONDS", 0.0)
    before = subject(app, running, "dora@example.com")
    identities.google.stop()
    try:
        assert app.http.get(app.start()).status_code == 302, "its last document stays in use"
    finally:
        identities.google.start("ES256")
    assert subject(app, running, "dora@example.com") == before
