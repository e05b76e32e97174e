"""Paths of the inventory's pages."""

from django.urls import path

from inventory.views import (
    advisories,
    artifacts,
    documents,
    evidence,
    made,
    origins,
    packages,
    runtime,
    search,
    signers,
    tag_overwrites,
    tags,
)

urlpatterns = [
    path("search", search.search_page, name="search"),
    path("artifacts", artifacts.artifact_list, name="artifacts"),
    path("artifacts/<str:digest>", artifacts.artifact_page, name="artifact"),
    path("artifacts/<str:digest>/components", artifacts.component_list, name="artifact-components"),
    path("artifacts/<str:digest>/diff", artifacts.difference_page, name="artifact-difference"),
    path("packages", packages.package_list, name="packages"),
    path("packages/<path:purl>", packages.package_page, name="package"),
    path("advisories", advisories.advisory_list, name="advisories"),
    path("advisories/<str:identifier>", advisories.advisory_page, name="advisory"),
    path("tags", tags.tag_list, name="tags"),
    path("tags/overwrites", tag_overwrites.overwrite_list, name="tag-overwrites"),
    path("repositories", made.repositories, name="repositories"),
    path("workflows", made.workflows, name="workflows"),
    path("builders", made.builders, name="builders"),
    path("signers", signers.signer_list, name="signers"),
    path("signers/<uuid:public_id>/accept", signers.accept, name="signer-accept"),
    path("signers/<uuid:public_id>/reject", signers.reject, name="signer-reject"),
    path("signers/<uuid:public_id>/revoke", signers.revoke, name="signer-revoke"),
    path("pipeline", origins.pipeline_page, name="pipeline"),
    path("workloads", runtime.workload_list, name="workloads"),
    path("clusters", runtime.cluster_list, name="clusters"),
    path("clusters/<str:name>", runtime.cluster_page, name="cluster"),
    path("evidence", evidence.evidence_list, name="evidence"),
    path("evidence/<uuid:public_id>", evidence.receipt_page, name="receipt"),
    path("evidence/<uuid:public_id>/tree", documents.tree_page, name="receipt-tree"),
    path("evidence/<uuid:public_id>/retry", evidence.retry, name="receipt-retry"),
]
