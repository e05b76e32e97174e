"""The site's paths. The parts are named as strings: the platform does not import what stands above it."""

from django.urls import include, path

urlpatterns = [
    path("", include("supplychain.ops.urls")),
    path("", include("supplychain.access.urls")),
    path("api/", include("supplychain.api.urls")),
    path("", include("supplychain.notify.urls")),
    path("", include("inventory.urls")),
    path("", include("incidents.urls")),
]

handler400 = "supplychain.handlers.bad_request"
handler403 = "supplychain.handlers.permission_denied"
handler404 = "supplychain.handlers.page_not_found"
handler500 = "supplychain.handlers.server_error"
