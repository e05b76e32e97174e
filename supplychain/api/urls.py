"""Paths of the API's frame and of access. The domain's paths are in inventory/urls.py and incidents/urls.py."""

from django.urls import path

from supplychain.api import access, signing_keys, views
from supplychain.api.version import version

urlpatterns = [
    path("version", version, name="api-version"),
    path("v1/schema", views.schema, name="api-schema"),
    path("v1/docs", views.docs, name="api-docs"),
    path("v1/me", access.MeView.as_view(), name="api-me"),
    path("v1/keys", access.KeyListView.as_view(), name="api-keys"),
    path("v1/keys/<uuid:public_id>/revoke", access.KeyRevokeView.as_view(), name="api-key-revoke"),
    path("v1/signing-keys", signing_keys.SigningKeyListView.as_view(), name="api-signing-keys"),
    path("v1/signing-keys/<str:key_id>", signing_keys.SigningKeyView.as_view(), name="api-signing-key"),
    path("v1/audit", access.AuditListView.as_view(), name="api-audit"),
]
