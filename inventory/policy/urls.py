"""Paths of policy: what may run."""

from django.urls import path

from inventory.policy.api import blocks

urlpatterns = [
    path("api/v1/blocks", blocks.BlockListView.as_view(), name="api-blocks"),
    path("api/v1/blocks/<uuid:public_id>", blocks.BlockView.as_view(), name="api-block"),
    path("api/v1/blocks/<uuid:public_id>/lift", blocks.BlockLiftView.as_view(), name="api-block-lift"),
    path("api/v1/blocks/<uuid:public_id>/keep", blocks.BlockKeepView.as_view(), name="api-block-keep"),
]
