"""A small OpenID Connect provider: discovery, keys that rotate, authorization code with PKCE, tokens.

Run as a process of its own (`python -m tests.support.provider`), it prints its address. Nobody types
a password: `GET /authorize` signs in whom the last `POST /control/person` named. What a real provider
checks (client, redirect address, PKCE, one use per code) it checks as well, so a client that does it
wrong fails here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.process import Program

__all__ = ["AUDIENCE", "CLIENT", "SECRET", "Keys", "ProviderProcess"]

CLIENT = "coweave"
SECRET = "a-client-secret"
AUDIENCE = "coweave-api"


class Keys:
    """A provider's signing key, and what it publishes of it."""

    def __init__(self, kind: str = "RSA") -> None:
        self.kid = secrets.token_hex(4)
        self.kind = kind
        self.private: Any
        if kind == "RSA":
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            self.algorithm = "RS256"
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            self.algorithm = "ES256"

    def jwk(self) -> dict[str, Any]:
        kinds = {"RSA": jwt.algorithms.RSAAlgorithm, "EC": jwt.algorithms.ECAlgorithm}
        public = json.loads(kinds[self.kind].to_jwk(self.private.public_key()))
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        return jwt.encode(
            claims, self.private, algorithm=self.algorithm, headers={"kid": self.kid, **headers}
        )


class Provider:
    """The state of one provider, and its routes."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.keys = [Keys()]
        self.person: dict[str, Any] = {"sub": "ada", "name": "Ada"}
        self.codes: dict[str, dict[str, Any]] = {}
        self.fetched = 0
        self.overrides: dict[str, Any] = {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/keys", self.jwks),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/logout", self.logout),
                Route("/control/{what}", self.control, methods=["POST"]),
            ]
        )

    async def discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/logout",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                **self.overrides.get("discovery", {}),
            }
        )

    async def jwks(self, request: Request) -> Response:
        self.fetched += 1
        return JSONResponse({"keys": [key.jwk() for key in self.keys]})

    async def authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        wrong = (
            query.get("response_type") != "code"
            or query.get("client_id") != CLIENT
            or query.get("code_challenge_method") != "S256"
            or "openid" not in query.get("scope", "").split()
            or not query.get("redirect_uri", "").endswith("/auth/callback")
        )
        if wrong:
            return JSONResponse({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**query, "person": self.person}
        answer = {"code": code, "state": query["state"], "iss": self.issuer}
        answer |= self.overrides.get("answer", {})
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", 302)

    async def logout(self, request: Request) -> Response:
        return Response("You are signed out.", media_type="text/plain")

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", ""))
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        wrong = (
            asked is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
            or request.headers.get("authorization") != f"Basic {basic}"
        )
        if wrong or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {"nonce": asked["nonce"], **self.overrides.get("id_token", {})}
        return JSONResponse(
            {
                "token_type": "Bearer",
                "access_token": self.issue(asked["person"], {}),
                "id_token": self.issue(asked["person"], {"aud": CLIENT, **claims}),
            }
        )

    def issue(self, person: dict[str, Any], claims: dict[str, Any]) -> str:
        now = int(time.time())
        base = {"iss": self.issuer, "aud": AUDIENCE, "iat": now, "exp": now + 600}
        whole = {**base, **person, **claims}
        return self.keys[-1].sign({k: v for k, v in whole.items() if v is not None})

    async def control(self, request: Request) -> Response:
        """What a test does with it: name a person, give a token, rotate the keys, count."""
        body = json.loads(await request.body() or b"{}")
        match request.path_params["what"]:
            case "person":
                self.person = body
            case "issue":
                token = self.issue(body.get("person", self.person), body.get("claims", {}))
                return JSONResponse({"token": token})
            case "rotate":
                fresh = Keys(body.get("kind", "RSA"))
                self.keys = [*self.keys, fresh] if body.get("keep") else [fresh]
            case "override":
                self.overrides = body
        return JSONResponse({"fetched": self.fetched})


class ProviderProcess(Program):
    """The provider in a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__([sys.executable, "-m", "tests.support.provider"], folder, environment)

    def control(self, what: str, **body: Any) -> dict[str, Any]:
        """As `Provider.control`."""
        with httpx.Client(base_url=self.url) as http:
            found: dict[str, Any] = http.post(f"/control/{what}", json=body).json()
            return found

    def token(self, person: dict[str, Any], **claims: Any) -> str:
        """A bearer token of somebody; a claim that is None is left out."""
        return str(self.control("issue", person=person, claims=claims)["token"])


def main() -> None:
    # uvicorn stops cleanly and then raises the signal again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(Provider(issuer).app(), log_config=None, lifespan="off")
        print(f"Coweave is at {issuer}", flush=True)  # as `Program` waits for it
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
