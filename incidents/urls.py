"""Paths of the incidents."""

from django.urls import URLPattern, URLResolver, include, path

from incidents.api import actions, blocks, drills, export, impact, incidents, recovery, reports, runs, watches

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/impact", impact.ImpactView.as_view(), name="api-impact"),
    # The same answer as a file: a browser's link or form cannot ask for one by header.
    path("impact/csv", impact.ImpactFileView.as_view(), name="impact-csv"),
    path("api/v1/incidents", incidents.IncidentListView.as_view(), name="api-incidents"),
    path("api/v1/incidents/<uuid:public_id>", incidents.IncidentView.as_view(), name="api-incident"),
    path("api/v1/incidents/<uuid:public_id>/notes", incidents.NotesView.as_view(), name="api-incident-notes"),
    path("api/v1/incidents/<uuid:public_id>/close", incidents.CloseView.as_view(), name="api-incident-close"),
    path(
        "api/v1/incidents/<uuid:public_id>/acknowledge",
        incidents.AcknowledgeView.as_view(),
        name="api-incident-acknowledge",
    ),
    path("api/v1/incidents/<uuid:public_id>/timeline", incidents.TimelineView.as_view(), name="api-incident-timeline"),
    path("api/v1/incidents/<uuid:public_id>/export", export.ExportView.as_view(), name="api-incident-export"),
    path("api/v1/incidents/<uuid:public_id>/queries", runs.RunListView.as_view(), name="api-incident-runs"),
    path("api/v1/incidents/<uuid:public_id>/queries/<int:number>", runs.RunView.as_view(), name="api-incident-run"),
    path(
        "api/v1/incidents/<uuid:public_id>/queries/<int:number>/diff",
        runs.RunDiffView.as_view(),
        name="api-incident-run-diff",
    ),
    path("api/v1/incidents/<uuid:public_id>/blocks", blocks.IncidentBlocksView.as_view(), name="api-incident-blocks"),
    path("api/v1/incidents/<uuid:public_id>/actions", actions.ActionListView.as_view(), name="api-incident-actions"),
    path(
        "api/v1/incidents/<uuid:public_id>/actions/proposed",
        actions.ProposedActionsView.as_view(),
        name="api-incident-actions-proposed",
    ),
    path(
        "api/v1/incidents/<uuid:public_id>/actions/<int:number>",
        actions.ActionView.as_view(),
        name="api-incident-action",
    ),
    path(
        "api/v1/incidents/<uuid:public_id>/credentials",
        recovery.CredentialsView.as_view(),
        name="api-incident-credentials",
    ),
    path("api/v1/incidents/<uuid:public_id>/recovery", recovery.RecoveryView.as_view(), name="api-incident-recovery"),
    path("api/v1/incidents/<uuid:public_id>/reports", reports.ReportsView.as_view(), name="api-incident-reports"),
    path("api/v1/drills", drills.DrillListView.as_view(), name="api-drills"),
    path("api/v1/drills/<uuid:public_id>", drills.DrillView.as_view(), name="api-drill"),
    path("api/v1/watches", watches.WatchListView.as_view(), name="api-watches"),
    path("api/v1/watches/<uuid:public_id>", watches.WatchView.as_view(), name="api-watch"),
    path("api/v1/watches/<uuid:public_id>/hits", watches.HitListView.as_view(), name="api-watch-hits"),
    path("", include("incidents.views.urls")),
]
