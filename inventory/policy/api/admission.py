"""Admission: one decision behind the envelopes of Kubernetes, Gatekeeper and Kyverno (docs/policy.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from inventory.policy.admission import REVIEW, REVIEW_VERSIONS, UnreadableReviewError, read_review, read_uid
from inventory.policy.api.gates import Asking, ReviewView
from inventory.policy.api.places import admission_cluster
from inventory.policy.asked import Asked
from inventory.policy.deciding import MAX_SUBJECTS, decide, judge
from inventory.policy.hits import Place
from inventory.policy.models import Gate, Mode, Outcome
from inventory.policy.rendering import warning, warnings_of
from inventory.policy.subjects import MAX_IMAGE, subject_of
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import read_text, reject_unknown_parameters
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rest_framework.request import Request

    from inventory.policy.admission import Review
    from inventory.policy.verdicts import Verdict
    from supplychain.access.presumed import PresumedKey

REVIEW_SCOPE = ("admission:review",)
MAX_BODY_BYTES = 3 * 1024 * 1024
MAX_MESSAGE = 1_000
MAX_REASONS = 3
_CLUSTER = OpenApiParameter("cluster", str, description="Which of the key's clusters asks; needed where it has several")
_PROVIDER = "externaldata.gatekeeper.sh/"


class GatekeeperRequestSerializer(serializers.Serializer[Any]):
    """The part of a ProviderRequest that is read: the images."""

    keys = serializers.ListField(child=serializers.CharField(max_length=MAX_IMAGE), max_length=MAX_SUBJECTS)


class KyvernoRequestSerializer(StrictSerializer):
    images = serializers.ListField(child=serializers.CharField(max_length=MAX_IMAGE), max_length=MAX_SUBJECTS)
    environment = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    namespace = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    service = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    workload = serializers.CharField(max_length=512, required=False, allow_blank=True, default="")
    dry_run = serializers.BooleanField(required=False, default=False)


class KubernetesAdmissionView(ReviewView):
    permission_classes = [RequireScope(*REVIEW_SCOPE)]
    max_body_bytes = MAX_BODY_BYTES

    @extend_schema(
        operation_id="admission_kubernetes",
        parameters=[_CLUSTER],
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request) -> Response:
        """Answer an AdmissionReview (admission.k8s.io/v1) with its own uid: whether its images may start there."""
        return Response(self.answer(request))

    def answer(self, request: Asking, *, key: PresumedKey | None = None) -> dict[str, Any]:
        reject_unknown_parameters(request, {"cluster"})
        actor, at = actor_of(request), timezone.now()
        cluster = admission_cluster(actor, asked=read_text(request, "cluster"))
        uid = read_uid(request.data)
        try:
            review = read_review(request.data)
        except UnreadableReviewError as refusal:
            return _reviewed(uid, allowed=False, message=f"{refusal.code}: {refusal.message}", status=400)
        if review.unknown_kind:
            return _of_unknown_kind(uid, review.unknown_kind)
        asked = Asked(
            gate=Gate.KUBERNETES,
            subjects=review.subjects,
            place=Place(cluster=cluster, namespace=review.namespace, service=review.service),
            workload=review.workload,
            uid=uid,
            key=key,
        )
        decided = judge if review.is_dry_run else decide
        return _answered(uid, decided(asked, actor=actor, at=at), review=review)


class GatekeeperAdmissionView(ReviewView):
    permission_classes = [RequireScope(*REVIEW_SCOPE)]
    max_body_bytes = MAX_BODY_BYTES

    @extend_schema(
        operation_id="admission_gatekeeper",
        parameters=[_CLUSTER],
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request) -> Response:
        """Answer a ProviderRequest of Gatekeeper's external data: a verdict for each image."""
        return Response(self.answer(request))

    def answer(self, request: Asking, *, key: PresumedKey | None = None) -> dict[str, Any]:
        reject_unknown_parameters(request, {"cluster"})
        actor = actor_of(request)
        cluster = admission_cluster(actor, asked=read_text(request, "cluster"))
        body: dict[str, Any] = request.data if isinstance(request.data, dict) else {}
        version = body.get("apiVersion")
        if not isinstance(version, str) or not version.startswith(_PROVIDER) or body.get("kind") != "ProviderRequest":
            raise serializers.ValidationError({"kind": ["This is no ProviderRequest of externaldata.gatekeeper.sh."]})
        serializer = GatekeeperRequestSerializer(data=body.get("request"))
        serializer.is_valid(raise_exception=True)
        images: list[str] = serializer.validated_data["keys"]
        asked = Asked(
            gate=Gate.GATEKEEPER,
            subjects=tuple(subject_of(image) for image in images),
            place=Place(cluster=cluster),
            key=key,
        )
        verdicts = decide(asked, actor=actor, at=timezone.now())
        items = [{"key": key, "value": _short(one), "error": ""} for key, one in zip(images, verdicts, strict=True)]
        response = {"idempotent": True, "items": items, "systemError": ""}
        return {"apiVersion": version, "kind": "ProviderResponse", "response": response}


class KyvernoAdmissionView(ReviewView):
    permission_classes = [RequireScope(*REVIEW_SCOPE)]
    max_body_bytes = MAX_BODY_BYTES

    @extend_schema(
        operation_id="admission_kyverno",
        parameters=[_CLUSTER],
        request=KyvernoRequestSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request) -> Response:
        """Answer Kyverno's apiCall, or anybody's: one verdict for all images, and one for each."""
        return Response(self.answer(request))

    def answer(self, request: Asking, *, key: PresumedKey | None = None) -> dict[str, Any]:
        reject_unknown_parameters(request, {"cluster"})
        actor = actor_of(request)
        cluster = admission_cluster(actor, asked=read_text(request, "cluster"))
        serializer = KyvernoRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        asked = Asked(
            gate=Gate.KYVERNO,
            subjects=tuple(subject_of(image) for image in dict.fromkeys(given["images"])),
            place=Place(
                cluster=cluster,
                environment=given["environment"],
                namespace=given["namespace"],
                service=given["service"],
            ),
            workload=given["workload"],
            key=key,
        )
        decided = judge if given["dry_run"] else decide
        verdicts = decided(asked, actor=actor, at=timezone.now())
        return {
            "allowed": all(one.allowed for one in verdicts),
            "message": _refusal(verdicts),
            "images": [{"image": one.subject.image, **_short(one)} for one in verdicts],
        }


def _answered(uid: str, verdicts: Sequence[Verdict], *, review: Review) -> dict[str, Any]:
    allowed = all(verdict.allowed for verdict in verdicts)
    warnings = [line for verdict in verdicts for line in warnings_of(verdict)]
    ids = [] if review.is_dry_run else [str(verdict.public_id) for verdict in verdicts]
    return _reviewed(uid, allowed=allowed, message=_refusal(verdicts), warnings=warnings, decisions=ids)


def _of_unknown_kind(uid: str, kind: str) -> dict[str, Any]:
    """Answer for a kind in which nobody knows where images stand: nothing was judged, and that is no pass."""
    text = f"unsupported_kind: {kind} is not understood, and nothing of it was judged."
    allowed = Mode(settings.GATE_MODE) is not Mode.ENFORCE
    return _reviewed(uid, allowed=allowed, message="" if allowed else text, warnings=[warning(text)])


def _reviewed(
    uid: str,
    *,
    allowed: bool,
    message: str,
    warnings: Sequence[str] = (),
    decisions: Sequence[str] = (),
    status: int = 403,
) -> dict[str, Any]:
    response: dict[str, Any] = {"uid": uid, "allowed": allowed}
    if not allowed:
        response["status"] = {"code": status, "message": message[:MAX_MESSAGE]}
    if warnings:
        response["warnings"] = list(dict.fromkeys(warnings))
    if decisions:
        response["auditAnnotations"] = {"decisions": " ".join(decisions)[:MAX_MESSAGE]}
    return {"apiVersion": REVIEW_VERSIONS[0], "kind": REVIEW, "response": response}


def _refusal(verdicts: Sequence[Verdict]) -> str:
    """Return why it is refused: the first reasons, and where the decision can be read; '' where it is not."""
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    if not refused:
        return ""
    reasons = [
        f"{rule.rule}: {reason.message}"
        for verdict in refused
        for rule in verdict.rules
        if rule.result is not Outcome.PASS
        for reason in rule.reasons
    ]
    shown = "; ".join(dict.fromkeys(reasons[:MAX_REASONS]))
    return f"{shown} ({settings.PUBLIC_URL}/decisions/{refused[0].public_id})"


def _short(verdict: Verdict) -> dict[str, Any]:
    return {
        "allowed": verdict.allowed,
        "result": verdict.outcome.value,
        "reasons": [
            {"rule": rule.rule, "code": reason.code, "message": reason.message}
            for rule in verdict.rules
            if rule.result is not Outcome.PASS
            for reason in rule.reasons
        ],
        "decision": str(verdict.public_id),
    }
