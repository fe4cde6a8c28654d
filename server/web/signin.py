"""Signing in with a browser: authorization code with PKCE (RFC 6749, 7636, 9700), and out again.

What one attempt must remember (state, nonce, verifier, where to go on) lies in a cookie of its own,
sealed with the cluster key: so any node can finish what another has begun, and nothing is kept for
attempts that are given up.
"""

from __future__ import annotations

import hmac
import html
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ..accounts import Accounts, Session
from ..auth.bearer import verified
from ..auth.claims import ClaimNames, identity_of
from ..auth.provider import Provider
from ..auth.secret import SessionSecret, hashed, new_secret
from ..errors import Code, DesignError
from ..policy.rights import Principal
from ..ports import Clock, StoreUnavailable
from .acts import Acts, origin
from .budget import Budget
from .replies import json_reply, refusal_reply
from .who import Doorkeeper, Means, session_cookie

__all__ = ["SignIn", "SignInSettings", "is_local_path"]

_ATTEMPT_SECONDS: Final = 600
_MAX_ATTEMPT_BYTES: Final = 4_000


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """Args: public_url: where browsers reach this server. key: seals what attempts remember."""

    public_url: str
    client_id: str
    client_secret: str | None
    scopes: str
    claims: ClaimNames
    session_ms: int
    key: bytes

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.public_url.startswith("https:")


def is_local_path(text: str) -> bool:
    """Whether a browser that is sent there stays on this server, whatever it makes of odd letters."""
    return (
        text.startswith("/")
        and not text.startswith(("//", "/\\"))
        and len(text) <= 1_000
        and text.isascii()
        and text.isprintable()
        and "\\" not in text
    )


class SignIn:
    """The routes under /auth."""

    def __init__(
        self,
        settings: SignInSettings,
        provider: Provider,
        doorkeeper: Doorkeeper,
        accounts: Accounts,
        acts: Acts,
        clock: Clock,
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._doorkeeper = doorkeeper
        self._accounts = accounts
        self._acts = acts
        self._clock = clock
        self._budget = budget
        self._cookie = session_cookie(settings.secure)
        self._attempt_cookie = f"{self._cookie}-attempt"

    def routes(self) -> list[Route]:
        """Those of a browser that signs in; they answer with pages and redirects."""
        return [
            Route("/auth/login", self.login, methods=["GET"]),
            Route("/auth/callback", self.callback, methods=["GET"]),
            Route("/auth/logout", self.logout, methods=["POST"]),
        ]

    async def login(self, request: Request) -> Response:
        """To the provider; afterwards to `?to=`, a path of ours."""
        try:
            self._require_patience()
            known = await self._provider.metadata()
        except DesignError as error:
            return self._page(error)
        to = request.query_params.get("to", "/")
        verifier, state, nonce = new_secret(), new_secret(), new_secret()
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        mark = "&" if "?" in known.authorization else "?"
        answer = RedirectResponse(f"{known.authorization}{mark}{urlencode(query)}", 302)
        attempt = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "to": to if is_local_path(to) else "/",
            "until": self._clock() + _ATTEMPT_SECONDS * 1_000,
        }
        self._set_cookie(answer, self._attempt_cookie, self._seal(attempt), _ATTEMPT_SECONDS)
        return answer

    async def callback(self, request: Request) -> Response:
        """From the provider, with a code or with an error."""
        try:
            self._require_patience()
            answer = await self._finish(request)
        except DesignError as error:
            await self._note_failure(error)
            answer = self._page(error)
        except StoreUnavailable:
            answer = self._page(DesignError(Code.UNAVAILABLE, "The storage does not answer now"))
        self._drop_cookie(answer, self._attempt_cookie)
        return answer

    async def logout(self, request: Request) -> Response:
        """End the browser's session: {"signOut": where to sign out at the provider, or null}."""
        try:
            visitor = await self._doorkeeper.visitor(request)
            if visitor.credential.means is not Means.SESSION:
                raise DesignError(Code.SIGN_IN, "There is no session to end")
            principal = visitor.principal
            await self._accounts.end_session(principal.tenant, visitor.credential.key)
            await self._acts.record(principal, "session.end")
            known = await self._provider.metadata()
        except DesignError as error:
            return refusal_reply(error)
        except StoreUnavailable:
            return refusal_reply(DesignError(Code.UNAVAILABLE, "The storage does not answer now"))
        answer = json_reply({"signOut": known.end_session})
        self._drop_cookie(answer, self._cookie)
        return answer

    async def _finish(self, request: Request) -> Response:
        query = request.query_params
        attempt = self._unseal(request.cookies.get(self._attempt_cookie, ""))
        if attempt is None or attempt["until"] < self._clock():
            raise _failed("it took too long, or began in another browser")
        if not hmac.compare_digest(query.get("state", "").encode(), attempt["state"].encode()):
            raise _failed("the answer belongs to another attempt")
        known = await self._provider.metadata()
        if query.get("iss", known.issuer) != known.issuer:  # RFC 9207
            raise _failed("the answer is another provider's")
        code = query.get("code")
        if not code or "error" in query:
            raise _failed("the identity provider did not agree")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._settings.client_id,
            "code_verifier": attempt["verifier"],
        }
        tokens = await self._provider.tokens(form, self._settings.client_secret)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise _failed("the identity provider gave no id token")
        claims = await verified(
            self._provider, id_token, self._settings.client_id, nonce=attempt["nonce"]
        )
        identity = identity_of(claims, self._settings.claims)
        member = await self._doorkeeper.enter(identity, is_fresh=True)
        now = self._clock()
        secret = SessionSecret(identity.tenant, new_secret())
        await self._accounts.open_session(
            Session(
                tenant=identity.tenant,
                hash=hashed(secret.secret),
                person=member.id,
                groups=identity.groups,
                # Never before the moment that everything of theirs was ended at.
                created_at=max(now, member.signed_out_at),
                expires_at=now + self._settings.session_ms,
                address=origin().address or "",
            )
        )
        principal = Principal(identity.tenant, member.id, member.name)
        await self._acts.record(principal, "session.begin")
        answer = RedirectResponse(attempt["to"], 303)
        self._set_cookie(answer, self._cookie, str(secret), self._settings.session_ms // 1_000)
        return answer

    def _require_patience(self) -> None:
        address = origin().address or ""
        if self._budget.is_spent(address):
            raise DesignError(Code.RATE, "Too many attempts: wait a minute, and try again")
        self._budget.count(address)

    async def _note_failure(self, error: DesignError) -> None:
        """Nobody is known yet, so it is written down with the installation's own tenant."""
        nobody = Principal("default", "", "")
        try:
            await self._acts.record(nobody, "session.refused", code=str(error.code))
        except StoreUnavailable:
            return

    @property
    def _redirect_uri(self) -> str:
        return f"{self._settings.public_url}/auth/callback"

    def _set_cookie(self, answer: Response, name: str, value: str, seconds: int) -> None:
        # Lax: the provider's redirect is a navigation from another site, and must carry the attempt.
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self._settings.secure,
            httponly=True,
            samesite="lax",
        )

    def _drop_cookie(self, answer: Response, name: str) -> None:
        answer.delete_cookie(
            name, path="/", secure=self._settings.secure, httponly=True, samesite="lax"
        )

    def _page(self, error: DesignError) -> Response:
        """What a person sees who could not be signed in."""
        statuses = {Code.UNAVAILABLE: 503, Code.RATE: 429, Code.FORBIDDEN: 403}
        body = (
            "<!doctype html><html lang=en><meta charset=utf-8><title>Coweave</title>"
            f"<h1>You are not signed in</h1><p>{html.escape(error.message)}.</p>"
            f"<p><small>{error.code}, request {html.escape(origin().request or '')}</small></p>"
            '<p><a href="/auth/login">Try again</a></p></html>'
        )
        headers = {"cache-control": "no-store"}
        return HTMLResponse(body, statuses.get(error.code, 401), headers)

    # -- what an attempt remembers -----------------------------------------------------------------

    def _seal(self, attempt: dict[str, Any]) -> str:
        text = urlsafe_b64encode(json.dumps(attempt).encode()).decode()
        return f"{text}.{self._mac(text)}"

    def _unseal(self, cookie: str) -> dict[str, Any] | None:
        text, _, mac = cookie.partition(".")
        if len(cookie) > _MAX_ATTEMPT_BYTES or not cookie.isascii():
            return None
        if not hmac.compare_digest(mac, self._mac(text)):
            return None
        found: dict[str, Any] = json.loads(urlsafe_b64decode(text))
        return found

    def _mac(self, text: str) -> str:
        return hmac.new(self._settings.key, text.encode(), sha256).hexdigest()


def _failed(why: str) -> DesignError:
    return DesignError(Code.SIGN_IN, f"The sign-in did not succeed: {why}")
