"""The site's paths. The parts are named as strings: the platform does not import what stands above it."""

from django.urls import include, path

urlpatterns = [
    path("", include("supplychain.ops.urls")),
    path("", include("supplychain.access.urls")),
    path("api/v1/", include("supplychain.api.urls")),
    path("", include("inventory.urls")),
    path("", include("incidents.urls")),
]

handler400 = "supplychain.web.views.bad_request"
handler403 = "supplychain.web.views.permission_denied"
handler404 = "supplychain.web.views.page_not_found"
handler500 = "supplychain.web.views.server_error"
