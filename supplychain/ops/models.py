"""What running processes say of themselves, so that one page and /metrics can tell how the installation fares."""

from __future__ import annotations

from django.db import models


class ProcessBeat(models.Model):
    """One running process, told by itself every few seconds; removed an hour after it fell silent."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16, db_comment="web, worker or beat")
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    doing = models.CharField(max_length=64, blank=True, db_comment="What it works on now, such as evidence:12")
    doing_since = models.DateTimeField(null=True)
    done_count = models.BigIntegerField(default=0)


class Measure(models.Model):
    """What all processes counted, or saw at worst, in one minute. Added to while the minute lasts; kept for a week."""

    pk = models.CompositePrimaryKey("name", "minute")
    name = models.CharField(max_length=64)
    minute = models.DateTimeField()
    count = models.BigIntegerField(default=0)
    worst = models.FloatField(default=0)


class OperationalFact(models.Model):
    """When something last happened: a sweep, a backup, a drill. One row a name, written over."""

    name = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict, db_comment="Shown, never filtered by")


class SlowStatement(models.Model):
    """One shape of a statement that took longer than SLOW_QUERY_MILLISECONDS, without its parameters."""

    id = models.BinaryField(max_length=32, primary_key=True, db_comment="SHA-256 over shape and place")
    shape = models.TextField(db_comment="Values and literals replaced")
    place = models.CharField(max_length=255, db_comment="Module and function of ours that sent it")
    count = models.BigIntegerField()
    total_seconds = models.FloatField()
    worst_seconds = models.FloatField()
    worst_at = models.DateTimeField()
    last_at = models.DateTimeField()
