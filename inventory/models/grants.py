"""What web and worker may do with the inventory's tables (supplychain/database/grants.py tells how it is read).

The web server takes evidence in and reads; workers write what documents say. Neither changes or removes evidence.
"""

from __future__ import annotations

from supplychain.database.grants import NOTHING, Grant, Grants

_READ = "SELECT"
_ADD = "SELECT, INSERT"

GRANTS: Grants = {
    # evidence
    "inventory_evidenceblob": Grant(web=_ADD, worker=_READ),
    "inventory_evidence": Grant(web=_ADD, worker=_READ),
    # Bytes are removed by the owner alone, with the command `retention`.
    "inventory_evidencetombstone": Grant(web=_READ, worker=""),
    "inventory_retentionplan": Grant(web=_READ, worker=""),
    "inventory_retentionitem": NOTHING,
    "inventory_evidencestate": Grant(
        # A retry puts a document back into the queue; what a worker found stays a worker's to say.
        web="SELECT, INSERT, UPDATE (state, attempts, queued_at, claimed_at, error, failed_tries)",
        worker="SELECT, UPDATE",
    ),
    "inventory_applied_sequence": Grant(web="", worker="USAGE"),
    # packages
    "inventory_package": Grant(web=_READ, worker=_ADD),
    "inventory_component": Grant(web=_READ, worker="SELECT, INSERT, UPDATE (source_package_id)"),
    "inventory_componenthash": Grant(web=_READ, worker=_ADD),
    "inventory_componentcpe": Grant(web=_READ, worker=_ADD),
    "inventory_componentsource": Grant(web=_READ, worker=_ADD),
    "inventory_packagereach": Grant(web=_READ, worker="SELECT, INSERT, UPDATE (track_count)"),
    # presence
    "inventory_track": Grant(
        web=_READ, worker="SELECT, INSERT, UPDATE (last_seq, set_hash, head, head_count, stated, updated_at)"
    ),
    "inventory_track_id_seq": Grant(web="", worker="USAGE"),
    "inventory_snapshot": Grant(web=_READ, worker=_ADD),
    "inventory_snapshot_id_seq": Grant(web="", worker="USAGE"),
    "inventory_snapshotsubject": Grant(web=_READ, worker="SELECT, INSERT, DELETE"),
    "inventory_presence": Grant(web=_READ, worker="SELECT, INSERT, UPDATE (to_seq)"),
    # artifacts
    "inventory_artifact": Grant(web=_READ, worker=_ADD),
    "inventory_artifactname": Grant(web=_READ, worker=_ADD),
    # A claim becomes a proof when the bytes of the index or manifest itself arrive.
    "inventory_artifactalias": Grant(web=_READ, worker="SELECT, INSERT, UPDATE (is_proven, evidence_id)"),
    "inventory_indexmember": Grant(
        web=_READ, worker="SELECT, INSERT, UPDATE (is_proven, evidence_id, os, architecture, variant)"
    ),
    # advisories
    "inventory_advisory": Grant(web=_READ, worker=_ADD),
    "inventory_advisoryversion": Grant(web=_READ, worker=_ADD),
    "inventory_advisoryversion_id_seq": Grant(web="", worker="USAGE"),
    "inventory_advisoryportion": Grant(web="", worker="SELECT, INSERT, DELETE"),
    "inventory_advisoryalias": Grant(web=_READ, worker=_ADD),
    "inventory_advisorysighting": Grant(web=_READ, worker=_ADD),
    "inventory_affectedpackage": Grant(web=_READ, worker=_ADD),
    "inventory_listedindicator": Grant(web=_READ, worker=_ADD),
    "inventory_vexstatement": Grant(web=_READ, worker=_ADD),
    "inventory_vexproduct": Grant(web=_READ, worker=_ADD),
    # posture
    "inventory_posturereport": Grant(web=_READ, worker=_ADD),
    "inventory_posturecheck": Grant(web=_READ, worker=_ADD),
    "inventory_posturefinding": Grant(web=_READ, worker=_ADD),
    "inventory_sourcecontrolstate": Grant(web=_READ, worker=_ADD),
    "inventory_workflowversion": Grant(web=_READ, worker=_ADD),
    "inventory_workflowjob": Grant(web=_READ, worker=_ADD),
    "inventory_actionuse": Grant(web=_READ, worker=_ADD),
    "inventory_tooldownload": Grant(web=_READ, worker=_ADD),
    "inventory_buildrun": Grant(web=_READ, worker=_ADD),
    "inventory_resolvedaction": Grant(web=_READ, worker=_ADD),
    # findings
    "inventory_finding": Grant(
        web=_READ,
        worker="SELECT, INSERT, UPDATE (rule, severity, given, places, first_evidence_id, first_seen_at, "
        "last_evidence_id, last_seen_at, closed_by_id, closed_at)",
    ),
    "inventory_findingevent": Grant(web=_READ, worker=_ADD),
    # attestations and registries
    "inventory_attestation": Grant(web=_READ, worker=_ADD),
    "inventory_attestationsource": Grant(web=_READ, worker=_ADD),
    "inventory_attestationsubject": Grant(web=_READ, worker=_ADD),
    "inventory_attestationsignature": Grant(web=_READ, worker=_ADD),
    "inventory_provenance": Grant(web=_READ, worker=_ADD),
    "inventory_provenancedependency": Grant(web=_READ, worker=_ADD),
    "inventory_artifactclaim": Grant(web=_READ, worker=_ADD),
    "inventory_referrer": Grant(web=_READ, worker=_ADD),
    "inventory_imagelayer": Grant(web=_READ, worker=_ADD),
    "inventory_tagevent": Grant(web=_READ, worker=_ADD),
    # trust: people change it through the web; workers propose what they see for the first time, and judge
    "inventory_trustchange": Grant(web=_ADD, worker=_ADD),
    "inventory_trustroot": Grant(web=_ADD, worker=_READ),
    "inventory_trustrootversion": Grant(
        web="SELECT, INSERT, UPDATE (approved_by_id, active_from, retired_at, withdrawn_at)", worker=_READ
    ),
    "inventory_trustedsigner": Grant(web="SELECT, INSERT, UPDATE (state)", worker=_ADD),
    "inventory_signerdecision": Grant(web=_ADD, worker=_ADD),
    "inventory_compromise": Grant(
        web="SELECT, INSERT, UPDATE (lift_proposed_by_id, lifted_by_id, lifted_at)", worker=_READ
    ),
    "inventory_verificationresult": Grant(web=_READ, worker=_ADD),
    "inventory_attestationverdict": Grant(web=_READ, worker="SELECT, INSERT, UPDATE"),
    "inventory_verificationtry": Grant(web="", worker="SELECT, INSERT, UPDATE (tries), DELETE"),
    "inventory_reportedverification": Grant(web=_READ, worker=_ADD),
    # runtime
    "inventory_cluster": Grant(
        web="SELECT, UPDATE (environment_id, report_interval_seconds)",
        worker="SELECT, INSERT, UPDATE (last_heard_at, uid)",
    ),
    "inventory_environment": Grant(web=_ADD, worker=_ADD),
    "inventory_servicemapping": Grant(web=_READ, worker=_READ),
    "inventory_workload": Grant(web=_READ, worker="SELECT, INSERT, UPDATE (service, runtime_risks)"),
    "inventory_runinterval": Grant(web=_READ, worker="SELECT, INSERT, UPDATE, DELETE"),
    # Written by triggers, which have their owner's rights.
    "inventory_subjectblock": Grant(web=_READ, worker=_READ),
    "inventory_layerstack": Grant(web=_READ, worker=_READ),
    "inventory_estatechange": Grant(web=_READ, worker=_READ),
    "inventory_running": Grant(web=_READ, worker="SELECT, INSERT, DELETE"),
}
