"""Instants come from the database as they are, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DataError, connection
from psycopg.pq import Format

from supplychain.database.engine.times import InstantLoader

pytestmark = pytest.mark.django_db


def loaded(text: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("fraction", ["", ".1", ".123", ".123456"])
def test_an_instant_keeps_its_microseconds(fraction: str):
    wanted = datetime.fromisoformat(f"2026-11-27T10:31:22{fraction}+00:00")
    found = loaded(f"2026-11-27 10:31:22{fraction}+00")
    assert found == wanted
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


def test_an_instant_of_another_session_time_zone_is_the_same_instant():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Asia/Kolkata'")
        cursor.execute("SELECT '2026-11-27 10:31:22.5+00'::timestamptz, 'epoch'::timestamptz")
        assert cursor.fetchone() == (
            datetime(2026, 11, 27, 10, 31, 22, 500_000, tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
        )


def test_what_is_no_instant_of_ours_is_refused_and_nothing_is_nothing():
    with pytest.raises(DataError):
        loaded("infinity")
    with connection.cursor() as cursor:
        cursor.execute("SELECT NULL::timestamptz")
        assert cursor.fetchone() == (None,)


def test_the_connections_of_the_site_read_them_so():
    oid = psycopg.adapters.types["timestamptz"].oid
    with connection.cursor() as cursor:
        assert cursor.cursor.adapters.get_loader(oid, Format.TEXT) is InstantLoader
