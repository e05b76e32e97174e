"""Teams, the people and keys that act for them, and the audit chain."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, IntegerField, Q
from django.db.models.lookups import Exact, LessThanOrEqual
from django.utils import timezone
from django.utils.crypto import salted_hmac

from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.access.scopes import OrganisationRole, Scope, TeamRole
from supplychain.ids import uuid7

SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"


class Team(models.Model):
    """One team that owns evidence. Made by an administrator or by `create_key`; the slug never changes."""

    slug = models.CharField(max_length=63, unique=True, db_collation="C")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(slug__regex=SLUG_PATTERN), name="team_slug_pattern"),
        ]

    def __str__(self) -> str:
        return self.slug


class UserManager(BaseUserManager["User"]):
    """Makes users; the name is kept as typed and compared as typed."""

    def create_user(
        self, username: str, *, password: str | None, email: str = "", organisation_role: str = OrganisationRole.NONE
    ) -> User:
        """Store a user with a hashed password; None leaves the account unable to sign in."""
        user = self.model(
            username=self.model.normalize_username(username),
            email=self.normalize_email(email),
            organisation_role=organisation_role,
        )
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user


class User(AbstractBaseUser):
    """One person who signs in. Made by an administrator; deactivated, never deleted, since evidence names them.

    Rights come from Membership and `organisation_role` alone: there are no per-model permissions and no superuser flag.
    """

    username = models.CharField(max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    email = models.EmailField(blank=True)
    organisation_role = models.CharField(
        max_length=16,
        choices=OrganisationRole.choices,
        default=OrganisationRole.NONE,
        db_comment="Right across all teams; `none` leaves the memberships",
    )
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(
        default=False,
        db_default=False,
        db_comment="The password was made by an administrator; the next page is the one to change it",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    known_actor: object = None  # kept by actors.actor_of() for one request

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation_role__in=OrganisationRole.values), name="user_organisation_role_known"
            ),
            models.CheckConstraint(condition=~Q(username=""), name="user_username_not_empty"),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what Django compares a session with: another password or another role ends all sessions at once."""
        rights = f"{self.password}\n{self.organisation_role}"
        return salted_hmac("supplychain.access.session", rights, secret=secret, algorithm="sha256").hexdigest()


class Membership(models.Model):
    """One user's role in one team. Written by administrators; removed when the person leaves."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=TeamRole.choices, default=TeamRole.VIEWER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team"], name="membership_user_team_unique"),
            models.CheckConstraint(condition=Q(role__in=TeamRole.values), name="membership_role_known"),
        ]


class ApiKey(models.Model):
    """One key of one team, kept as an HMAC. Made by an administrator or on the command line.

    Afterwards only `revoked_*`, `last_used_at` and, when it is used after a rotation of the HMAC secret,
    `secret_digest` change: whoever needs other scopes or bindings makes another key.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    lookup = models.CharField(
        max_length=8, unique=True, db_collation="C", db_comment="Second part of the key; not secret"
    )
    secret_digest = models.BinaryField(db_comment="HMAC-SHA256 of the whole key under KEY_HMAC_SECRET")
    name = models.CharField(max_length=200, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="api_keys")
    scopes = ArrayField(
        models.CharField(max_length=32), db_comment="Never empty; values of supplychain.access.scopes.Scope"
    )
    sees_all_teams = models.BooleanField(
        default=False, db_comment="Reads every team's rows, as a responder does; writes only its team's"
    )
    repositories = ArrayField(models.CharField(max_length=1024), default=list, db_comment="Empty: not bound")
    clusters = ArrayField(models.CharField(max_length=255), default=list, db_comment="Empty: not bound")
    environments = ArrayField(models.CharField(max_length=255), default=list, db_comment="Empty: not bound")
    kinds = ArrayField(models.CharField(max_length=32), default=list, db_comment="Evidence kinds; empty: not bound")
    created_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_comment="NULL: made on the command line or by a key",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, db_comment="NULL: never")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    last_used_at = models.DateTimeField(null=True, db_comment="Written at most once a minute")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(lookup__regex=r"^[a-z0-9]{8}$"), name="api_key_lookup_pattern"),
            models.CheckConstraint(
                condition=Exact(Func(F("secret_digest"), function="octet_length", output_field=IntegerField()), 32),
                name="api_key_secret_digest_length",
            ),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0), name="api_key_scopes_known"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="api_key_expires_after_creation",
            ),
        ]


class SignInFailure(models.Model):
    """One refused password. Written by the sign-in page, read to slow down guessing, deleted after a day."""

    username = models.CharField(max_length=150, db_comment="As typed, cut to 150 characters; perhaps no user's")
    address = models.GenericIPAddressField(null=True, db_comment="NULL: the server listens on a socket file")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # "How often was this name, or from this address, refused in the last minutes?"
            models.Index(fields=["username", "at"], name="sign_in_failure_username_at"),
            models.Index(fields=["address", "at"], name="sign_in_failure_address_at"),
        ]


class AuditEvent(models.Model):
    """One thing that was done, chained to the one before. Written by audit.record() alone, never changed or deleted.

    A trigger fills `sequence`, `previous_hash` and `hash`, and others refuse UPDATE, DELETE and TRUNCATE (migration
    0002, docs/adr/0002-audit-chain.md). `body` is what is hashed; the columns beside it repeat what lists filter by.
    """

    sequence = models.BigIntegerField(primary_key=True, db_comment="1, 2, 3 … without a gap")
    previous_hash = models.BinaryField(db_comment="`hash` of the row before; 32 zero bytes for the first")
    hash = models.BinaryField(db_comment="SHA-256 of previous_hash, sequence as 8 bytes (big-endian) and body as UTF-8")
    body = models.TextField(db_comment="Canonical JSON, ASCII: v, at, team, actor, action, subject, details")
    at = models.DateTimeField(db_comment="As in body")
    # No database constraint: it would take a share lock on the team for every upload, and history outlives teams.
    team = models.ForeignKey(
        Team,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="As in body; NULL: done for no one team",
    )
    actor = models.CharField(max_length=200, db_comment="As in body")
    action = models.CharField(max_length=100, db_collation="C", db_comment="As in body")
    subject = models.CharField(max_length=500, db_comment="As in body")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sequence__gt=0), name="audit_event_sequence_positive"),
            models.CheckConstraint(
                condition=Q(action__regex=r"^[a-z_]+(\.[a-z_]+)+$"), name="audit_event_action_pattern"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Func(F("body"), function="octet_length", output_field=IntegerField()), 16384),
                name="audit_event_body_length",
            ),
        ]
        indexes = [
            # The audit list of one team, newest first.
            models.Index(fields=["team", "-sequence"], name="audit_event_team_sequence"),
            # "Everything done to this": the audit list filtered by subject.
            models.Index(fields=["subject", "-sequence"], name="audit_event_subject_sequence"),
        ]
