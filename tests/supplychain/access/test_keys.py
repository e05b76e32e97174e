from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from supplychain.access.actors import system_actor
from supplychain.access.keys import KEY_PATTERN, BadKeyRequestError, make_key, record_use, revoke_key, verify_key
from supplychain.access.models import ApiKey, AuditEvent
from tests.supplychain.actors import AT, make_team, new_key

pytestmark = pytest.mark.django_db


def test_a_new_key_has_the_shape_secret_scanners_look_for():
    key = new_key()

    assert KEY_PATTERN.fullmatch(key.text)
    assert key.text.startswith(f"sc_{key.row.lookup}_")


def test_a_new_key_is_verified_with_its_team_in_one_query():
    key = new_key()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = verify_key(key.text, at=AT)
        assert found is not None
        assert found.team.slug == "payments"

    assert found == key.row
    assert len(queries) == 1


def test_the_database_holds_neither_the_key_nor_its_plain_hash():
    key = new_key()

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM access_apikey k")
        [stored] = cursor.fetchone()

    assert key.text.split("_")[2] not in stored
    assert key.text not in repr(key)


def test_a_changed_character_is_refused_without_a_query():
    key = new_key()
    changed = key.text[:20] + ("a" if key.text[20] != "a" else "b") + key.text[21:]

    with CaptureQueriesContext(connection) as queries:
        assert verify_key(changed, at=AT) is None

    assert len(queries) == 0


def test_a_key_with_a_right_checksum_and_a_wrong_secret_is_refused():
    mine, other = new_key(), new_key()
    ApiKey.objects.filter(pk=other.row.pk).delete()

    assert verify_key(other.text, at=AT) is None
    assert verify_key(mine.text, at=AT) is not None


@given(text=st.text(max_size=200))
def test_no_text_makes_verifying_crash(text: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ApiKey.objects, "select_related", None)

        assert verify_key(text, at=AT) is None


def test_a_key_ends_at_the_instant_it_expires():
    key = make_key(make_team(), scopes=["admin"], actor=system_actor("test"), at=AT, expires_at=AT + timedelta(hours=1))

    assert verify_key(key.text, at=AT + timedelta(minutes=59)) is not None
    assert verify_key(key.text, at=AT + timedelta(hours=1)) is None


def test_a_revoked_key_is_refused_from_the_next_request_on():
    key = new_key()

    assert revoke_key(key.row, actor=system_actor("test"), at=AT)

    assert verify_key(key.text, at=AT) is None


def test_revoking_twice_changes_nothing_and_is_recorded_once():
    key = new_key()
    revoke_key(key.row, actor=system_actor("test"), at=AT)

    assert not revoke_key(key.row, actor=system_actor("test"), at=AT + timedelta(days=1))

    key.row.refresh_from_db()
    assert key.row.revoked_at == AT
    assert AuditEvent.objects.filter(action="key.revoked").count() == 1


def test_use_is_written_at_most_once_a_minute():
    key = new_key()
    row = ApiKey.objects.get(pk=key.row.pk)
    record_use(row, at=AT)
    row.refresh_from_db()

    with CaptureQueriesContext(connection) as queries:
        record_use(row, at=AT + timedelta(seconds=59))
    record_use(ApiKey.objects.get(pk=row.pk), at=AT + timedelta(seconds=60))

    assert len(queries) == 0
    row.refresh_from_db()
    assert row.last_used_at == AT + timedelta(seconds=60)


def test_a_key_made_before_a_rotation_works_and_is_rehashed(settings: Any):
    key = new_key()
    settings.KEY_HMAC_SECRET_PREVIOUS = settings.KEY_HMAC_SECRET
    settings.KEY_HMAC_SECRET = "another-" + "2" * 50

    assert verify_key(key.text, at=AT) is not None

    settings.KEY_HMAC_SECRET_PREVIOUS = ""
    assert verify_key(key.text, at=AT) is not None


def test_a_key_under_a_secret_that_is_accepted_no_more_is_refused(settings: Any):
    key = new_key()
    settings.KEY_HMAC_SECRET = "another-" + "2" * 50

    assert verify_key(key.text, at=AT) is None


@pytest.mark.parametrize("scopes", [[], ["inventory"], ["admin", "root"]])
def test_a_key_without_a_known_scope_cannot_be_made(scopes: list[str]):
    with pytest.raises(BadKeyRequestError, match="scope"):
        make_key(make_team(), scopes=scopes, actor=system_actor("test"), at=AT)


def test_a_key_that_has_expired_already_cannot_be_made():
    with pytest.raises(BadKeyRequestError, match="future"):
        make_key(make_team(), scopes=["admin"], actor=system_actor("test"), at=AT, expires_at=AT)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"scopes": []}, "api_key_scopes_known"),
        ({"scopes": ["root"]}, "api_key_scopes_known"),
        ({"lookup": "ABCDEFGH"}, "api_key_lookup_pattern"),
        ({"secret_digest": b"short"}, "api_key_secret_digest_length"),
        ({"expires_at": AT - timedelta(days=1)}, "api_key_expires_after_creation"),
    ],
)
def test_the_database_refuses_a_row_that_is_no_key(change: dict[str, Any], constraint: str):
    key = new_key()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApiKey.objects.filter(pk=key.row.pk).update(**change)


def test_making_a_key_is_recorded_without_its_secret():
    key = new_key("evidence:write", clusters=("prod-eu",))

    event = AuditEvent.objects.get(action="key.created")
    assert event.subject == str(key.row.public_id)
    assert "prod-eu" in event.body
    assert key.text.split("_")[2] not in event.body
