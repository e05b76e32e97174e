"""Paths of the inventory: what exists and how we know."""

from django.urls import URLPattern, URLResolver, include, path

from inventory.api import (
    advisories,
    artifacts,
    attestations,
    base_images,
    evidence,
    exports,
    made,
    origins,
    packages,
    runtime,
    search,
    tag_overwrites,
    tags,
    verification,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/evidence", evidence.EvidenceListView.as_view(), name="api-evidence-list"),
    path("api/v1/evidence/<uuid:public_id>", evidence.EvidenceView.as_view(), name="api-evidence"),
    path("api/v1/evidence/<uuid:public_id>/raw", evidence.EvidenceRawView.as_view(), name="api-evidence-raw"),
    path("api/v1/evidence/<uuid:public_id>/retry", evidence.EvidenceRetryView.as_view(), name="api-evidence-retry"),
    path("api/v1/artifacts", artifacts.ArtifactListView.as_view(), name="api-artifacts"),
    path("api/v1/artifacts/<str:digest>", artifacts.ArtifactView.as_view(), name="api-artifact"),
    path(
        "api/v1/artifacts/<str:digest>/components",
        artifacts.ArtifactComponentsView.as_view(),
        name="api-artifact-components",
    ),
    path(
        "api/v1/artifacts/<str:digest>/attestations",
        attestations.ArtifactAttestationsView.as_view(),
        name="api-artifact-attestations",
    ),
    path(
        "api/v1/artifacts/<str:digest>/verifications",
        origins.ArtifactVerificationsView.as_view(),
        name="api-artifact-verifications",
    ),
    path("api/v1/artifacts/<str:digest>/trace", origins.ArtifactTraceView.as_view(), name="api-artifact-trace"),
    path("api/v1/artifacts/<str:digest>/bases", base_images.ArtifactBasesView.as_view(), name="api-artifact-bases"),
    path("api/v1/repositories", made.RepositoryListView.as_view(), name="api-repositories"),
    path("api/v1/workflows", made.WorkflowListView.as_view(), name="api-workflows"),
    path("api/v1/builders", made.BuilderListView.as_view(), name="api-builders"),
    path("api/v1/made", made.MadeListView.as_view(), name="api-made"),
    path("api/v1/pipeline", origins.PipelineView.as_view(), name="api-pipeline"),
    path(
        "api/v1/artifacts/<str:before>/diff/<str:after>", artifacts.ArtifactDiffView.as_view(), name="api-artifact-diff"
    ),
    path("api/v1/artifacts/<str:digest>/sbom", exports.ArtifactSbomView.as_view(), name="api-artifact-sbom"),
    path("api/v1/artifacts/<str:digest>/vex", exports.ArtifactVexView.as_view(), name="api-artifact-vex"),
    path("api/v1/tags/overwrites", tag_overwrites.TagOverwriteListView.as_view(), name="api-tag-overwrites"),
    path("api/v1/verification", verification.VerificationView.as_view(), name="api-verification"),
    path("api/v1/tags", tags.TagListView.as_view(), name="api-tags"),
    path("api/v1/packages", packages.PackageListView.as_view(), name="api-packages"),
    path("api/v1/packages/<path:purl>", packages.PackageView.as_view(), name="api-package"),
    path("api/v1/advisories", advisories.AdvisoryListView.as_view(), name="api-advisories"),
    path("api/v1/advisories/<str:identifier>", advisories.AdvisoryView.as_view(), name="api-advisory"),
    path("api/v1/deployments", runtime.DeploymentView.as_view(), name="api-deployments"),
    path("api/v1/workloads", runtime.WorkloadListView.as_view(), name="api-workloads"),
    path("api/v1/clusters", runtime.ClusterListView.as_view(), name="api-clusters"),
    path("api/v1/clusters/<str:cluster>", runtime.ClusterView.as_view(), name="api-cluster"),
    path("api/v1/clusters/<str:cluster>/snapshot", runtime.SnapshotView.as_view(), name="api-cluster-snapshot"),
    path("api/v1/search", search.SearchView.as_view(), name="api-search"),
    path("", include("inventory.views.urls")),
]
