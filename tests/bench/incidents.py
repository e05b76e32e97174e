"""How long an incident of a long list takes to look at. Last of all: it stays open, and evidence has it asked again."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.conf import settings

from tests.bench.figures import Figure, percentile
from tests.bench.questions import kinds_of_question
from tests.bench.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.site import Site

_PAGE_MS, _QUESTION_MS = 200, 300
_WARM_UP = 8


def incidents(site: Site) -> list[Figure]:
    """Open one, ask it again, and look at it as people and programs do."""
    (body,) = (kind.bodies[0] for kind in kinds_of_question(most_purls=site.most_purls) if kind.key == "5000")
    asked = {"title": "a long list", "severity": "high", **json.loads(body)}
    people = Wire(site.base, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={site.session}"})
    part = Wire(site.base, {**people.headers, "HX-Request": "true"})
    programs = Wire(site.base, {"Authorization": f"Bearer {site.key()}", "Content-Type": "application/json"})
    opened = programs.post("/api/v1/incidents", json.dumps(asked).encode(), expect=HTTPStatus.CREATED)
    page = f"/incidents/{json.loads(opened.body)['id']}"
    answers = f"/api/v1{page}/queries"
    programs.post(answers, b"{}", expect=HTTPStatus.CREATED)
    first = json.loads(programs.get(f"{answers}/2").body)
    pages = [f"{answers}/2", *([f"{answers}/2?page=1"] if first["next_page"] else [])]
    name = f"incident of {site.most_purls:,} lines"
    return [
        _measured(site, people, f"page: {name}", [page], _PAGE_MS),
        _measured(site, part, f"page: {name}, rows narrowed", [f"{page}?status={one}" for one in _STATUSES], _PAGE_MS),
        _measured(site, programs, f"{name}: an answer", pages, _QUESTION_MS),
        _measured(site, programs, f"{name}: a difference", [f"{answers}/2/diff"], _QUESTION_MS),
    ]


_STATUSES = ("affected", "possible")


def _measured(site: Site, wire: Wire, name: str, paths: Sequence[str], limit: int) -> Figure:
    for _ in range(_WARM_UP):  # an answer is read once in each web process, and then kept there
        for path in paths:
            wire.get(path)
    seconds = [wire.get(paths[number % len(paths)]).seconds for number in range(site.repeats)]
    return Figure(f"incident.{name}", f"{name}, p95", percentile(seconds, 95) * 1000, "ms", limit)
