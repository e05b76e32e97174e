"""A key as it was read last opens nothing that it would not open if it was read again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from supplychain.access.actors import system_actor
from supplychain.access.keys import USE_RECORDED_EVERY, record_use, revoke_key, verify_key
from supplychain.access.models import ApiKey
from supplychain.access.presumed import KeyChangedError, PresumedKey, presume, query_of, read
from supplychain.exchange import exchange_typed
from tests.supplychain.actors import AT, new_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    """A key that was used a moment ago."""
    made = new_key()
    used = verify_key(made.text, at=AT)
    assert used is not None
    record_use(used, at=AT)
    verify_key(made.text, at=AT)
    return made


def confirm(presumed: PresumedKey) -> None:
    presumed.confirm(read(exchange_typed([query_of([presumed])])[0]))


def test_a_key_that_was_used_a_moment_ago_is_presumed_and_confirmed(key, django_assert_num_queries):
    with django_assert_num_queries(0):
        presumed = presume(key.text, at=AT)
    assert presumed is not None
    with django_assert_num_queries(1):
        confirm(presumed)

    assert presumed.is_confirmed
    assert presumed.key == key.row


@pytest.mark.parametrize(
    "change", [{"scopes": ["admin"]}, {"clusters": ["eu"]}, {"expires_at": AT + timedelta(days=1)}]
)
def test_a_key_that_was_changed_meanwhile_is_not_confirmed(key, change):
    presumed = presume(key.text, at=AT)
    assert presumed is not None
    ApiKey.objects.filter(pk=key.row.pk).update(**change)

    with pytest.raises(KeyChangedError):
        confirm(presumed)
    assert not presumed.is_confirmed


def test_a_key_that_was_revoked_or_deleted_meanwhile_is_not_confirmed(key):
    presumed = presume(key.text, at=AT)
    assert presumed is not None
    revoke_key(key.row, actor=system_actor("test"), at=AT)
    with pytest.raises(KeyChangedError):
        confirm(presumed)

    ApiKey.objects.filter(pk=key.row.pk).delete()
    with pytest.raises(KeyChangedError):
        confirm(presumed)


def test_nothing_is_presumed_of_what_was_never_seen_or_is_no_key(key):
    assert presume(new_key().text, at=AT) is None
    assert presume("", at=AT) is None
    assert presume(key.text[:-1], at=AT) is None


def test_another_secret_with_a_look_up_id_that_is_known_is_not_presumed(key):
    other = new_key()
    ApiKey.objects.filter(pk=other.row.pk).delete()
    ApiKey.objects.filter(pk=key.row.pk).update(lookup=other.row.lookup)

    assert verify_key(other.text, at=AT) is None  # it is known now, by the other's id
    assert presume(other.text, at=AT) is None


def test_nothing_is_presumed_that_is_over_or_whose_use_is_to_be_written(key):
    ApiKey.objects.filter(pk=key.row.pk).update(expires_at=AT + timedelta(seconds=5))
    verify_key(key.text, at=AT)

    assert presume(key.text, at=AT + timedelta(seconds=4)) is not None
    assert presume(key.text, at=AT + timedelta(seconds=5)) is None
    assert presume(key.text, at=AT + USE_RECORDED_EVERY) is None


def test_a_key_under_the_secret_before_is_read_first(key, settings):
    settings.KEY_HMAC_SECRET_PREVIOUS = settings.KEY_HMAC_SECRET
    settings.KEY_HMAC_SECRET = "another-" + "2" * 50

    assert presume(key.text, at=AT) is None
