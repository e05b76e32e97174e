"""The installation's own signing key: made once, never shown, and checked by the public keys that are listed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from django.test import Client

from supplychain import env, keyfile, signing

pytestmark = pytest.mark.usefixtures("signing_key")


@pytest.fixture
def signing_key(settings) -> str:
    settings.SIGNING_KEY, settings.SIGNING_KEYS_PREVIOUS = signing.new_key(), ""
    return str(settings.SIGNING_KEY)


def public(pem: str) -> str:
    key = signing.load_private(pem).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_what_is_signed_is_checked_by_the_listed_key_and_is_the_same_bytes_again():
    (listed,) = signing.public_keys()
    made = signing.sign(b"content")

    assert (made.key_id, made) == (listed.key_id, signing.sign(b"content"))
    key = load_pem_public_key(listed.pem.encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(made.value, b"content", ec.ECDSA(hashes.SHA256()))


def test_a_key_that_was_rotated_away_stays_listed_behind_the_one_in_use(settings, signing_key):
    settings.SIGNING_KEY, settings.SIGNING_KEYS_PREVIOUS = signing.new_key(), public(signing_key)

    current, before = signing.public_keys()

    assert (current.is_current, before.is_current) == (True, False)
    assert before.pem == public(signing_key)
    assert signing.sign(b"content").key_id == current.key_id


def test_the_key_in_use_named_among_the_old_ones_too_is_listed_once(settings, signing_key):
    settings.SIGNING_KEYS_PREVIOUS = public(signing_key)

    assert [key.is_current for key in signing.public_keys()] == [True]


def test_without_a_key_nothing_is_signed_and_old_ones_stay_listed(settings, signing_key):
    settings.SIGNING_KEY, settings.SIGNING_KEYS_PREVIOUS = "", public(signing_key)

    assert [key.is_current for key in signing.public_keys()] == [False]
    with pytest.raises(signing.NoSigningKeyError):
        signing.sign(b"content")


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "given",
    [
        "no key",
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
        _pem(ec.generate_private_key(ec.SECP384R1())),
        _pem(ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_a_key_that_cannot_sign_stops_the_start_and_is_not_told(monkeypatch, given: str):
    monkeypatch.setenv("SIGNING_KEY", given)

    with pytest.raises(env.BadSettingError, match="SIGNING_KEY holds") as refused:
        env.signing_key("SIGNING_KEY")

    assert all(line not in str(refused.value) for line in given.splitlines())


@pytest.mark.parametrize("given", ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_old_keys_that_are_none_stop_the_start(monkeypatch, given: str):
    monkeypatch.setenv("SIGNING_KEYS_PREVIOUS", given)

    with pytest.raises(env.BadSettingError, match="SIGNING_KEYS_PREVIOUS holds"):
        env.signing_keys("SIGNING_KEYS_PREVIOUS")


def test_a_private_key_among_the_old_ones_is_refused(monkeypatch, signing_key):
    monkeypatch.setenv("SIGNING_KEYS_PREVIOUS", signing_key)

    with pytest.raises(env.BadSettingError, match="something beside public keys"):
        env.signing_keys("SIGNING_KEYS_PREVIOUS")


def test_the_embedded_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    file = tmp_path / "signing_key.pem"

    first = keyfile.read_or_create(file, make=env.new_signing_key)

    assert keyfile.read_or_create(file, make=env.new_signing_key) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert signing.load_private(first).curve.name == "secp256r1"


def test_public_keys_are_told_to_everybody_and_the_private_one_to_nobody(settings, signing_key):
    settings.SIGNING_KEYS_PREVIOUS = public(signing.new_key())

    answer = Client().get("/api/v1/signing-keys")

    assert [key["is_current"] for key in answer.json()["results"]] == [True, False]
    assert "PRIVATE" not in answer.content.decode()
    for listed in answer.json()["results"]:
        one = Client().get(f"/api/v1/signing-keys/{listed['key_id']}")
        assert (one.content.decode(), one.headers["Content-Type"]) == (listed["public_key"], "application/x-pem-file")
    assert Client().get("/api/v1/signing-keys/current").content.decode() == public(signing_key)


@pytest.mark.parametrize("key_id", ["sha256:" + "0" * 64, "none", "%00"])
def test_a_key_that_is_none_of_ours_is_not_found(key_id: str):
    assert Client().get(f"/api/v1/signing-keys/{key_id}").status_code == 404
