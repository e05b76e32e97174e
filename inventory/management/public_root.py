"""Sigstore's public root of trust, as our library ships it. It is never fetched."""

from __future__ import annotations

from importlib import resources


def public_root() -> bytes:
    """Return the trusted_root.json of Sigstore's public instance."""
    store = resources.files("sigstore._store")
    return store.joinpath("https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "trusted_root.json").read_bytes()
