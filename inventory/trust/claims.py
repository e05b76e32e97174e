"""What a Fulcio certificate says of its holder: identity, issuer, and the build it was issued to.

The extensions are 1.3.6.1.4.1.57264.1.x of Fulcio's oid-info; those from .8 on are DER UTF-8 strings, the old ones raw.
They were checked by the issuing authority against the token it was shown, so they outrank any payload.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from cryptography import x509

_ARC: Final = "1.3.6.1.4.1.57264.1."
_UTF8_STRING: Final = 0x0C
_LONGEST: Final = 2_048
_OTHER_NAME: Final = "1.3.6.1.4.1.57264.1.7"


@dataclass(frozen=True, slots=True)
class CertificateClaims:
    """One certificate's claims, '' where it has none. The numbers are those of the extensions."""

    identity: str
    """The subject alternative name: a URI or a mail address."""
    issuer: str
    """.8: who vouches for the identity (an OIDC provider)."""
    build_signer: str = ""
    build_signer_digest: str = ""
    runner_environment: str = ""
    source_repository: str = ""
    source_digest: str = ""
    source_ref: str = ""
    source_repository_id: str = ""
    source_owner: str = ""
    source_owner_id: str = ""
    build_config: str = ""
    build_config_digest: str = ""
    build_trigger: str = ""
    run_invocation: str = ""
    source_visibility: str = ""


_NUMBERS: Final = {
    "issuer": "8",
    "build_signer": "9",
    "build_signer_digest": "10",
    "runner_environment": "11",
    "source_repository": "12",
    "source_digest": "13",
    "source_ref": "14",
    "source_repository_id": "15",
    "source_owner": "16",
    "source_owner_id": "17",
    "build_config": "18",
    "build_config_digest": "19",
    "build_trigger": "20",
    "run_invocation": "21",
    "source_visibility": "22",
}
_OLD_NUMBERS: Final = {
    "issuer": "1",
    "build_trigger": "2",
    "source_digest": "3",
    "source_repository": "5",
    "source_ref": "6",
}
"""Extensions of before 2023: raw text, of GitHub's workflows alone, the repository as owner/name."""


def read_claims(certificate: x509.Certificate) -> CertificateClaims:
    """Return the claims. Raises ValueError for a certificate with no or several identities, or a broken extension."""
    values = {
        extension.oid.dotted_string.removeprefix(_ARC): extension.value.value
        for extension in certificate.extensions
        if isinstance(extension.value, x509.UnrecognizedExtension) and extension.oid.dotted_string.startswith(_ARC)
    }
    known = {
        field.name: _text(values[_NUMBERS[field.name]])
        for field in fields(CertificateClaims)
        if _NUMBERS.get(field.name) in values
    }
    for name, number in _OLD_NUMBERS.items():
        if not known.get(name):
            known[name] = _cut(values.get(number, b"").decode("utf-8"))
    if known["source_repository"] and "://" not in known["source_repository"]:
        known["source_repository"] = f"https://github.com/{known['source_repository']}"
    return CertificateClaims(identity=_identity(certificate), **known)


def _identity(certificate: x509.Certificate) -> str:
    """Return the one name of the holder: two would let a policy look at the one and a person at the other."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [_name(name) for name in names]
    if len(found) != 1 or not found[0]:
        raise ValueError(f"the certificate has {len(found)} identities")
    return _cut(found[0])


def _name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.UniformResourceIdentifier | x509.RFC822Name):
        return name.value
    if isinstance(name, x509.OtherName) and name.type_id.dotted_string == _OTHER_NAME:
        return _text(name.value)
    return ""


def _text(value: bytes) -> str:
    """Read a DER UTF8String. Fulcio writes short and long lengths; anything else is broken."""
    if len(value) < 2 or value[0] != _UTF8_STRING:
        raise ValueError("an extension is no UTF-8 string")
    length, start = value[1], 2
    if length >= 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(value[2 : 2 + count], "big"), 2 + count
    if length != len(value) - start:
        raise ValueError("an extension is cut short or too long")
    return _cut(value[start:].decode("utf-8"))


def _cut(text: str) -> str:
    if len(text) > _LONGEST or "\x00" in text:
        raise ValueError("an extension is too long, or holds a NUL")
    return text
