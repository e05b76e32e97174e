"""From the outbox to the far side: at least once, with an end, whatever dies in between."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from supplychain.notify import delivering
from supplychain.notify.channels import end_channel, replay, rotate_key, send_test
from supplychain.notify.delivering import LEASE, MAX_ATTEMPTS, deliver_next, wait_after
from supplychain.notify.models import Channel, ChannelKind, ChannelSecret, Delivery, DeliveryAttempt, DeliveryState
from supplychain.notify.outbox import publish
from tests.supplychain.actors import AT
from tests.supplychain.notify.made import a_channel, a_message, a_responder
from tests.supplychain.notify.receiver import Received, Receiver, mail_server, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.NOTIFY_INTERNAL_HOSTS = (receiver.host,)
        yield receiver


def is_signed_by(key: str, request: Received) -> bool:
    """Check a signature as a receiver does."""
    head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    secret = base64.b64decode(key.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(secret, head + request.body, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in request.headers["webhook-signature"].split()


def test_a_published_message_is_delivered_signed_and_on_record(receiver):
    made = a_channel(receiver.url)
    message = a_message(data={"answer": 42})
    assert publish(message) == 1

    assert deliver_next(AT)
    assert not deliver_next(AT)

    [request] = receiver.requests
    assert made.signing_key is not None
    assert is_signed_by(made.signing_key, request)
    body = json.loads(request.body)
    assert (body["id"], body["type"], body["data"]) == (str(message.event_id), "incident.found", {"answer": 42})
    assert request.headers["webhook-id"] == str(message.event_id)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt_count, delivery.last_problem) == ("delivered", 1, "")
    assert list(delivery.attempts.values_list("number", "status", "problem")) == [(1, 204, "")]


def test_a_transaction_that_is_undone_tells_nobody(receiver):
    a_channel(receiver.url)

    with transaction.atomic():
        assert publish(a_message()) == 1
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


def test_a_receiver_that_is_away_is_tried_again_later_and_loses_nothing(settings):
    with receiving() as away:
        port = away.port
        settings.NOTIFY_INTERNAL_HOSTS = (away.host,)
        a_channel(away.url)
    publish(a_message())
    publish(a_message(title="the second"))

    assert deliver_next(AT)
    assert not deliver_next(AT), "the channel rests, so the second is not tried against a receiver that is away"
    waiting = Delivery.objects.order_by("pk")
    assert [one.state for one in waiting] == ["waiting", "waiting"]
    assert waiting[0].last_problem.startswith("no connection")

    with receiving(port) as back:
        after = AT + wait_after(1) + timedelta(seconds=1)
        assert deliver_next(after)
        assert deliver_next(after)
        assert [json.loads(one.body)["title"] for one in back.requests] == ["the second", "xz: found"]
    assert {one.state for one in Delivery.objects.all()} == {"delivered"}
    assert Channel.objects.get().failure_count == 0


def test_a_worker_that_dies_over_a_try_loses_no_message(receiver, monkeypatch):
    a_channel(receiver.url)
    publish(a_message())

    def die(*_args: object, **_more: object) -> None:
        raise SystemExit

    monkeypatch.setattr(delivering, "_write_down", die)
    with pytest.raises(SystemExit):
        deliver_next(AT)
    monkeypatch.undo()
    assert not deliver_next(AT + LEASE / 2), "it may still be on its way"
    assert deliver_next(AT + LEASE)

    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert len(ids) == 2
    assert len(set(ids)) == 1, "the receiver knows by the id that it had it"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt_count) == ("delivered", 2)
    assert list(delivery.attempts.values_list("number", flat=True)) == [2]


def test_after_so_many_tries_it_is_given_up_and_says_so(receiver):
    a_channel(receiver.url)
    publish(a_message())
    receiver.statuses = [503] * MAX_ATTEMPTS

    at, tries = AT, 0
    while deliver_next(at):
        tries += 1
        at += wait_after(tries)

    delivery = Delivery.objects.get()
    assert (tries, delivery.state, delivery.last_problem) == (MAX_ATTEMPTS, "given_up", "it answered 503")
    assert at - AT > timedelta(hours=4)
    assert delivery.attempts.count() == MAX_ATTEMPTS


def test_a_receiver_that_is_gone_is_not_tried_again(receiver):
    a_channel(receiver.url)
    publish(a_message())
    receiver.statuses = [410]

    assert deliver_next(AT)

    assert Delivery.objects.get().state == DeliveryState.GIVEN_UP


def test_what_was_given_up_is_replayed_under_the_same_id(receiver):
    responder = a_responder()
    a_channel(receiver.url, actor=responder)
    message = a_message()
    publish(message)
    receiver.statuses = [410]
    deliver_next(AT)

    again = replay(Delivery.objects.get().public_id, actor=responder, at=AT + timedelta(days=1))
    assert deliver_next(AT + timedelta(days=1))

    again.refresh_from_db()
    assert (again.state, again.event_id) == ("delivered", message.event_id)
    assert {request.headers["webhook-id"] for request in receiver.requests} == {str(message.event_id)}


def test_both_keys_sign_for_a_day_after_a_rotation(receiver):
    responder = a_responder()
    made = a_channel(receiver.url, actor=responder)
    new = rotate_key(made.channel.public_id, actor=responder, at=AT)
    for at in (AT + timedelta(hours=23), AT + timedelta(hours=25)):
        publish(a_message(at=at))
        assert deliver_next(at)

    assert made.signing_key is not None
    assert new.signing_key is not None
    assert [is_signed_by(new.signing_key, request) for request in receiver.requests] == [True, True]
    assert [is_signed_by(made.signing_key, request) for request in receiver.requests] == [True, False]


@pytest.mark.parametrize("kind", [ChannelKind.SLACK, ChannelKind.TEAMS])
def test_chat_channels_get_their_shape_and_no_markup_of_strangers(receiver, kind):
    a_channel(receiver.url, kind=kind)
    publish(a_message(title="<!channel> & <https://evil.example|log in>"))

    assert deliver_next(AT)

    body = json.loads(receiver.requests[0].body)
    if kind is ChannelKind.SLACK:
        assert body["text"] == "&lt;!channel&gt; &amp; &lt;https://evil.example|log in&gt;"
        assert body["blocks"][1]["elements"][0]["url"].endswith("/incidents/1")
    else:
        [attachment] = body["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert attachment["content"]["body"][0]["inlines"][0]["text"] == "<!channel> & <https://evil.example|log in>"
    assert "webhook-signature" not in receiver.requests[0].headers


def test_mail_is_sent_as_plain_text(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as box:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", box.port, False
        a_channel("a@example.com, b@example.com", kind=ChannelKind.EMAIL)
        publish(a_message(title="xz\r\nBcc: evil@example.com"))

        assert deliver_next(AT)

    [mail] = box.mails
    assert "\nBcc:" not in mail.partition("\r\n\r\n")[0]
    assert "Subject: xz Bcc: evil@example.com" in mail
    assert "To: a@example.com, b@example.com" in mail
    assert Delivery.objects.get().state == DeliveryState.DELIVERED


def test_a_channel_that_is_paused_keeps_its_messages_and_one_that_ended_gives_them_up(receiver):
    responder = a_responder()
    channel = a_channel(receiver.url, actor=responder).channel
    publish(a_message())
    Channel.objects.update(is_paused=True)
    assert not deliver_next(AT)
    assert publish(a_message()) == 0
    Channel.objects.update(is_paused=False)

    end_channel(channel.public_id, actor=responder, at=AT)

    assert not deliver_next(AT)
    assert Delivery.objects.get().last_problem == "the channel was ended"
    assert publish(a_message()) == 0


def test_the_test_button_passes_all_filters(receiver):
    responder = a_responder()
    channel = a_channel(receiver.url, actor=responder, event_kinds=("watch.hit",)).channel

    send_test(channel.public_id, actor=responder, at=AT)

    assert deliver_next(AT)
    assert json.loads(receiver.requests[0].body)["data"] == {"pressed_by": "user:rita"}


def test_a_secret_sealed_under_a_lost_key_is_told_and_not_sent(receiver, settings):
    a_channel(receiver.url)
    publish(a_message())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []

    assert deliver_next(AT)

    assert "sealed under another SECRET_KEY" in Delivery.objects.get().last_problem
    assert not receiver.requests


def test_secrets_are_sealed_anew_and_the_old_key_can_go(receiver, settings):
    a_channel(receiver.url)
    publish(a_message())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]

    call_command("reseal_channels")
    settings.SECRET_KEY_FALLBACKS = []

    assert deliver_next(AT)
    assert Delivery.objects.get().state == DeliveryState.DELIVERED


def test_a_broken_seal_changes_nothing(receiver, settings):
    a_channel(receiver.url)
    before = list(ChannelSecret.objects.values_list("sealed", flat=True))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []

    with pytest.raises(CommandError, match="neither"):
        call_command("reseal_channels")

    assert list(ChannelSecret.objects.values_list("sealed", flat=True)) == before


def test_no_secret_of_a_channel_stands_in_the_database(receiver):
    made = a_channel(receiver.url)

    stored = list(ChannelSecret.objects.values_list("sealed", flat=True))
    assert len(stored) == 2
    for plain in (made.signing_key, "token=hush"):
        assert plain is not None
        assert not any(plain in sealed for sealed in stored)
    assert made.channel.shown_target == f"http://{receiver.host}"


def test_the_database_refuses_a_second_delivery_of_one_event_to_one_channel(receiver):
    a_channel(receiver.url)
    message = a_message()
    publish(message)

    with pytest.raises(IntegrityError, match="delivery_once_a_channel"), transaction.atomic():
        publish(message)


def test_the_database_refuses_an_end_without_its_time(receiver):
    a_channel(receiver.url)
    publish(a_message())

    with pytest.raises(IntegrityError, match="delivery_ended_when"), transaction.atomic():
        Delivery.objects.update(state=DeliveryState.DELIVERED)


def test_an_attempt_is_written_once(receiver):
    a_channel(receiver.url)
    publish(a_message())
    deliver_next(AT)

    again = DeliveryAttempt(delivery=Delivery.objects.get(), number=1, at=AT, took_ms=1)
    with pytest.raises(IntegrityError, match="delivery_attempt_number"), transaction.atomic():
        again.save(force_insert=True)
