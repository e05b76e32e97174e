"""A small OpenID Connect provider of the tests' own: discovery, keys, tokens, userinfo; each answer can be spoilt."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "supply-chain"
CLIENT_SECRET = "the client's secret"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _published(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    return {
        **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())),
        "kid": "k1",
        "use": "sig",
        "alg": "RS256",
    }


@dataclass
class IdentityProvider:
    """One provider. `person` are the claims of whoever signs in there; `spoil` changes a token's claims."""

    issuer: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "8001", "preferred_username": "erin"})
    userinfo: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(claims, _KEY, "RS256", headers={"kid": "k1"})
    discovery: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorise(self, address: str) -> dict[str, str]:
        """Do what a person's browser does there; return what it is sent back with."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        query = self.codes.pop(form.get("code", ""), None)
        if query is None or form.get("client_secret") != CLIENT_SECRET:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        token = self.sign(self.spoil({**claims, **self.person}))
        return 200, {"access_token": "an access token", "token_type": "Bearer", "id_token": token}

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/keys":
            return {"keys": [_published(_KEY)]}
        if path == "/userinfo":
            return {"sub": self.person["sub"], **self.userinfo}
        places = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "jwks_uri": "/keys",
            "userinfo_endpoint": "/userinfo",
        }
        found = {"issuer": self.issuer, **{name: self.issuer + place for name, place in places.items()}}
        return {**found, **self.discovery}


def signed_by_a_stranger(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _STRANGERS_KEY, "RS256", headers={"kid": "k1"})


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", "none", headers={"kid": "k1"})


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """Forge an HMAC under what is public: the published key's own text."""
    return jwt.encode(claims, json.dumps(_published(_KEY)), "HS256", headers={"kid": "k1"})


def signed_by_an_unknown_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _KEY, "RS256", headers={"kid": "k2"})


@contextmanager
def serving(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            self._send(200, provider.answer(self.path))

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*provider.exchange({name: values[0] for name, values in parse_qs(body).items()}))

        def _send(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
