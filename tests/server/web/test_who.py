"""Who is let in, by which credential, and what is said to the others."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.accounts import Token
from server.auth.bearer import MAX_TOKEN_BYTES
from server.auth.secret import TokenSecret, hashed, new_secret, new_token_id
from tests.support.identity import PUBLIC, Site, open_site
from tests.support.provider import AUDIENCE, Keys

MINUTE = 60_000


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def asked(site: Site, token: str) -> tuple[int, str | None]:
    """What a request with that bearer token gets."""
    client = await site.client()
    answer = await client.get("/api/designs", headers={"authorization": f"Bearer {token}"})
    if answer.status_code == 200:
        return 200, None
    assert token not in answer.text
    return code(answer)


SIGN_IN = (401, "ERR_DESIGN_SIGN_IN")


async def test_nobody_is_let_in_without_a_credential(site: Site) -> None:
    client = await site.client()
    for path in ("/api/session", "/api/designs", "/api/designs/x/snapshot"):
        answer = await client.get(path, params={"user": "Ada"})
        assert code(answer) == SIGN_IN
        assert answer.json()["error"]["details"]["signIn"] == "/auth/login"
    for path in ("/healthz", "/api/openapi.json"):
        assert (await client.get(path)).status_code == 200


async def test_a_providers_token_is_the_same_person_each_time(site: Site) -> None:
    ada, again = await site.program("ada"), await site.program("ada")
    ben = await site.program("ben")
    assert await site.person(ada) == await site.person(again)
    assert await site.person(ada) != await site.person(ben)
    session = (await ada.get("/api/session")).json()
    assert session["user"]["name"] == "Ada"
    assert session["user"]["admin"] is False
    assert (session["mode"], session["tenant"]) == ("production", "default")


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}."


def bad_tokens(site: Site) -> dict[str, str]:
    """Every kind of token that must not hold, by what is wrong with it."""
    provider, now, ada = site.provider, int(time.time()), {"sub": "ada"}
    good = provider.issue(ada, {})
    claims = jwt.decode(good, options={"verify_signature": False})
    head, body, signature = good.split(".")
    stranger = Keys()
    stranger.kid = provider.keys[0].kid
    public = provider.keys[0].private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged_head = (
        base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": provider.keys[0].kid}).encode())
        .decode()
        .rstrip("=")
    )
    mac = (
        base64.urlsafe_b64encode(hmac.digest(pem, f"{forged_head}.{body}".encode(), "sha256"))
        .decode()
        .rstrip("=")
    )
    return {
        "expired": provider.issue(ada, {"iat": now - 100, "exp": now - 60}),
        "wrong audience": provider.issue(ada, {"aud": "somebody-else"}),
        "no audience": provider.issue(ada, {"aud": None}),
        "for the browser, not for the interface": provider.issue(ada, {"aud": "coweave"}),
        "wrong issuer": provider.issue(ada, {"iss": "http://127.0.0.1:7001"}),
        "alg none": unsigned(claims, "none"),
        "alg None": unsigned(claims, "NoNe"),
        "alg none with a signature": unsigned(claims, "none") + signature,
        "the public key as a secret": f"{forged_head}.{body}.{mac}",
        "signed by a secret": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "wrong key": stranger.sign(claims),
        "unknown key": Keys().sign(claims),
        "a key of its own": Keys().sign(claims, jwk=Keys().jwk()),
        "critical header": provider.keys[0].sign(claims, crit=["x"], x=1),
        "kid is no text": provider.keys[0].sign({**claims}, kid="../../etc/passwd"),
        "issued in the future": provider.issue(ada, {"iat": now + 600, "exp": now + 900}),
        "not yet": provider.issue(ada, {"nbf": now + 600}),
        "no expiry": provider.issue(ada, {"exp": None}),
        "no time of issue": provider.issue(ada, {"iat": None}),
        "expiry is no number": provider.issue(ada, {"exp": "tomorrow"}),
        "expiry beyond all": provider.issue(ada, {"exp": 2**62}),
        "no subject": provider.issue({}, {"sub": None}),
        "empty subject": provider.issue({"sub": ""}, {}),
        "subject is a list": provider.issue({"sub": ["ada"]}, {}),
        "long subject": provider.issue({"sub": "a" * 300}, {}),
        "oversized": provider.issue(ada, {"x": "x" * MAX_TOKEN_BYTES}),
        "claims changed": f"{head}.{body[:-4]}AAAA.{signature}",
        "signature cut": f"{head}.{body}.{signature[:-8]}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "garbage": "x.y.z",
        "dots": "." * 20,
        "deep": base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.AA",
        "not a token": "hello",
        "a made-up service token": f"cwt.default.t{'0' * 16}.{'A' * 43}",
        "a service token cut off": "cwt.default",
        "of a made-up tenant": f"cwt.nobody.t{'0' * 16}.{'A' * 43}",
        "path tricks": "cwt.../../x.t.y",
    }


async def test_E2_tokens_of_every_bad_kind_are_refused_alike(site: Site) -> None:
    for kind, token in bad_tokens(site).items():
        assert await asked(site, token) == SIGN_IN, kind
    assert await asked(site, site.provider.issue({"sub": "ada"}, {})) == (200, None)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "bearer", "Bearer  x", "Token x", "Bearer x y"],
)
async def test_other_headers_do_not_let_in(site: Site, header: str) -> None:
    client = await site.client()
    answer = await client.get("/api/designs", headers={"authorization": header})
    assert code(answer) == SIGN_IN


async def test_a_credential_that_does_not_hold_is_not_passed_over(site: Site) -> None:
    """Neither for a session beside it nor for another header."""
    browser = await site.browser("ada")
    answer = await browser.get("/api/designs", headers={"authorization": "Bearer x.y.z"})
    assert code(answer) == SIGN_IN
    good = site.provider.issue({"sub": "ada"}, {})
    two = [("authorization", f"Bearer {good}"), ("authorization", "Bearer x.y.z")]
    assert code(await (await site.client()).get("/api/designs", headers=two)) == SIGN_IN


async def test_keys_are_rotated(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    old = site.provider.issue({"sub": "ada"}, {})
    assert await asked(site, old) == (200, None)
    site.provider.keys = [Keys("EC")]
    fresh = site.provider.issue({"sub": "ada"}, {})
    # Made-up key names do not make this server ask the provider again and again.
    before = site.provider.fetched
    for _ in range(20):
        assert await asked(site, Keys().sign({"sub": "x"})) == SIGN_IN
    assert site.provider.fetched == before
    monkeypatch.setattr("server.auth.provider._REFETCH_SECONDS", 0.0)
    assert await asked(site, fresh) == (200, None)
    assert await asked(site, site.provider.issue({"sub": "ben"}, {})) == (200, None)


async def test_the_provider_may_be_away_for_a_while(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = site.provider.issue({"sub": "ada"}, {})
    site.provider.overrides = {"discovery": {"issuer": "http://127.0.0.1:6666"}}
    assert await asked(site, ada) == (503, "ERR_DESIGN_UNAVAILABLE")
    site.provider.overrides = {}
    monkeypatch.setattr("server.auth.provider._REFETCH_SECONDS", 0.0)
    monkeypatch.setattr("server.auth.provider._FRESH_SECONDS", 0.0)
    assert await asked(site, ada) == (200, None)
    site.provider.overrides = {"discovery": {"jwks_uri": "http://evil.example/keys"}}
    assert await asked(site, site.provider.issue({"sub": "ben"}, {})) == (200, None)


async def test_a_person_who_was_signed_out_needs_a_new_token(site: Site) -> None:
    token = site.provider.issue({"sub": "ada"}, {"iat": int(time.time()) - 5})
    assert await asked(site, token) == (200, None)
    (ada,) = await site.backend.store.accounts.members("default")
    await site.backend.store.accounts.sign_out("default", ada.id, int(time.time() * 1000) - 2_000)
    await site.backend.watch.look()
    assert await asked(site, token) == SIGN_IN
    assert await asked(site, site.provider.issue({"sub": "ada"}, {})) == (200, None)
    await site.backend.store.accounts.set_blocked("default", ada.id, 1)
    await site.backend.watch.look()
    fresh = site.provider.issue({"sub": "ada"}, {})
    assert await asked(site, fresh) == (403, "ERR_DESIGN_FORBIDDEN")


async def test_a_person_of_no_tenant_is_not_let_in(tmp_path: Path) -> None:
    async with open_site(tmp_path, oidc_tenant_claim="org") as site:
        for claims, expected in (
            ({"org": "acme"}, (403, "ERR_DESIGN_FORBIDDEN")),
            ({}, SIGN_IN),
            ({"org": ""}, SIGN_IN),
            ({"org": "../x"}, SIGN_IN),
            ({"org": "a{b}"}, SIGN_IN),
            ({"org": ["default"]}, SIGN_IN),
            ({"org": "default"}, (200, None)),
        ):
            token = site.provider.issue({"sub": "ada"}, claims)
            assert await asked(site, token) == expected, claims


async def service_token(site: Site, **changes: Any) -> TokenSecret:
    now = int(time.time() * 1000)
    secret = TokenSecret("default", new_token_id(), new_secret())
    kept: dict[str, Any] = {
        "id": secret.id,
        "name": "CI",
        "hash": hashed(secret.secret),
        "scopes": frozenset({"viewer:*"}),
        "created_by": "",
        "created_at": now,
        "expires_at": now + MINUTE,
        **changes,
    }
    await site.backend.store.tokens.add("default", Token(**kept))
    return secret


async def test_a_service_token_lets_in_until_it_is_revoked(site: Site) -> None:
    token = await service_token(site)
    assert await asked(site, str(token)) == (200, None)
    assert await asked(site, str(token._replace(secret=new_secret()))) == SIGN_IN
    assert await asked(site, str(token._replace(tenant="other"))) == SIGN_IN
    assert await site.backend.store.tokens.revoke("default", token.id, 5)
    assert await asked(site, str(token)) == SIGN_IN
    assert not await site.backend.store.tokens.revoke("default", token.id, 6)
    expired = await service_token(site, expires_at=int(time.time() * 1000) - 1)
    assert await asked(site, str(expired)) == SIGN_IN


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_of_a_service_token_only_the_hash_is_kept(site: Site, tmp_path: Path) -> None:
    token = await service_token(site)
    await asked(site, str(token))
    kept = await asyncio.to_thread(everything_in, tmp_path)
    assert token.secret.encode() not in kept
    assert token.id.encode() in kept


async def test_too_many_bad_credentials_of_one_address(tmp_path: Path) -> None:
    async with open_site(tmp_path, sign_ins_per_minute=5) as site:
        found = [await asked(site, "x.y.z") for _ in range(8)]
        assert found[:5] == [SIGN_IN] * 5
        assert found[-1] == (429, "ERR_DESIGN_RATE")
        good = site.provider.issue({"sub": "ada"}, {})
        assert await asked(site, good) == (200, None)  # others behind that address come in
        stale = await site.client(cookies={"coweave_session": "default." + "A" * 43})
        assert code(await stale.get("/api/session")) == SIGN_IN  # and can sign in anew


async def test_nothing_is_written_to_a_log_that_lets_in(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token, bearer = await service_token(site), site.provider.issue({"sub": "ada"}, {})
    for each in (str(token), bearer):
        await asked(site, each)
    browser = await site.browser("ada")
    cookie = browser.cookies["coweave_session"]
    await browser.get("/api/session")
    for secret in (token.secret, bearer.rpartition(".")[2], cookie.partition(".")[2]):
        assert secret not in caplog.text


# -- browsers ----------------------------------------------------------------------------------------


async def test_a_browser_signs_in_and_out(site: Site) -> None:
    browser = await site.browser("ada", to="/designs/x?y=1")
    assert (await browser.get("/api/session")).json()["user"]["name"] == "Ada"
    cookie = browser.cookies["coweave_session"]
    answer = await browser.post("/auth/logout")
    assert answer.json() == {"signOut": "http://127.0.0.1:7000/logout"}
    assert code(await browser.get("/api/session")) == SIGN_IN
    stolen = await site.client(cookies={"coweave_session": cookie})
    assert code(await stolen.get("/api/session")) == SIGN_IN
    actions = [record.entry.action for record in await site.backend.store.audit.read("default")]
    assert actions == ["session.begin", "session.end"]


async def test_E2_a_sessions_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    browser = await site.client()
    begun = await browser.get("/auth/login")
    back = await site.at_provider(begun.headers["location"])
    done = await browser.get(back.removeprefix(PUBLIC))
    for cookie in (*begun.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")):
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


async def test_where_there_is_tls_the_cookie_is_the_hosts_own(tmp_path: Path) -> None:
    async with open_site(tmp_path, public_url="https://design.example.org") as site:
        client = await site.client()
        begun = await client.get("/auth/login", headers={"host": "design.example.org"})
        (cookie,) = begun.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-coweave-attempt=")
        assert "Secure" in cookie and "Domain" not in cookie


async def test_E2_another_site_cannot_act_with_a_browsers_cookie(site: Site) -> None:
    browser = await site.browser("ada")
    del browser.headers["x-coweave"]
    answer = await browser.post("/api/designs", json={"name": "x"})
    assert code(answer) == (403, "ERR_DESIGN_FORBIDDEN")
    assert code(await browser.post("/auth/logout")) == (403, "ERR_DESIGN_FORBIDDEN")
    for origin in ("http://evil.example", "null", "http://127.0.0.1:8001"):
        forged = {"x-coweave": "1", "origin": origin}
        answer = await browser.post("/api/designs", json={"name": "x"}, headers=forged)
        assert code(answer) == (403, "ERR_DESIGN_FORBIDDEN"), origin
    made = await browser.post("/api/designs", json={"name": "x"}, headers={"x-coweave": "1"})
    assert made.status_code == 201


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "x",
        "/x\r\nset-cookie: a=b",
        "/" + "x" * 2_000,
        "/é",
    ],
)
async def test_a_sign_in_ends_on_this_server(site: Site, to: str) -> None:
    browser = await site.client()
    begun = await browser.get("/auth/login", params={"to": to})
    back = await site.at_provider(begun.headers["location"])
    done = await browser.get(back.removeprefix(PUBLIC))
    assert done.headers["location"] == "/"


async def test_E2_sign_ins_that_do_not_succeed(site: Site) -> None:
    """Forged, repeated, begun elsewhere, for somebody else: no session, and a page that says so."""
    browser, other = await site.client(), await site.client()
    begun = await browser.get("/auth/login")
    back = (await site.at_provider(begun.headers["location"])).removeprefix(PUBLIC)
    attempt = dict(browser.cookies)
    tries = [
        await other.get(back),  # another browser
        await browser.get("/auth/callback", params={"code": "x"}),  # without its state
    ]
    forged = {key: "x" + value for key, value in attempt.items()}
    for path, cookies in (
        (back.replace("state=", "state=x"), attempt),
        (back.replace("code=", "code=x"), attempt),
        (back + "&error=access_denied", attempt),
        (back.replace("iss=http", "iss=https"), attempt),
        (back, forged),
    ):
        client = await site.client(cookies=cookies)
        tries += [await client.get(path)]
    for answer in tries:
        assert answer.status_code == 401, answer.text
        assert "You are not signed in" in answer.text
        assert "coweave_session=" not in "".join(answer.headers.get_list("set-cookie"))
    assert (await browser.get(back)).status_code == 401  # its attempt is over, too


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "x"},
        {"nonce": None},
        {"aud": AUDIENCE},
        {"exp": 1},
        {"iss": "http://x"},
        {"sub": ""},
    ],
    ids=str,
)
async def test_E2_id_tokens_that_do_not_hold(site: Site, claims: dict[str, Any]) -> None:
    site.provider.overrides = {"id_token": claims}
    browser = await site.client()
    begun = await browser.get("/auth/login")
    back = await site.at_provider(begun.headers["location"])
    answer = await browser.get(back.removeprefix(PUBLIC))
    assert answer.status_code == 401
    assert "coweave_session" not in browser.cookies


async def test_a_code_is_good_once(site: Site) -> None:
    browser = await site.client()
    begun = await browser.get("/auth/login")
    attempt = dict(browser.cookies)
    back = (await site.at_provider(begun.headers["location"])).removeprefix(PUBLIC)
    assert (await browser.get(back)).status_code == 303
    again = await site.client(cookies=attempt)
    assert (await again.get(back)).status_code == 401


async def test_markup_in_what_the_provider_says_stays_text(site: Site) -> None:
    ada = await site.program("ada", name="<script>alert(1)</script>\u0000\u202e")
    assert (await ada.get("/api/session")).json()["user"]["name"] == "<script>alert(1)</script>"
    browser = await site.client()
    answer = await browser.get("/auth/callback", params={"state": "<b>", "error": "<script>"})
    assert "<script>" not in answer.text and "<b>" not in answer.text


async def test_sessions_end_with_their_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await site.browser("ada")
    later = int(time.time() * 1000) + site.settings.session_hours * 3_600_000 + 1
    monkeypatch.setattr(site.backend.doorkeeper, "_clock", lambda: later)
    assert code(await browser.get("/api/session")) == SIGN_IN


async def test_administrators_are_named_or_belong_to_a_group(tmp_path: Path) -> None:
    async with open_site(tmp_path, admins=("ada", "group:chiefs")) as site:

        async def is_admin(client: httpx.AsyncClient) -> bool:
            return bool((await client.get("/api/session")).json()["user"]["admin"])

        assert await is_admin(await site.program("ada"))
        assert await is_admin(await site.browser("ada"))
        assert not await is_admin(await site.program("ben", groups=["chief", "ada"]))
        assert await is_admin(await site.program("ben", groups=["chiefs"]))
        assert not await is_admin(await site.program("ben"))
        assert await is_admin(await site.browser("cyd", groups=["chiefs"]))


async def test_two_sign_ins_at_once_are_one_person(site: Site) -> None:
    clients = [await site.program("ada") for _ in range(8)]
    people = await asyncio.gather(*(site.person(client) for client in clients))
    assert len(set(people)) == 1
