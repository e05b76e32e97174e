"""How long a session lives, and how it ends before its time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.middleware import auser, get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from supplychain.access.addresses import address_of
from supplychain.access.models import User

STARTED_AT = "started_at"
SEEN_AT = "seen_at"
# A page of ours makes several requests a minute; one row a minute says enough about when somebody was here.
_SEEN_EVERY_SECONDS = 60


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Django's, but a session that is too old or was idle for too long belongs to nobody any more.

    The session is read when somebody asks who the user is, as before: what needs no user needs no database.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(partial(_living_user, request))  # type: ignore[assignment]
        request.auser = partial(auser, request)


def stamp(request: HttpRequest) -> None:
    """Say when this session started; called when somebody signs in, however they did."""
    now = int(time.time())
    request.session[STARTED_AT] = now
    request.session[SEEN_AT] = now


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End a user's sessions at once, all `but` the one of this key; return how many there were."""
    rows = UserSession.objects.filter(user=user)
    ended = rows if but is None else rows.exclude(session_key=but)
    keys = list(ended.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    ended.delete()
    return len(keys)


def forget_sessions(*, at: datetime) -> int:
    """Delete sessions that are too old or were idle for too long, and their rows in the list; return how many."""
    idle = UserSession.objects.filter(last_seen_at__lt=at - timedelta(seconds=settings.SESSION_IDLE_SECONDS))
    over = Session.objects.filter(Q(expire_date__lt=at) | Q(session_key__in=idle.values("session_key")))
    count, _ = over.delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return count


def forget_counters(*, at: datetime) -> int:
    """Delete the rows of the cache that ran out; return how many. Django deletes them only when the table is full."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cache_entries WHERE expires < %s", [at])
        return int(cursor.rowcount)


def _living_user(request: HttpRequest) -> User | AnonymousUser:
    session = request.session
    if SESSION_KEY not in session:
        return AnonymousUser()
    if _is_over(session, now=int(time.time())):
        UserSession.objects.filter(session_key=session.session_key).delete()
        session.flush()
        return AnonymousUser()
    user = get_user(request)
    if isinstance(user, User):
        _note_presence(request, now=int(time.time()))
        return user
    return AnonymousUser()


def _is_over(session: SessionBase, *, now: int) -> bool:
    started, seen = session.get(STARTED_AT), session.get(SEEN_AT)
    if not isinstance(started, int) or not isinstance(seen, int):
        return True  # nothing of ours makes such a session
    return now - started >= settings.SESSION_COOKIE_AGE or now - seen >= settings.SESSION_IDLE_SECONDS


def _note_presence(request: HttpRequest, *, now: int) -> None:
    """Write that somebody was here, at most once a minute."""
    if now - request.session[SEEN_AT] < _SEEN_EVERY_SECONDS:
        return
    request.session[SEEN_AT] = now
    seen = {"last_seen_at": timezone.now(), "user_agent": request.headers.get("User-Agent", "")[:200]}
    if (address := address_of(request)) is not None:
        seen["ip"] = address
    UserSession.objects.filter(session_key=request.session.session_key).update(**seen)
