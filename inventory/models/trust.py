"""Whom the organisation trusts: roots of trust, signers and builders, and what of them is compromised since when.

No row here is ever rewritten into another meaning: a root gets a new version, a signer a decision, a compromise an
end. Each change that can turn a verdict adds a `TrustChange`, whose greatest id is the trust version in force.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from supplychain.access.querysets import Reader
from supplychain.database.choices import choices_of
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from typing import Self

SHA256_PATTERN = r"^sha256:[0-9a-f]{64}$"


class SignerState(enum.StrEnum):
    """A signer proves something only while it is accepted."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"


class SignerAction(enum.StrEnum):
    """What a person did about a signer."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    REJECT = "reject"
    REVOKE = "revoke"


class CompromiseKind(enum.StrEnum):
    """What can fall into wrong hands, and by what it is known."""

    IDENTITY = "identity"
    KEY = "key"
    BUILDER = "builder"
    REPOSITORY = "repository"
    WORKFLOW = "workflow"


class TrustChange(models.Model):
    """Something that can turn verdicts has changed. Insert-only; the greatest id is the trust version in force."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    what = models.CharField(max_length=255, db_comment="For people; the audit log has who did it, and how")


class TrustRoot(models.Model):
    """Certificate authorities, logs and timestamp authorities that go together, as Sigstore's trusted_root.json."""

    id = models.BigAutoField(primary_key=True)
    name = models.SlugField(max_length=64, unique=True)


class TrustRootVersion(models.Model):
    """One file of a root. All that are active count: signatures of an earlier time are judged by its authorities.

    The first version of a root may be loaded by an operator alone, on the command line; later ones take two people.
    """

    id = models.BigAutoField(primary_key=True)
    root = models.ForeignKey(TrustRoot, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.IntegerField()
    data = models.BinaryField(db_comment="The file, byte for byte")
    digest = models.CharField(max_length=71, db_collation="C")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    active_from = models.DateTimeField(null=True, db_comment="NULL: proposed, counts for nothing")
    retired_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True, db_comment="The proposal was taken back, and never counted")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["root", "number"], name="trust_root_version_number"),
            models.UniqueConstraint(
                fields=["root", "digest"], condition=Q(withdrawn_at__isnull=True), name="trust_root_version_once"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(active_from__isnull=True),
                name="trust_root_version_withdrawn",
            ),
            models.CheckConstraint(condition=Q(digest__regex=SHA256_PATTERN), name="trust_root_version_digest"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="trust_root_version_two_people",
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(active_from__isnull=False), name="trust_root_version_retired"
            ),
        ]

    @property
    def state(self) -> str:
        """Return `proposed`, `withdrawn`, `active` or `retired`; active ones alone are believed."""
        if self.active_from is None:
            return "proposed" if self.withdrawn_at is None else "withdrawn"
        return "active" if self.retired_at is None else "retired"


class TrustedSignerQuerySet(models.QuerySet["TrustedSigner"]):
    """A signer without team counts for all teams, and everybody may see it."""

    def visible_to(self, actor: Reader) -> Self:
        """Keep those of the organisation and of the actor's teams; all for a responder, none for the anonymous."""
        if actor.team_ids is None:
            return self.all()
        if not actor.team_ids:
            return self.none()
        return self.filter(Q(team__isnull=True) | Q(team__in=sorted(actor.team_ids)))


_IS_IDENTITY = Q(key_fingerprint="", public_key="") & ~Q(issuer="") & ~Q(identity="", identity_pattern="")
_IS_KEY = Q(key_fingerprint__regex=SHA256_PATTERN, issuer="", identity="", identity_pattern="") & ~Q(public_key="")


class TrustedSigner(models.Model):
    """Who may sign, for builds of which source, on what builder. Empty: not asked for; what is set must be met.

    What it asks for never changes: another expectation is another signer. Its state follows its decisions.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "access.Team",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="Counts for this team's attestations alone; NULL: for all",
    )
    name = models.CharField(max_length=255, db_comment="For people")
    state = models.CharField(max_length=16, choices=choices_of(SignerState))
    is_production = models.BooleanField(db_comment="Takes two people to accept, and two to widen")
    issuer = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="Exact; empty for a key")
    identity = models.CharField(max_length=2048, blank=True, db_collation="C", db_comment="Exact")
    identity_pattern = models.CharField(max_length=2048, blank=True, db_comment="Matches the whole identity")
    public_key = models.TextField(blank=True, db_comment="PEM of a SubjectPublicKeyInfo")
    key_fingerprint = models.CharField(max_length=71, blank=True, db_collation="C", db_comment="SHA-256 of its DER")
    builder_id = models.CharField(max_length=1024, blank=True, db_collation="C")
    repository = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="host/path")
    repository_id = models.CharField(max_length=64, blank=True, db_comment="The host's own, which a rename keeps")
    owner_id = models.CharField(max_length=64, blank=True)
    ref_pattern = models.CharField(max_length=1024, blank=True, db_comment="Matches the whole ref")
    workflow_path = models.CharField(max_length=1024, blank=True)
    build_type = models.CharField(max_length=1024, blank=True)
    runner_environment = models.CharField(max_length=255, blank=True)
    events = ArrayField(models.CharField(max_length=255), default=list, db_comment="Empty: any")
    parameters = ArrayField(
        models.CharField(max_length=255), null=True, db_comment="The external parameters there may be; NULL: any"
    )
    maximum_level = models.SmallIntegerField(db_comment="SLSA build level that this signer on this builder can reach")
    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)
    proposed_from = models.ForeignKey(
        "inventory.Attestation", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    objects = TrustedSignerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(maximum_level__gte=1, maximum_level__lte=3), name="trusted_signer_level"
            ),
            models.CheckConstraint(condition=_IS_IDENTITY | _IS_KEY, name="trusted_signer_identity_or_key"),
            models.CheckConstraint(
                condition=Q(identity="") | Q(identity_pattern=""), name="trusted_signer_one_identity"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="trusted_signer_validity",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="trusted_signer_state"),
            models.Index(fields=["key_fingerprint"], condition=~Q(key_fingerprint=""), name="trusted_signer_key"),
        ]


class SignerDecision(models.Model):
    """What a person did about a signer, and when. Insert-only; nobody accepts one signer twice."""

    id = models.BigAutoField(primary_key=True)
    signer = models.ForeignKey(TrustedSigner, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="NULL: proposed by the product on first sight",
    )
    action = models.CharField(max_length=16, choices=choices_of(SignerAction))
    at = models.DateTimeField()
    note = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signer", "user", "action"], name="signer_decision_once"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(action=SignerAction.PROPOSE.value), name="signer_decision_by_person"
            ),
        ]


class Compromise(models.Model):
    """From an instant on, what this identity, key, builder, repository or workflow signs proves nothing.

    One responder declares it and it binds at once; lifting it takes two.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=choices_of(CompromiseKind))
    issuer = models.CharField(max_length=1024, blank=True, db_collation="C", db_comment="Of an identity")
    value = models.CharField(
        max_length=2048,
        db_collation="C",
        db_comment="Identity, key fingerprint, builder id, host/path, or host/path/file of a workflow",
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, db_comment="Exclusive; NULL: still")
    reason = models.CharField(max_length=2000)
    incident = models.UUIDField(null=True, db_comment="Public id")
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    declared_at = models.DateTimeField()
    lift_proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="compromise_window"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | (Q(lifted_at__isnull=False, lift_proposed_by__isnull=False) & ~Q(lifted_by=F("lift_proposed_by"))),
                name="compromise_lifted_by_two",
            ),
        ]


def trust_version() -> int:
    """Return the trust version in force: 0 before anything was ever trusted."""
    newest: dict[str, Any] = TrustChange.objects.aggregate(newest=models.Max("id"))
    return newest["newest"] or 0
