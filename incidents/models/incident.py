"""An incident: what is compromised, what was found each time it was asked, and everything that happened since."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from supplychain.database.choices import choices_of
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from typing import Self

    from supplychain.access.querysets import Reader


class Severity(enum.StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Stage(enum.StrEnum):
    """Where the response stands (domain.md, (b)); incidents/response/lifecycle.py has the moves."""

    OPEN = "open"
    SCOPING = "scoping"
    CONTAINING = "containing"
    ERADICATING = "eradicating"
    RECOVERING = "recovering"
    CLOSED = "closed"


class Occasion(enum.StrEnum):
    """Why an incident's question was asked."""

    OPENED = "opened"
    ASKED = "asked"
    CHANGED = "changed"
    EVIDENCE = "evidence"


class EventKind(enum.StrEnum):
    """What a line of the timeline tells."""

    OPENED = "opened"
    ASKED = "asked"
    QUESTION_CHANGED = "question_changed"
    FOUND = "found"
    STAGE = "stage"
    SEVERITY = "severity"
    OWNER = "owner"
    TITLE = "title"
    FLAG = "flag"
    NOTE = "note"
    TEAM_CONCERNED = "team_concerned"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    REOPENED = "reopened"
    ACTION = "action"
    EXPORTED = "exported"
    RECOVERED = "recovered"
    RECOVERY_LOST = "recovery_lost"
    MILESTONE = "milestone"
    UNPROVEN_ACCEPTED = "unproven_accepted"
    REPORTED = "reported"


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Whoever sees all teams sees all incidents; a team those it opened and those that concern it."""

    def visible_to(self, actor: Reader) -> Self:
        """Keep the incidents that the actor may see."""
        if actor.team_ids is None:
            return self.all()
        if not actor.team_ids:
            return self.none()
        mine = sorted(actor.team_ids)
        concerned = IncidentTeam.objects.filter(incident=models.OuterRef("pk"), team__in=mine)
        return self.filter(Q(team__in=mine) | models.Exists(concerned))


class Incident(models.Model):
    """One incident. Every change of it is a line of the timeline, and raises `version`."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "access.Team",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_comment="Through whose eyes it is asked; NULL: through those of who sees all",
    )
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=16, choices=choices_of(Severity))
    stage = models.CharField(max_length=16, choices=choices_of(Stage))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    question = models.JSONField(db_comment="What is asked, as it was given last (docs/api.md, The incident question)")
    is_exploited = models.BooleanField(default=False, db_comment="A vulnerability of a product of ours is exploited")
    is_severe = models.BooleanField(default=False, db_comment="A severe incident of a product of ours")
    aware_at = models.DateTimeField(null=True, db_comment="From when the legal clocks run")
    fixed_at = models.DateTimeField(null=True, db_comment="When a corrective measure was available")
    opened_by = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    run_count = models.IntegerField(default=0)
    event_count = models.IntegerField(default=0)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stage=Stage.CLOSED.value, closed_at__isnull=False)
                | (~Q(stage=Stage.CLOSED.value) & Q(closed_at__isnull=True)),
                name="incident_closed_when",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="incident_has_a_title"),
            models.CheckConstraint(condition=Q(changed_at__gte=F("opened_at")), name="incident_times"),
        ]
        indexes = [
            # newest first; the open ones
            models.Index(fields=["-public_id"], condition=Q(closed_at__isnull=True), name="incident_open"),
        ]

    def is_whole_for(self, actor: Reader) -> bool:
        """Tell whether the actor sees all that the incident's answers were asked through."""
        return actor.team_ids is None or (self.team_id is not None and self.team_id in actor.team_ids)


class IncidentTeam(models.Model):
    """A team that an answer of the incident concerns. It may see its part, and says that it knows."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="teams", db_index=False)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "team"], name="incident_team_once"),
        ]
        indexes = [
            # the incidents of a team
            models.Index(fields=["team", "incident"], name="incident_team_of"),
        ]


class QueryRunQuerySet(models.QuerySet["QueryRun"]):
    def light(self) -> Self:
        """Leave out what an answer to a long list has megabytes of, until somebody looks."""
        return self.defer("header", "question")


class QueryRun(models.Model):
    """The question of an incident, asked once, with its whole answer. Insert-only: what we knew then."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="runs", db_index=False)
    number = models.IntegerField(db_comment="From 1")
    occasion = models.CharField(max_length=16, choices=choices_of(Occasion))
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    took_ms = models.IntegerField()
    question = models.JSONField(db_comment="As it was given")
    question_hash = models.CharField(max_length=71)
    answer_hash = models.CharField(max_length=71)
    data_as_of = models.DateTimeField()
    header = models.JSONField(db_comment="asked, backlog, coverage, summary, clusters: as answered, never filtered by")
    row_count = models.IntegerField()
    content_digest = models.CharField(max_length=71, db_comment="SHA-256 over those of the header and of its pages")

    objects = QueryRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="query_run_number"),
        ]


class QueryRunPage(models.Model):
    """Up to 100 rows of a run's answer, as JSON (500 in those of earlier releases). Insert-only."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(QueryRun, on_delete=models.PROTECT, related_name="pages", db_index=False)
    number = models.IntegerField(db_comment="From 0")
    rows = models.BinaryField(db_comment="zlib of the JSON list")
    row_count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="query_run_page_number"),
        ]


class QueryRunGist(models.Model):
    """A part of what pages need of a large answer, made of it (incidents/response/gists.py). Insert-only."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(QueryRun, on_delete=models.PROTECT, related_name="gists", db_index=False)
    shape = models.SmallIntegerField(
        db_default=1, db_comment="Of the content: gists.SHAPE of the release that wrote it"
    )
    part = models.SmallIntegerField(db_default=0, db_comment="Which part: gists.HEAD and so on")
    content = models.BinaryField(db_comment="MessagePack in zlib; of the digests themselves")
    digest = models.CharField(max_length=71, db_comment="SHA-256 over the run's content_digest, part and content")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "shape", "part"], name="query_run_gist_part"),
        ]


class IncidentEvent(models.Model):
    """A line of the timeline. Insert-only."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.IntegerField(db_comment="From 1, in the order it happened")
    kind = models.CharField(max_length=32, choices=choices_of(EventKind))
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="incident_event_number"),
        ]
