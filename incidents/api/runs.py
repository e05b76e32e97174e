"""The answers of an incident over HTTP: ask again, read what was answered, compare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.openapi import QUESTION_AGAIN
from incidents.api.render import ImpactRenderer, asked_as_json
from incidents.asking import read_incident_question
from incidents.models import Incident, Occasion, QueryRun
from incidents.response.answers import read_shown
from incidents.response.between import Between, Side
from incidents.response.known import known_findings, used_by
from incidents.response.opening import ask_again
from incidents.response.part import part_of_kept, whole_of
from incidents.response.runs import PAGE_ROWS
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import BadParameterError, read_number, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from rest_framework.request import Request

    from supplychain.access.actors import Actor


class RunSerializer(serializers.ModelSerializer[QueryRun]):
    """One asking: when, why, by whom, and the hash of its answer."""

    url = serializers.SerializerMethodField()
    row_count = serializers.SerializerMethodField()

    class Meta:
        model = QueryRun
        fields = [
            "number", "url", "occasion", "asked_by", "asked_at", "took_ms", "data_as_of", "question_hash",
            "answer_hash", "content_digest", "row_count",
        ]  # fmt: skip
        read_only_fields = fields

    def get_row_count(self, run: QueryRun) -> int | None:
        """Return the number of rows; null for who sees a part of them."""
        actor: Actor = self.context["actor"]
        return run.row_count if run.incident.is_whole_for(actor) else None

    def get_url(self, run: QueryRun) -> str:
        return f"/api/v1/incidents/{run.incident.public_id}/queries/{run.number}"


class RunListView(APIView):
    permission_classes = [RequireScope("incidents:read", by_method={"POST": ("incidents:write",)})]

    @extend_schema(operation_id="incidents_runs", parameters=PAGE_QUERY, responses=page_of(RunSerializer))
    def get(self, request: Request, public_id: UUID) -> Response:
        """The askings of an incident, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        incident = _incident(request, public_id)
        page = read_page(incident.runs.light().select_related("incident"), request=request, order=("-number",))
        return Response({"results": _shown(request, page.rows), "next": page.next})

    @extend_schema(
        operation_id="incidents_ask_again",
        request={"application/json": QUESTION_AGAIN},
        responses={201: RunSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ask again, and keep the answer; a question in the body takes the place of the incident's."""
        reject_unknown_parameters(request, ())
        incident = _incident(request, public_id)
        changed = bool(request.data)
        asked = read_incident_question(
            request.data if isinstance(request.data, dict) and changed else incident.question
        )
        run = ask_again(
            public_id,
            question=asked.question,
            given=asked.given,
            occasion=Occasion.CHANGED if changed else Occasion.ASKED,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return Response(_shown(request, [run])[0], status=201)


class RunView(APIView):
    permission_classes = [RequireScope("incidents:read")]
    renderer_classes = [ImpactRenderer]

    @extend_schema(
        operation_id="incidents_run",
        parameters=[OpenApiParameter("page", int, description=f"From 0, of {PAGE_ROWS} rows and builds")],
        responses={(200, "application/json"): {"$ref": "#/components/schemas/IncidentRun"}},
    )
    def get(self, request: Request, public_id: UUID, number: int) -> Response:
        """An answer as it was given then; a team's member sees their part, and the counts are of that part."""
        reject_unknown_parameters(request, {"page"})
        run = _run(request, public_id, number)
        page = read_number(request, "page", default=0)
        actor, kept = actor_of(request), read_shown(run)
        part = part_of_kept(kept, actor=actor)
        header = part.header
        builds = None if header is None else header.builds
        count = max(len(part.rows), 0 if builds is None else len(builds.runs))
        if page < 0 or (page and page * PAGE_ROWS >= count):
            raise BadParameterError("page", "is beyond the last page.")
        on_page = slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS)
        listed = None if builds is None else replace(builds, runs=builds.runs[on_page])
        return Response(
            {
                "run": _shown(request, [run])[0],
                "asked": None if header is None else asked_as_json(header.asked),
                "data_as_of": run.data_as_of,
                "backlog": None if header is None else header.backlog,
                "coverage": None if header is None else header.coverage,
                "feeds": None if header is None else header.feeds,
                "builds": listed,
                "findings": None if listed is None else known_findings(run.incident, used_by(listed.runs), actor=actor),
                "summary": part.summary,
                "clusters": part.clusters,
                "rows": whole_of(kept, part.rows[on_page], actor=actor),
                "next_page": page + 1 if (page + 1) * PAGE_ROWS < count else None,
                "is_whole": header is not None,
                "hash": run.answer_hash,
            }
        )


class RunDiffView(APIView):
    permission_classes = [RequireScope("incidents:read")]
    renderer_classes = [ImpactRenderer]

    @extend_schema(
        operation_id="incidents_run_diff",
        parameters=[OpenApiParameter("against", int, description="The earlier run; by default the one before")],
        responses={(200, "application/json"): {"$ref": "#/components/schemas/IncidentRunDifference"}},
    )
    def get(self, request: Request, public_id: UUID, number: int) -> Response:
        """What changed since an earlier answer: new, withdrawn, changed, started and stopped running."""
        reject_unknown_parameters(request, {"against"})
        run = _run(request, public_id, number)
        against = read_number(request, "against", default=number - 1)
        earlier = None if against == 0 and number == 1 else _run(request, public_id, against)
        then, now = Side(earlier, actor=actor_of(request)), Side(run, actor=actor_of(request))
        between = Between(then, now)
        found, builds = between.rows(between.changes), between.builds()
        changed = zip(
            then.whole([before for before, _ in found.changed]),
            now.whole([after for _, after in found.changed]),
            strict=True,
        )
        return Response(
            {
                "run": run.number,
                "against": None if earlier is None else earlier.number,
                "added": now.whole(found.added),
                "retracted": then.whole(found.retracted),
                "changed": [{"before": before, "after": after} for before, after in changed],
                "started": now.whole(found.started),
                "stopped": now.whole(found.stopped),
                "unchanged_count": found.unchanged_count,
                "builds": {
                    "added": builds.added,
                    "retracted": builds.retracted,
                    "changed": [{"before": before, "after": after} for before, after in builds.changed],
                },
            }
        )


def _shown(request: Request, runs: Sequence[QueryRun]) -> list[Any]:
    return list(RunSerializer(runs, many=True, context={"actor": actor_of(request)}).data)


def _incident(request: Request, public_id: UUID) -> Incident:
    incident = Incident.objects.visible_to(actor_of(request)).filter(public_id=public_id).first()
    if incident is None:
        raise Http404
    return incident


def _run(request: Request, public_id: UUID, number: int) -> QueryRun:
    runs: Any = _incident(request, public_id).runs.light().select_related("incident")
    run: QueryRun | None = runs.filter(number=number).first()
    if run is None:
        raise Http404
    return run
