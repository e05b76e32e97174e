"""What claims of the identity provider mean here: a user name, an address, groups, a second factor. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_MAX_USERNAME_CHARACTERS = 140  # of 150: room for a number behind a name that is taken
_NOT_IN_A_USERNAME = re.compile(r"[^\w.@+-]")


def username_of(claims: Mapping[str, Any]) -> str:
    """Return the name to propose: the preferred one, else the mail address, else one made from issuer and subject."""
    for name in ("preferred_username", "email"):
        value = claims.get(name)
        if isinstance(value, str) and (cleaned := _NOT_IN_A_USERNAME.sub("-", value.strip())).strip("-"):
            return cleaned[:_MAX_USERNAME_CHARACTERS]
    return "sso-" + hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()[:12]


def verified_email(claims: Mapping[str, Any]) -> str:
    """Return the mail address if the provider says that it was verified; else nothing."""
    email = claims.get("email")
    return email if isinstance(email, str) and claims.get("email_verified") in {True, "true"} else ""


def groups_of(claims: Mapping[str, Any], *, claim: str) -> frozenset[str] | None:
    """Return the groups that a claim lists; None when the claim is not there. `a.b` also finds `b` inside `a`."""
    value: object = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return frozenset({value})
    if not isinstance(value, list):
        return None
    return frozenset(group for group in value if isinstance(group, str))


def has_second_factor(claims: Mapping[str, Any]) -> bool:
    """Tell whether the provider says that it asked for several factors (`amr`, RFC 8176)."""
    methods = claims.get("amr")
    return isinstance(methods, list) and "mfa" in methods
