"""How the database finds what a question by origin asks for: from indexes alone, whatever else is attested."""

from __future__ import annotations

import pytest
from django.db import connection

from incidents.impact.origins import ORIGIN_KINDS, origins
from incidents.impact.untold import told_statement
from incidents.stated import read_indicator
from inventory.graph.one_state import prepared
from tests.effort import assert_linear
from tests.factories import cyclonedx, digest, submit
from tests.incidents.impact.test_origins import by
from tests.judgements import change_trust

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 20_000
ANYWHERE = {"kind": "workflow", "path": ".github/workflows/release.yml"}
FILL = """
INSERT INTO inventory_artifact (digest, label_name, label_version)
SELECT 'sha256:' || encode(sha256(n::text::bytea), 'hex'), '', ''
FROM generate_series(1, %(many)s) n;
INSERT INTO inventory_attestation (team_id, envelope_digest, envelope, envelope_version, payload_type, payload_digest,
    statement_type, predicate_type, predicate, facts, subject_count, signature_count, log_entry_count, timestamp_count,
    first_received_at)
SELECT %(team)s, a.digest, 'dsse', '', '', a.digest, '', '', 'provenance', '[]', 1, 1, 0, 0, now()
FROM inventory_artifact a;
INSERT INTO inventory_attestationsubject (team_id, attestation_id, position, artifact_id, name, commit)
SELECT %(team)s, t.id, 0, a.id, '', '' FROM inventory_attestation t
JOIN inventory_artifact a ON a.digest = t.envelope_digest;
INSERT INTO inventory_attestationsource (attestation_id, evidence_id, position, pointer)
SELECT t.id, e.id, t.id, '' FROM inventory_attestation t CROSS JOIN inventory_evidence e;
INSERT INTO inventory_provenance (attestation_id, builder_id, build_type, invocation_id, repository, ref, commit,
    workflow_path, event, runner_environment)
SELECT id, 'https://b/' || id, '', 'https://r/' || id, 'github.com/o/' || id, '', md5(id::text), '', '', ''
FROM inventory_attestation;
INSERT INTO inventory_verificationresult (attestation_id, trust_version, roots, verifier_version, evaluated_at, outcome,
    verdict, steps, not_checked, code, message, reasons, level, level_reasons, key_fingerprint, issuer, identity,
    repository, repository_id, owner_id, commit, ref, workflow_path, builder_id, run, runner_environment,
    event, signed_at)
SELECT id, 1, '{}', '1', now(), 'valid', 'verified_unexpected', '{}', '{}', '', '', '[]', 1, '[]', 'sha256:' || id, 'i',
    'id-' || id, 'github.com/o/' || id, '', '', md5(id::text), '', '', 'https://b/' || id, 'https://r/' || id, '',
    '', now()
FROM inventory_attestation;
INSERT INTO inventory_attestationverdict (attestation_id, result_id, verdict, trust_version, changed_at)
SELECT attestation_id, id, verdict, 1, now() FROM inventory_verificationresult;
INSERT INTO inventory_buildrun (team_id, evidence_id, attestation_id, position, pointer, repository, run_id,
    workflow_path, commit, ref, event, runner_environment, actor)
SELECT %(team)s, s.evidence_id, s.attestation_id, s.position, '', 'github.com/o/' || s.id, s.id::text, '', '', '', '',
    '', 'dev-' || s.id
FROM inventory_attestationsource s;
INSERT INTO inventory_provenancedependency (provenance_id, position, uri, name, digest, commit, others)
SELECT attestation_id, 0, '', '', '', md5((attestation_id + 1)::text), '[]' FROM inventory_provenance;
INSERT INTO inventory_artifactclaim (team_id, artifact_id, claim, value, evidence_id)
SELECT %(team)s, a.id, c, 'https://github.com/o/' || a.id, e.id
FROM inventory_artifact a CROSS JOIN inventory_evidence e CROSS JOIN unnest(ARRAY['source', 'revision']) c;
INSERT INTO inventory_tagevent (team_id, repository, tag, artifact_id, action, observed_at, event_id, actor,
    evidence_id, pointer)
SELECT %(team)s, 'r', '', a.id, 'push', now(), a.id::text, 'ci-' || a.id, e.id, ''
FROM inventory_artifact a CROSS JOIN inventory_evidence e;
INSERT INTO inventory_reportedverification (team_id, artifact_id, evidence_id, position, pointer, tool, passed,
    predicate_type, issuer, identity, builder_id, repository, reported_at)
SELECT %(team)s, a.id, e.id, a.id, '', 'gh', true, '', '', 'id-' || a.id, 'https://b/' || a.id, 'github.com/o/' || a.id,
    now()
FROM inventory_artifact a CROSS JOIN inventory_evidence e
"""
BIG = ("attestation", "attestationsubject", "attestationsource", "provenance", "provenancedependency", "artifact",
       "verificationresult", "attestationverdict", "artifactclaim", "tagevent", "reportedverification",
       "buildrun")  # fmt: skip


@pytest.fixture
def attested() -> None:
    team = submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=digest("any"))).team
    change_trust()
    with connection.cursor() as cursor:
        for statement in FILL.split(";"):
            cursor.execute(statement, {"many": MANY, "team": team.pk})
        cursor.execute(f"ANALYZE {', '.join(f'inventory_{name}' for name in BIG)}")


def plan(sql: str, values: dict[str, object]) -> str:
    """Return the plan that the server keeps for any values, as answers are asked."""
    statement = prepared(sql)
    names = statement.parameters
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        with connection.connection.cursor() as raw:
            raw.execute(b"PREPARE asked AS " + statement.text)
            raw.execute(
                f"EXPLAIN (COSTS OFF) EXECUTE asked ({', '.join(['%s'] * len(names))})",
                [values[name] for name in names],
            )
            found = "\n".join(row[0] for row in raw.fetchall())
            raw.execute("DEALLOCATE asked")
        cursor.execute("RESET plan_cache_mode")
    return found


def test_an_origin_is_found_by_indexes_alone(attested: None):
    asked = []
    for place, stated in enumerate([*(by(kind.value) for kind in sorted(ORIGIN_KINDS)), ANYWHERE]):
        indicator = read_indicator(stated, pointer="", faults=[])
        assert indicator is not None
        asked.append((place, indicator))
    lookup = origins(asked, teams=None)
    assert lookup is not None

    found = plan(lookup.statement.sql, dict(lookup.statement.parameters))

    read = {line.partition("Seq Scan on inventory_")[2].partition(" ")[0] for line in found.splitlines()}
    assert read & set(BIG) == set()


@pytest.mark.parametrize("is_now", [True, False])
def test_what_is_told_is_looked_up_container_by_container(attested: None, is_now: bool):
    values: dict[str, object] = dict.fromkeys(("teams", "clusters", "environments", "since", "until"))

    found = plan(told_statement({}, is_now=is_now).sql, values)

    read = {line.partition("Seq Scan on inventory_")[2].partition(" ")[0] for line in found.splitlines()}
    assert read & set(BIG) == set()
    assert found.count("CTE Scan on shown") == 1, "to join what runs to anything takes the square of its length"


def test_what_one_origin_made_is_read_in_one_pass_however_much_it_is():
    indicator = read_indicator({"kind": "builder", "id": "https://b/1"}, pointer="", faults=[])
    assert indicator is not None
    lookup = origins([(0, indicator)], teams=None)
    assert lookup is not None

    def rows(count: int) -> list[tuple[object, ...]]:
        return [(artifact, 0, "", 4, 0, True, None, None, "/") for artifact in range(count)]

    assert len(list(lookup.read(lookup.statement.make(*row) for row in rows(100)))) == 100
    assert_linear(lambda found: list(lookup.read(lookup.statement.make(*row) for row in found)), rows(300), rows(3_000))
