"""What the routes of a gate have in common: a cluster or a pipeline waits for the answer.

A review that comes as JSON with a key, as every one of a cluster does, is answered without the rest of what serves
browsers: that takes longer than to decide. All else goes the way of every other route, to the same answer.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException, NotAuthenticated, PermissionDenied
from rest_framework.views import APIView

from supplychain.access.actors import actor_for_key
from supplychain.access.authentication import (
    CHALLENGE,
    BrowserSessionAuthentication,
    UrgentKeyAuthentication,
    presented_key,
)
from supplychain.access.presumed import KeyChangedError, PresumedKey, presume
from supplychain.api.errors import problem_of, render_problem
from supplychain.api.parsers import parse_json, within
from supplychain.database import urgent
from supplychain.database.urgent import DatabaseAwayError
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase
    from rest_framework.request import Request

    from supplychain.access.actors import Actor

_JSON = "application/json"


class Asking(Protocol):
    """What a view reads of a request."""

    @property
    def GET(self) -> QueryDict: ...  # noqa: N802  # Django's name
    @property
    def data(self) -> Any: ...
    @property
    def user(self) -> object: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    GET: QueryDict
    data: Any
    user: Actor


class GateView(APIView):
    """Answers at once, or refuses at once where the database is away."""

    authentication_classes = [UrgentKeyAuthentication, BrowserSessionAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        urgent.check()  # before anybody asks it who this is
        super().initial(request, *args, **kwargs)


class ReviewView(GateView, ABC):
    """A gate that is asked by POST. Its `post` returns what `answer` does, as a response."""

    max_body_bytes: ClassVar[int]

    @abstractmethod
    def answer(self, request: Asking, *, key: PresumedKey | None = None) -> object:
        """Return the body of the answer. A key that is presumed is confirmed by what is asked, before all is kept."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _is_plain(request):
            return super().dispatch(request, *args, **kwargs)
        try:
            answer = self._answer(request)
        except (APIException, DomainError) as refusal:
            if isinstance(refusal, APIException) and refusal.status_code == 401:
                refusal.auth_header = CHALLENGE  # type: ignore[attr-defined]  # as REST framework does
            return render_problem(problem_of(refusal), path=request.path)
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        return HttpResponse(body.encode(), content_type=_JSON, headers={"Allow": "POST, OPTIONS"})

    def _answer(self, request: HttpRequest) -> object:
        urgent.check()
        body = _Body(request, limit=self.max_body_bytes)
        if (key := presume(presented_key(request) or "", at=timezone.now())) is not None:
            answer = self._answer_by(key, request, body=body)
            if key.is_confirmed:
                return answer
        found = UrgentKeyAuthentication().authenticate(request)  # type: ignore[arg-type]  # it reads headers alone
        if found is None:
            raise NotAuthenticated
        return self._answer_to(found[0], request, body=body, key=None)

    def _answer_by(self, key: PresumedKey, request: HttpRequest, *, body: _Body) -> object:
        """Return the answer if the key is what it was; what else comes of it is found out once the key is read."""
        try:
            return self._answer_to(actor_for_key(key.key), request, body=body, key=key)
        except DatabaseAwayError:
            raise
        except (APIException, DomainError, KeyChangedError):
            key.is_confirmed = False
            return None

    def _answer_to(self, actor: Actor, request: HttpRequest, *, body: _Body, key: PresumedKey | None) -> object:
        request.user = actor  # type: ignore[assignment]  # an actor, as everywhere in the API
        for permission in self.permission_classes:
            if not permission().has_permission(request, self):  # type: ignore[arg-type]
                raise PermissionDenied
        return self.answer(_Asked(request.GET, body.read(), actor), key=key)


class _Body:
    """What was sent, which can be read from a request once, and is asked for twice where a key was not what it was."""

    def __init__(self, request: HttpRequest, *, limit: int) -> None:
        self._request = request
        self._limit = limit
        self._sent: bytes | None = None
        self._found: list[Any] = []

    def read(self) -> Any:
        """Return the JSON. Raises BadJsonError."""
        if self._sent is None:
            self._sent = self._request.read(self._limit + 1)
        if not self._found:
            self._found.append(parse_json(within(self._sent, limit=self._limit)))
        return self._found[0]


def _is_plain(request: HttpRequest) -> bool:
    """Tell whether a request is what a cluster sends: JSON with a key, that takes JSON for an answer."""
    accepted = request.headers.get("Accept", "*/*")
    return (
        request.method == "POST"
        and request.content_type == _JSON
        and ("*/*" in accepted or _JSON in accepted)
        and ("Authorization" in request.headers or "X-Api-Key" in request.headers)
        and request.headers.get("Authorization", "bearer").lower().startswith("bearer")
    )
