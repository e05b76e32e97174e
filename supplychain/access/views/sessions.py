"""Where somebody is signed in, and ending it."""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View

from supplychain.access import audit
from supplychain.access.actors import actor_for_user
from supplychain.access.adapters import NO_ADDRESS
from supplychain.access.models import User
from supplychain.access.sessions import end_sessions
from supplychain.access.user_agents import describe_browser

OTHERS = "others"


@method_decorator(login_required, name="dispatch")
class SessionsView(View):
    """The list; POST `end` ends one by its handle, or all others."""

    def get(self, request: HttpRequest) -> HttpResponse:
        current = request.session.session_key
        rows = UserSession.objects.purge_and_list(request.user)
        rows.sort(key=lambda row: (row.session_key != current, -row.last_seen_at.timestamp()))
        sessions = [_shown(row, is_current=row.session_key == current) for row in rows]
        return render(request, "access/sessions.html", {"sessions": sessions, "idle": settings.SESSION_IDLE_SECONDS})

    def post(self, request: HttpRequest) -> HttpResponse:
        user, wanted = request.user, request.POST.get("end", "")
        if not isinstance(user, User):
            raise Http404
        if wanted == OTHERS:
            _end_others(request, user)
            return HttpResponseRedirect(request.path)
        row = next((row for row in UserSession.objects.filter(user=user) if _handle(row) == wanted), None)
        if row is None:
            raise Http404
        if row.session_key == request.session.session_key:
            logout(request, show_message=False)
            return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)
        with transaction.atomic():
            row.end()
            audit.record(actor_for_user(user), "session.ended", subject=f"user:{user.username}", details={"count": 1})
        messages.success(request, "The session was ended.")
        return HttpResponseRedirect(request.path)


def _end_others(request: HttpRequest, user: User) -> None:
    with transaction.atomic():
        count = end_sessions(user, but=request.session.session_key)
        audit.record(actor_for_user(user), "session.ended", subject=f"user:{user.username}", details={"count": count})
    messages.success(request, "All other sessions were ended." if count else "There was no other session.")


def _shown(row: UserSession, *, is_current: bool) -> dict[str, Any]:
    return {
        "handle": _handle(row),
        "is_current": is_current,
        "browser": describe_browser(row.user_agent),
        "address": None if row.ip == NO_ADDRESS else row.ip,
        "started_at": row.created_at,
        "seen_at": row.last_seen_at,
    }


def _handle(row: UserSession) -> str:
    """Return a name for the session from which its key cannot be found."""
    return hashlib.sha256(row.session_key.encode()).hexdigest()[:20]
