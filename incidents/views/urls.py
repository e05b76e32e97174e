"""Paths of the incidents' pages."""

from django.urls import path

from incidents.views import drills, export, following, home, impact, incidents, ops, response, watches

urlpatterns = [
    path("", home.home, name="home"),
    path("ops", ops.operations, name="operations"),
    path("incidents", incidents.incidents, name="incidents"),
    path("incidents/<uuid:public_id>", incidents.incident_page, name="incident"),
    path("incidents/<uuid:public_id>/live", following.live, name="incident-live"),
    path("incidents/<uuid:public_id>/ask", incidents.ask, name="incident-ask"),
    path("incidents/<uuid:public_id>/change", incidents.change, name="incident-change"),
    path("incidents/<uuid:public_id>/note", incidents.note, name="incident-note"),
    path("incidents/<uuid:public_id>/acknowledge", incidents.acknowledge_page, name="incident-acknowledge"),
    path("incidents/<uuid:public_id>/export", export.export, name="incident-export"),
    path("incidents/<uuid:public_id>/actions/take", response.take, name="incident-take"),
    path("incidents/<uuid:public_id>/actions/make", response.make, name="incident-make"),
    path("incidents/<uuid:public_id>/actions/change", response.change, name="incident-actions"),
    path("incidents/<uuid:public_id>/report", response.report, name="incident-report"),
    path("incidents/<uuid:public_id>/flags", response.flag, name="incident-flags"),
    path("incidents/<uuid:public_id>/queries/<int:number>", incidents.run_page, name="incident-run"),
    path("incidents/<uuid:public_id>/queries/<int:number>/csv", export.rows, name="incident-rows-csv"),
    path("drills", drills.drills, name="drills"),
    path("drills/<uuid:public_id>", drills.drill_page, name="drill"),
    path("impact", impact.impact_page, name="impact"),
    path("watches", watches.watches, name="watches"),
    path("watches/<uuid:public_id>", watches.watch, name="watch"),
    path("watches/<uuid:public_id>/change", watches.change, name="watch-change"),
    path("watches/<uuid:public_id>/end", watches.end, name="watch-end"),
]
