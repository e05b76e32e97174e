"""Paths of policy: what may run."""

from django.urls import path

from inventory.policy.api import admission, blocks, decisions
from inventory.policy.views import blocks as block_pages
from inventory.policy.views import decisions as decision_pages

urlpatterns = [
    path("api/v1/blocks", blocks.BlockListView.as_view(), name="api-blocks"),
    path("api/v1/blocks/<uuid:public_id>", blocks.BlockView.as_view(), name="api-block"),
    path("api/v1/blocks/<uuid:public_id>/lift", blocks.BlockLiftView.as_view(), name="api-block-lift"),
    path("api/v1/blocks/<uuid:public_id>/keep", blocks.BlockKeepView.as_view(), name="api-block-keep"),
    path(
        "api/v1/artifacts/<str:digest>/decision",
        decisions.ArtifactDecisionView.as_view(),
        name="api-artifact-decision",
    ),
    path("api/v1/decisions", decisions.DecisionListView.as_view(), name="api-decisions"),
    path("api/v1/decisions/<uuid:public_id>", decisions.DecisionView.as_view(), name="api-decision"),
    path("api/v1/admission/kubernetes", admission.KubernetesAdmissionView.as_view(), name="api-admission-kubernetes"),
    path("api/v1/admission/gatekeeper", admission.GatekeeperAdmissionView.as_view(), name="api-admission-gatekeeper"),
    path("api/v1/admission/kyverno", admission.KyvernoAdmissionView.as_view(), name="api-admission-kyverno"),
    path("blocks", block_pages.block_list, name="blocks"),
    path("blocks/<uuid:public_id>/lift", block_pages.lift, name="block-lift"),
    path("blocks/<uuid:public_id>/keep", block_pages.keep, name="block-keep"),
    path("decisions", decision_pages.decision_list, name="decisions"),
    path("decisions/<uuid:public_id>", decision_pages.decision_page, name="decision"),
]
