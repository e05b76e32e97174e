"""Attestations as received: who says what of which digest. Everything here is a claim; no row says that one is true.

What verification finds will be rows of their own, each of one attestation, so that a claim never turns into a verdict.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Collate, Lower

from inventory.formats.attestations.records import Envelope, Predicate
from supplychain.access.querysets import TeamScopedQuerySet

_ENVELOPES = [(envelope.value, envelope.value) for envelope in Envelope]
_PREDICATES = [(predicate.value, predicate.value) for predicate in Predicate]
SHA256_PATTERN = r"^sha256:[0-9a-f]{64}$"
IMAGE_ADDRESS = r"^(pkg:(docker|oci)/|docker://|oci://)"
"""How the inputs of builds that are images are addressed. An index rests on this very text."""
WORKFLOW_OF_BUILDER = "/([.]github/workflows/[^/@]+)(@|$)"
"""Where the path of a workflow stands in the address of a builder that is one. Indexes rest on this very text."""


def workflow_of_builder() -> Collate:
    """Return the expression by which builders are indexed that are a workflow: its path, in lower case."""
    path = Func(Lower("builder_id"), Value(WORKFLOW_OF_BUILDER), function="substring", output_field=models.TextField())
    return Collate(path, "C")


class Attestation(models.Model):
    """One statement in the envelope it came in, once a team however many documents carried it. Never changed."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    envelope_digest = models.CharField(max_length=71, db_collation="C", db_comment="SHA-256 of the envelope's bytes")
    envelope = models.CharField(max_length=32, choices=_ENVELOPES)
    envelope_version = models.CharField(max_length=16, blank=True)
    payload_type = models.CharField(max_length=255, blank=True)
    payload_digest = models.CharField(
        max_length=71, blank=True, db_collation="C", db_comment="SHA-256 of what is signed; empty: not in the document"
    )
    statement_type = models.CharField(max_length=512, blank=True)
    predicate_type = models.CharField(max_length=512, blank=True, db_collation="C")
    predicate = models.CharField(
        max_length=32, choices=_PREDICATES, db_comment="unknown: shown, and no input of any policy"
    )
    facts = models.JSONField(default=list, db_comment="[[name, text]] of the predicate; shown, never filtered by")
    subject_count = models.IntegerField()
    signature_count = models.SmallIntegerField(db_comment="As found. None of them is verified by this row")
    log_entry_count = models.SmallIntegerField(db_comment="As found, unverified")
    timestamp_count = models.SmallIntegerField(db_comment="As found, unverified")
    first_received_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "envelope_digest"], name="attestation_once"),
            models.CheckConstraint(condition=Q(envelope_digest__regex=SHA256_PATTERN), name="attestation_digest"),
            models.CheckConstraint(
                condition=~Q(envelope=Envelope.STATEMENT.value) | Q(signature_count=0),
                name="attestation_bare_is_unsigned",
            ),
        ]
        indexes = [
            # a signature and what it signs, sent apart (cosign's layers)
            models.Index(fields=["payload_digest"], name="attestation_payload"),
        ]


class AttestationSource(models.Model):
    """A document that carried an attestation, and where in it: verification reads the bytes there again."""

    id = models.BigAutoField(primary_key=True)
    attestation = models.ForeignKey(Attestation, on_delete=models.PROTECT, related_name="sources", db_index=False)
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.IntegerField(db_comment="Among the attestations of the document that could be read, from 0")
    pointer = models.CharField(max_length=4000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evidence", "position"], name="attestation_source_once"),
        ]
        indexes = [
            # the documents of an attestation
            models.Index(fields=["attestation", "evidence"], name="attestation_source_of"),
        ]


class AttestationSubject(models.Model):
    """What an attestation is about. NULL artifact: none of its digests names one (a git commit). Never changed.

    Several accepted digests of one subject are one artifact: the others are `ArtifactAlias`es of it.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    attestation = models.ForeignKey(Attestation, on_delete=models.PROTECT, related_name="subjects", db_index=False)
    position = models.SmallIntegerField()
    artifact = models.ForeignKey(
        "inventory.Artifact", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=1024, blank=True, db_comment="Nobody's proof: subjects match by digest alone")
    commit = models.CharField(max_length=64, blank=True, db_collation="C", db_comment="gitCommit, where it is one")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attestation", "position"], name="attestation_subject_once"),
        ]
        indexes = [
            # the attestations of an artifact
            models.Index(fields=["artifact", "attestation"], name="attestation_subject_artifact"),
            # the artifacts of a team
            models.Index(fields=["team", "artifact"], name="attestation_subject_team"),
            # what is said of a git commit
            models.Index(fields=["commit"], condition=~Q(commit=""), name="attestation_subject_commit"),
        ]


class AttestationSignature(models.Model):
    """A signature as found, unverified: `key_id` is a hint that its writer chose, the certificate may be anybody's."""

    id = models.BigAutoField(primary_key=True)
    attestation = models.ForeignKey(Attestation, on_delete=models.PROTECT, related_name="signatures", db_index=False)
    position = models.SmallIntegerField()
    key_id = models.CharField(max_length=1024, blank=True)
    value = models.BinaryField()
    certificate = models.BinaryField(null=True, db_comment="DER of the leaf, as found; NULL: a key signed, or nobody")
    certificate_digest = models.CharField(max_length=71, blank=True, db_collation="C")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attestation", "position"], name="attestation_signature_once"),
        ]
        indexes = [
            # what else came with a certificate that turns out to be compromised
            models.Index(
                fields=["certificate_digest"], condition=~Q(certificate_digest=""), name="attestation_certificate"
            ),
        ]


class Provenance(models.Model):
    """How the subjects of an attestation were built, as it claims. '' where it does not say. Never changed."""

    attestation = models.OneToOneField(
        Attestation, on_delete=models.PROTECT, primary_key=True, related_name="provenance"
    )
    builder_id = models.CharField(max_length=1024, blank=True, db_collation="C")
    build_type = models.CharField(max_length=1024, blank=True)
    invocation_id = models.CharField(max_length=1024, blank=True)
    repository = models.CharField(
        max_length=1024, blank=True, db_collation="C", db_comment="host/path, without scheme, .git and ref"
    )
    ref = models.CharField(max_length=1024, blank=True)
    commit = models.CharField(max_length=64, blank=True, db_collation="C")
    workflow_path = models.CharField(max_length=1024, blank=True)
    event = models.CharField(max_length=255, blank=True)
    runner_environment = models.CharField(max_length=255, blank=True)
    parameters = models.JSONField(null=True, db_comment="External parameters, up to 64 KiB; shown, never filtered by")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # what was built from a repository, or one commit of it
            models.Index(fields=["repository", "commit"], name="provenance_repository"),
            # what a builder built
            models.Index(fields=["builder_id"], name="provenance_builder"),
            # indicators: a builder however its letters are written, a commit, a run
            models.Index(Lower("builder_id"), name="provenance_builder_lower"),
            # indicators: a workflow by its path alone, as the build's own and as its builder
            models.Index(
                Collate("workflow_path", "C"), condition=~Q(workflow_path=""), name="provenance_workflow_path"
            ),
            models.Index(workflow_of_builder(), name="provenance_builder_path"),
            models.Index(fields=["commit"], condition=~Q(commit=""), name="provenance_commit"),
            models.Index(Collate("invocation_id", "C"), condition=~Q(invocation_id=""), name="provenance_invocation"),
        ]


class ProvenanceDependency(models.Model):
    """An input of a build, as its provenance claims: a material or resolved dependency. Never changed."""

    id = models.BigAutoField(primary_key=True)
    provenance = models.ForeignKey(Provenance, on_delete=models.PROTECT, related_name="dependencies", db_index=False)
    position = models.IntegerField()
    uri = models.CharField(max_length=4096, blank=True)
    name = models.CharField(max_length=4096, blank=True)
    digest = models.CharField(max_length=140, blank=True, db_collation="C", db_comment="Of an artifact, else empty")
    commit = models.CharField(max_length=64, blank=True, db_collation="C")
    others = models.JSONField(default=list, db_comment="[[algorithm, value]] that name no artifact; shown")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provenance", "position"], name="provenance_dependency_once"),
        ]
        indexes = [
            # what was built with an artifact, such as a base image
            models.Index(fields=["digest"], condition=~Q(digest=""), name="provenance_dependency_digest"),
            # whether anything names a base image
            models.Index(
                fields=["digest"],
                condition=~Q(digest="") & Q(uri__regex=IMAGE_ADDRESS),
                name="provenance_dependency_image",
            ),
            # what was built with a file of an address; longer ones than a B-tree takes
            HashIndex(fields=["uri"], condition=Q(uri__startswith="http"), name="provenance_dependency_address"),
            # what was built with a commit
            models.Index(fields=["commit"], condition=~Q(commit=""), name="provenance_dependency_commit"),
        ]
