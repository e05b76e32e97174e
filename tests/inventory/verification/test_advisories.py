"""What went wrong in other verifiers, each as the vector that would show it here; those of one part stand beside it.

tests/inventory/trust: CVE-2022-23649, CVE-2022-36056, CVE-2026-22703, CVE-2026-24122, CVE-2024-51746, CVE-2024-29902,
CVE-2026-49834, CVE-2026-54787, CVE-2026-39984, CVE-2025-29778. test_batch.py: CVE-2025-25204, CVE-2026-44310.
"""

from __future__ import annotations

import copy
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.graph.verdicts import read_verdicts
from inventory.models import Artifact, Verdict
from inventory.trust.bundles import Verifier, verify_bundle
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import load_root
from inventory.verification.progress import of_verification
from tests.attested import encode
from tests.factories import SEES_ALL, cyclonedx, digest, submit
from tests.trust_lab import Lab, statement
from tests.trusted import NOW, accept, believe, result, send, trusting_lab, verify

pytestmark = pytest.mark.django_db
OTHER = digest("another artifact")


def verdict_of(artifact: str) -> Verdict:
    pk = Artifact.objects.get(digest=artifact).pk
    return read_verdicts([pk], actor=SEES_ALL)[pk].verdict


def subject_of(payload: bytes) -> str:
    return f"sha256:{json.loads(payload)['subject'][0]['digest']['sha256']}"


def test_cosign_cve_2022_35929_a_signed_sbom_is_no_provenance() -> None:
    """Also policy-controller CVE-2022-35930: another attestation was taken for the one that was asked for."""
    lab = trusting_lab()
    accept(build_type="https://actions.github.io/buildtypes/workflow/v1")
    sbom = json.loads(cyclonedx("pkg:npm/left-pad@1.3.0"))
    payload = statement(predicateType="https://cyclonedx.org/bom", predicate=sbom)
    send(lab.dsse_bundle(payload))
    verify()

    assert result().outcome == "valid"
    assert verdict_of(subject_of(payload)) is Verdict.NONE


def test_cosign_cve_2022_36056_four_ways_to_pass_without_a_check() -> None:
    """A bundle of another signature, identities that nobody compared, an invalid bundle, an invalid log entry."""
    lab = trusting_lab()
    good, other = lab.dsse_bundle(statement()), lab.dsse_bundle(statement())
    swapped, broken, unlogged = (copy.deepcopy(good) for _ in range(3))
    swapped["verificationMaterial"] = other["verificationMaterial"]
    broken["verificationMaterial"]["certificate"] = {}
    unlogged["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["hashes"] = []
    stranger = lab.dsse_bundle(
        statement(), identity="https://github.com/mallory/x/.github/workflows/x.yml@refs/heads/x"
    )

    sent = [send(one)[-1] for one in (swapped, broken, unlogged, stranger)]
    verify()

    ends = [(result(one).verdict, result(one).code) for one in sent]
    assert ends[:3] == [("failed", "tlog_mismatch"), ("failed", "bundle_shape"), ("failed", "inclusion_invalid")]
    assert ends[3][0] in {"failed", "verified_unexpected"}


def test_cosign_cve_2026_39395_a_signed_payload_that_cannot_be_read_fails() -> None:
    """The error of parsing was swallowed, and the payload counted as verified."""
    lab = Lab()
    verifier = Verifier(load_root(lab.trusted_root()), {}, datetime.now(UTC))
    from inventory.formats.read import read_document
    from inventory.trust.meaning import understand

    for payload in (b"{", b'{"_type": "https://in-toto.io/Statement/v1", "_type": "x"}', b"\xff\xfe"):
        evaluation = verify_bundle(encode(lab.dsse_bundle(payload)), verifier=verifier)
        assert evaluation.outcome is Outcome.VALID
        assert understand(evaluation, read_document=read_document) is None
        assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "payload_unparseable")


def test_cosign_d996ce12_null_among_the_subjects_is_refused() -> None:
    lab = trusting_lab()
    from inventory.models import Attestation
    from tests.factories import apply_waiting, store

    store("shop", encode(lab.dsse_bundle(statement(subject=[None]))))
    apply_waiting()

    assert not Attestation.objects.exists()


def test_sigstore_java_provenance_of_another_artifact_attaches_to_nothing_else() -> None:
    """Item 86, and sigstore-ruby: the envelope was good, and nobody compared its subject with the artifact."""
    lab = trusting_lab()
    submit("shop", encode(lab.dsse_bundle(statement())), artifacts=[OTHER])
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=OTHER))
    verify()

    assert verdict_of(subject_of(statement())) is Verdict.VERIFIED_EXPECTED
    assert verdict_of(OTHER) is Verdict.NONE


def test_slsa_verifier_ghsa_r2xv_a_publication_of_another_file_says_nothing_of_this_one() -> None:
    """npm's publish attestation was not bound to the subject of the provenance: here each is about its own digest."""
    lab = trusting_lab()
    published = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
    about = {"name": "pkg:npm/shop@1.0.0", "digest": {"sha256": OTHER.partition(":")[2]}}
    predicate = {"name": "shop", "version": "1.0.0", "registry": "https://registry.example"}
    send(lab.dsse_bundle(statement(subject=[about], predicateType=published, predicate=predicate)))
    send(lab.dsse_bundle(statement()))
    verify()

    assert verdict_of(OTHER) is Verdict.NONE
    assert verdict_of(subject_of(statement())) is Verdict.VERIFIED_EXPECTED


def test_sigstore_python_ghsa_hhfg_a_time_that_nobody_signed_is_none() -> None:
    """Item 94: integratedTime without the log's promise."""
    lab = trusting_lab()
    made = lab.dsse_bundle(statement())
    made["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"] = None
    send(made)
    verify()

    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "no_trusted_time")


def test_gitsign_cve_2026_44309_the_stored_bytes_are_verified_and_not_a_normal_form_of_them() -> None:
    lab = trusting_lab()
    spaced = json.dumps(json.loads(statement()), indent=3).encode()
    send(json.dumps(lab.dsse_bundle(spaced), indent=2).encode())
    verify()

    assert result().verdict == Verdict.VERIFIED_EXPECTED


def test_slsa_forged_digest_a_trusted_builder_of_another_source_is_not_expected() -> None:
    lab = Lab()
    believe(lab.trusted_root())
    accept(repository="github.com/acme/another")
    send(lab.dsse_bundle(statement()))
    verify()

    assert verdict_of(subject_of(statement())) is Verdict.VERIFIED_UNEXPECTED
    assert result().code == "unexpected_repository"


def test_item_83_a_signed_statement_of_an_unknown_type_is_kept_and_never_judged() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement(_type="https://in-toto.io/Statement/v9")))
    verify()

    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "statement_unsupported")


@pytest.mark.parametrize("hours", [-0.5, 24, 24 * 365])
def test_item_96_our_clock_decides_nothing_but_what_is_in_the_future(hours: float) -> None:
    lab = Lab()
    verifier = Verifier(load_root(lab.trusted_root()), {}, datetime.now(UTC) + timedelta(hours=hours))

    assert verify_bundle(encode(lab.dsse_bundle(statement())), verifier=verifier).outcome is Outcome.VALID


def test_item_97_without_what_verifies_nothing_is_verified_and_everybody_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    monkeypatch.setitem(sys.modules, "inventory.verification.prover", None)
    verify()

    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "verifier_error")
    assert [finding.level for finding in of_verification(NOW)] == ["danger"]


def test_item_98_a_root_inside_of_a_bundle_is_ignored() -> None:
    trusting_lab()
    stranger = Lab()
    made: dict[str, Any] = stranger.dsse_bundle(statement())
    leaf = made["verificationMaterial"].pop("certificate")
    from cryptography.hazmat.primitives.serialization import Encoding

    from tests.trust_lab import text

    above = [{"rawBytes": text(one.public_bytes(Encoding.DER))} for one in (stranger.middle, stranger.root)]
    made["verificationMaterial"]["x509CertificateChain"] = {"certificates": [leaf, *above]}
    made["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    send(made)
    verify()

    assert result().verdict in {Verdict.UNSUPPORTED, Verdict.FAILED}
