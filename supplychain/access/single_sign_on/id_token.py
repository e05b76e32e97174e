"""Checking an ID token (OpenID Connect Core 1.0, section 3.1.3.7). Pure: bytes, keys and the clock come in."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from supplychain.access.single_sign_on.errors import SingleSignOnError

# Public-key signatures alone: an HMAC would make the client's secret a signing key, `none` would need no key at all.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
LEEWAY_SECONDS = 60
# OpenID Connect Core, section 2: "MUST NOT exceed 255 ASCII characters in length".
MAX_SUBJECT_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: who made it, for whom, and the nonce this browser was sent out with."""

    issuer: str
    client_id: str
    nonce: str


def read_id_token(token: str, *, key_set: object, expected: Expected) -> dict[str, Any]:
    """Return the claims of a token that passes every step. Raises SingleSignOnError.

    Not checked: `at_hash` (the code flow gets both tokens in one answer over TLS), `acr`, encryption (not supported).
    """
    # 1. It is signed with a public-key algorithm, by a key the provider publishes.
    header = _header_of(token)
    key = _key_for(header, key_set=key_set)
    # 2. The signature, issuer, audience and times are right, and nothing needed is left out.
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[str(header["alg"])],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise SingleSignOnError(f"id token: {type(error).__name__}") from error
    # 3. A token for several audiences says which one asked for it.
    authorised = claims.get("azp")
    if (isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and authorised is None) or (
        authorised is not None and authorised != expected.client_id
    ):
        raise SingleSignOnError("id token: authorised party")
    # 4. It answers the question that this browser was sent out with.
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise SingleSignOnError("id token: nonce")
    # 5. It names somebody.
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS or "\x00" in subject:
        raise SingleSignOnError("id token: subject")
    return claims


def _header_of(token: str) -> Mapping[str, object]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise SingleSignOnError(f"id token: {type(error).__name__}") from error
    if header.get("alg") not in ALGORITHMS:
        raise SingleSignOnError(f"id token: algorithm {str(header.get('alg'))[:20]}")
    return header


def _key_for(header: Mapping[str, object], *, key_set: object) -> jwt.PyJWK:
    """Return the published key that the token names; the only one when it names none."""
    try:
        keys = jwt.PyJWKSet.from_dict(key_set if isinstance(key_set, dict) else {}).keys
    except jwt.PyJWTError as error:
        raise SingleSignOnError(f"published keys: {type(error).__name__}") from error
    usable = [key for key in keys if key.public_key_use in {None, "sig"}]
    named = [key for key in usable if key.key_id == header["kid"]] if "kid" in header else usable
    if len(named) != 1:
        raise SingleSignOnError("id token: no such key")
    if named[0].algorithm_name != header["alg"]:
        raise SingleSignOnError("id token: the key is for another algorithm")
    return named[0]
