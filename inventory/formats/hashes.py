"""Normalises the hashes that documents give for their components."""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.records import Hash

_HEX_LENGTHS: Final = {
    "md2": 32, "md4": 32, "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128,
    "sha3-224": 56, "sha3-256": 64, "sha3-384": 96, "sha3-512": 128, "blake2b-256": 64, "blake2b-384": 96,
    "blake2b-512": 128, "blake3": 64, "adler32": 8, "streebog-256": 64, "streebog-512": 128,
}  # fmt: skip
_NAME: Final = re.compile(r"(sha3|blake2b|streebog)[-_]?(\d{3})|(sha|md|blake|adler)[-_]?(\d{1,3})")
_HEX: Final = re.compile(r"[0-9a-f]+")
_CANONICAL: Final = {
    "SHA-256": "sha256", "SHA-1": "sha1", "MD5": "md5", "SHA-512": "sha512", "SHA256": "sha256", "SHA1": "sha1",
    "SHA512": "sha512", "SHA-384": "sha384", "SHA384": "sha384",
}  # fmt: skip


def parse_hash(algorithm: object, value: object) -> Hash | None:
    """Return the hash in one form (`SHA-256`, `sha256`, `SHA256:` in the value, upper-case hex), or None if it is none.

    None for an algorithm nobody defined (`SHA-255`) and for a wrong number of characters: a hash that might be another
    is no hash.
    """
    if not isinstance(algorithm, str) or not isinstance(value, str):
        return None
    name = _CANONICAL.get(algorithm) or _algorithm(algorithm)
    text = value if value.isalnum() else _bare(value, algorithm=name)
    text = text.lower()
    if name not in _HEX_LENGTHS or not _HEX.fullmatch(text):
        return None
    return Hash(name, text) if len(text) == _HEX_LENGTHS[name] else None


def _algorithm(text: str) -> str:
    match = _NAME.fullmatch(text.strip().lower())
    if match is None:
        return ""
    return f"{match[1]}-{match[2]}" if match[1] else f"{match[3]}{match[4]}"


def _bare(value: str, *, algorithm: str) -> str:
    prefix, colon, rest = value.strip().partition(":")
    return rest if colon and _algorithm(prefix) == algorithm else value.strip()
