"""Where notifications go, and every one of them with what became of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from supplychain.access.querysets import TeamScopedQuerySet
from supplychain.ids import uuid7


class ChannelKind(models.TextChoices):
    """How it is told."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    EMAIL = "email"


class Channel(models.Model):
    """Where notifications go, and which. Made and changed by people; ended, never deleted, since deliveries name it."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "access.Team",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="NULL: of the organisation, told what concerns any team",
    )
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=ChannelKind.choices)
    shown_target = models.CharField(max_length=500, db_comment="What may be shown of where it goes; the rest is sealed")
    event_kinds = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="`incident.found`, `incident.*`; empty: all"
    )
    severities = ArrayField(models.CharField(max_length=16), default=list, db_comment="Empty: all")
    environments = ArrayField(models.CharField(max_length=255), default=list, db_comment="Empty: all")
    only_production = models.BooleanField(default=False, db_comment="Only what runs in production")
    is_paused = models.BooleanField(default=False)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True, db_comment="After a failure nothing is tried before; NULL: none")
    failure_count = models.IntegerField(default=0, db_comment="In a row")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="channel_has_a_name"),
            models.CheckConstraint(condition=Q(kind__in=ChannelKind.values), name="channel_kind_known"),
        ]
        indexes = [
            # whom a message is for; the channels of a team
            models.Index(fields=["team", "-public_id"], name="channel_of_team"),
        ]


class Purpose(models.TextChoices):
    """What a secret is for."""

    TARGET = "target"
    SIGNING = "signing"


class ChannelSecret(models.Model):
    """An address or a signing key of a channel, sealed. The web server writes it, and cannot read it again."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="secrets")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    sealed = models.TextField(db_comment="Under SECRET_KEY (access/sealing.py)")
    made_at = models.DateTimeField()
    retires_at = models.DateTimeField(null=True, db_comment="After a rotation both keys sign until then; NULL: newest")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "purpose"], condition=Q(retires_at__isnull=True), name="channel_secret_newest_once"
            ),
        ]


class DeliveryState(models.TextChoices):
    """What became of a notification."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Delivery(models.Model):
    """One message for one channel: the outbox. Written in the transaction of what it tells; then by workers only."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    event_id = models.UUIDField(db_comment="The same for all channels, tries and replays of one event")
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300)
    body = models.JSONField(db_comment="The event as webhooks send it; other kinds of channels are shaped from it")
    replay_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempt_count = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(db_comment="Not tried before; while it is tried, when another worker takes it over")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    last_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.WAITING, ended_at__isnull=True)
                | (~Q(state=DeliveryState.WAITING) & Q(ended_at__isnull=False)),
                name="delivery_ended_when",
            ),
            models.UniqueConstraint(
                fields=["channel", "event_id"], condition=Q(replay_of__isnull=True), name="delivery_once_a_channel"
            ),
        ]
        indexes = [
            # what is due
            models.Index(fields=["due_at"], condition=Q(state=DeliveryState.WAITING), name="delivery_waiting"),
            # the log of a channel, newest first
            models.Index(fields=["channel", "-public_id"], name="delivery_of_channel"),
        ]


class DeliveryAttempt(models.Model):
    """One try to deliver. Insert-only, written when it has ended: a killed worker's try is a number that is missing."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    number = models.SmallIntegerField(db_comment="From 1")
    at = models.DateTimeField()
    took_ms = models.IntegerField()
    status = models.SmallIntegerField(null=True, db_comment="HTTP status; NULL: none came")
    problem = models.CharField(max_length=200, blank=True, db_comment="Empty: it was taken")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="delivery_attempt_number"),
        ]
