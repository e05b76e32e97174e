"""What verification found: every evaluation of an attestation, and the verdict in force.

An evaluation is never overwritten; when trust changes there is another. A claim stays a claim in its own tables.
"""

from __future__ import annotations

import enum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Lower

from inventory.models.artifacts import Artifact
from inventory.models.attestations import Attestation, workflow_of_builder
from inventory.models.trust import TrustedSigner, TrustRootVersion
from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.database.choices import choices_of


class Verdict(enum.StrEnum):
    """What may be believed (decisions.md, "Trust and policy words"), the best first."""

    VERIFIED_EXPECTED = "verified_expected"
    VERIFIED_UNEXPECTED = "verified_unexpected"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    REPORTED = "reported"
    UNSIGNED_CLAIM = "unsigned_claim"
    NONE = "none"


class CheckOutcome(enum.StrEnum):
    """How the cryptography of one evaluation ended."""

    VALID = "valid"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    UNSIGNED = "unsigned"


OF_ATTESTATIONS = [verdict for verdict in Verdict if verdict not in {Verdict.REPORTED, Verdict.NONE}]
_IS_VERIFIED = Q(verdict__in=[Verdict.VERIFIED_EXPECTED.value, Verdict.VERIFIED_UNEXPECTED.value])


class VerificationResultQuerySet(TeamScopedQuerySet["VerificationResult"]):
    """Results belong to the team of their attestation."""

    team_field = "attestation__team"


class VerificationResult(models.Model):
    """One evaluation of one attestation: the steps of domain.md's D1, and what they came to. Insert-only."""

    id = models.BigAutoField(primary_key=True)
    attestation = models.ForeignKey(Attestation, on_delete=models.PROTECT, related_name="results", db_index=False)
    trust_version = models.BigIntegerField(db_comment="In force when it was evaluated")
    root_version = models.ForeignKey(
        TrustRootVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="By which it was judged; NULL: by a key, or by none",
    )
    roots = ArrayField(models.BigIntegerField(), default=list, db_comment="Root versions that were tried")
    verifier_version = models.CharField(max_length=64)
    evaluated_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=choices_of(CheckOutcome))
    verdict = models.CharField(max_length=32, choices=[(one.value, one.value) for one in OF_ATTESTATIONS])
    steps = ArrayField(models.SmallIntegerField(), default=list, db_comment="Passed, in order (D1)")
    not_checked = ArrayField(models.SmallIntegerField(), default=list)
    stopped_at = models.SmallIntegerField(null=True)
    code = models.CharField(max_length=64, blank=True, db_comment="Why it stopped; empty: nothing stopped it")
    message = models.CharField(max_length=1000, blank=True)
    reasons = models.JSONField(default=list, db_comment="[[code, expected, found]] against the nearest signer")
    signer = models.ForeignKey(
        TrustedSigner,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="That it matched, or came nearest to",
    )
    valid_signer_count = models.SmallIntegerField(
        null=True,
        db_comment="Different signers with a good signature; NULL: evaluated before it was counted",
    )
    level = models.SmallIntegerField(db_comment="SLSA build level, 0 to 3")
    level_reasons = models.JSONField(default=list, db_comment="[code]: what it stands on, what the next level lacks")
    signed_at = models.DateTimeField(null=True, db_comment="Proven; NULL: no proven time")
    signature_position = models.SmallIntegerField(null=True, db_comment="Of AttestationSignature; NULL: none")
    key_fingerprint = models.CharField(max_length=71, blank=True, db_collation="C")
    # of the certificate, which outranks the payload; '' where it does not say
    issuer = models.CharField(max_length=1024, blank=True, db_collation="C")
    identity = models.CharField(max_length=2048, blank=True, db_collation="C")
    repository = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="host/path")
    repository_id = models.CharField(max_length=64, blank=True)
    owner_id = models.CharField(max_length=64, blank=True)
    commit = models.CharField(max_length=64, blank=True, db_collation="C")
    ref = models.CharField(max_length=1024, blank=True)
    workflow_path = models.CharField(max_length=1024, blank=True)
    builder_id = models.CharField(max_length=2048, blank=True, db_collation="C")
    run = models.CharField(max_length=2048, blank=True)
    runner_environment = models.CharField(max_length=255, blank=True)
    event = models.CharField(max_length=255, blank=True)

    objects = VerificationResultQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__gte=0, level__lte=3), name="verification_result_level"),
            models.CheckConstraint(
                condition=~_IS_VERIFIED | Q(outcome=CheckOutcome.VALID.value), name="verification_result_is_valid"
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.VERIFIED_EXPECTED.value) | Q(signer__isnull=False),
                name="verification_result_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(level__lte=1) | Q(verdict__in=[Verdict.VERIFIED_EXPECTED, Verdict.VERIFIED_UNEXPECTED]),
                name="verification_result_level_verified",
            ),
        ]
        indexes = [
            # all evaluations of an attestation, newest last
            models.Index(fields=["attestation", "id"], name="verification_result_of"),
            # what somebody signed
            models.Index(fields=["identity"], condition=~Q(identity=""), name="verification_result_identity"),
            models.Index(fields=["key_fingerprint"], condition=~Q(key_fingerprint=""), name="verification_result_key"),
            # what was built of a repository, on a builder, as certificates have it
            models.Index(
                fields=["repository", "commit"], condition=~Q(repository=""), name="verification_result_source"
            ),
            models.Index(fields=["builder_id"], condition=~Q(builder_id=""), name="verification_result_builder"),
            # indicators: a builder however its letters are written, a commit, a run
            models.Index(Lower("builder_id"), condition=~Q(builder_id=""), name="verification_builder_lower"),
            # indicators: a workflow by its path alone, as the build's own and as its builder
            models.Index(
                Collate("workflow_path", "C"), condition=~Q(workflow_path=""), name="verification_workflow_path"
            ),
            models.Index(workflow_of_builder(), name="verification_builder_path"),
            models.Index(fields=["commit"], condition=~Q(commit=""), name="verification_result_commit"),
            models.Index(Collate("run", "C"), condition=~Q(run=""), name="verification_result_run"),
        ]


class AttestationVerdictQuerySet(TeamScopedQuerySet["AttestationVerdict"]):
    """A verdict belongs to the team of its attestation."""

    team_field = "attestation__team"


class AttestationVerdict(models.Model):
    """The verdict in force. No row, or an older trust version than the one in force: verification is due."""

    attestation = models.OneToOneField(
        Attestation, on_delete=models.PROTECT, primary_key=True, related_name="verdict_in_force"
    )
    result = models.ForeignKey(VerificationResult, on_delete=models.PROTECT, related_name="+", db_index=False)
    verdict = models.CharField(max_length=32, choices=[(one.value, one.value) for one in OF_ATTESTATIONS])
    trust_version = models.BigIntegerField()
    changed_at = models.DateTimeField(db_comment="When the verdict became this one")

    objects = AttestationVerdictQuerySet.as_manager()

    class Meta:
        indexes = [
            # what is due
            models.Index(fields=["trust_version", "attestation"], name="attestation_verdict_due"),
        ]


class VerificationTry(models.Model):
    """How often bytes were begun to be verified without an end: committed before, deleted with the evaluation.

    A worker that dies of an attestation leaves its row behind, so that it is tried alone, and then set aside.
    """

    attestation = models.OneToOneField(Attestation, on_delete=models.PROTECT, primary_key=True, related_name="+")
    tries = models.SmallIntegerField()


class ReportedVerification(models.Model):
    """What another tool says that it verified. Never mixed with what we verified; at most `reported`."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+", db_index=False)
    evidence = models.ForeignKey("inventory.Evidence", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.IntegerField()
    pointer = models.CharField(max_length=4000, blank=True)
    tool = models.CharField(max_length=64)
    passed = models.BooleanField(db_comment="As the tool says")
    predicate_type = models.CharField(max_length=512, blank=True)
    issuer = models.CharField(max_length=1024, blank=True)
    identity = models.CharField(max_length=2048, blank=True)
    builder_id = models.CharField(max_length=2048, blank=True)
    repository = models.CharField(max_length=1024, blank=True)
    level = models.SmallIntegerField(null=True, db_comment="At most 2, whatever the tool says; NULL: it does not say")
    reported_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evidence", "position"], name="reported_verification_once"),
            models.CheckConstraint(
                condition=Q(level__isnull=True) | Q(level__gte=0, level__lte=2), name="reported_verification_level"
            ),
        ]
        indexes = [
            models.Index(fields=["artifact", "team"], name="reported_verification_of"),
            # indicators: a repository, a builder, an identity
            models.Index(Collate("repository", "C"), condition=~Q(repository=""), name="reported_repository"),
            models.Index(Collate(Lower("builder_id"), "C"), condition=~Q(builder_id=""), name="reported_builder_lower"),
            models.Index(Collate("identity", "C"), condition=~Q(identity=""), name="reported_identity"),
        ]
