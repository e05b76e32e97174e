"""Paths of the incidents' pages."""

from django.urls import path

from incidents.views import export, home, impact, incidents, ops

urlpatterns = [
    path("", home.home, name="home"),
    path("ops", ops.operations, name="operations"),
    path("incidents", incidents.incidents, name="incidents"),
    path("incidents/<uuid:public_id>", incidents.incident_page, name="incident"),
    path("incidents/<uuid:public_id>/ask", incidents.ask, name="incident-ask"),
    path("incidents/<uuid:public_id>/change", incidents.change, name="incident-change"),
    path("incidents/<uuid:public_id>/note", incidents.note, name="incident-note"),
    path("incidents/<uuid:public_id>/acknowledge", incidents.acknowledge_page, name="incident-acknowledge"),
    path("incidents/<uuid:public_id>/export", export.export, name="incident-export"),
    path("incidents/<uuid:public_id>/queries/<int:number>", incidents.run_page, name="incident-run"),
    path("impact", impact.impact_page, name="impact"),
]
